package api

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// newCalls is the body of POST /api/campaigns/{id}/calls.
type newCalls struct {
	PhoneNumbers []string `json:"phoneNumbers"`
}

// queuedCalls is the answer to it, in the order of the numbers.
type queuedCalls struct {
	Calls []queuedCall `json:"calls"`
}

type queuedCall struct {
	ID          string               `json:"id"`
	PhoneNumber string               `json:"phoneNumber"`
	Status      interview.CallStatus `json:"status"`
}

// createCalls queues calls. With an Idempotency-Key the request may be sent again, however the first one ended: it is
// answered what the first was answered, and nobody is called twice.
func (a *api) createCalls(w http.ResponseWriter, r *http.Request) error {
	campaignID := r.PathValue("id")
	key, err := idempotencyKey(r)
	if err != nil {
		return err
	}
	var body newCalls
	if err := decode(w, r, &body); err != nil {
		return err
	}
	if faults := numberFaults(body.PhoneNumbers); len(faults) > 0 {
		c, err := a.store.Campaign(r.Context(), campaignID)
		if err != nil {
			return err
		}
		if c.Status != interview.CampaignActive {
			faults = append([]fault{inactive(c.Status)}, faults...)
		}
		return invalid(faults)
	}
	queued, err := a.store.CreateCalls(r.Context(), store.NewCalls{
		CampaignID: campaignID, PhoneNumbers: body.PhoneNumbers, IdempotencyKey: key,
		// What was asked, not how it was spelled: a client may order or indent its JSON anew.
		RequestHash: sha256.Sum256([]byte(strings.Join(body.PhoneNumbers, "\n"))),
		Answer:      answerQueued,
	})
	if err != nil {
		return err
	}
	if queued.Replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	} else {
		a.log.InfoContext(r.Context(), "calls queued", "campaign", campaignID, "calls", len(body.PhoneNumbers))
	}
	write(w, queued.Status, queued.Body)
	return nil
}

func answerQueued(calls []interview.Call) (store.Answer, error) {
	body, err := json.Marshal(queuedCalls{each(calls, func(c interview.Call) queuedCall {
		return queuedCall{ID: c.ID, PhoneNumber: c.PhoneNumber, Status: c.Status}
	})})
	if err != nil {
		return store.Answer{}, fmt.Errorf("encoding the answer: %w", err)
	}
	return store.Answer{Status: http.StatusAccepted, Body: body}, nil
}

// idempotencyKey reads the header and scopes it to the method and path, "" when there is none. A header that is there
// but cannot be honoured is refused: its sender counts on it.
func idempotencyKey(r *http.Request) (string, error) {
	const most = 255
	values := r.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return "", nil
	}
	key := values[0]
	strange := func(c rune) bool { return c < ' ' || c > '~' }
	if len(values) > 1 || strings.TrimSpace(key) == "" || len(key) > most || strings.ContainsFunc(key, strange) {
		return "", badRequest(fmt.Sprintf("Idempotency-Key must be one value of 1 to %d printable ASCII characters", most))
	}
	return r.Method + " " + r.URL.Path + " " + key, nil
}
