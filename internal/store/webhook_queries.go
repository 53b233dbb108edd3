package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/inbox"
)

// Webhook is an event of the inbox as it is listed.
type Webhook struct {
	// ID is the row's own; EventID is the deduplication key.
	ID, EventID string
	Kind        inbox.Kind
	// Outcome is never inbox.Duplicate: those are counted in Duplicates of the event that they repeat. It may be [Forced].
	Outcome inbox.Outcome
	Source  inbox.Source
	// CallID is the callId of the request's query. A refused event may name a call that does not exist.
	CallID, CallSid, AccountSid string
	// CampaignID is that of its call. Only Newest loads it.
	CampaignID string
	// Error says why an event failed or was refused, "" else.
	Error string
	// Attempt counts the failures of this payload of the event; 0 when it did not fail.
	Attempt    int
	Duplicates int
	// ReceivedAt is when the delivery came that made the record; for a payload that failed again, the last that failed.
	ReceivedAt time.Time
}

// WebhookDetail is an event with all that is kept of it.
type WebhookDetail struct {
	Webhook
	// Target is path and raw query as received.
	Target, ContentType string
	// Body is raw, nil once it was pruned.
	Body             []byte
	IdempotencyToken string
	// VerifiedBy names the auth token by which the first delivery was verified: primary, secondary or account; "" if that is not
	// known. VerifiedURL says how the URL that was signed differs from the configured one, "" for not at all.
	VerifiedBy, VerifiedURL string
	// Reply is what was answered; nil when the event was not accepted.
	Reply *inbox.Reply
}

const webhookColumns = `webhook_events.id, event_id, kind, outcome, source, call_id, call_sid, account_sid, error, attempt,
	duplicates, received_at`

func (w *Webhook) fields() []any {
	return []any{&w.ID, &w.EventID, &w.Kind, &w.Outcome, &w.Source, &w.CallID, &w.CallSid, &w.AccountSid, &w.Error,
		&w.Attempt, &w.Duplicates, &w.ReceivedAt}
}

func scanWebhook(r row) (Webhook, error) {
	var w Webhook
	err := r.Scan(w.fields()...)
	return w, err
}

const selectWebhooks = `SELECT ` + webhookColumns + ` FROM webhook_events`

// Webhook returns one event by its row's id. ErrNotFound when there is none.
func (s *Store) Webhook(ctx context.Context, id string) (WebhookDetail, error) {
	return webhookDetail(ctx, s.read(), id)
}

func webhookDetail(ctx context.Context, q querier, id string) (WebhookDetail, error) {
	var w WebhookDetail
	var reply inbox.Reply
	err := q.QueryRow(ctx, `SELECT `+webhookColumns+`, target, content_type, body, idempotency_token, reply_status,
		reply_type, reply_body, verified_by, verified_url FROM webhook_events WHERE id = $1`, id).
		Scan(append(w.fields(), &w.Target, &w.ContentType, &w.Body, &w.IdempotencyToken, &reply.Status, &reply.ContentType, &reply.Body,
			&w.VerifiedBy, &w.VerifiedURL)...)
	if errors.Is(err, sql.ErrNoRows) {
		return w, fmt.Errorf("webhook %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return w, fmt.Errorf("loading webhook %s: %w", id, err)
	}
	if reply.Status != 0 {
		w.Reply = &reply
	}
	return w, nil
}

// AcceptedWebhook is the row of the event that was accepted under an id. ErrNotFound when there is none, or no more.
func (s *Store) AcceptedWebhook(ctx context.Context, eventID string) (id string, err error) {
	err = s.read().QueryRow(ctx, `SELECT id FROM webhook_events WHERE event_id = $1 AND outcome = 'accepted' ORDER BY id DESC LIMIT 1`, eventID).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("event %s: %w", eventID, ErrNotFound)
	}
	if err != nil {
		return "", fmt.Errorf("looking for event %s: %w", eventID, err)
	}
	return id, nil
}

// webhooksOfCall lists what was received for a call, in the order of arrival.
func webhooksOfCall(ctx context.Context, q querier, callID string) ([]Webhook, error) {
	var out []Webhook
	err := collect(ctx, q, func(r row) error {
		w, err := scanWebhook(r)
		out = append(out, w)
		return err
	}, `SELECT `+webhookColumns+` FROM webhook_events WHERE call_id = $1 ORDER BY received_at, id`, callID)
	if err != nil {
		return nil, fmt.Errorf("listing webhooks: %w", err)
	}
	return out, nil
}
