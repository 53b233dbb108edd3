// Package replay processes stored webhooks again, or sends them elsewhere, for the command iagent replay.
package replay

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// Config says what to replay, and how. Store is required, Processor by Try and Run.
type Config struct {
	Store     *store.Store
	Processor *store.Processor
	store.Replay
}

// Selection chooses events: by their rows' ids, or else by the filter.
type Selection struct {
	IDs    []string
	Filter store.ReplayFilter
	// Limit bounds how many are taken, those that were kept first.
	Limit int
}

// Verdict is what came of one event, or would come of it.
type Verdict string

// The verdicts beside the outcomes of package inbox and store.Forced.
const (
	Pruned  Verdict = "pruned"  // its payload is not kept any more
	Stopped Verdict = "stopped" // not reached, because the command was stopped
)

// Row is an event and what came of it.
type Row struct {
	ID         string        `json:"id"`
	EventID    string        `json:"eventId"`
	Kind       inbox.Kind    `json:"kind"`
	CallID     string        `json:"callId"`
	ReceivedAt time.Time     `json:"receivedAt"`
	Was        inbox.Outcome `json:"was"`
	Verdict    Verdict       `json:"verdict"`
	// Detail is why the event is refused or fails.
	Detail string `json:"detail,omitempty"`
}

// Find lists the events of a selection, and whether there are more than its limit.
func Find(ctx context.Context, s *store.Store, by Selection) ([]store.Replayable, bool, error) {
	const page = 500
	if len(by.IDs) > 0 {
		list, err := s.ReplayablesOf(ctx, by.IDs)
		return list, false, err
	}
	var list []store.Replayable
	for after := ""; ; {
		part, err := s.Replayables(ctx, by.Filter, after, min(page, by.Limit+1-len(list)))
		if err != nil {
			return nil, false, err
		}
		list = append(list, part...)
		if len(list) > by.Limit {
			return list[:by.Limit], true, nil
		}
		if len(part) < page {
			return list, false, nil
		}
		after = part[len(part)-1].ID
	}
}

// atOnce is how many calls are worked on at the same time: their events share commits.
const atOnce = 8

// Try says of each event what Run would do to it. It changes nothing.
func (c Config) Try(ctx context.Context, events []store.Replayable, each func(Row)) error {
	return c.byCall(ctx, events, each, func(ctx context.Context, call []store.Replayable, report func(Row)) error {
		var ids []string
		var asked []store.Replayable
		for _, e := range call {
			if row, known := c.known(e); known {
				report(row)
				continue
			}
			ids, asked = append(ids, e.ID), append(asked, e)
		}
		if len(ids) == 0 {
			return nil
		}
		tried, err := c.Processor.TryReplay(ctx, ids, c.Replay)
		if err != nil {
			return err
		}
		for i, result := range tried {
			report(rowOf(asked[i], result, result.Err))
		}
		return nil
	})
}

// Run replays the events, those of one call in their order. When ctx ends, no further event is begun: what is left is reported
// as Stopped, and another run finds it. An error is a fault of the database; it stops the run too.
func (c Config) Run(ctx context.Context, events []store.Replayable, each func(Row)) error {
	// An event that was begun is finished, so that it is known what came of it.
	begun, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(finishWithin, cancel) })()
	return c.byCall(ctx, events, each, func(ctx context.Context, call []store.Replayable, report func(Row)) error {
		for i, e := range call {
			if ctx.Err() != nil {
				for _, left := range call[i:] {
					report(newRow(left, Stopped, ""))
				}
				return nil
			}
			if row, known := c.known(e); known {
				report(row)
				continue
			}
			result, err := c.Processor.Replay(begun, e.ID, c.Replay)
			if err != nil && !errors.Is(err, store.ErrPruned) {
				return fmt.Errorf("replaying %s: %w", e.ID, err)
			}
			report(rowOf(e, result, errors.Join(err, result.Err)))
		}
		return nil
	})
}

// finishWithin is how long an event may take that was begun when the command was stopped.
const finishWithin = 3 * time.Second

// byCall works on the events of several calls at once. The order of one call's events is kept; report is called by one
// goroutine at a time.
func (c Config) byCall(ctx context.Context, events []store.Replayable, each func(Row),
	work func(ctx context.Context, call []store.Replayable, report func(Row)) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var order []string
	calls := map[string][]store.Replayable{}
	for _, e := range events {
		if calls[e.CallID] == nil {
			order = append(order, e.CallID)
		}
		calls[e.CallID] = append(calls[e.CallID], e)
	}
	var mu sync.Mutex
	report := func(r Row) {
		mu.Lock()
		defer mu.Unlock()
		each(r)
	}
	queue := make(chan string, len(order))
	for _, id := range order {
		queue <- id
	}
	close(queue)
	errs := make([]error, min(atOnce, len(order)))
	var workers sync.WaitGroup
	for i := range errs {
		workers.Go(func() {
			for id := range queue {
				if err := work(ctx, calls[id], report); err != nil {
					errs[i] = err
					cancel(err) // the others end as if they were stopped
					return
				}
			}
		})
	}
	workers.Wait()
	return errors.Join(errs...)
}

// known says what becomes of an event whose payload or outcome decides that.
func (c Config) known(e store.Replayable) (Row, bool) {
	switch {
	case e.Settled && !c.Force:
		return newRow(e, Verdict(inbox.Duplicate), ""), true
	case e.Pruned:
		return newRow(e, Pruned, "the payload is not kept any more"), true
	}
	return Row{}, false
}

func newRow(e store.Replayable, v Verdict, detail string) Row {
	return Row{ID: e.ID, EventID: e.EventID, Kind: e.Kind, CallID: e.CallID, ReceivedAt: e.ReceivedAt.UTC(), Was: e.Outcome, Verdict: v, Detail: detail}
}

// rowOf is what came of an event. The words of an error are not shown as they are: a failure may quote a person, a refusal is
// in our words.
func rowOf(e store.Replayable, result store.Replayed, err error) Row {
	var refusal *inbox.Refusal
	switch {
	case errors.Is(err, store.ErrPruned):
		return newRow(e, Pruned, "the payload is not kept any more")
	case errors.As(err, &refusal):
		return newRow(e, Verdict(inbox.Refused), refusal.Error())
	case err != nil:
		return newRow(e, Verdict(inbox.Failed), failure(err))
	}
	return newRow(e, Verdict(result.Result), "")
}

// Audit keeps that events were sent elsewhere.
func Audit(ctx context.Context, s *store.Store, reason, host string, sent int) error {
	return s.RecordAudit(ctx, interview.AuditEntry{Action: interview.AuditReplayWebhook, Reason: reason,
		Detail: map[string]any{"sentTo": host, "events": sent}})
}
