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
	change, reply := decide(t, change.Call, event(KindConsent, "SpeechResult", "yes"))
	golden(t, "consent-no", reply)
	if change.Call.Consent != interview.ConsentRefused {
		t.Errorf("consent %q", change.Call.Consent)
	}
}

// It comes too late to spare anybody anything: a finished interview is not thrown away on a guess.
func TestFinishedInterviewOutlivesALateVerdict(t *testing.T) {
	for _, by := range machines {
		call := consented()
		call.Status, call.ConsentBy, call.Transcript = interview.CallCompleted, interview.ConsentBySpeech, "callee: twelve dollars"
		change, _ := decide(t, call, detected(by))
		if c := change.Call; len(change.Jobs) != 0 || change.Erase || c.Consent != interview.ConsentGiven || c.Transcript == "" || string(c.AnsweredBy) != by {
			t.Errorf("%s left %+v", by, change)
		}
		change, _ = decide(t, call, event(KindAMD, "AnsweredBy", by, "CallStatus", "completed"))
		if change.Erase || change.Call.Consent != interview.ConsentGiven {
			t.Errorf("%s that says itself that the call is over left %+v", by, change)
		}
	}
}

func TestMachineThatNobodyAnsweredForIsRefusedAfterTheEndToo(t *testing.T) {
	call := answered()
	call.Status = interview.CallCompleted
	change, _ := decide(t, call, detected("machine_end_beep"))
	if len(change.Jobs) != 0 || change.Erase || change.Call.Consent != interview.ConsentRefused {
		t.Errorf("left %+v", change)
	}
}

func TestKeypadConsentOutranksTheDetectorInBothOrders(t *testing.T) {
	pressed := func() *inbox.Event { return event(KindConsent, "Digits", "1", "CallStatus", "in-progress") }
	for _, by := range machines {
		change, _ := decide(t, answered(), pressed())
		change, _ = decide(t, change.Call, detected(by))
		if change.Erase || len(change.Jobs) != 0 || change.Call.Consent != interview.ConsentGiven || string(change.Call.AnsweredBy) != by {
			t.Errorf("%s after the key left %+v", by, change)
		}

		change, _ = decide(t, answered(), detected(by))
		change, reply := decide(t, change.Call, pressed())
		golden(t, "consent-yes", reply)
		if change.Call.Consent != interview.ConsentGiven || change.Call.ConsentBy != interview.ConsentByKeypad || !change.Call.ConsentAt.Equal(testTime) {
			t.Errorf("the key after %s left %+v", by, change.Call)
		}
		if change.Call.OnMachine() {
			t.Error("who pressed a key is still to be hung up on")
		}
	}
}

func TestGivenAnswersOutrankTheDetector(t *testing.T) {
	call := consented()
	call.ConsentBy, call.Script.AnswerMode = interview.ConsentBySpeech, interview.AnswerGather
	answer := event(KindAnswer, "SpeechResult", "Twelve dollars.")
	answer.Query.Set("step", "1")
	change, _ := decide(t, call, answer)
	change, _ = decide(t, change.Call, detected("machine_start"))
	if change.Erase || len(change.Jobs) != 0 || change.Call.Consent != interview.ConsentGiven {
		t.Errorf("left %+v", change)
	}

	// Silence is no answer: a machine that records keeps silent, too.
	silence := event(KindAnswer, "SpeechResult", "")
	silence.Query.Set("step", "1")
	change, _ = decide(t, call, silence)
	change, _ = decide(t, change.Call, detected("machine_start"))
	if !change.Erase || len(change.Jobs) != 1 || change.Call.Consent != interview.ConsentRefused {
		t.Errorf("silence left %+v", change)
	}
}

// The callback of the detection may be lost.
func TestDetectionCountsInAnyCallback(t *testing.T) {
	carriers := map[string]*inbox.Event{
		"status":         event(inbox.KindStatus, "CallStatus", "in-progress", "AnsweredBy", "machine_start"),
		"completed":      event(inbox.KindStatus, "CallStatus", "completed", "CallDuration", "9", "AnsweredBy", "machine_start"),
		"voice":          event(inbox.KindVoice, "CallStatus", "in-progress", "AnsweredBy", "machine_start"),
		"consent":        event(KindConsent, "CallStatus", "in-progress", "SpeechResult", "yes", "AnsweredBy", "machine_start"),
		"recording":      recorded("in-progress"),
		"silence answer": event(KindAnswer, "CallStatus", "in-progress", "AnsweredBy", "machine_start"),
	}
	carriers["recording"].Form.Set("AnsweredBy", "machine_start")
	carriers["silence answer"].Query.Set("step", "1")
	for name, e := range carriers {
		call := consented()
		call.ConsentBy, call.Transcript, call.Script.AnswerMode = interview.ConsentBySpeech, "x", interview.AnswerGather
		change, _ := decide(t, call, e)
		if c := change.Call; c.AnsweredBy != "machine_start" || c.Consent != interview.ConsentRefused || !change.Erase || c.Transcript != "" {
			t.Errorf("%s left %+v", name, change)
		}
		// What is answered with TwiML ends the call by that.
		endCall := slices.Contains(change.Jobs, interview.NewEndCall(testCallID))
		if want := name == "status" || name == "recording"; endCall != want {
			t.Errorf("%s: the call is ended by a job: %t", name, endCall)
		}

		// And a person stays one.
		e.Form.Set("AnsweredBy", "human")
		change, _ = decide(t, call, e)
		if change.Call.AnsweredBy != "human" || change.Erase || change.Call.Consent != interview.ConsentGiven {
			t.Errorf("%s of a person left %+v", name, change)
		}

		call.ConsentBy = interview.ConsentByKeypad
		e.Form.Set("AnsweredBy", "machine_end_other")
		change, _ = decide(t, call, e)
		if change.Call.AnsweredBy != "machine_end_other" || change.Erase || change.Call.Consent != interview.ConsentGiven {
			t.Errorf("%s of a person who pressed 1 left %+v", name, change)
		}
	}
}

func TestAnswerOutranksTheVerdictThatComesWithIt(t *testing.T) {
	call := consented()
	call.ConsentBy, call.Script.AnswerMode = interview.ConsentBySpeech, interview.AnswerGather
	e := event(KindAnswer, "SpeechResult", "Twelve dollars.", "AnsweredBy", "machine_start")
	e.Query.Set("step", "1")
	change, _ := decide(t, call, e)
	if change.Erase || len(change.Utterances) != 1 || change.Call.Consent != interview.ConsentGiven || change.Call.AnsweredBy != "machine_start" {
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
