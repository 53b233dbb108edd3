package api

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// newCalls is the body of POST /api/campaigns/{id}/calls.
type newCalls struct {
	PhoneNumbers []string `json:"phoneNumbers"`
	// AllowRepeat lets numbers be called that the campaign has called before; never those that have a live call.
	AllowRepeat bool `json:"allowRepeat"`
	// DryRun only says what would be answered: nothing is queued, and an Idempotency-Key is not used up.
	DryRun bool `json:"dryRun"`
}

// hash tells two requests with one Idempotency-Key apart: by what was asked, not how it was spelled, since a client may
// order or indent its JSON anew.
func (n newCalls) hash() [sha256.Size]byte {
	asked := strings.Join(n.PhoneNumbers, "\n")
	if n.AllowRepeat {
		asked += "\nallowRepeat"
	}
	return sha256.Sum256([]byte(asked))
}

// queuedCalls is the answer to it, in the order of the numbers.
type queuedCalls struct {
	Calls []queuedCall `json:"calls"`
}

// callable is the answer to a dry run of what would be done: how many numbers would be called.
type callable struct {
	DryRun   bool `json:"dryRun"`
	Callable int  `json:"callable"`
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
		refused, err := callFaults(a.store.CheckCallable(r.Context(), campaignID, body.valid(), body.AllowRepeat), body.PhoneNumbers)
		if err != nil {
			return err
		}
		return invalid(append(refused, faults...))
	}
	if body.DryRun {
		faults, err := callFaults(a.store.CheckCallable(r.Context(), campaignID, body.PhoneNumbers, body.AllowRepeat), body.PhoneNumbers)
		if err != nil {
			return err
		}
		if len(faults) > 0 {
			return invalid(faults)
		}
		return answer(w, http.StatusOK, callable{DryRun: true, Callable: len(body.PhoneNumbers)})
	}
	queued, err := a.store.CreateCalls(r.Context(), store.NewCalls{
		CampaignID: campaignID, PhoneNumbers: body.PhoneNumbers, AllowRepeat: body.AllowRepeat, IdempotencyKey: key,
		RequestHash: body.hash(), Answer: answerQueued,
	})
	if faults, err := callFaults(err, body.PhoneNumbers); err != nil {
		return err
	} else if len(faults) > 0 {
		return invalid(faults)
	}
	if queued.Replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	} else {
		a.log.InfoContext(r.Context(), "calls queued", "campaign", campaignID, "calls", len(body.PhoneNumbers))
	}
	write(w, queued.Status, queued.Body)
	return nil
}

// valid are the numbers that can be looked up.
func (n newCalls) valid() []string {
	if len(n.PhoneNumbers) > maxNumbers {
		return nil
	}
	var valid []string
	for _, number := range n.PhoneNumbers {
		if interview.ValidPhoneNumber(number) && !slices.Contains(valid, number) {
			valid = append(valid, number)
		}
	}
	return valid
}

// callFaults names what the store has against calls to numbers. Any other error is returned.
func callFaults(err error, numbers []string) ([]fault, error) {
	var notActive *store.NotActiveError
	var refused *store.RefusedNumbersError
	var faults []fault
	if errors.As(err, &notActive) {
		faults = append(faults, inactive(notActive.Status))
	}
	if errors.As(err, &refused) {
		for _, r := range refused.Numbers {
			reason := `was called by this campaign; "allowRepeat": true calls it again`
			if r.Live {
				reason = "has a call that is not over"
			} else if r.Refusal != "" {
				reason = fmt.Sprintf("must not be called, %s: %s", r.Refusal, r.Detail)
			}
			field := fmt.Sprintf("phoneNumbers[%d]", slices.Index(numbers, r.PhoneNumber))
			faults = append(faults, fault{Field: field, Value: r.PhoneNumber, Error: reason})
		}
	}
	if len(faults) > 0 {
		return faults, nil
	}
	return nil, err
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
