package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// replayRequest is the body of POST /api/webhooks/{id}/replay; it may be left out.
type replayRequest struct {
	// RequestedBy is kept in the audit log; without it, the header X-Requested-By.
	RequestedBy string `json:"requestedBy"`
	Reason      string `json:"reason"`
	// Force has an accepted event decided again; it needs a reason.
	Force bool `json:"force"`
	// DryRun says what would happen, and does nothing. It needs no reason.
	DryRun bool `json:"dryRun"`
}

// replayed is what came of it.
type replayed struct {
	// ID is the event that was replayed.
	ID      string     `json:"id"`
	EventID string     `json:"eventId"`
	Kind    inbox.Kind `json:"kind"`
	CallID  string     `json:"callId"`
	// Was is the event's outcome before, Outcome that of the replay: accepted, duplicate, conflict, forced, refused or failed.
	Was     inbox.Outcome `json:"was"`
	Outcome inbox.Outcome `json:"outcome"`
	// WebhookID is the event that tells of it: a new one, or the accepted one that this repeats.
	WebhookID *string `json:"webhookId"`
	// Error says why the event was refused or failed again.
	Error string        `json:"error,omitempty"`
	Reply *webhookReply `json:"reply"`
	// DryRun says that nothing of it was done.
	DryRun bool `json:"dryRun,omitempty"`
}

// replayWebhook answers 200 when the event is settled, 409 when it must not take effect, 410 when its payload was pruned and
// 500 when its handling failed again. A dry run is answered 200 with what would come of it.
func (a *api) replayWebhook(w http.ResponseWriter, r *http.Request) error {
	var body replayRequest
	if r.ContentLength != 0 {
		if err := decode(w, r, &body); err != nil {
			return err
		}
	}
	ctx, err := requestedBy(r.Context(), &body.RequestedBy, &body.Reason)
	if err != nil {
		return err
	}
	if body.DryRun {
		return a.tryReplay(ctx, w, r.PathValue("id"), body.Force)
	}
	if body.Force && body.Reason == "" {
		return invalid([]fault{{Field: "reason", Error: "must not be empty with force"}})
	}
	done, err := a.replay(ctx, r.PathValue("id"), store.Replay{Reason: body.Reason, Force: body.Force})
	if err != nil {
		return err
	}
	shown, status := showReplayed(done)
	if status == http.StatusInternalServerError {
		a.log.ErrorContext(ctx, "replay failed", "webhook", done.ID, "event", done.EventID, "error", done.Err)
	}
	return answer(w, status, shown)
}

// tryReplay says what a replay would do.
func (a *api) tryReplay(ctx context.Context, w http.ResponseWriter, id string, force bool) error {
	if a.try == nil {
		return badRequest("dryRun is not possible here")
	}
	tried, err := a.try(ctx, []string{id}, store.Replay{Force: force})
	if err == nil && errors.Is(tried[0].Err, store.ErrPruned) {
		err = tried[0].Err
	}
	if err != nil {
		return err
	}
	shown, _ := showReplayed(tried[0])
	shown.DryRun = true
	if tried[0].Result != inbox.Duplicate {
		shown.WebhookID = nil // of a row that is not kept
	}
	return answer(w, http.StatusOK, shown)
}

// showReplayed is what came of a replay, and the status to answer it with.
func showReplayed(done store.Replayed) (replayed, int) {
	shown := replayed{ID: done.ID, EventID: done.EventID, Kind: done.Kind, CallID: done.CallID, Was: done.Webhook.Outcome,
		Outcome: done.Result, WebhookID: nullIfZero(done.Row)}
	var refusal *inbox.Refusal
	switch {
	case errors.As(done.Err, &refusal):
		shown.Error = refusal.Error()
		return shown, http.StatusConflict
	case done.Err != nil:
		shown.Error = "The event cannot be handled: see its error"
		return shown, http.StatusInternalServerError
	}
	shown.Reply = &webhookReply{Status: cmp.Or(done.Reply.Status, http.StatusOK), ContentType: done.Reply.ContentType, Body: string(done.Reply.Body)}
	return shown, http.StatusOK
}

// requestedBy checks who asks, and why, and puts the name into the context for the audit log.
func requestedBy(ctx context.Context, name, reason *string) (context.Context, error) {
	*name, *reason = strings.TrimSpace(*name), strings.TrimSpace(*reason)
	faults := textFaults("requestedBy", *name, maxName, false)
	if faults = append(faults, textFaults("reason", *reason, maxReason, false)...); len(faults) > 0 {
		return ctx, invalid(faults)
	}
	return interview.WithActor(ctx, *name), nil
}
