package api

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/store"
)

// erasure is the record of personal data that was erased: who asked for it and how much it was.
type erasure struct {
	CallID      string    `json:"callId"`
	ErasedAt    time.Time `json:"erasedAt"`
	RequestedBy string    `json:"requestedBy"`
	Reason      *string   `json:"reason"`
	Erased      struct {
		// Recordings are being deleted at Twilio.
		Recordings int `json:"recordings"`
		Utterances int `json:"utterances"`
		Claims     int `json:"claims"`
		Webhooks   int `json:"webhooks"`
	} `json:"erased"`
	// Pending says that the call is being ended; its number is kept until it is over.
	Pending bool `json:"pending"`
}

// erasureRequest is the body of DELETE /api/calls/{id}/personal-data. The header X-Requested-By does without one.
type erasureRequest struct {
	RequestedBy string `json:"requestedBy"`
	Reason      string `json:"reason"`
}

// maxReason bounds what is kept of a request's reason, in characters.
const maxReason = 1_000

// erasePersonalData answers 202: here all is erased, at Twilio the recordings are being deleted, and a call that is not over
// is being ended. A repetition is answered with the record of the first request. 422 when nobody is named who asks.
func (a *api) erasePersonalData(w http.ResponseWriter, r *http.Request) error {
	var body erasureRequest
	if r.ContentLength != 0 {
		if err := decode(w, r, &body); err != nil {
			return err
		}
	}
	body.RequestedBy = strings.TrimSpace(cmp.Or(body.RequestedBy, r.Header.Get("X-Requested-By")))
	body.Reason = strings.TrimSpace(body.Reason)
	faults := textFaults("requestedBy", body.RequestedBy, maxName, true)
	if faults = append(faults, textFaults("reason", body.Reason, maxReason, false)...); len(faults) > 0 {
		return invalid(faults)
	}
	done, err := a.store.ErasePersonalData(r.Context(), store.ErasureRequest{
		CallID: r.PathValue("id"), RequestedBy: body.RequestedBy, Reason: body.Reason,
	})
	if err != nil {
		return err
	}
	return answer(w, http.StatusAccepted, showErasure(&done))
}

func showErasure(e *store.Erasure) *erasure {
	if e == nil {
		return nil
	}
	shown := &erasure{CallID: e.CallID, ErasedAt: e.At.UTC(), RequestedBy: e.RequestedBy, Reason: nullIfZero(e.Reason), Pending: e.Pending}
	shown.Erased.Recordings, shown.Erased.Utterances = e.Recordings, e.Utterances
	shown.Erased.Claims, shown.Erased.Webhooks = e.Claims, e.Webhooks
	return shown
}
