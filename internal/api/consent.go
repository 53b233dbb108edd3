package api

import (
	"context"
	"net/http"

	faults "github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/interview"
)

// reasonRequest is the body of requests that may say who asks and why; it may be left out.
type reasonRequest struct {
	// RequestedBy is kept in the audit log; without it, the header X-Requested-By.
	RequestedBy string `json:"requestedBy"`
	Reason      string `json:"reason"`
}

// reasonOf reads a body that may be left out.
func reasonOf(w http.ResponseWriter, r *http.Request) (ctx context.Context, reason string, err error) {
	var body reasonRequest
	if r.ContentLength != 0 {
		if err := decode(w, r, &body); err != nil {
			return nil, "", err
		}
	}
	ctx, err = requestedBy(r.Context(), &body.RequestedBy, &body.Reason)
	return ctx, body.Reason, err
}

// withdrawConsent answers 200 with the call, 409 when it has no consent or a legal hold.
func (a *api) withdrawConsent(w http.ResponseWriter, r *http.Request) error {
	ctx, reason, err := reasonOf(w, r)
	if err != nil {
		return err
	}
	call, err := a.store.WithdrawConsent(ctx, r.PathValue("id"), reason)
	if err != nil {
		return err
	}
	d, err := a.store.CallDetail(ctx, call.ID)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, showCall(d))
}

// reconciled is what came of asking Twilio about a call.
type reconciled struct {
	// Asked is false when the call waits for nothing.
	Asked bool `json:"asked"`
	// About is what the call waited for, null for nothing.
	About *string `json:"about"`
	// Repaired counts the events that were missing.
	Repaired int `json:"repaired"`
}

// reconcileCall asks Twilio about a call now: 200, or 502 when Twilio did not answer.
func (a *api) reconcileCall(w http.ResponseWriter, r *http.Request) error {
	ctx, reason, err := reasonOf(w, r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	found, err := a.reconcile(ctx, id)
	if err != nil {
		if problemOf(err, "Call") != nil || ctx.Err() != nil {
			return err
		}
		a.log.WarnContext(ctx, "asking Twilio about a call", "call", id, "error", err)
		return &problem{status: http.StatusBadGateway, message: "Twilio could not be asked: " + faults.Of(err).String()}
	}
	err = a.store.RecordAudit(ctx, interview.AuditEntry{Action: interview.AuditReconcile, Subject: id, Reason: reason,
		Detail: map[string]any{"about": string(found.About), "repaired": found.Repaired}})
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, reconciled{Asked: found.About != "", About: nullIfZero(string(found.About)), Repaired: found.Repaired})
}
