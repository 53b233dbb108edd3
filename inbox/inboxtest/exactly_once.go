package inboxtest

import (
	"fmt"
	"testing"

	"github.com/i-agent/iagent/inbox"
)

// manyDeliveries is how many deliveries come at once.
const manyDeliveries = 64

var exactlyOnceCases = []testCase{
	{"FirstDeliveryTakesEffectAndIsKept", firstDelivery},
	{"DeliveryThatSucceedsIsHandledOnce", handledOnce},
	{"DuplicateGetsTheFirstAnswer", duplicateDelivery},
	{"DuplicateAfterRestartGetsTheFirstAnswer", duplicateAfterRestart},
	{"ReplyIsStoredByteForByte", oddReplies},
	{"SixtyFourDeliveriesOfOneEventTakeEffectOnce", manyOfOne},
	{"SixtyFourEventsAtOnceAllTakeEffect", manyOfMany},
}

func firstDelivery(t *testing.T, open Open) {
	tr := newFixture(t, open)
	e := event("first", "")
	reply := tr.must(inbox.Accepted, e)
	tr.wantReply("the first delivery", reply, inbox.Reply{Status: 200, ContentType: "text/xml", Body: []byte("<Response><Say>1</Say></Response>")})
	tr.wantState(e, 1)
	accepted := tr.records(e, inbox.Accepted)
	if len(accepted) != 1 || string(accepted[0].Body) != string(e.Body) {
		t.Errorf("accepted records %+v; want one with the raw body", accepted)
	}
	if failed := tr.records(e, inbox.Failed); len(failed) != 0 {
		t.Errorf("failed records %+v of an event that never failed", failed)
	}
}

// handledOnce counts the handler's calls: of a handling whose reply is thrown away nothing else may be left to see.
func handledOnce(t *testing.T, open Open) {
	tr := newFixture(t, open)
	tr.must(inbox.Accepted, event("handled", ""))
	tr.wantHandled("a first delivery", 0, 1)
	tr.must(inbox.Duplicate, event("handled", ""))
	tr.must(inbox.Conflict, eventOf("handled", "", "CallStatus=ringing&CallDuration=7"))
	tr.wantHandled("its duplicate and a conflict", 1, 0)
	tr.mustFail(event("handled-later", tokenFail))
	before := tr.handled.Load()
	tr.must(inbox.Accepted, event("handled-later", ""))
	tr.wantHandled("a delivery after a failed one", before, 1)
}

// wantHandled compares how often the handler was called since it had been called before times.
func (tr *fixture) wantHandled(what string, before, want int64) {
	tr.t.Helper()
	if got := tr.handled.Load() - before; got != want {
		tr.t.Fatalf("%s: the handler was called %d times; want %d", what, got, want)
	}
}

func duplicateDelivery(t *testing.T, open Open) {
	tr := newFixture(t, open)
	first := tr.must(inbox.Accepted, event("twice", ""))
	for range 3 {
		tr.wantReply("a duplicate", tr.must(inbox.Duplicate, event("twice", "another token")), first)
	}
	// A duplicate is never handled, so it cannot fail either.
	tr.wantReply("a duplicate", tr.must(inbox.Duplicate, event("twice", tokenFail)), first)
	if peer := tr.Peer(); peer != nil {
		result, err := tr.deliver(t.Context(), peer, event("twice", ""))
		if err != nil || result.Outcome != inbox.Duplicate {
			t.Fatalf("duplicate at the peer: outcome %q, error %v", result.Outcome, err)
		}
		tr.wantReply("a duplicate at the peer", result.Reply, first)
	}
	tr.wantState(event("twice", ""), 1)
}

func duplicateAfterRestart(t *testing.T, open Open) {
	tr := newFixture(t, open)
	first := tr.must(inbox.Accepted, event("restart", ""))
	if err := tr.Reopen(t.Context()); err != nil {
		t.Fatal(err)
	}
	tr.wantReply("a duplicate after a restart", tr.must(inbox.Duplicate, event("restart", "")), first)
	tr.wantState(event("restart", ""), 1)
}

func oddReplies(t *testing.T, open Open) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	replies := map[string]inbox.Reply{
		"empty":  {Status: 200, ContentType: "text/xml"},
		"none":   {Status: 204},
		"binary": {Status: 200, ContentType: "application/octet-stream", Body: all},
		"large":  {Status: 200, ContentType: "text/xml", Body: make([]byte, 64<<10)},
	}
	h := open(t, func(e *inbox.Event) (inbox.Reply, error) { return replies[e.IdempotencyToken], nil })
	for name, want := range replies {
		tr := &fixture{Harness: h, t: t}
		tr.wantReply("the first delivery", tr.must(inbox.Accepted, event("odd-"+name, name)), want)
		tr.wantReply("the duplicate", tr.must(inbox.Duplicate, event("odd-"+name, "")), want)
	}
}

func manyOfOne(t *testing.T, open Open) {
	tr := newFixture(t, open)
	events := make([]*inbox.Event, manyDeliveries)
	for i := range events {
		events[i] = event("many", fmt.Sprint("token ", i))
	}
	answers := tr.together(events)
	accepted := 0
	for i, a := range answers {
		if a.err != nil {
			t.Fatalf("delivery %d: %v", i, a.err)
		}
		switch a.result.Outcome {
		case inbox.Accepted:
			accepted++
		case inbox.Duplicate:
		default:
			t.Errorf("delivery %d: outcome %q", i, a.result.Outcome)
		}
		tr.wantReply(fmt.Sprintf("delivery %d", i), a.result.Reply, answers[0].result.Reply)
	}
	if accepted != 1 {
		t.Errorf("%d of %d deliveries were accepted; want 1", accepted, manyDeliveries)
	}
	tr.wantState(events[0], 1)
}

func manyOfMany(t *testing.T, open Open) {
	tr := newFixture(t, open)
	var events []*inbox.Event
	for i := range manyDeliveries {
		// Its duplicate goes to the same Processor in the same breath; another id shares no lock with it.
		id := fmt.Sprint("many-", i)
		events = append(events, event(id, ""), event(id, ""))
	}
	for i, a := range tr.together(events) {
		if a.err != nil {
			t.Errorf("delivery of %s: %v", events[i].ID, a.err)
		}
	}
	for _, e := range events {
		tr.wantState(e, 1)
		if n := len(tr.records(e, inbox.Accepted)); n != 1 {
			t.Errorf("%s has %d accepted records; want 1", e.ID, n)
		}
	}
}
