package console

import (
	"bytes"
	"cmp"
	"context"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

// shownInline is how many bytes of a payload a page shows by itself; what is longer has an address of its own.
const shownInline = 64 << 10

// parameter is one of a request. A value that is left out for a viewer has only its length.
type parameter struct {
	name, value string
	left        int
}

// replyView is an answer: highlighted, and what it plays, all of it: how much of that was heard, the next webhook tells.
type replyView struct {
	status      int
	contentType string
	pieces      []span
	plays       []string
	left        int // its bytes, when it is too long to be shown
}

// webhookView is what the page of a webhook shows.
type webhookView struct {
	role    Role
	hook    store.WebhookDetail
	path    string // of the request, without the query
	query   []parameter
	body    []parameter // of a form, in order; nil for another body, one that was pruned, or one that is too long
	raw     string      // the body as it came; "" for a viewer, or when it is too long
	rawAt   string      // the address of the body as it came, "" for a viewer
	reply   *replyView  // nil when the event was not accepted
	call    string      // address of its call, "" for none
	records []recordView
	first   string // the address of the record that took effect, "" for none, or this one
	runs    []store.LedgerRun
	runAt   func(id string) string
	back    string
	replay  *replayForm // nil for a viewer
	curl    string
	resent  string // signed anew; "" where that is not possible
}

// said is a text that may have a number in it, as the role may see it.
func (p webhookView) said(text string) string { return shownText(p.role, text) }

func (p webhookView) id(id string) string { return shownText(p.role, id) }

func (c *Console) webhook(w http.ResponseWriter, r *http.Request, role Role) error {
	p, err := c.webhookView(r, role)
	if err != nil {
		return err
	}
	c.render(w, r, http.StatusOK, c.frame(r, role, "Webhook "+p.id(p.hook.EventID)), webhookPage(p))
	return nil
}

// webhookView loads the webhook of a request's path. The query is that of the list from which it was opened.
func (c *Console) webhookView(r *http.Request, role Role) (webhookView, error) {
	_, query, err := tokens(r, c.path("/webhooks"), webhookConditions...)
	if err != nil {
		return webhookView{}, err
	}
	hook, err := c.store.Webhook(r.Context(), r.PathValue("id"))
	if err != nil {
		return webhookView{}, err
	}
	p := webhookView{role: role, hook: hook, back: address(c.path("/webhooks"), query), runAt: func(id string) string { return c.path("/runs/" + url.PathEscape(id)) },
		curl: c.curl(apiRequest{method: http.MethodGet, path: "/api/webhooks/" + hook.ID})}
	path, rawQuery, _ := strings.Cut(hook.Target, "?")
	p.path, p.query = path, parametersFor(role, rawQuery)
	if len(hook.Body) <= shownInline {
		if isForm(hook.ContentType) {
			p.body = parametersFor(role, string(hook.Body))
		}
		if role == Admin {
			p.raw = string(hook.Body)
		}
	}
	if role == Admin && hook.Body != nil {
		p.rawAt = c.path("/webhooks/" + url.PathEscape(hook.ID) + "/body")
		p.replay = &replayForm{to: c.path("/webhooks/" + url.PathEscape(hook.ID) + "/replay"), settled: hook.Outcome == inbox.Accepted}
		p.replay.curl = c.curl(replayRequest(hook.ID, false, "…"))
		if c.resign != nil {
			p.resent, _ = c.resign(hook) // where that is not possible, the page does not offer it
		}
	}
	if hook.Reply != nil {
		p.reply = replyTo(role, hook.Reply.Status, hook.Reply.ContentType, hook.Reply.Body)
	}
	if ourID.MatchString(hook.CallID) {
		p.call = c.path("/calls/" + url.PathEscape(hook.CallID))
	}
	if p.runs, err = c.runsOf(r.Context(), hook); err != nil {
		return p, err
	}
	if p.records, err = c.recordsOf(r.Context(), role, hook); err != nil {
		return p, err
	}
	for _, record := range p.records {
		if record.Outcome == inbox.Accepted {
			p.first = record.at
		}
	}
	return p, nil
}

// runsOf are the runs that an event caused.
func (c *Console) runsOf(ctx context.Context, hook store.WebhookDetail) ([]store.LedgerRun, error) {
	if hook.CallID == "" {
		return nil, nil
	}
	runs, err := c.store.Runs(ctx, store.RunFilter{CallID: hook.CallID}, store.Page{Limit: 200})
	if err != nil {
		return nil, err
	}
	var caused []store.LedgerRun
	for _, run := range runs.Items {
		if run.Cause == hook.EventID {
			caused = append(caused, run)
		}
	}
	return caused, nil
}

// webhookBody is the body as it came, as a file.
func (c *Console) webhookBody(w http.ResponseWriter, r *http.Request, _ Role) error {
	hook, err := c.store.Webhook(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if hook.Body == nil {
		return store.ErrNotFound
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": hook.ID + ".txt"}))
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(hook.Body)
	return nil
}

func isForm(contentType string) bool {
	media, _, _ := mime.ParseMediaType(contentType)
	return media == "application/x-www-form-urlencoded"
}

// replyTo is an answer as the role may see it.
func replyTo(role Role, status int, contentType string, body []byte) *replyView {
	v := &replyView{status: status, contentType: contentType}
	if len(body) > shownInline {
		v.left = len(body)
		return v
	}
	v.pieces = []span{{"", string(body)}}
	if strings.Contains(contentType, "xml") && bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		v.pieces, v.plays = readTwiML(body)
	}
	for n := range v.pieces {
		v.pieces[n].text = shownText(role, v.pieces[n].text)
	}
	for n := range v.plays {
		v.plays[n] = shownText(role, v.plays[n])
	}
	return v
}

// parametersFor are those of a query or a form, decoded as they were for the signature, in their order. Of a viewer's, values in which
// a number may be written in any way are left out, as the API does it.
func parametersFor(role Role, encoded string) []parameter {
	var list []parameter
	for pair := range strings.SplitSeq(encoded, "&") {
		if pair == "" {
			continue
		}
		for name, values := range signature.ParseForm(pair) {
			for _, value := range values {
				p := parameter{name: name, value: value}
				if role != Admin && (!plainParameters[name] || !plainValue().MatchString(value)) {
					p.value, p.left = "", len(value)
				}
				p.name = shownText(role, p.name)
				list = append(list, p)
			}
		}
	}
	return list
}

// plainParameters are those of Twilio's that never have a number or what somebody said, and ours.
var plainParameters = map[string]bool{
	"callId": true, "CallSid": true, "AccountSid": true, "ParentCallSid": true, "CallStatus": true, "Direction": true, "ApiVersion": true,
	"SequenceNumber": true, "CallbackSource": true, "Timestamp": true, "Duration": true, "CallDuration": true, "AnsweredBy": true,
	"MachineDetectionDuration": true, "SipResponseCode": true, "ErrorCode": true, "Confidence": true, "RecordingSid": true,
	"RecordingStatus": true, "RecordingDuration": true, "RecordingChannels": true, "RecordingSource": true, "RecordingTrack": true,
	"RecordingErrorCode": true, "position": true, "attempt": true, "question": true,
}

// plainValue is a word, a date, an id or a short number, and no phone number.
var plainValue = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:[A-Z]{2}[0-9a-fA-F]{32}|[0-9A-HJKMNP-TV-Z]{26}|[A-Za-z_-]{0,40}|\d{1,6}(?:\.\d{1,20})?|\d{4}-\d\d-\d\d|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000)$`)
})

// runsWord says in which state a run is.
func runsWord(run store.LedgerRun) string {
	if run.State == interview.RunFailed {
		return "dead"
	}
	return string(run.State)
}

// outcomeWords say what became of an event.
func outcomeWords(hook store.Webhook) string {
	switch hook.Outcome {
	case inbox.Accepted:
		return "It took effect, once. Event, effects and answer were committed together."
	case inbox.Conflict:
		return "The event was accepted before with another payload. This one had no effect, and got the answer of the first."
	case inbox.Failed:
		return "It could not be handled, because of a fault on our side. Nothing of it took effect; its next delivery is processed as if it were the first."
	case inbox.Refused:
		return "It is Twilio's, and must not take effect: see its error."
	case store.Forced:
		return "An operator had the accepted event decided again."
	}
	return ""
}

// verifiedWords say how it is known that Twilio sent the request.
func verifiedWords(hook store.WebhookDetail) string {
	switch hook.Source {
	case inbox.SourceReconciled:
		return "There was no request: it was rebuilt from what Twilio's REST API said."
	case inbox.SourceReplay:
		return "Processed again from a stored request, whose signature fitted when it came. An operator asked for it; the audit log says who."
	}
	if hook.VerifiedBy == "" {
		return "Its signature fitted when it came: nothing else becomes an event. With which token was not kept: by an earlier version, or because it is simulated."
	}
	tokens := map[string]string{"primary": "the primary token (TWILIO_AUTH_TOKEN)", "secondary": "the secondary token (TWILIO_AUTH_TOKEN_SECONDARY)",
		"account": "the token of its account (TWILIO_ACCOUNT_TOKENS)"}
	text := "Its signature fitted when it came, with " + cmp.Or(tokens[hook.VerifiedBy], hook.VerifiedBy)
	if hook.VerifiedURL != "" {
		return text + ", in another form of the URL than APP_URL has: " + hook.VerifiedURL + "."
	}
	return text + " and the URL as it was received."
}
