package api

import (
	"mime"
	"net/http"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

// webhookSummary is an event as it is listed.
type webhookSummary struct {
	ID         string        `json:"id"`
	EventID    string        `json:"eventId"`
	Kind       inbox.Kind    `json:"kind"`
	Outcome    inbox.Outcome `json:"outcome"`
	Source     inbox.Source  `json:"source"`
	CallID     string        `json:"callId"`
	CallSid    string        `json:"callSid"`
	AccountSid string        `json:"accountSid"`
	// Error says why the event failed or was refused.
	Error *string `json:"error"`
	// Attempt counts the failures of the event.
	Attempt int `json:"attempt"`
	// Duplicates counts the further deliveries.
	Duplicates int       `json:"duplicates"`
	ReceivedAt time.Time `json:"receivedAt"`
}

// webhook is an event with all that is kept of it.
type webhook struct {
	webhookSummary
	// Target is path and raw query.
	Target           string  `json:"target"`
	ContentType      string  `json:"contentType"`
	IdempotencyToken *string `json:"idempotencyToken"`
	// VerifiedBy is null where that is not known, and for what Twilio did not deliver.
	VerifiedBy *verifiedBy `json:"verifiedBy"`
	// Body is null once it was pruned.
	Body *string `json:"body"`
	// Params are the body's, decoded: a text for each name, a list of texts for a name that was sent more than once.
	Params map[string]any `json:"params"`
	// Reply is null when the event was not accepted.
	Reply *webhookReply `json:"reply"`
}

// verifiedBy is what the signature of the first delivery fitted.
type verifiedBy struct {
	// Token is primary, secondary, or account for one of TWILIO_ACCOUNT_TOKENS.
	Token string `json:"token"`
	// URL says how the URL that was signed differs from APP_URL and the request target; null for not at all.
	URL *string `json:"url"`
}

type webhookReply struct {
	Status      int    `json:"status"`
	ContentType string `json:"contentType"`
	Body        string `json:"body"`
}

func (a *api) listWebhooks(w http.ResponseWriter, r *http.Request) error {
	query, page, err := listQuery(r, "outcome", "kind", "callId", "callSid", "campaignId", "error", "since", "until")
	if err != nil {
		return err
	}
	by := store.WebhookFilter{Outcome: inbox.Outcome(query.Get("outcome"))}
	switch by.Outcome {
	case "", inbox.Accepted, inbox.Duplicate, inbox.Conflict, inbox.Failed, inbox.Refused, store.Forced:
	default:
		return badRequest("outcome must be accepted, duplicate, conflict, failed, refused or forced")
	}
	kind, err := queryID(query, "kind")
	if err != nil {
		return err
	}
	by.Kind = inbox.Kind(kind)
	for name, id := range map[string]*string{"callId": &by.CallID, "callSid": &by.CallSid, "campaignId": &by.CampaignID} {
		if *id, err = queryID(query, name); err != nil {
			return err
		}
	}
	if by.Error, err = queryText(query, "error"); err != nil {
		return err
	}
	if by.Since, by.Until, err = queryTimes(query, a.ready.now()); err != nil {
		return err
	}
	webhooks, err := a.store.Webhooks(r.Context(), by, page)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, newList(webhooks, summarizeWebhook))
}

func (a *api) getWebhook(w http.ResponseWriter, r *http.Request) error {
	d, err := a.store.Webhook(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, showWebhook(d))
}

func summarizeWebhook(e store.Webhook) webhookSummary {
	return webhookSummary{
		ID: e.ID, EventID: e.EventID, Kind: e.Kind, Outcome: e.Outcome, Source: e.Source, CallID: e.CallID, CallSid: e.CallSid,
		AccountSid: e.AccountSid, Error: nullIfZero(e.Error), Attempt: e.Attempt, Duplicates: e.Duplicates, ReceivedAt: e.ReceivedAt.UTC(),
	}
}

func showWebhook(d store.WebhookDetail) webhook {
	shown := webhook{
		webhookSummary: summarizeWebhook(d.Webhook), Target: d.Target, ContentType: d.ContentType,
		IdempotencyToken: nullIfZero(d.IdempotencyToken), Params: params(d.ContentType, d.Body),
	}
	if d.VerifiedBy != "" {
		shown.VerifiedBy = &verifiedBy{Token: d.VerifiedBy, URL: nullIfZero(d.VerifiedURL)}
	}
	if d.Body != nil {
		body := string(d.Body)
		shown.Body = &body
	}
	if d.Reply != nil {
		shown.Reply = &webhookReply{Status: d.Reply.Status, ContentType: d.Reply.ContentType, Body: string(d.Reply.Body)}
	}
	return shown
}

// params decodes a form; any other body has none.
func params(contentType string, body []byte) map[string]any {
	out := map[string]any{}
	if media, _, _ := mime.ParseMediaType(contentType); media != "application/x-www-form-urlencoded" {
		return out
	}
	for name, values := range signature.ParseForm(string(body)) {
		if len(values) == 1 {
			out[name] = values[0]
		} else {
			out[name] = values
		}
	}
	return out
}
