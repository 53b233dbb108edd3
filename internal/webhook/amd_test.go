package webhook

import (
	"slices"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

func detected(by string) *inbox.Event {
	return event(KindAMD, "AnsweredBy", by, "MachineDetectionDuration", "3100")
}

var machines = []string{"machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "machine_of_tomorrow", "fax"}

func TestMachineIsNoConsentAndIsHungUp(t *testing.T) {
	earlier := testTime.Add(-time.Minute)
	for _, by := range machines {
		for _, before := range []interview.Consent{interview.ConsentUnknown, interview.ConsentGiven, interview.ConsentRefused} {
			call := answered()
			call.Consent, call.ConsentAt, call.Transcript = before, &earlier, "callee: leave a message"
			change, reply := decide(t, call, detected(by))
			wantSuccess(t, reply)
			c := change.Call
			if c.Consent != interview.ConsentRefused || string(c.AnsweredBy) != by || c.Transcript != "" {
				t.Errorf("%s after consent %q left %+v", by, before, c)
			}
			if change.Erase != (before == interview.ConsentGiven) {
				t.Errorf("%s after consent %q: erase %t", by, before, change.Erase)
			}
			if want := []interview.Job{interview.NewEndCall(testCallID)}; !slices.Equal(change.Jobs, want) {
				t.Errorf("%s: %+v", by, change.Jobs)
			}
		}
	}
}

// The greeting goes on while Twilio listens: its "yes" may come after the detection as well as before.
func TestMachinesYesAfterDetectionRecordsNothing(t *testing.T) {
	change, _ := decide(t, answered(), detected("machine_start"))
	change, reply := decide(t, change.Call, event(inbox.KindConsent, "SpeechResult", "yes"))
	golden(t, "consent-no", reply)
	if change.Call.Consent != interview.ConsentRefused {
		t.Errorf("consent %q", change.Call.Consent)
	}
}

func TestMachineOfAnEndedCallIsNotHungUpAgain(t *testing.T) {
	call := consented()
	call.Status = interview.CallCompleted
	change, _ := decide(t, call, detected("machine_end_beep"))
	if len(change.Jobs) != 0 || !change.Erase || change.Call.Consent != interview.ConsentRefused {
		t.Errorf("left %+v", change)
	}
}

func TestPersonIsNotTakenForAMachine(t *testing.T) {
	for _, by := range []string{"human", "unknown", "something_new"} {
		change, reply := decide(t, consented(), detected(by))
		wantSuccess(t, reply)
		if change.Erase || len(change.Jobs) != 0 || change.Call.Consent != interview.ConsentGiven || string(change.Call.AnsweredBy) != by {
			t.Errorf("%s left %+v", by, change)
		}
	}
}

func TestDetectionWithoutResultIsRefused(t *testing.T) {
	_, _, err := newWebhooks().Decide(answered(), event(KindAMD))
	wantRefusal(t, err, 400, "Missing AnsweredBy")
}
