package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/i-agent/iagent/inbox"
)

// ReplayFilter chooses stored events; an empty field asks for nothing.
type ReplayFilter struct {
	// Outcome is never inbox.Duplicate: see [Webhook].
	Outcome inbox.Outcome
	Kind    inbox.Kind
	// Call is the id of a call, or its CallSid.
	Call string
	// Since and Until bound when the event arrived, one that failed again: last. Until itself is left out.
	Since, Until time.Time
	// Unsettled leaves out the events whose ids are settled, by this row or by another.
	Unsettled bool
}

// Replayable is an event that may be replayed.
type Replayable struct {
	Webhook
	// Settled says that an event was accepted under the id.
	Settled bool
	// Pruned says that the payload is not kept any more.
	Pruned bool
}

const settledID = `EXISTS (SELECT 1 FROM webhook_dedup d WHERE d."id" = webhook_events.event_id)`

func (by ReplayFilter) conditions() filter {
	var f filter
	f.equalWord("outcome", string(by.Outcome))
	if by.Outcome != "" && by.Outcome != inbox.Accepted {
		f.conditions = append(f.conditions, notAccepted)
	}
	f.ofKind(by.Kind)
	if strings.HasPrefix(by.Call, "CA") && len(by.Call) > 26 { // our ids have 26 characters
		f.equal("call_sid", by.Call)
	} else {
		f.equal("call_id", by.Call)
	}
	if !by.Since.IsZero() {
		f.compare("received_at", ">=", by.Since.UTC())
	}
	if !by.Until.IsZero() {
		f.compare("received_at", "<", by.Until.UTC())
	}
	if by.Unsettled {
		f.conditions = append(f.conditions, "NOT "+settledID)
	}
	return f
}

// CountReplayables counts the events of a filter.
func (s *Store) CountReplayables(ctx context.Context, by ReplayFilter) (n int, err error) {
	f := by.conditions()
	if err := s.read().QueryRow(ctx, `SELECT COUNT(*) FROM webhook_events`+f.where(), f.args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting events to replay: %w", err)
	}
	return n, nil
}

// Replayables lists events in the order in which they were first kept, those after a row, at most limit of them.
func (s *Store) Replayables(ctx context.Context, by ReplayFilter, after string, limit int) ([]Replayable, error) {
	f := by.conditions()
	f.compare("webhook_events.id", ">", after)
	where := f.where()
	return s.replayables(ctx, where+` ORDER BY webhook_events.id LIMIT `+f.arg(limit), f.args)
}

// ReplayablesOf returns the events with these rows, in the order of their ids. ErrNotFound names the first that is not there.
func (s *Store) ReplayablesOf(ctx context.Context, ids []string) ([]Replayable, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := s.replayables(ctx, ` WHERE webhook_events.id IN `+placeholders(1, len(ids))+` ORDER BY webhook_events.id`, anys(ids))
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, r := range list {
		found[r.ID] = true
	}
	for _, id := range ids {
		if !found[id] {
			return nil, fmt.Errorf("webhook %s: %w", id, ErrNotFound)
		}
	}
	return list, nil
}

func (s *Store) replayables(ctx context.Context, where string, args []any) ([]Replayable, error) {
	var list []Replayable
	err := collect(ctx, s.read(), func(r row) error {
		var e Replayable
		err := r.Scan(append(e.fields(), &e.Settled, &e.Pruned)...)
		list = append(list, e)
		return err
	}, `SELECT `+webhookColumns+`, `+settledID+`, body IS NULL FROM webhook_events`+where, args...)
	if err != nil {
		return nil, fmt.Errorf("listing events to replay: %w", err)
	}
	return list, nil
}
