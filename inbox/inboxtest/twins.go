package inboxtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
)

var twinCases = []testCase{
	{"TwinOfAnEventInFlightGetsItsAnswer", onEveryProcessor(twinWaits)},
	{"TwinTakesOverWhenTheFirstFails", onEveryProcessor(twinTakesOver)},
	{"TwinThatCannotWaitAnyLongerIsNotADuplicate", onEveryProcessor(twinGivesUp)},
}

// onEveryProcessor runs a case whose twin goes to the Processor itself, and again with the twin at its peer.
func onEveryProcessor(run func(t *testing.T, tr *trial, twin inbox.Processor)) func(*testing.T, Open) {
	return func(t *testing.T, open Open) {
		t.Run("Same", func(t *testing.T) {
			tr := newTrial(t, open)
			run(t, tr, tr.Harness)
		})
		t.Run("Peer", func(t *testing.T) {
			tr := newTrial(t, open)
			if peer := tr.Peer(); peer != nil {
				run(t, tr, peer)
			}
		})
	}
}

func twinWaits(t *testing.T, tr *trial, twin inbox.Processor) {
	first := tr.inFlight(event("twin", tokenBlock))
	second := tr.later(t.Context(), twin, event("twin", ""))
	select {
	case a := <-second:
		t.Fatalf("the twin did not wait for the delivery in flight: %v", a)
	case <-time.After(50 * time.Millisecond): // a Processor that waits cannot be seen to, only not to
	}
	tr.letGo()
	a, b := tr.await(first), tr.await(second)
	if a.err != nil || b.err != nil {
		t.Fatalf("first: %v, twin: %v", a.err, b.err)
	}
	if a.result.Outcome != inbox.Accepted || b.result.Outcome != inbox.Duplicate {
		t.Errorf("first %q, twin %q; want accepted and duplicate", a.result.Outcome, b.result.Outcome)
	}
	tr.wantReply("the twin", b.result.Reply, a.result.Reply)
	tr.wantState(event("twin", ""), 1)
}

func twinTakesOver(t *testing.T, tr *trial, twin inbox.Processor) {
	first := tr.inFlight(event("heir", tokenBlock+tokenFail))
	second := tr.later(t.Context(), twin, event("heir", ""))
	tr.letGo()
	a, b := tr.await(first), tr.await(second)
	if !failedWith(a.err) {
		t.Errorf("first: %v; want the handler's error", a)
	}
	if b.err != nil || b.result.Outcome != inbox.Accepted {
		t.Fatalf("twin: %v; want accepted", b)
	}
	tr.wantState(event("heir", ""), 1)
	tr.wantReply("a duplicate", tr.must(inbox.Duplicate, event("heir", "")), b.result.Reply)
}

func failedWith(err error) bool {
	var refusal *inbox.Refusal
	return err != nil && !errors.As(err, &refusal)
}

func twinGivesUp(t *testing.T, tr *trial, twin inbox.Processor) {
	first := tr.inFlight(event("hasty", tokenBlock))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	b := tr.await(tr.later(ctx, twin, event("hasty", "")))
	if !failedWith(b.err) {
		t.Errorf("twin: %v; want an error that is ours", b)
	}
	tr.letGo()
	a := tr.await(first)
	if a.err != nil || a.result.Outcome != inbox.Accepted {
		t.Fatalf("first: %v; want accepted", a)
	}
	tr.wantState(event("hasty", ""), 1)
	tr.wantReply("a duplicate", tr.must(inbox.Duplicate, event("hasty", "")), a.result.Reply)
}
