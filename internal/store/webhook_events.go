package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/fault"
)

// storedEvent is a row of webhook_events as the inbox writes and reads it.
type storedEvent struct {
	// ID is the row's own; EventID is the deduplication key.
	ID, EventID string
	Outcome     inbox.Outcome
	event       *inbox.Event
	source      inbox.Source
	hash        [32]byte
	reply       inbox.Reply
	err         string
	attempt     int
	duplicates  int
	// campaign is that of the event's call.
	campaign string
	// verifiedBy and verifiedURL are [Webhook].VerifiedBy and VerifiedURL.
	verifiedBy, verifiedURL string
	// bodiless says that the payload must not be kept: its call was erased.
	bodiless bool
}

func (tx *Tx) newEvent(d *delivery, outcome inbox.Outcome) *storedEvent {
	source := d.event.Source
	if source == "" {
		source = inbox.SourceWebhook
	}
	e := &storedEvent{ID: tx.newID(), EventID: d.event.ID, Outcome: outcome, event: d.event, source: source, hash: d.hash}
	if name := tx.store.options.SigningToken; name != nil && source == inbox.SourceWebhook {
		e.verifiedBy = name(d.event)
		if variant := d.event.Match.Variant; e.verifiedBy != "" && variant != 0 {
			e.verifiedURL = variant.String()
		}
	}
	return e
}

var eventInsert = newInsert("webhook_events", "", "id text", "event_id text", "kind text", "outcome text", "source text",
	"call_id text", "call_sid text", "account_sid text", "target text", "content_type text", "body bytea", "body_hash bytea",
	"idempotency_token text", "reply_status integer", "reply_type text", "reply_body bytea", "error text", "attempt integer",
	"duplicates integer", "received_at timestamptz", "campaign_id text",
	"verified_by text", "verified_url text")

func (e *storedEvent) args() []any {
	status := e.reply.Status
	if status == 0 && (e.Outcome == inbox.Accepted || e.Outcome == Forced) {
		status = 200
	}
	body := e.event.Body
	if e.bodiless {
		body = nil
	}
	return []any{
		e.ID, e.EventID, string(e.event.Kind), string(e.Outcome), string(e.source), e.event.Subject, e.event.CallSid,
		e.event.AccountSid, storable(e.event.Target), storable(e.event.ContentType), body, e.hash[:],
		storable(e.event.IdempotencyToken), status, e.reply.ContentType, e.reply.Body, storable(e.err), e.attempt,
		e.duplicates, e.event.ReceivedAt.UTC(), e.campaign, e.verifiedBy, e.verifiedURL,
	}
}

// storable is text that both databases take: valid UTF-8 without NUL.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// settledEvents loads the accepted event of each id, by id, into the map, and locks them. It asks for no order: for that
// Postgres might read a whole index.
func (b *stmtBatch) settledEvents(eventIDs []string, into map[string]*storedEvent) {
	condition, args := b.tx.in("event_id", 1, eventIDs)
	b.query("loading settled events", func(r row) error {
		e := &storedEvent{Outcome: inbox.Accepted}
		var hash []byte
		err := r.Scan(&e.ID, &e.EventID, &e.source, &hash, &e.reply.Status, &e.reply.ContentType, &e.reply.Body)
		copy(e.hash[:], hash)
		into[e.EventID] = e
		return err
	}, `SELECT id, event_id, source, body_hash, reply_status, reply_type, reply_body FROM webhook_events
		WHERE outcome = 'accepted' AND `+condition+b.tx.store.dialect.lock, args...)
}

// notAccepted is repeated beside the outcome that is looked for: in these words it is the condition of the partial index
// webhook_events_event, which serves a statement only if the statement contains them.
const notAccepted = `outcome <> 'accepted'`

// conflicts tells which of the payloads are kept already. The accepted events of their ids are locked by now.
func (tx *Tx) conflicts(ctx context.Context, eventIDs []string) (map[conflictKey]bool, error) {
	kept := map[conflictKey]bool{}
	condition, args := tx.in("event_id", 1, eventIDs)
	err := collect(ctx, tx, func(r row) error {
		var key conflictKey
		var hash []byte
		err := r.Scan(&key.eventID, &hash)
		copy(key.hash[:], hash)
		kept[key] = true
		return err
	}, `SELECT event_id, body_hash FROM webhook_events WHERE `+notAccepted+` AND outcome = 'conflict' AND `+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("loading conflicts: %w", err)
	}
	return kept, nil
}

func (b *stmtBatch) insertEvents(events []*storedEvent) {
	rows := make([][]any, len(events))
	for i, e := range events {
		rows[i] = e.args()
	}
	eventInsert.add(b, "keeping events", rows)
}

// countDuplicates adds to the counters of stored events, by row id.
func (b *stmtBatch) countDuplicates(again map[string]int) {
	byCount := map[int][]string{}
	for id, n := range again {
		byCount[n] = append(byCount[n], id)
	}
	for n, ids := range byCount {
		condition, args := b.tx.in("id", 2, ids)
		b.exec("counting duplicates", `UPDATE webhook_events SET duplicates = duplicates + $1 WHERE `+condition,
			append([]any{n}, args...)...)
	}
}

// recordFailed keeps an event whose handling failed, with the whole of its error, in a transaction of its own: one row for
// each payload, which counts its failures and otherwise tells of the last. An erasure of the call finds both.
func (s *Store) recordFailed(ctx context.Context, d *delivery, cause error) error {
	return s.recordUnaccepted(ctx, d, func(tx *Tx) error {
		if err := tx.lockEvent(ctx, d.event.ID); err != nil {
			return err
		}
		e := tx.newEvent(d, inbox.Failed)
		e.err = cause.Error()
		if words := fault.Of(cause).Words; words != e.err {
			e.err += ": " + words
		}
		e.err = truncated(e.err, 2000)
		old := oldPayloadHash(d.event)
		// Earlier versions had a record for each failure: the last one goes on counting.
		err := tx.QueryRow(ctx, `UPDATE webhook_events SET attempt = attempt + 1, body_hash = $2, source = $4, target = $5,
			content_type = $6, body = $7, idempotency_token = $8, error = $9, received_at = $10
			WHERE id = (SELECT MAX(id) FROM webhook_events WHERE event_id = $1 AND body_hash IN ($2, $3)
				AND `+notAccepted+` AND outcome = 'failed') RETURNING id`,
			e.EventID, d.hash[:], old[:], string(e.source), storable(d.event.Target), storable(d.event.ContentType), d.event.Body,
			storable(d.event.IdempotencyToken), storable(e.err), d.event.ReceivedAt.UTC()).Scan(&e.ID)
		if errors.Is(err, sql.ErrNoRows) {
			e.attempt = 1
			if err := tx.insertUnaccepted(ctx, e); err != nil {
				return err
			}
			return tx.auditReplay(ctx, d, inbox.Failed)
		} else if err != nil {
			return fmt.Errorf("counting failures: %w", err)
		}
		stmts := tx.newStmtBatch()
		stmts.forgetUnaccepted(e.ID)
		if err := stmts.run(ctx); err != nil {
			return err
		}
		return tx.auditReplay(ctx, d, inbox.Failed)
	})
}

// lockEvent makes other transactions wait that would keep a failure or a refusal of the event.
func (tx *Tx) lockEvent(ctx context.Context, eventID string) error {
	if tx.store.dialect.lockEvent == "" {
		return nil
	}
	if _, err := tx.Exec(ctx, tx.store.dialect.lockEvent, eventID); err != nil {
		return fmt.Errorf("locking event %s: %w", eventID, err)
	}
	return nil
}

// recordRefused keeps one record of a verified event that is not ours to act on, however often it is sent.
func (s *Store) recordRefused(ctx context.Context, d *delivery, refusal error) error {
	return s.recordUnaccepted(ctx, d, func(tx *Tx) error {
		if err := tx.lockEvent(ctx, d.event.ID); err != nil {
			return err
		}
		old := oldPayloadHash(d.event)
		n, err := tx.Exec(ctx, `UPDATE webhook_events SET duplicates = duplicates + 1
			WHERE event_id = $1 AND body_hash IN ($2, $3) AND `+notAccepted+` AND outcome = 'refused'`, d.event.ID, d.hash[:], old[:])
		if err != nil {
			return err
		}
		if n == 0 {
			e := tx.newEvent(d, inbox.Refused)
			e.err = refusal.Error()
			if err := tx.insertUnaccepted(ctx, e); err != nil {
				return err
			}
		}
		return tx.auditReplay(ctx, d, inbox.Refused)
	})
}

func truncated(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
