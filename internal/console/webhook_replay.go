package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/store"
)

// replayForm asks for a replay: first what would happen, then that it is done.
type replayForm struct {
	to, curl string
	// settled says that the event was accepted, so that only a forced replay has an effect.
	settled bool
	reason  string
	force   bool
	tried   *triedReplay
	problem string
}

// triedReplay is what would come of a replay.
type triedReplay struct {
	outcome inbox.Outcome
	why     string
	reply   *replyView
}

// replayAnswer is what the API says of a replay.
type replayAnswer struct {
	Outcome   inbox.Outcome
	WebhookID string
	Error     string
	Reply     *struct {
		Status      int
		ContentType string
		Body        string
	}
}

// replayRequest is the request that replays an event.
func replayRequest(id string, force bool, reason string) apiRequest {
	body := map[string]any{"reason": reason}
	if force {
		body["force"] = true
	}
	return apiRequest{method: http.MethodPost, path: "/api/webhooks/" + id + "/replay", body: body}
}

// replayWebhook has an event tried, or replayed.
func (c *Console) replayWebhook(w http.ResponseWriter, r *http.Request, role Role) error {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		return &badRequest{"The form cannot be read."}
	}
	id := r.PathValue("id")
	form := replayForm{reason: strings.TrimSpace(r.PostFormValue("reason")), force: r.PostFormValue("force") == "on"}
	q := replayRequest(id, form.force, form.reason)
	if r.PostFormValue("step") != "do" {
		q.body["dryRun"] = true
		return c.triedReplay(w, r, role, form, q)
	}
	if form.force && form.reason == "" {
		form.problem = "Say why: the audit log keeps it."
		return c.replayPage(w, r, role, http.StatusBadRequest, form)
	}
	answer, err := c.ask(r, q)
	if err != nil {
		return err
	}
	var said replayAnswer
	_ = json.Unmarshal(answer.body, &said) // an answer of another form has no outcome
	if !answer.ok() {
		form.problem = answer.problem()
		if said.Outcome != "" {
			form.problem = fmt.Sprintf("The replay was done, and the event is %s: %s", said.Outcome, said.Error)
		}
		return c.replayPage(w, r, role, answer.status, form)
	}
	c.notify(w, "Replayed: "+didWords(said.Outcome))
	if said.WebhookID == "" {
		said.WebhookID = id
	}
	http.Redirect(w, r, c.path("/webhooks/"+url.PathEscape(said.WebhookID)), http.StatusSeeOther)
	return nil
}

// triedReplay shows what would happen.
func (c *Console) triedReplay(w http.ResponseWriter, r *http.Request, role Role, form replayForm, q apiRequest) error {
	answer, err := c.ask(r, q)
	if err != nil {
		return err
	}
	var said replayAnswer
	if !answer.ok() || json.Unmarshal(answer.body, &said) != nil {
		form.problem = answer.problem()
		return c.replayPage(w, r, role, answer.status, form)
	}
	form.tried = &triedReplay{outcome: said.Outcome, why: said.Error}
	if said.Reply != nil {
		form.tried.reply = replyTo(role, said.Reply.Status, said.Reply.ContentType, []byte(said.Reply.Body))
	}
	return c.replayPage(w, r, role, http.StatusOK, form)
}

// replayPage is the page of the webhook with its form filled in.
func (c *Console) replayPage(w http.ResponseWriter, r *http.Request, role Role, status int, form replayForm) error {
	p, err := c.webhookView(r, role)
	if err != nil {
		return err
	}
	if p.replay == nil { // its payload was pruned meanwhile
		return &badRequest{"The payload of the event is not kept any more, so it cannot be replayed."}
	}
	form.to, form.settled = p.replay.to, p.replay.settled
	form.curl = c.curl(replayRequest(p.hook.ID, form.force, form.reason))
	p.replay = &form
	c.render(w, r, status, c.frame(r, role, "Webhook "+p.id(p.hook.EventID)), webhookPage(p))
	return nil
}

// wouldWords say what a replay would do.
func wouldWords(outcome inbox.Outcome) string {
	switch outcome {
	case inbox.Accepted:
		return "It would be processed and take effect now, on the call as it stands."
	case inbox.Duplicate:
		return "Nothing: the event was accepted before. It would be counted as a duplicate and get its first answer."
	case inbox.Conflict:
		return "Nothing: the event was accepted before with another payload. It would get the answer of the first."
	case store.Forced:
		return "It would be decided again on the call as it stands. Its first answer stays the one that duplicates get."
	case inbox.Refused:
		return "It would be refused."
	case inbox.Failed:
		return "It would fail again."
	}
	return string(outcome)
}

// didWords say what a replay did.
func didWords(outcome inbox.Outcome) string {
	switch outcome {
	case inbox.Accepted:
		return "the event is accepted; this is its new record."
	case inbox.Duplicate:
		return "the event was accepted before; this is its record."
	case inbox.Conflict:
		return "the event was accepted before with another payload; this is its record."
	case store.Forced:
		return "the event was decided again; this is the record of that."
	}
	return string(outcome)
}
