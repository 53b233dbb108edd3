package inboxtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/i-agent/iagent/inbox"
)

// maxError is how many bytes the record of a failure may keep of its error.
const maxError = 8 << 10

var failureCases = []testCase{
	{"FailureIsNotADuplicate", failThenSucceed},
	{"EachPayloadThatFailedHasOneRecord", failWithTwoPayloads},
	{"ReplyThatAsksForAnotherDeliveryIsAFailure", forbiddenReply},
	{"FailureWithAnUglyErrorIsRecorded", uglyError},
	{"FailureTakesNoOtherEventWithIt", failAmongOthers},
	{"RefusalLeavesNothingClaimed", refuseThenSucceed},
	{"PanicIsAFailure", panicThenSucceed},
	{"CancelledDeliveryIsAllOrNothing", cancelMidway},
	{"CancelledBeforehandIsAllOrNothing", cancelBefore},
}

func failThenSucceed(t *testing.T, open Open) {
	tr := newFixture(t, open)
	for attempt := 1; attempt <= 3; attempt++ {
		err := tr.mustFail(event("fails", tokenFail))
		var refusal *inbox.Refusal
		if errors.As(err, &refusal) {
			t.Fatalf("a fault of ours was answered as the sender's: %v", err)
		}
		tr.wantState(event("fails", ""), 0)
		tr.wantFailure(event("fails", ""), attempt, errHandle.Error())
	}
	first := tr.must(inbox.Accepted, event("fails", ""))
	tr.wantState(event("fails", ""), 1)
	tr.wantReply("a duplicate", tr.must(inbox.Duplicate, event("fails", "")), first)
}

func failWithTwoPayloads(t *testing.T, open Open) {
	tr := newFixture(t, open)
	for range 3 {
		tr.mustFail(event("two", tokenFail))
		tr.mustFail(eventOf("two", tokenFail, "CallStatus=ringing&CallDuration=7"))
	}
	failed := tr.records(event("two", ""), inbox.Failed)
	if len(failed) != 2 || failed[0].Attempt != 3 || failed[1].Attempt != 3 || string(failed[0].Body) == string(failed[1].Body) {
		t.Errorf("failed records %+v; want one for each payload, with 3 attempts", failed)
	}
	tr.must(inbox.Accepted, event("two", ""))
	tr.wantState(event("two", ""), 1)
}

// forbiddenReply: a reply that asks for another delivery would be stored, and given to each.
func forbiddenReply(t *testing.T, open Open) {
	status := 0
	tr := &fixture{t: t}
	tr.Harness = open(t, func(*inbox.Event) (inbox.Reply, error) { return inbox.Reply{Status: status}, nil })
	for i, forbidden := range []int{500, 503, 199, 600} {
		status = forbidden
		tr.mustFail(event("forbidden", ""))
		tr.wantState(event("forbidden", ""), 0)
		tr.wantFailure(event("forbidden", ""), i+1, fmt.Sprint(forbidden))
	}
	status = 499
	tr.must(inbox.Accepted, event("forbidden", ""))
	tr.wantState(event("forbidden", ""), 1)
}

// wantFailure wants one failed record, with this attempt number and a quotation of the error.
func (tr *fixture) wantFailure(e *inbox.Event, attempt int, quote string) {
	tr.t.Helper()
	failed := tr.records(e, inbox.Failed)
	if len(failed) != 1 {
		tr.t.Fatalf("%s failed with one payload and has %d failed records", e.ID, len(failed))
	}
	last := failed[0]
	if last.Attempt != attempt || !strings.Contains(last.Error, quote) || string(last.Body) != string(e.Body) {
		tr.t.Fatalf("failed record %+v; want attempt %d, an error with %q and the raw body", last, attempt, quote)
	}
	if n := len(tr.records(e, inbox.Accepted)); n != 0 {
		tr.t.Fatalf("%s failed and has %d accepted records", e.ID, n)
	}
}

func uglyError(t *testing.T, open Open) {
	ugly := "begin \x00\xff\xfe " + strings.Repeat("e\u0301", 10_000)
	h := open(t, func(e *inbox.Event) (inbox.Reply, error) { return inbox.Reply{}, errors.New(ugly) })
	tr := &fixture{Harness: h, t: t}
	tr.mustFail(event("ugly", ""))
	tr.wantFailure(event("ugly", ""), 1, "begin")
	if n := len(tr.records(event("ugly", ""), inbox.Failed)[0].Error); n > maxError {
		t.Errorf("the recorded error has %d bytes; want it shortened to at most %d", n, maxError)
	}
}

func failAmongOthers(t *testing.T, open Open) {
	tr := newFixture(t, open)
	var events []*inbox.Event
	for i := range manyDeliveries {
		token := ""
		switch i % 8 {
		case 3:
			token = tokenFail
		case 5:
			token = tokenRefuse
		case 6:
			token = tokenPanic
		}
		events = append(events, event(fmt.Sprint("among-", i), token))
	}
	for i, a := range tr.together(events) {
		effects := 1
		if events[i].IdempotencyToken != "" {
			effects = 0
		}
		if (a.err == nil) != (effects == 1) {
			t.Errorf("delivery %d, told to %q: outcome %q, error %v", i, events[i].IdempotencyToken, a.result.Outcome, a.err)
		}
		tr.wantState(events[i], effects)
	}
}

func refuseThenSucceed(t *testing.T, open Open) {
	tr := newFixture(t, open)
	for range 2 {
		err := tr.mustFail(event("refused", tokenRefuse))
		var refusal *inbox.Refusal
		if !errors.As(err, &refusal) || refusal.Status != 409 || refusal.Reason != "Call mismatch" {
			t.Fatalf("refused delivery: %v; want the handler's Refusal", err)
		}
		tr.wantState(event("refused", ""), 0)
		if n := len(tr.records(event("refused", ""), inbox.Failed)); n != 0 {
			t.Fatalf("a refusal left %d failed records", n)
		}
	}
	tr.must(inbox.Accepted, event("refused", ""))
	tr.wantState(event("refused", ""), 1)
}

func panicThenSucceed(t *testing.T, open Open) {
	tr := newFixture(t, open)
	tr.mustFail(event("panics", tokenPanic))
	tr.wantState(event("panics", ""), 0)
	tr.wantFailure(event("panics", ""), 1, "the handler's own panic")
	tr.must(inbox.Accepted, event("panics", ""))
	tr.wantState(event("panics", ""), 1)
}

// cancelMidway ends the delivery's context while it is being handled. The Processor may give up or go on, but the event
// takes effect whole or not at all, and an answer is given only if it did.
func cancelMidway(t *testing.T, open Open) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var armed atomic.Bool
	armed.Store(true)
	tr := newHookedFixture(t, open, func(*inbox.Event) {
		if armed.CompareAndSwap(true, false) {
			cancel()
		}
	})
	result, err := tr.deliver(ctx, tr.Harness, event("cancelled", ""))
	tr.settle(event("cancelled", ""), result, err)
}

func cancelBefore(t *testing.T, open Open) {
	tr := newFixture(t, open)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result, err := tr.deliver(ctx, tr.Harness, event("late", ""))
	tr.settle(event("late", ""), result, err)
}

// settle delivers an event again whose delivery was interrupted, and wants one effect in the end.
func (tr *fixture) settle(e *inbox.Event, result inbox.Result, err error) {
	tr.t.Helper()
	if err == nil {
		tr.wantState(e, 1)
	}
	again, err2 := tr.deliver(tr.t.Context(), tr.Harness, e)
	if err2 != nil {
		tr.t.Fatalf("redelivery of %s: %v", e.ID, err2)
	}
	tr.wantState(e, 1)
	if err == nil {
		if again.Outcome != inbox.Duplicate {
			tr.t.Errorf("redelivery of an answered event: %q", again.Outcome)
		}
		tr.wantReply("the redelivery", again.Reply, result.Reply)
	}
	tr.wantReply("a duplicate", tr.must(inbox.Duplicate, e), again.Reply)
}
