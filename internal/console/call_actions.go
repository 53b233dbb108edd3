package console

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// replaysOfCall bounds the replays that the page of a call offers; the others are on the pages of their webhooks.
const replaysOfCall = 5

func (c *Console) routeCallActions(mux *http.ServeMux) {
	for path, build := range map[string]func(id string) action{
		"ask": askTwilio, "retry": retryCall, "cancel": cancelCall, "withdraw-consent": withdrawConsent, "erase": eraseCall,
	} {
		c.action(mux, "POST /console/calls/{id}/"+path, func(r *http.Request) (action, error) { return build(r.PathValue("id")), nil })
	}
	c.action(mux, "POST /console/calls/{id}/replay/{webhook}", func(r *http.Request) (action, error) {
		hook, err := c.store.Webhook(r.Context(), r.PathValue("webhook"))
		return replayWebhook(r.PathValue("id"), hook.Webhook), err
	})
	c.action(mux, "POST /console/calls/{id}/erase-number", func(r *http.Request) (action, error) {
		detail, err := c.store.CallDetail(r.Context(), r.PathValue("id"))
		if err == nil && detail.Call.PhoneNumber == "" {
			return action{}, &badRequest{"The number of this call is erased."}
		}
		return eraseNumber(detail.Call), err
	})
}

// callActions are what can be done to a call as it is. listed are the entries of the do-not-call list that have its number.
func callActions(d store.CallDetail, runs []store.LedgerRun, listed []doNotCallRow) []action {
	id := d.Call.ID
	list := []action{askTwilio(id)}
	if slices.ContainsFunc(runs, func(r store.LedgerRun) bool { return r.State == interview.RunFailed }) {
		list = append(list, retryCall(id))
	}
	failed := failedWebhooks(d)
	for _, w := range failed[:min(len(failed), replaysOfCall)] {
		list = append(list, replayWebhook(id, w))
	}
	if !d.Call.Status.Terminal() && !d.Call.Canceling() {
		list = append(list, cancelCall(id))
	}
	if d.Call.Consent == interview.ConsentGiven {
		list = append(list, withdrawConsent(id))
	}
	if d.Call.ErasedAt == nil {
		list = append(list, eraseCall(id))
	}
	if d.Call.PhoneNumber != "" {
		if !slices.ContainsFunc(listed, func(r doNotCallRow) bool { return r.Scope == interview.ScopeAll }) {
			list = append(list, listCall(d.Call))
		}
		list = append(list, eraseNumber(d.Call))
	}
	return list
}

func callAction(id, at, method, path string) action {
	return action{at: "/calls/" + id + "/" + at, from: "/calls/" + id, request: apiRequest{method: method, path: path}}
}

func askTwilio(id string) action {
	a := callAction(id, "ask", http.MethodPost, "/api/calls/"+id+"/reconcile")
	a.name, a.reason = "Ask Twilio now", optional
	a.explained = "Asks Twilio's REST API for what is missing of this call, and takes it in as if it had been delivered."
	a.said = func(answer []byte) string {
		var found struct {
			Asked    bool
			Repaired int
		}
		switch err := json.Unmarshal(answer, &found); {
		case err != nil:
			return "Twilio was asked."
		case !found.Asked:
			return "Nothing is missing of this call, so Twilio was not asked."
		case found.Repaired == 0:
			return "Twilio was asked, and has nothing that is not here."
		}
		return "Twilio was asked: " + amount(found.Repaired, "event was missing and is", "events were missing and are") + " here now."
	}
	return a
}

func retryCall(id string) action {
	a := callAction(id, "retry", http.MethodPost, "/api/runs/retry")
	a.name, a.reason, a.request.body = "Retry its dead runs", optional, map[string]any{"callId": id}
	a.explained = "Gives the dead runs of this call their attempts again, under the same keys: what was done is not done twice."
	a.said = func(answer []byte) string {
		var done struct{ Retried int }
		if json.Unmarshal(answer, &done) != nil {
			return "The runs wait for their turn."
		}
		return amount(done.Retried, "run waits", "runs wait") + " for a worker."
	}
	return a
}

func replayWebhook(id string, w store.Webhook) action {
	a := callAction(id, "replay/"+w.ID, http.MethodPost, "/api/webhooks/"+w.ID+"/replay")
	a.name, a.reason = "Replay "+w.EventID, optional
	a.explained, a.done = "Handles this webhook again, which failed. Twilio is not asked.", "The webhook was handled."
	return a
}

func cancelCall(id string) action {
	a := callAction(id, "cancel", http.MethodPost, "/api/calls/"+id+"/cancel")
	a.name, a.danger, a.reason = "Cancel this call", true, optional
	a.explained, a.done = "Ends the call: at once when it was not dialled, else Twilio is asked to end it.", "The call is canceled, or is being ended at Twilio."
	return a
}

func withdrawConsent(id string) action {
	a := callAction(id, "withdraw-consent", http.MethodPost, "/api/calls/"+id+"/withdraw-consent")
	a.name, a.danger, a.reason, a.typed = "Withdraw the consent", true, required, "withdraw"
	a.explained = "As if the person had said no: transcript, claims and recordings are erased, here and at Twilio, and a call that is not over is ended. This cannot be undone."
	a.done = "The consent is withdrawn, and what came of it is erased."
	return a
}

func eraseCall(id string) action {
	a := callAction(id, "erase", http.MethodDelete, "/api/calls/"+id+"/personal-data")
	a.name, a.danger, a.reason, a.typed = "Erase the personal data of this call", true, required, "erase"
	a.explained = "Number, transcript, claims, recordings and the bodies of the webhooks of this call are erased, here and at Twilio. This cannot be undone."
	a.done = "The personal data of this call is erased; recordings are being deleted at Twilio."
	return a
}

func eraseNumber(call interview.Call) action {
	a := callAction(call.ID, "erase-number", http.MethodDelete, "/api/personal-data")
	a.name, a.danger, a.reason, a.typed = "Erase this number over all calls", true, required, call.PhoneNumber
	a.request.body = map[string]any{"phoneNumber": call.PhoneNumber}
	a.explained = "The personal data of every call to this number is erased, here and at Twilio. This cannot be undone."
	a.done = "The number is erased from all calls; recordings are being deleted at Twilio."
	return a
}
