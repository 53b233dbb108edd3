package console

import (
	"bytes"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/evidence"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

func (c *Console) routeWebhooks(mux *http.ServeMux) {
	c.page(mux, "GET /console/webhooks", c.webhooks)
	c.page(mux, "GET /console/webhooks/{id}", c.webhook)
}

// webhooksView is what the list of webhooks shows.
type webhooksView struct {
	listView
	outcome inbox.Outcome
	list    store.List[store.Webhook]
}

// outcomes are all outcomes by which webhooks are chosen.
func outcomes() []inbox.Outcome {
	return []inbox.Outcome{inbox.Accepted, inbox.Duplicate, inbox.Conflict, inbox.Failed, inbox.Refused}
}

func (c *Console) webhooks(w http.ResponseWriter, r *http.Request, role Role) error {
	l, query, err := c.listView(r, role, "/webhooks", "outcome", "kind", "callId", "since", "until")
	if err != nil {
		return err
	}
	p := webhooksView{listView: l, outcome: inbox.Outcome(query.Get("outcome"))}
	if p.outcome != "" && !slices.Contains(outcomes(), p.outcome) {
		return &badRequest{"There is no outcome " + string(p.outcome) + " of webhooks."}
	}
	by := store.WebhookFilter{Outcome: p.outcome, Kind: inbox.Kind(query.Get("kind")), CallID: query.Get("callId")}
	if by.Since, by.Until, err = timeRange(query, c.now()); err != nil {
		return err
	}
	if p.list, err = c.store.Webhooks(r.Context(), by, p.page); err != nil {
		return err
	}
	p.next = l.older(p.list.Next)
	c.render(w, r, http.StatusOK, c.frame(r, role, "Webhooks"), webhooksPage(p))
	return nil
}

// parameter is one of a webhook.
type parameter struct{ name, value string }

// webhookView is what the page of a webhook shows.
type webhookView struct {
	role   Role
	hook   store.WebhookDetail
	path   string // of the request, without the query
	query  []parameter
	body   []parameter // of a form, in order; nil for another body, or one that was pruned
	raw    string      // the body as it came; "" for a viewer
	answer []span
	heard  []string
	call   string // address of its call, "" for none
	back   string
}

func (c *Console) webhook(w http.ResponseWriter, r *http.Request, role Role) error {
	_, query, err := tokens(r, c.path("/webhooks"), "outcome", "kind", "callId", "since", "until")
	if err != nil {
		return err
	}
	hook, err := c.store.Webhook(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	p := webhookView{role: role, hook: hook, back: address(c.path("/webhooks"), query)}
	path, rawQuery, _ := strings.Cut(hook.Target, "?")
	p.path, p.query = path, p.parameters(rawQuery)
	if form, _, _ := mime.ParseMediaType(hook.ContentType); form == "application/x-www-form-urlencoded" {
		p.body = p.parameters(string(hook.Body))
	}
	if role == Admin {
		p.raw = string(hook.Body)
	}
	if hook.Reply != nil {
		p.answer = []span{{"", string(hook.Reply.Body)}}
		if strings.Contains(hook.Reply.ContentType, "xml") && bytes.HasPrefix(bytes.TrimSpace(hook.Reply.Body), []byte("<")) {
			p.answer, p.heard = readTwiML(hook.Reply.Body)
		}
	}
	if hook.CallID != "" {
		p.call = c.path("/calls/" + url.PathEscape(hook.CallID))
	}
	c.render(w, r, http.StatusOK, c.frame(r, role, "Webhook "+hook.EventID), webhookPage(p))
	return nil
}

// parameters are those of a query or a form, decoded as they were for the signature, in their order. A viewer sees no phone
// numbers in them.
func (p webhookView) parameters(encoded string) []parameter {
	var list []parameter
	for pair := range strings.SplitSeq(encoded, "&") {
		if pair == "" {
			continue
		}
		for name, values := range signature.ParseForm(pair) {
			for _, value := range values {
				if p.role != Admin {
					value = evidence.Redact(value)
				}
				list = append(list, parameter{name, value})
			}
		}
	}
	return list
}
