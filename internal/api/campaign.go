package api

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// campaign is a campaign as the API shows it.
type campaign struct {
	ID             string                   `json:"id"`
	Name           string                   `json:"name"`
	Category       string                   `json:"category"`
	PromptTemplate string                   `json:"promptTemplate"`
	Status         interview.CampaignStatus `json:"status"`
	// AnswerMode is how a call takes the answers: pause or gather.
	AnswerMode interview.AnswerMode `json:"answerMode"`
	// Language is spoken in the calls, BCP 47. Where spoken answers are not understood, consent is asked for by keypad.
	Language string `json:"language"`
	// Questions are those that a call asks, found in the template.
	Questions  []string             `json:"questions"`
	Hypotheses []campaignHypothesis `json:"hypotheses"`
	// CanComplete says that every hypothesis has a verdict on its newest evidence. Status is changed by PATCH.
	CanComplete bool `json:"canComplete"`
	// LegalHold keeps all that there is of the campaign's calls: nothing of it is pruned, or erased on request.
	LegalHold      bool       `json:"legalHold"`
	LegalHoldSince *time.Time `json:"legalHoldSince"`
	// Simulated says that a simulator plays its calls. Nobody is called, and nothing of it counts.
	Simulated bool      `json:"simulated,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
	// Contacts counts its contacts; in a list of campaigns it is left out.
	Contacts *contactCounts `json:"contacts,omitempty"`
	calling
}

type campaignHypothesis struct {
	ID         string                     `json:"id"`
	Question   string                     `json:"question"`
	Status     interview.HypothesisStatus `json:"status"`
	Conclusion *string                    `json:"conclusion"`
}

// newCampaign is the body of POST /api/campaigns.
type newCampaign struct {
	Name           string                   `json:"name"`
	Category       string                   `json:"category"`
	PromptTemplate string                   `json:"promptTemplate"`
	Status         interview.CampaignStatus `json:"status"`
	AnswerMode     interview.AnswerMode     `json:"answerMode"`
	Language       string                   `json:"language"`
	Hypotheses     []newHypothesis          `json:"hypotheses"`
	calling
}

type newHypothesis struct {
	Question string `json:"question"`
}

// campaignChange is the body of PATCH /api/campaigns/{id}: what is left out, or null, stays.
type campaignChange struct {
	Name           *string                   `json:"name"`
	Category       *string                   `json:"category"`
	PromptTemplate *string                   `json:"promptTemplate"`
	Status         *interview.CampaignStatus `json:"status"`
	AnswerMode     *interview.AnswerMode     `json:"answerMode"`
	Language       *string                   `json:"language"`
	callingChange
	// LegalHold is set or lifted.
	LegalHold *bool `json:"legalHold"`
	// RequestedBy and Reason go into the audit log.
	RequestedBy string `json:"requestedBy"`
	Reason      string `json:"reason"`
}

func showCampaign(c interview.Campaign) campaign {
	questions := interview.Questions(c.PromptTemplate)
	if questions == nil {
		questions = []string{}
	}
	return campaign{
		ID: c.ID, Name: c.Name, Category: c.Category, PromptTemplate: c.PromptTemplate, Status: c.Status,
		AnswerMode: c.AnswerMode, Language: c.Language, Questions: questions, CreatedAt: c.CreatedAt.UTC(),
		Hypotheses: each(c.Hypotheses, showHypothesis), CanComplete: c.CanComplete(),
		LegalHold: c.HeldAt != nil, LegalHoldSince: c.HeldAt, Simulated: c.Simulated, calling: callingOf(c),
	}
}

// createCampaign makes a campaign. With an Idempotency-Key the request may be sent again, as in createCalls.
func (a *api) createCampaign(w http.ResponseWriter, r *http.Request) error {
	key, err := idempotencyKey(r)
	if err != nil {
		return err
	}
	var body newCampaign
	if err := decode(w, r, &body); err != nil {
		return err
	}
	if body.Status == "" {
		body.Status = interview.CampaignDraft
	}
	if body.AnswerMode == "" {
		body.AnswerMode = interview.AnswerPause
	}
	if body.Language == "" {
		body.Language = interview.DefaultLanguage
	}
	if faults := body.faults(); len(faults) > 0 {
		return invalid(faults)
	}
	if key != "" {
		return a.createCampaignOnce(w, r, body, key)
	}
	created, err := a.store.CreateCampaign(r.Context(), body.campaign())
	if err != nil {
		return err
	}
	w.Header().Set("Location", campaignPath(created.ID))
	return answer(w, http.StatusCreated, showCampaign(created))
}

func (a *api) createCampaignOnce(w http.ResponseWriter, r *http.Request, body newCampaign, key string) error {
	asked, err := json.Marshal(body) // not how it was spelled
	if err != nil {
		return fmt.Errorf("encoding the request: %w", err)
	}
	kept, err := a.store.CreateCampaignOnce(r.Context(), store.NewCampaign{
		Campaign: body.campaign(), IdempotencyKey: key, RequestHash: sha256.Sum256(asked),
		Answer: func(c interview.Campaign) (store.Answer, error) {
			encoded, err := json.Marshal(showCampaign(c))
			return store.Answer{Status: http.StatusCreated, Body: encoded}, err
		},
	})
	if err != nil {
		return err
	}
	var created struct{ ID string }
	if err := json.Unmarshal(kept.Body, &created); err != nil {
		return fmt.Errorf("reading the kept answer: %w", err)
	}
	w.Header().Set("Location", campaignPath(created.ID))
	if kept.Replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	write(w, kept.Status, kept.Body)
	return nil
}

func campaignPath(id string) string { return "/api/campaigns/" + id }

func (c newCampaign) campaign() interview.Campaign {
	asked := interview.Campaign{
		Name: strings.TrimSpace(c.Name), Category: strings.TrimSpace(c.Category), PromptTemplate: c.PromptTemplate, Status: c.Status,
		AnswerMode: c.AnswerMode, Language: canonicalLanguage(c.Language),
		Hypotheses: each(c.Hypotheses, func(h newHypothesis) interview.Hypothesis {
			return interview.Hypothesis{Question: strings.TrimSpace(h.Question), Status: interview.HypothesisPending}
		}),
	}
	c.calling.apply(&asked)
	return asked
}

func (a *api) listCampaigns(w http.ResponseWriter, r *http.Request) error {
	query, page, err := listQuery(r, "status", "name")
	if err != nil {
		return err
	}
	by := store.CampaignFilter{Status: interview.CampaignStatus(query.Get("status"))}
	if by.Status != "" && !by.Status.Valid() {
		return badRequest("status is not one of a campaign")
	}
	if by.Name, err = queryText(query, "name"); err != nil {
		return err
	}
	campaigns, err := a.store.Campaigns(r.Context(), by, page)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, newList(campaigns, showCampaign))
}

func (a *api) getCampaign(w http.ResponseWriter, r *http.Request) error {
	c, err := a.store.Campaign(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	counts, err := a.store.ContactCounts(r.Context(), c.ID)
	if err != nil {
		return err
	}
	shown := showCampaign(c)
	shown.Contacts = showContactCounts(counts)
	return answer(w, http.StatusOK, shown)
}

func (a *api) changeCampaign(w http.ResponseWriter, r *http.Request) error {
	var body campaignChange
	if err := decode(w, r, &body); err != nil {
		return err
	}
	if faults := body.faults(); len(faults) > 0 {
		return invalid(faults)
	}
	trim(body.Name)
	trim(body.Category)
	if body.Language != nil {
		*body.Language = canonicalLanguage(*body.Language)
	}
	changed, err := a.store.UpdateCampaign(r.Context(), r.PathValue("id"), body.change())
	var noIdentity *store.NoIdentityError
	if errors.As(err, &noIdentity) {
		return invalid(identityFaults(noIdentity.Missing))
	}
	if errors.Is(err, store.ErrNothingToDecide) {
		return invalid([]fault{nothingToDecide()})
	}
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, showCampaign(changed))
}

func trim(s *string) {
	if s != nil {
		*s = strings.TrimSpace(*s)
	}
}
