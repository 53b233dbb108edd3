package api

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// numberErasureRequest is the body of DELETE /api/personal-data. The header X-Requested-By does for requestedBy.
type numberErasureRequest struct {
	PhoneNumber string `json:"phoneNumber"`
	RequestedBy string `json:"requestedBy"`
	Reason      string `json:"reason"`
}

// numberErasure is what was erased of the calls to a number. The number itself is not in it.
type numberErasure struct {
	// Calls are those that this request erased, and those that were asked for before and are not over.
	Calls []*erasure `json:"calls"`
	// Pending are the ids of the calls that are being ended.
	Pending []string `json:"pending"`
	// Webhooks counts the payloads of events of no call of ours that had the number in them.
	Webhooks int `json:"webhooks"`
}

// eraseNumber answers 202, as erasePersonalData does for one call. The number is in the body, since URLs are logged on the way.
func (a *api) eraseNumber(w http.ResponseWriter, r *http.Request) error {
	var body numberErasureRequest
	if err := decode(w, r, &body); err != nil {
		return err
	}
	body.RequestedBy = strings.TrimSpace(cmp.Or(body.RequestedBy, r.Header.Get("X-Requested-By")))
	body.Reason = strings.TrimSpace(body.Reason)
	faults := textFaults("requestedBy", body.RequestedBy, maxName, true)
	faults = append(faults, textFaults("reason", body.Reason, maxReason, false)...)
	if !interview.ValidPhoneNumber(body.PhoneNumber) {
		faults = append(faults, fault{Field: "phoneNumber", Error: "must be an E.164 number such as +15551234567"})
	}
	if len(faults) > 0 {
		return invalid(faults)
	}
	done, err := a.store.EraseNumber(r.Context(), store.NumberErasureRequest{
		PhoneNumber: body.PhoneNumber, RequestedBy: body.RequestedBy, Reason: body.Reason,
	})
	if err != nil {
		return err
	}
	shown := numberErasure{Calls: []*erasure{}, Pending: []string{}, Webhooks: done.Strays}
	for i := range done.Calls {
		shown.Calls = append(shown.Calls, showErasure(&done.Calls[i]))
		if done.Calls[i].Pending {
			shown.Pending = append(shown.Pending, done.Calls[i].CallID)
		}
	}
	return answer(w, http.StatusAccepted, shown)
}
