package webhook

import (
	"slices"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// interviewed is a call that consented and is asked its two questions live, with the given number answered.
func interviewed(answered int) interview.Call {
	call := consented()
	call.Script.AnswerMode, call.AnswerStep = interview.AnswerGather, answered
	return call
}

func said(step, speech string) *inbox.Event {
	e := event(KindAnswer, "SpeechResult", speech, "Confidence", "0.2")
	e.Query.Set("step", step)
	return e
}

func wantAnswer(t *testing.T, change interview.Change, step int, text string) {
	t.Helper()
	want := []interview.Utterance{{CallID: testCallID, Position: step, Speaker: interview.SpeakerCallee, Text: text}}
	if text == "" {
		want = nil
	}
	if !slices.Equal(change.Utterances, want) {
		t.Errorf("kept %+v, want %+v", change.Utterances, want)
	}
}

func TestLiveInterviewAsksEachQuestionOnce(t *testing.T) {
	call := answered()
	call.Script.AnswerMode = interview.AnswerGather
	change, reply := decide(t, call, event(KindConsent, "Digits", "1"))
	golden(t, "consent-yes-gather", reply)

	change, reply = decide(t, change.Call, said("1", " about forty "))
	golden(t, "answer", reply)
	wantAnswer(t, change, 1, "about forty")

	change, reply = decide(t, change.Call, said("2", "12 dollars"))
	golden(t, "answer-last", reply)
	wantAnswer(t, change, 2, "12 dollars")
}

func TestSilenceMovesOn(t *testing.T) {
	e := said("1", "")
	e.Form.Del("Confidence")
	change, reply := decide(t, interviewed(0), e)
	golden(t, "answer", reply)
	wantAnswer(t, change, 1, "")
}

func TestAnswerWithoutConsentIsNotKept(t *testing.T) {
	for _, consent := range []interview.Consent{interview.ConsentUnknown, interview.ConsentRefused} {
		call := interviewed(0)
		call.Consent = consent
		change, reply := decide(t, call, said("1", "about forty"))
		golden(t, "consent-no", reply)
		wantAnswer(t, change, 0, "")
		if change.Call.AnswerStep != 0 {
			t.Errorf("consent %q: step %d", consent, change.Call.AnswerStep)
		}
	}
}

func TestHangUpInTheMiddleKeepsWhatWasSaid(t *testing.T) {
	call := interviewed(0)
	call.Status = interview.CallCompleted
	change, reply := decide(t, call, said("1", "about forty"))
	golden(t, "voice-ended", reply)
	wantAnswer(t, change, 1, "about forty")
}

func TestLateAnswerDoesNotTakeTheInterviewBack(t *testing.T) {
	change, reply := decide(t, interviewed(2), said("1", "about forty"))
	golden(t, "answer-last", reply)
	wantAnswer(t, change, 1, "about forty")
	if change.Call.AnswerStep != 2 {
		t.Errorf("step %d", change.Call.AnswerStep)
	}
}

func TestAnswerToNoQuestionEndsTheInterview(t *testing.T) {
	for _, step := range []string{"3", "2147483647"} {
		change, reply := decide(t, interviewed(1), said(step, "and another thing"))
		golden(t, "answer-last", reply)
		wantAnswer(t, change, 0, "")
		if change.Call.AnswerStep != 1 {
			t.Errorf("step %d", change.Call.AnswerStep)
		}
	}
}

func TestAnswerWithoutStepIsRefused(t *testing.T) {
	for _, step := range []string{"", "0", "-1", "one", "2147483648"} {
		_, _, err := newWebhooks().Decide(interviewed(0), said(step, "about forty"))
		wantRefusal(t, err, 400, "Missing step")
	}
}

// A late fetch of the first document goes on where the interview stands.
func TestVoiceInALiveInterviewRepeatsNoQuestion(t *testing.T) {
	_, reply := decide(t, interviewed(1), event(inbox.KindVoice, "CallStatus", "in-progress"))
	if texts := spoken(t, reply.Body); slices.Contains(texts, "How many cases do you sell in a week?") {
		t.Errorf("said %q", texts)
	}
}

func TestEachStepIsAnEventOfItsOwn(t *testing.T) {
	for step, want := range map[string]string{"1": testCallSid + ":answer:1", "02": testCallSid + ":answer:2"} {
		e := said(step, "")
		if id, subject, err := Identify(KindAnswer, e.Form, e.Query); id != want || subject != testCallID || err != nil {
			t.Errorf("step %s: %q of %q, %v", step, id, subject, err)
		}
	}
	if id, _, err := Identify(KindAMD, detected("human").Form, detected("human").Query); id != testCallSid+":amd" || err != nil {
		t.Errorf("detection: %q, %v", id, err)
	}
}
