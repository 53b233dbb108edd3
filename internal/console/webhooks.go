package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/store"
)

func (c *Console) routeWebhooks(mux *http.ServeMux) {
	c.page(mux, "GET /console/webhooks", c.webhooks)
	c.page(mux, "GET /console/webhooks/{id}", c.webhook)
	c.adminPage(mux, "GET /console/webhooks/{id}/body", c.webhookBody)
	c.adminPage(mux, "POST /console/webhooks/{id}/replay", c.replayWebhook)
}

// webhookConditions are the conditions of the list, those of GET /api/webhooks.
var webhookConditions = []string{"outcome", "kind", "callId", "callSid", "campaignId", "error", "since", "until"}

// notAcceptedOutcome is the value of the condition outcome that chooses all that did not take effect.
const notAcceptedOutcome = "-accepted"

// outcomes are all outcomes by which webhooks are chosen.
func outcomes() []inbox.Outcome {
	return []inbox.Outcome{inbox.Accepted, inbox.Duplicate, inbox.Conflict, inbox.Failed, inbox.Refused, store.Forced}
}

// webhooksView is what the list of webhooks shows.
type webhooksView struct {
	listView
	groups []webhookGroup
}

// webhookGroup is an event in the list, with the other records of it that are on the same page.
type webhookGroup struct {
	store.Webhook
	folded []store.Webhook
}

func (c *Console) webhooks(w http.ResponseWriter, r *http.Request, role Role) error {
	l, query, err := c.listView(r, role, "/webhooks", webhookConditions...)
	if err != nil {
		return err
	}
	by, err := webhookFilter(query, c.now())
	if err != nil {
		return err
	}
	p := webhooksView{listView: l}
	list, err := c.store.Webhooks(r.Context(), by, p.page)
	if err != nil {
		return err
	}
	p.groups, p.next = foldWebhooks(list.Items), l.older(list.Next)
	f := c.frame(r, role, "Webhooks")
	newest := ""
	if len(list.Items) > 0 {
		newest = list.Items[0].ID
	}
	f.liveList("webhooks", l, newest)
	c.render(w, r, http.StatusOK, f, webhooksPage(p))
	return nil
}

// webhookFilter reads the conditions of the list.
func webhookFilter(query url.Values, now time.Time) (store.WebhookFilter, error) {
	by := store.WebhookFilter{
		Outcome: inbox.Outcome(query.Get("outcome")), Kind: inbox.Kind(query.Get("kind")), CallID: query.Get("callId"), CallSid: query.Get("callSid"),
		CampaignID: query.Get("campaignId"), Error: query.Get("error"),
	}
	for name, values := range query {
		if strings.ContainsFunc(values[0], func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }) || len(values[0]) > 200 {
			return by, &badRequest{"The condition " + name + " has characters that nothing has, or too many of them."}
		}
	}
	switch {
	case by.Outcome == notAcceptedOutcome:
		by.Outcome, by.NotAccepted = "", true
	case by.Outcome != "" && !slices.Contains(outcomes(), by.Outcome):
		return by, &badRequest{"There is no outcome " + string(by.Outcome) + " of webhooks."}
	}
	var err error
	by.Since, by.Until, err = timeRange(query, now)
	return by, err
}

// foldWebhooks puts the records of an event that did not take effect under the accepted one, where both are on this page.
func foldWebhooks(list []store.Webhook) []webhookGroup {
	accepted := map[string]bool{}
	for _, hook := range list {
		if hook.Outcome == inbox.Accepted {
			accepted[hook.EventID] = true
		}
	}
	var groups []webhookGroup
	others := map[string][]store.Webhook{}
	for _, hook := range list {
		if accepted[hook.EventID] && hook.Outcome != inbox.Accepted {
			others[hook.EventID] = append(others[hook.EventID], hook)
			continue
		}
		groups = append(groups, webhookGroup{Webhook: hook})
	}
	for n, g := range groups {
		groups[n].folded = others[g.EventID]
	}
	return groups
}

func (l listView) id(id string) string { return shownText(l.role, id) }

// callOf is the address of the call that a webhook is about, "" where it names none of ours.
func (l listView) callOf(hook store.Webhook) string {
	if !ourID.MatchString(hook.CallID) {
		return ""
	}
	return strings.TrimSuffix(l.base, "/webhooks") + "/calls/" + url.PathEscape(hook.CallID)
}

// tailShown is how much of the end of an id is shown in any case, in characters.
const tailShown = 14

// sidLength is that of an id of Twilio's: such a one is not taken apart.
const sidLength = 34

// headAndTail takes an id apart that is too long for its column. The tail of one that is not is "".
func headAndTail(id string) (head, tail string) {
	runes := []rune(id)
	if len(runes) <= sidLength {
		return id, ""
	}
	return string(runes[:len(runes)-tailShown]), string(runes[len(runes)-tailShown:])
}

// said is a text of ours or of a service as the role may see it.
func (l listView) said(text string) string { return shownText(l.role, text) }
