package webhook

import (
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

func TestVoiceAsksForConsentAndRecordsNothing(t *testing.T) {
	change, reply := decide(t, dialed(), event(inbox.KindVoice, "CallStatus", "in-progress"))
	golden(t, "voice", reply)
	if strings.Contains(string(reply.Body), "Record") {
		t.Error("the greeting starts a recording, before consent")
	}
	if change.Call.Status != interview.CallInProgress || !change.Call.StartedAt.Equal(testTime) {
		t.Errorf("after the fetch the call is %s since %v", change.Call.Status, change.Call.StartedAt)
	}
	if len(change.Jobs)+len(change.Recordings) != 0 {
		t.Errorf("the fetch caused %+v", change)
	}
}

func TestVoiceWithoutCallStatusStillGreets(t *testing.T) {
	change, reply := decide(t, dialed(), event(inbox.KindVoice))
	golden(t, "voice", reply)
	if change.Call.Status != interview.CallDialing {
		t.Errorf("no CallStatus made the call %s", change.Call.Status)
	}
}

func TestVoiceOfAnEndedCallAsksNothing(t *testing.T) {
	call := dialed()
	call.Status = interview.CallFailed
	change, reply := decide(t, call, event(inbox.KindVoice, "CallStatus", "in-progress"))
	golden(t, "voice-ended", reply)
	if change.Call.Status != interview.CallFailed {
		t.Errorf("a late fetch revived the call: %s", change.Call.Status)
	}
}

func TestVoiceAfterAnAnswerDoesNotAskAgain(t *testing.T) {
	call := dialed()
	call.Consent, call.ConsentAttempts = interview.ConsentRefused, 1
	_, reply := decide(t, call, event(inbox.KindVoice, "CallStatus", "in-progress"))
	golden(t, "consent-no", reply)

	call.Consent = interview.ConsentGiven
	_, reply = decide(t, call, event(inbox.KindVoice, "CallStatus", "in-progress"))
	golden(t, "consent-yes", reply)
}
