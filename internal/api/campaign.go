package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// campaignStore keeps campaigns.
type campaignStore interface {
	CreateCampaign(ctx context.Context, c interview.Campaign) (interview.Campaign, error)
	Campaign(ctx context.Context, id string) (interview.Campaign, error)
	Campaigns(ctx context.Context, page store.Page) (store.List[interview.Campaign], error)
	UpdateCampaign(ctx context.Context, id string, change store.CampaignChange) (interview.Campaign, error)
}

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
	CanComplete bool      `json:"canComplete"`
	CreatedAt   time.Time `json:"createdAt"`
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
	}
}

func (a *api) createCampaign(w http.ResponseWriter, r *http.Request) error {
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
	created, err := a.store.CreateCampaign(r.Context(), interview.Campaign{
		Name: strings.TrimSpace(body.Name), Category: strings.TrimSpace(body.Category), PromptTemplate: body.PromptTemplate, Status: body.Status,
		AnswerMode: body.AnswerMode, Language: canonicalLanguage(body.Language),
		Hypotheses: each(body.Hypotheses, func(h newHypothesis) interview.Hypothesis {
			return interview.Hypothesis{Question: strings.TrimSpace(h.Question), Status: interview.HypothesisPending}
		}),
	})
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/campaigns/"+created.ID)
	return answer(w, http.StatusCreated, showCampaign(created))
}

func (a *api) listCampaigns(w http.ResponseWriter, r *http.Request) error {
	page, err := pageOf(r.URL.Query())
	if err != nil {
		return err
	}
	campaigns, err := a.store.Campaigns(r.Context(), page)
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
	return answer(w, http.StatusOK, showCampaign(c))
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
	changed, err := a.store.UpdateCampaign(r.Context(), r.PathValue("id"), store.CampaignChange(body))
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
