package api

import (
	"net/http"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// contactSummary is a contact as it is listed.
type contactSummary struct {
	ID           string            `json:"id"`
	CampaignID   string            `json:"campaignId"`
	PhoneNumber  string            `json:"phoneNumber"`
	ExternalID   *string           `json:"externalId"`
	TimeZone     *string           `json:"timeZone"`
	Language     *string           `json:"language"`
	Variables    map[string]string `json:"variables"`
	ConsentBasis *string           `json:"consentBasis"`
	ConsentAt    *time.Time        `json:"consentAt"`
	// State is WAITING, CALLING, REACHED, EXHAUSTED or REFUSED; Reason says why it waits or is over, and NextAt when it is looked at again.
	State  interview.ContactState `json:"state"`
	Reason *interview.Refusal     `json:"reason"`
	NextAt *time.Time             `json:"nextAt"`
	// Attempts counts the calls that were dialled; CallID is the newest attempt.
	Attempts  int       `json:"attempts"`
	CallID    *string   `json:"callId"`
	CallerID  *string   `json:"callerId"`
	Simulated bool      `json:"simulated,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// contact is a contact with its calls.
type contact struct {
	contactSummary
	Calls []attempt `json:"calls"`
}

// attempt is a call of a contact.
type attempt struct {
	callSummary
	Gate *gateVerdict `json:"gate"`
}

// gateVerdict is what the gate said about a call: Refusal is null when it might be dialled.
type gateVerdict struct {
	At      time.Time          `json:"at"`
	Refusal *interview.Refusal `json:"refusal"`
	// Final says that no time cures the refusal; otherwise the gate is asked again at Until, or before.
	Final  bool       `json:"final"`
	Until  *time.Time `json:"until"`
	Detail *string    `json:"detail"`
	// Zones are the time zones in which the person may be.
	Zones []string `json:"zones"`
}

func showGate(v *store.DialVerdict) *gateVerdict {
	if v == nil {
		return nil
	}
	return &gateVerdict{At: v.At.UTC(), Refusal: nullIfZero(v.Refusal), Final: v.Final, Until: utc(v.Until), Detail: nullIfZero(v.Detail),
		Zones: append([]string{}, v.Zones...)}
}

func showContact(c interview.Contact) contactSummary {
	variables := c.Variables
	if variables == nil {
		variables = map[string]string{}
	}
	return contactSummary{
		ID: c.ID, CampaignID: c.CampaignID, PhoneNumber: c.PhoneNumber, ExternalID: nullIfZero(c.ExternalID), TimeZone: nullIfZero(c.TimeZone),
		Language: nullIfZero(c.Language), Variables: variables, ConsentBasis: nullIfZero(c.ConsentBasis), ConsentAt: utc(c.ConsentAt),
		State: c.State, Reason: nullIfZero(c.Reason), NextAt: utc(c.NextAt), Attempts: c.Attempts, CallID: nullIfZero(c.CallID),
		CallerID: nullIfZero(c.CallerID), Simulated: c.Simulated, CreatedAt: c.CreatedAt.UTC(), UpdatedAt: c.UpdatedAt.UTC(),
	}
}

func (a *api) listContacts(w http.ResponseWriter, r *http.Request) error {
	query, page, err := listQuery(r, "campaignId", "state", "reason", "phoneNumber", "externalId")
	if err != nil {
		return err
	}
	by := store.ContactFilter{State: interview.ContactState(query.Get("state")), Reason: interview.Refusal(query.Get("reason"))}
	if by.State != "" && !by.State.Valid() {
		return badRequest("state must be WAITING, CALLING, REACHED, EXHAUSTED or REFUSED")
	}
	if by.CampaignID, err = queryID(query, "campaignId"); err != nil {
		return err
	}
	if by.PhoneNumber, err = queryPhoneNumber(query, "phoneNumber"); err != nil {
		return err
	}
	if by.ExternalID, err = queryText(query, "externalId"); err != nil {
		return err
	}
	if _, err = queryID(query, "reason"); err != nil {
		return err
	}
	contacts, err := a.store.Contacts(r.Context(), by, page)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, newList(contacts, showContact))
}

func (a *api) getContact(w http.ResponseWriter, r *http.Request) error {
	d, err := a.store.Contact(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, contact{showContact(d.Contact), each(d.Attempts, func(c interview.Call) attempt {
		shown := attempt{callSummary: summarizeCall(c)}
		if v, ok := d.Verdicts[c.ID]; ok {
			shown.Gate = showGate(&v)
		}
		return shown
	})})
}

// contactCounts are the contacts of a campaign in numbers.
type contactCounts struct {
	Total  int                            `json:"total"`
	States map[interview.ContactState]int `json:"states"`
	// Reasons counts those with a reason, by state and reason, and says when the first of those that wait is looked at again. TURN is of
	// contacts that are due, NEXT_ATTEMPT of those whose next attempt has its time.
	Reasons map[interview.ContactState]map[interview.Refusal]reasonCount `json:"reasons"`
	// Gate is what keeps the campaign from calling anybody now, null for nothing.
	Gate *gateVerdict `json:"gate"`
}

type reasonCount struct {
	Count int        `json:"count"`
	Until *time.Time `json:"until"`
}

func showContactCounts(c store.ContactCounts) *contactCounts {
	shown := contactCounts{States: map[interview.ContactState]int{}, Reasons: map[interview.ContactState]map[interview.Refusal]reasonCount{}}
	for _, state := range interview.ContactStates() {
		shown.States[state] = c.States[state]
		shown.Total += c.States[state]
	}
	for state, reasons := range c.Reasons {
		shown.Reasons[state] = map[interview.Refusal]reasonCount{}
		for reason, n := range reasons {
			shown.Reasons[state][reason] = reasonCount{n.Count, utc(n.Until)}
		}
	}
	if v := c.Obstacle; !v.Allowed() {
		shown.Gate = &gateVerdict{At: c.At.UTC(), Refusal: &v.Refusal, Final: v.Final, Until: utc(v.Until), Detail: nullIfZero(v.Detail), Zones: []string{}}
	}
	return &shown
}
