package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/signature"
)

// Forced is the outcome of an accepted event that was decided again because an operator insisted.
const Forced inbox.Outcome = "forced"

// ErrPruned says that an event cannot be replayed: its payload is not kept any more.
var ErrPruned = errors.New("the payload of the event is not kept any more")

// Replay says how to process a stored event again.
type Replay struct {
	// Reason is kept in the audit log. A forced replay must have one.
	Reason string
	// Force has an event decided that was accepted already. See [Processor.Replay].
	Force bool
	// Bulk says that the replay is a part of a bulk job, which is in the audit log as a whole.
	Bulk bool
}

// Replayed is what came of a replay, or would come of it.
type Replayed struct {
	// Webhook is the row that was replayed, as it was before.
	Webhook
	// Result is inbox.Accepted, Forced, inbox.Duplicate, inbox.Conflict, inbox.Refused or inbox.Failed. It is "" when Err says why
	// nothing was tried.
	Result inbox.Outcome
	// Row is the row that tells of the result: a new one, the accepted one that the event repeats, or "".
	Row   string
	Reply inbox.Reply
	// Err says why the event was refused, failed, or was not tried: ErrPruned.
	Err error
}

// replaying is what a delivery has to be told of that an operator asked for.
type replaying struct {
	Replay
	row string // the row that is replayed
}

// Replay processes a stored event again, by the same decisions and in the same exactly-once way as a webhook that arrives: an
// event that failed or was refused is accepted if it is handled now; one that was accepted is a duplicate, and is answered as
// it was then. The event keeps the time at which it arrived; its source is inbox.SourceReplay.
//
// With Force, an event that was accepted is decided again, on its call as it stands. Its id stays settled and its first reply
// stays the one that a duplicate gets; the decision is kept in a row of its own, with the outcome Forced. A decision on a call
// never takes its state back. A live answer that is kept is not kept twice, and a job whose key is in the ledger starts nothing:
// no call is dialled, no recording transcribed a second time.
//
// What came of it is in the audit log, by the commit that made it. The error is ErrNotFound, ErrPruned, or a fault of the
// database; a refusal and a failure of the decision are in the result.
func (p *Processor) Replay(ctx context.Context, id string, replay Replay) (Replayed, error) {
	d, out, err := loadReplay(ctx, p.store.read(), id, replay)
	if err != nil {
		return out, err
	}
	if out.Err != nil {
		return out, out.Err
	}
	d.actor = interview.ActorOf(ctx)
	if err := p.submit(d); err != nil {
		return out, err
	}
	select {
	case <-d.done:
	case <-ctx.Done():
		return out, fmt.Errorf("waiting for the commit of %s: %w", d.event.ID, ctx.Err())
	}
	out.take(d)
	return out, nil
}

// errTried ends a transaction in which events were tried.
var errTried = errors.New("nothing was to be kept")

// TryReplay says what Replay would do to events of one call, in this order, each after the ones before it. It runs the very
// decisions and statements, in a transaction that is rolled back.
func (p *Processor) TryReplay(ctx context.Context, ids []string, replay Replay) ([]Replayed, error) {
	var list []Replayed
	err := p.store.write(ctx, func(tx *Tx) error {
		list = make([]Replayed, 0, len(ids))
		for _, id := range ids {
			d, out, err := loadReplay(ctx, tx, id, replay)
			if err != nil {
				return err
			}
			if out.Err == nil {
				if err := p.try(ctx, tx, d); err != nil {
					return err
				}
				out.take(d)
			}
			list = append(list, out)
		}
		return errTried
	})
	if !errors.Is(err, errTried) {
		return nil, fmt.Errorf("trying a replay: %w", err)
	}
	return list, nil
}

// try processes one delivery; what a failure has written is taken back.
func (p *Processor) try(ctx context.Context, tx *Tx, d *delivery) error {
	if _, err := tx.Exec(ctx, `SAVEPOINT replay`); err != nil {
		return fmt.Errorf("setting a savepoint: %w", err)
	}
	b := p.newBatch(tx, []*delivery{d})
	b.trying = true
	if err := runRecovering(ctx, b); err != nil {
		d.err = err
	}
	if d.err == nil {
		return nil
	}
	if _, err := tx.Exec(ctx, `ROLLBACK TO SAVEPOINT replay`); err != nil {
		return fmt.Errorf("taking back a failure: %w", err)
	}
	return nil
}

func runRecovering(ctx context.Context, b *batch) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fault.Panicked(r, debug.Stack())
		}
	}()
	return b.run(ctx)
}

func (out *Replayed) take(d *delivery) {
	var refusal *inbox.Refusal
	switch out.Err = d.err; {
	case errors.As(d.err, &refusal):
		out.Result = inbox.Refused
	case d.err != nil:
		out.Result = inbox.Failed
	default:
		out.Result, out.Row, out.Reply = d.result.Outcome, d.row, d.result.Reply
	}
}

// loadReplay makes of a row the delivery that it was. Replayed.Err says that it cannot be made.
func loadReplay(ctx context.Context, q querier, id string, replay Replay) (*delivery, Replayed, error) {
	w, err := webhookDetail(ctx, q, id)
	out := Replayed{Webhook: w.Webhook}
	if err != nil {
		return nil, out, err
	}
	if w.Body == nil {
		out.Err = fmt.Errorf("event %s: %w", w.EventID, ErrPruned)
		return nil, out, nil
	}
	event := &inbox.Event{
		ID: w.EventID, Kind: w.Kind, Source: inbox.SourceReplay, AccountSid: w.AccountSid, CallSid: w.CallSid, Subject: w.CallID,
		Target: w.Target, ContentType: w.ContentType, Body: w.Body, Form: signature.ParseForm(string(w.Body)),
		Query: signature.ParseTarget(w.Target), IdempotencyToken: w.IdempotencyToken, ReceivedAt: w.ReceivedAt.UTC(),
	}
	return &delivery{event: event, hash: event.PayloadHash(), done: make(chan struct{}), replaying: &replaying{replay, w.ID}}, out, nil
}

// force decides an event again that was accepted before.
func (b *batch) force(ctx context.Context, d *delivery) error {
	said := map[int]bool{}
	err := collect(ctx, b.tx, func(r row) error {
		var position int
		err := r.Scan(&position)
		said[position] = true
		return err
	}, `SELECT position FROM utterances WHERE call_id = $1 AND recording_sid = ''`, d.event.Subject)
	if err != nil {
		return fmt.Errorf("loading live answers: %w", err)
	}
	for _, u := range b.utterances {
		said[u.Position] = said[u.Position] || u.CallID == d.event.Subject
	}
	return b.accept(d, Forced, said)
}

// auditReplay keeps who replayed an event, and what came of it.
func (tx *Tx) auditReplay(ctx context.Context, d *delivery, outcome inbox.Outcome) error {
	if d.replaying == nil || d.replaying.Bulk {
		return nil
	}
	entry := interview.AuditEntry{Actor: d.actor, Action: interview.AuditReplayWebhook, Subject: d.replaying.row, Reason: d.replaying.Reason,
		Detail: map[string]any{"eventId": d.event.ID, "kind": d.event.Kind, "callId": d.event.Subject, "outcome": outcome}}
	if d.replaying.Force {
		entry.Action = interview.AuditForceWebhook
	}
	if d.row != "" {
		entry.Detail["row"] = d.row
	}
	return tx.recordAudit(ctx, entry)
}
