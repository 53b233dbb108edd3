package interview

import (
	"testing"
	"time"
)

var erasedAt = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

func TestErasedCallTakesNoYesAndKeepsNoName(t *testing.T) {
	for _, consent := range []Consent{ConsentUnknown, ConsentGiven, ConsentRefused} {
		call := Call{ID: "c", PhoneNumber: "+15551234567", TwilioSid: "CA1", Consent: consent, Transcript: "callee: hello",
			ErrorCode: 21211, ErrorMessage: "+15551234567 is not valid", Status: CallCompleted}
		call.Erase(erasedAt)
		call.AnswerConsent(2, AnswerYes, ConsentByKeypad, erasedAt.Add(time.Minute))
		if call.Consent != ConsentRefused || call.PhoneNumber != "" || call.ErrorMessage != "" || call.Transcript != "" ||
			!call.ErasedAt.Equal(erasedAt) {
			t.Errorf("consent %q left %+v", consent, call)
		}
		if call.TwilioSid != "CA1" || call.ErrorCode != 21211 {
			t.Errorf("the CallSid must stay, to know late callbacks by, and so may the code: %+v", call)
		}
	}
}

func TestSecondDetectionDoesNotMakeAMachineHuman(t *testing.T) {
	call := Call{ID: "c", Status: CallInProgress}
	if !call.Detect("machine_start", erasedAt) || call.Detect("human", erasedAt) || call.Detect("", erasedAt) {
		t.Error("a machine in progress must be hung up, once")
	}
	if call.AnsweredBy != "machine_start" || call.Consent != ConsentRefused {
		t.Errorf("left %+v", call)
	}
}

func TestRefusalKeepsItsMomentWhenConfirmed(t *testing.T) {
	earlier := erasedAt.Add(-time.Hour)
	call := Call{ID: "c", Consent: ConsentRefused, ConsentAt: &earlier, Status: CallCompleted}
	call.Detect("fax", erasedAt)
	call.Erase(erasedAt)
	if !call.ConsentAt.Equal(earlier) {
		t.Errorf("refused at %v, not %v", call.ConsentAt, earlier)
	}
}
