package inboxtest

import (
	"fmt"
	"testing"

	"github.com/i-agent/iagent/inbox"
)

// maxStatements bounds the search for the last statement of a delivery.
const maxStatements = 64

var crashCases = []testCase{
	{"CrashWhileHandlingIsAllOrNothing", crashing(crashFirst, everyStatement)},
	{"CrashWhileFailingLeavesNoEffect", crashing(crashFailing, everyStatement)},
	{"CrashWhileAnsweringADuplicateKeepsTheAnswer", crashing(crashDuplicate, everyStatement)},
	{"CrashWhileKeepingAConflictKeepsOneRecord", crashing(crashConflict, everyStatement)},
	// Which statement belongs to which event is left to chance, so a few places are enough.
	{"CrashWithManyInFlightLosesNoEvent", crashing(crashMany, func(at int) int { return at + max(1, at/2) })},
}

func everyStatement(at int) int { return at + 1 }

// faults are the four ways in which a statement or its answer can be lost.
var faults = []struct {
	name string
	Fault
}{
	{"ProcessEndsBeforeTheStatement", Fault{Process: true}},
	{"ProcessEndsAfterTheStatement", Fault{Process: true, Applied: true}},
	{"ConnectionLostBefore", Fault{}},
	{"ConnectionLostAfter", Fault{Applied: true}},
}

// crashing runs a scenario with a fault at its first statement, then at the next one, until the fault is beyond its last.
// The scenario says whether the fault happened.
func crashing(scenario func(tr *fixture, fault Fault, id string) bool, next func(int) int) func(*testing.T, Open) {
	return func(t *testing.T, open Open) {
		shared := newFixture(t, open)
		for _, f := range faults {
			t.Run(f.name, func(t *testing.T) {
				tr := &fixture{Harness: shared.Harness, t: t}
				fault := f.Fault
				defer func() {
					if t.Failed() {
						t.Logf("the fault was at statement %d", fault.At)
					}
				}()
				for fault.At = 1; scenario(tr, fault, fmt.Sprint(f.name, "-", fault.At)); fault.At = next(fault.At) {
					if t.Failed() {
						return
					}
					if fault.At > maxStatements {
						t.Fatalf("the scenario has more than %d statements", maxStatements)
					}
				}
				if fault.At == 1 {
					t.Fatal("no statement passed the faults: the harness does not use it")
				}
				t.Logf("survived a fault at each of %d statements", fault.At-1)
			})
		}
	}
}

// restart resets the faults and starts the Processor again if its process has ended; a lost connection it must survive by
// itself. It says whether the fault happened.
func (tr *fixture) restart(fault Fault) (triggered bool) {
	tr.t.Helper()
	triggered = tr.Faults().Triggered()
	if triggered && fault.Process {
		if err := tr.Reopen(tr.t.Context()); err != nil {
			tr.t.Fatalf("reopening: %v", err)
		}
	}
	tr.Faults().Reset()
	return triggered
}

func crashFirst(tr *fixture, fault Fault, id string) bool {
	e := event(id, "")
	tr.Faults().Arm(fault)
	result, err := tr.deliver(tr.t.Context(), tr.Harness, e)
	triggered := tr.restart(fault)
	tr.settleCrash(e, result, err)
	return triggered
}

// settleCrash is settle, and besides: an event that has its effect is a duplicate, one that has not is new.
func (tr *fixture) settleCrash(e *inbox.Event, result inbox.Result, err error) {
	tr.t.Helper()
	effects, claimed := tr.state(e)
	if effects > 1 || claimed != (effects == 1) || err == nil && effects == 0 {
		tr.t.Fatalf("after the fault: %d effects, claimed %t, answered %q, error %v", effects, claimed, result.Outcome, err)
	}
	want := inbox.Accepted
	if effects == 1 {
		want = inbox.Duplicate
	}
	reply := tr.must(want, e)
	if err == nil {
		tr.wantReply("the redelivery", reply, result.Reply)
	}
	tr.wantState(e, 1)
	tr.wantReply("a duplicate", tr.must(inbox.Duplicate, e), reply)
	if n := len(tr.records(e, inbox.Accepted)); n != 1 {
		tr.t.Errorf("%s has %d accepted records; want 1", e.ID, n)
	}
}

func crashFailing(tr *fixture, fault Fault, id string) bool {
	tr.Faults().Arm(fault)
	_, err := tr.deliver(tr.t.Context(), tr.Harness, event(id, tokenFail))
	triggered := tr.restart(fault)
	if err == nil {
		tr.t.Fatal("a failed handling was answered")
	}
	tr.wantState(event(id, ""), 0)
	tr.settleCrash(event(id, ""), inbox.Result{}, err)
	return triggered
}

func crashDuplicate(tr *fixture, fault Fault, id string) bool {
	first := tr.must(inbox.Accepted, event(id, ""))
	tr.Faults().Arm(fault)
	result, err := tr.deliver(tr.t.Context(), tr.Harness, event(id, ""))
	triggered := tr.restart(fault)
	if err == nil {
		tr.wantReply("the duplicate", result.Reply, first)
	}
	tr.wantState(event(id, ""), 1)
	tr.wantReply("the redelivery", tr.must(inbox.Duplicate, event(id, "")), first)
	return triggered
}

func crashConflict(tr *fixture, fault Fault, id string) bool {
	first := tr.must(inbox.Accepted, event(id, ""))
	other := eventOf(id, "", "CallStatus=ringing&CallDuration=7")
	tr.Faults().Arm(fault)
	result, err := tr.deliver(tr.t.Context(), tr.Harness, other)
	triggered := tr.restart(fault)
	if err == nil {
		tr.wantReply("the conflicting delivery", result.Reply, first)
	}
	tr.wantState(other, 1)
	tr.wantReply("the redelivery", tr.must(inbox.Conflict, other), first)
	if n := len(tr.records(other, inbox.Conflict)); n != 1 {
		tr.t.Errorf("%s has %d conflict records; want 1", other.ID, n)
	}
	return triggered
}

// crashMany has three events, each twice, on their way when the fault comes.
func crashMany(tr *fixture, fault Fault, id string) bool {
	var events []*inbox.Event
	for i := range 3 {
		events = append(events, event(fmt.Sprint(id, "-", i), ""))
	}
	tr.Faults().Arm(fault)
	var waiting []<-chan answer
	for range 2 {
		for _, e := range events {
			waiting = append(waiting, tr.later(tr.t.Context(), tr.Harness, e))
		}
	}
	var answers []answer
	for _, c := range waiting {
		answers = append(answers, tr.await(c))
	}
	triggered := tr.restart(fault)
	for i, e := range events {
		a := answers[i]
		if second := answers[i+len(events)]; a.err != nil {
			a = second // either may have been the one that was answered
		} else if second.err == nil {
			tr.wantReply("its duplicate", second.result.Reply, a.result.Reply)
		}
		tr.settleCrash(e, a.result, a.err)
	}
	return triggered
}
