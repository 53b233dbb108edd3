package inboxtest

import (
	"fmt"
	"testing"

	"github.com/i-agent/iagent/inbox"
)

// maxStatements bounds the search for the last statement of a delivery.
const maxStatements = 64

var crashCases = []testCase{
	{"CrashWhileHandling", crashing(crashFirst, everyStatement)},
	{"CrashWhileFailing", crashing(crashFailing, everyStatement)},
	{"CrashWhileAnsweringADuplicate", crashing(crashDuplicate, everyStatement)},
	{"CrashWhileKeepingAConflict", crashing(crashConflict, everyStatement)},
	// Which statement is which event's is left to chance, so a few places do.
	{"CrashWithManyInFlight", crashing(crashCrowd, func(at int) int { return at + max(1, at/2) })},
}

func everyStatement(at int) int { return at + 1 }

// faults are the four ways in which a statement can be lost.
var faults = []struct {
	name string
	Fault
}{
	{"ProcessDiesBeforeTheStatement", Fault{Process: true}},
	{"ProcessDiesAfterTheStatement", Fault{Process: true, Heard: true}},
	{"ConnectionLostBefore", Fault{}},
	{"ConnectionLostAfter", Fault{Heard: true}},
}

// crashing runs a scenario with a fault at its first statement, then at the next one, until the fault is beyond its last.
// The scenario says whether the fault happened.
func crashing(scenario func(tr *trial, fault Fault, id string) bool, next func(int) int) func(*testing.T, Open) {
	return func(t *testing.T, open Open) {
		shared := newTrial(t, open)
		for _, f := range faults {
			t.Run(f.name, func(t *testing.T) {
				tr := &trial{Harness: shared.Harness, t: t}
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
					t.Fatal("no statement passed the fuse: the harness does not use it")
				}
				t.Logf("survived a fault at each of %d statements", fault.At-1)
			})
		}
	}
}

// restart makes the fuse whole and starts the Processor again if its process has died; a lost connection it must survive
// by itself. It says whether the fault happened.
func (tr *trial) restart(fault Fault) (blown bool) {
	tr.t.Helper()
	blown = tr.Fuse().Blown()
	if blown && fault.Process {
		if err := tr.Reopen(tr.t.Context()); err != nil {
			tr.t.Fatalf("reopening: %v", err)
		}
	}
	tr.Fuse().Reset()
	return blown
}

func crashFirst(tr *trial, fault Fault, id string) bool {
	e := event(id, "")
	tr.Fuse().Arm(fault)
	result, err := tr.deliver(tr.t.Context(), tr.Harness, e)
	blown := tr.restart(fault)
	tr.settleCrash(e, result, err)
	return blown
}

// settleCrash is settle, and besides: an event that has its effect is a duplicate, one that has not is new.
func (tr *trial) settleCrash(e *inbox.Event, result inbox.Result, err error) {
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

func crashFailing(tr *trial, fault Fault, id string) bool {
	tr.Fuse().Arm(fault)
	_, err := tr.deliver(tr.t.Context(), tr.Harness, event(id, tokenFail))
	blown := tr.restart(fault)
	if err == nil {
		tr.t.Fatal("a failed handling was answered")
	}
	tr.wantState(event(id, ""), 0)
	tr.settleCrash(event(id, ""), inbox.Result{}, err)
	return blown
}

func crashDuplicate(tr *trial, fault Fault, id string) bool {
	first := tr.must(inbox.Accepted, event(id, ""))
	tr.Fuse().Arm(fault)
	result, err := tr.deliver(tr.t.Context(), tr.Harness, event(id, ""))
	blown := tr.restart(fault)
	if err == nil {
		tr.wantReply("the duplicate", result.Reply, first)
	}
	tr.wantState(event(id, ""), 1)
	tr.wantReply("the redelivery", tr.must(inbox.Duplicate, event(id, "")), first)
	return blown
}

func crashConflict(tr *trial, fault Fault, id string) bool {
	first := tr.must(inbox.Accepted, event(id, ""))
	other := eventOf(id, "", "CallStatus=ringing&CallDuration=7")
	tr.Fuse().Arm(fault)
	result, err := tr.deliver(tr.t.Context(), tr.Harness, other)
	blown := tr.restart(fault)
	if err == nil {
		tr.wantReply("the conflicting delivery", result.Reply, first)
	}
	tr.wantState(other, 1)
	tr.wantReply("the redelivery", tr.must(inbox.Conflict, other), first)
	if n := len(tr.records(other, inbox.Conflict)); n != 1 {
		tr.t.Errorf("%s has %d conflict records; want 1", other.ID, n)
	}
	return blown
}

// crashCrowd has three events, each twice, on their way when the fault comes.
func crashCrowd(tr *trial, fault Fault, id string) bool {
	var events []*inbox.Event
	for i := range 3 {
		events = append(events, event(fmt.Sprint(id, "-", i), ""))
	}
	tr.Fuse().Arm(fault)
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
	blown := tr.restart(fault)
	for i, e := range events {
		a := answers[i]
		if twin := answers[i+len(events)]; a.err != nil {
			a = twin // either may have been the one that was answered
		} else if twin.err == nil {
			tr.wantReply("a twin", twin.result.Reply, a.result.Reply)
		}
		tr.settleCrash(e, a.result, a.err)
	}
	return blown
}
