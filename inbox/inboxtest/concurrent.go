package inboxtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
)

var concurrentCases = []testCase{
	{"DuplicateOfAnEventInFlightGetsItsAnswer", onEveryProcessor(duplicateWaits)},
	{"DuplicateTakesOverWhenTheFirstFails", onEveryProcessor(duplicateTakesOver)},
	{"DeliveryThatCannotWaitAnyLongerIsNotADuplicate", onEveryProcessor(duplicateGivesUp)},
}

// onEveryProcessor runs a case whose duplicate goes to the Processor itself, and again with the duplicate at its peer.
func onEveryProcessor(run func(t *testing.T, tr *fixture, duplicate inbox.Processor)) func(*testing.T, Open) {
	return func(t *testing.T, open Open) {
		t.Run("Same", func(t *testing.T) {
			tr := newFixture(t, open)
			run(t, tr, tr.Harness)
		})
		t.Run("Peer", func(t *testing.T) {
			tr := newFixture(t, open)
			if peer := tr.Peer(); peer != nil {
				run(t, tr, peer)
			}
		})
	}
}

func duplicateWaits(t *testing.T, tr *fixture, duplicate inbox.Processor) {
	first := tr.inFlight(event("waits", tokenBlock))
	second := tr.later(t.Context(), duplicate, event("waits", ""))
	select {
	case a := <-second:
		t.Fatalf("the duplicate did not wait for the delivery in flight: %v", a)
	case <-time.After(50 * time.Millisecond): // a Processor that waits cannot be seen to, only not to
	}
	tr.unblock()
	a, b := tr.await(first), tr.await(second)
	if a.err != nil || b.err != nil {
		t.Fatalf("first: %v, duplicate: %v", a.err, b.err)
	}
	if a.result.Outcome != inbox.Accepted || b.result.Outcome != inbox.Duplicate {
		t.Errorf("first %q, second %q; want accepted and duplicate", a.result.Outcome, b.result.Outcome)
	}
	tr.wantReply("the duplicate", b.result.Reply, a.result.Reply)
	tr.wantState(event("waits", ""), 1)
}

func duplicateTakesOver(t *testing.T, tr *fixture, duplicate inbox.Processor) {
	first := tr.inFlight(event("takes-over", tokenBlock+tokenFail))
	second := tr.later(t.Context(), duplicate, event("takes-over", ""))
	tr.unblock()
	a, b := tr.await(first), tr.await(second)
	if !failedWith(a.err) {
		t.Errorf("first: %v; want the handler's error", a)
	}
	if b.err != nil || b.result.Outcome != inbox.Accepted {
		t.Fatalf("duplicate: %v; want accepted", b)
	}
	tr.wantState(event("takes-over", ""), 1)
	tr.wantReply("a duplicate", tr.must(inbox.Duplicate, event("takes-over", "")), b.result.Reply)
}

func failedWith(err error) bool {
	var refusal *inbox.Refusal
	return err != nil && !errors.As(err, &refusal)
}

func duplicateGivesUp(t *testing.T, tr *fixture, duplicate inbox.Processor) {
	first := tr.inFlight(event("gives-up", tokenBlock))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	b := tr.await(tr.later(ctx, duplicate, event("gives-up", "")))
	if !failedWith(b.err) {
		t.Errorf("duplicate: %v; want an error that is ours", b)
	}
	tr.unblock()
	a := tr.await(first)
	if a.err != nil || a.result.Outcome != inbox.Accepted {
		t.Fatalf("first: %v; want accepted", a)
	}
	tr.wantState(event("gives-up", ""), 1)
	tr.wantReply("a duplicate", tr.must(inbox.Duplicate, event("gives-up", "")), a.result.Reply)
}
