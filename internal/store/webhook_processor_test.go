package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// Two batches with webhooks of one call would wait for each other's row, and everything else in them with it.
func TestBatchLeavesOutWebhooksOfABusyCall(t *testing.T) {
	p := NewProcessor(nil, nil)
	for _, id := range []string{"a1", "b1", "a2", "c1", "b2"} {
		p.pending = append(p.pending, &delivery{event: &inbox.Event{ID: id, Subject: id[:1]}})
	}
	p.busy["a"] = true
	ids := func(list []*delivery) (ids []string) {
		for _, d := range list {
			ids = append(ids, d.event.ID)
		}
		return ids
	}
	if got, want := ids(p.take()), []string{"b1", "c1", "b2"}; !slices.Equal(got, want) {
		t.Errorf("beside a batch with call a, %q are taken, not %q", got, want)
	}
	if got := p.take(); len(got) > 0 {
		t.Errorf("%q are taken beside batches of their calls", ids(got))
	}
	clear(p.busy)
	if got, want := ids(p.take()), []string{"a1", "a2"}; !slices.Equal(got, want) || len(p.pending) > 0 {
		t.Errorf("then %q are taken, not %q", got, want)
	}
}

// The first batch waits for a row that somebody holds. What comes after it has another call, and nobody comes after that.
func TestStuckBatchHoldsUpNoLaterWebhook(t *testing.T) {
	s := open(t, storetest.Postgres(t), Options{})
	calls := seed(t, s, 2)
	p := NewProcessor(s, func(call interview.Call, _ *inbox.Event) (interview.Change, inbox.Reply, error) {
		return interview.Change{Call: call}, inbox.Reply{Status: 200}, nil
	})
	deliver := func(n int) <-chan error {
		done := make(chan error, 1)
		sid := fmt.Sprintf("CA%d", n)
		go func() {
			_, err := p.Process(t.Context(), &inbox.Event{ID: sid + ":voice", Kind: inbox.KindVoice, Subject: calls[n], CallSid: sid})
			done <- err
		}()
		return done
	}
	err := s.write(t.Context(), func(tx *Tx) error {
		if _, err := tx.lockCall(t.Context(), calls[0]); err != nil {
			return err
		}
		first := deliver(0)
		for begun := false; !begun; {
			p.mu.Lock()
			begun = p.busy[calls[0]]
			p.mu.Unlock()
		}
		select {
		case err := <-deliver(1):
			if err != nil {
				t.Error(err)
			}
		case err := <-first:
			t.Errorf("the first webhook was settled while its row was held: %v", err)
		case <-time.After(5 * time.Second):
			t.Error("the second webhook waits for the first one's row")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Somebody holds the row of one call for longer than Twilio waits. Its webhook ends in an error in time for a retry, and what
// shared a batch with it takes effect.
func TestHeldRowFailsItsOwnWebhookInTime(t *testing.T) {
	s := open(t, storetest.Postgres(t), Options{})
	calls := seed(t, s, 3)
	p := NewProcessor(s, func(call interview.Call, _ *inbox.Event) (interview.Change, inbox.Reply, error) {
		return interview.Change{Call: call}, inbox.Reply{Status: 200}, nil
	})
	err := s.write(t.Context(), func(tx *Tx) error {
		if _, err := tx.lockCall(t.Context(), calls[1]); err != nil {
			return err
		}
		batch := make([]*delivery, len(calls))
		for n := range batch {
			sid := fmt.Sprintf("CA%d", n)
			event := &inbox.Event{ID: sid + ":voice", Kind: inbox.KindVoice, Subject: calls[n], CallSid: sid}
			batch[n] = &delivery{event: event, hash: event.PayloadHash(), done: make(chan struct{})}
		}
		p.settle(batch)
		for n, d := range batch {
			if held := n == 1; (d.err != nil) != held {
				t.Errorf("webhook %d of the batch: %v", n, d.err)
			}
		}
		if got := fault.Of(batch[1].err).Code; got != "55P03" { // lock_not_available
			t.Errorf("the held webhook failed with %q, want the code of lock_timeout", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// It has waited twice: in the batch and then alone. How long that takes is the database's to say, not a busy machine's.
	var milliseconds int
	if _, err := fmt.Sscanf(s.dialect.boundWaits, "SET LOCAL lock_timeout = %d", &milliseconds); err != nil {
		t.Fatal(err)
	}
	if wait := 2 * time.Duration(milliseconds) * time.Millisecond; wait > interview.AnswerWithin-time.Second {
		t.Errorf("a held webhook waits for %v, which leaves too little of the %v for its answer", wait, interview.AnswerWithin)
	}
}

// A plan is made when a statement first runs, which for a new installation is on tables with a few rows, of which the
// statistics say so.
func TestPlanOfASmallTableUsesItsIndexes(t *testing.T) {
	s := open(t, storetest.Postgres(t), Options{})
	l := dialledLine(t, s)
	l.send(inbox.KindVoice, "CallStatus", "in-progress")
	s.mustExec(t, `ANALYZE calls`)
	s.mustExec(t, `ANALYZE webhook_events`)
	for _, statement := range []string{
		`UPDATE webhook_events SET duplicates = duplicates + 1 WHERE id = ANY('{a,b}')`,
		`SELECT id FROM webhook_events WHERE outcome = 'accepted' AND event_id = ANY('{a,b}')`,
		`SELECT id FROM calls WHERE id = ANY('{a,b}') FOR UPDATE`,
	} {
		var plan strings.Builder
		err := collect(t.Context(), s.read(), func(r row) error {
			var line string
			err := r.Scan(&line)
			plan.WriteString(line + "\n")
			return err
		}, `EXPLAIN `+statement)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(plan.String(), "Seq Scan") || !strings.Contains(plan.String(), "Index Cond") {
			t.Errorf("%s:\n%s", statement, plan.String())
		}
	}
}
