package webhook

import (
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

func answered() interview.Call {
	call := dialed()
	call.TwilioSid, call.AccountSid, call.Status = testCallSid, testAccount, interview.CallInProgress
	return call
}

func TestYesStartsTheRecording(t *testing.T) {
	for _, e := range []*inbox.Event{
		event(KindConsent, "Digits", "1"),
		event(KindConsent, "SpeechResult", "Sure, go ahead.", "Confidence", "0.9"),
		asking("2", event(KindConsent, "SpeechResult", "yes")),
	} {
		change, reply := decide(t, answered(), e)
		golden(t, "consent-yes", reply)
		if change.Call.Consent != interview.ConsentGiven || !change.Call.ConsentAt.Equal(testTime) {
			t.Errorf("%v left consent %q at %v", e.Form, change.Call.Consent, change.Call.ConsentAt)
		}
	}
}

func TestNoEndsTheCallUnrecorded(t *testing.T) {
	for _, e := range []*inbox.Event{
		event(KindConsent, "Digits", "2"),
		event(KindConsent, "SpeechResult", "Yes, I do not consent."),
		asking("2", event(KindConsent, "SpeechResult", "no")),
	} {
		change, reply := decide(t, answered(), e)
		golden(t, "consent-no", reply)
		if change.Call.Consent != interview.ConsentRefused || !change.Call.ConsentAt.Equal(testTime) {
			t.Errorf("%v left consent %q at %v", e.Form, change.Call.Consent, change.Call.ConsentAt)
		}
	}
}

func TestUnclearIsAskedOnceMoreThenCountsAsNo(t *testing.T) {
	for _, parameters := range [][]string{
		nil, {"Digits", ""}, {"Digits", "7"}, {"SpeechResult", "yesterday"}, {"SpeechResult", "not sure"},
	} {
		change, reply := decide(t, answered(), event(KindConsent, parameters...))
		golden(t, "consent-again", reply)
		if c := change.Call; c.Consent != interview.ConsentUnknown || c.ConsentAttempts != 1 || c.ConsentAt != nil {
			t.Errorf("%q left consent %q after %d attempts at %v", parameters, c.Consent, c.ConsentAttempts, c.ConsentAt)
		}

		change, reply = decide(t, change.Call, asking("2", event(KindConsent, parameters...)))
		golden(t, "consent-unclear", reply)
		if c := change.Call; c.Consent != interview.ConsentRefused || c.ConsentAttempts != 2 || !c.ConsentAt.Equal(testTime) {
			t.Errorf("%q twice left consent %q after %d attempts at %v", parameters, c.Consent, c.ConsentAttempts, c.ConsentAt)
		}
	}
}

// Whatever is said at any asking: nothing but a consent that was given starts a recording.
func TestNothingButConsentStartsARecording(t *testing.T) {
	for _, speech := range []string{"yes", "no", "", "maybe", "yes no", "yes, who is this?", "record"} {
		for _, n := range []string{"1", "2", "3"} {
			change, reply := decide(t, answered(), asking(n, event(KindConsent, "SpeechResult", speech)))
			given := change.Call.Consent == interview.ConsentGiven
			if recorded := strings.Contains(string(reply.Body), "<Recording"); recorded != given {
				t.Errorf("%q at asking %s: consent %q, recording started: %t", speech, n, change.Call.Consent, recorded)
			}
		}
	}
}

func TestLateFirstAnswerDoesNotFlipConsent(t *testing.T) {
	earlier := testTime.Add(-time.Minute)
	call := answered()
	call.Consent, call.ConsentAttempts, call.ConsentAt = interview.ConsentGiven, 2, &earlier
	change, _ := decide(t, call, event(KindConsent, "SpeechResult", "no"))
	if c := change.Call; c.Consent != interview.ConsentGiven || c.ConsentAttempts != 2 || !c.ConsentAt.Equal(earlier) {
		t.Errorf("late answer left consent %q after %d attempts at %v", c.Consent, c.ConsentAttempts, c.ConsentAt)
	}
}

func TestYesAfterHangUpIsKeptButRecordsNothing(t *testing.T) {
	call := answered()
	call.Status = interview.CallCompleted
	change, reply := decide(t, call, event(KindConsent, "SpeechResult", "yes", "CallStatus", "in-progress"))
	golden(t, "voice-ended", reply)
	if change.Call.Consent != interview.ConsentGiven || change.Call.Status != interview.CallCompleted {
		t.Errorf("the call is %s, consent %q", change.Call.Status, change.Call.Consent)
	}
}

func TestWithdrawnConsentErasesWhatWasSaid(t *testing.T) {
	earlier := testTime.Add(-time.Minute)
	call := answered()
	call.Consent, call.ConsentAttempts, call.ConsentAt, call.Transcript = interview.ConsentGiven, 1, &earlier, "callee: 12 dollars"
	change, reply := decide(t, call, asking("2", event(KindConsent, "SpeechResult", "no, stop")))
	golden(t, "consent-no", reply)
	if c := change.Call; !change.Erase || c.Consent != interview.ConsentRefused || !c.ConsentAt.Equal(testTime) || c.Transcript != "" {
		t.Errorf("erase %t, consent %q at %v, transcript %q", change.Erase, c.Consent, c.ConsentAt, c.Transcript)
	}
}

func TestAnswerThatWithdrawsNothingErasesNothing(t *testing.T) {
	for _, before := range []interview.Consent{interview.ConsentUnknown, interview.ConsentGiven, interview.ConsentRefused} {
		for _, speech := range []string{"yes", "hm"} {
			call := answered()
			call.Consent, call.ConsentAttempts = before, 1
			change, _ := decide(t, call, asking("2", event(KindConsent, "SpeechResult", speech)))
			if change.Erase || before != interview.ConsentUnknown && change.Call.Consent != before {
				t.Errorf("%q after consent %q: erase %t, consent %q", speech, before, change.Erase, change.Call.Consent)
			}
		}
	}
}

func TestSpeechOfLowConfidenceIsAskedAgain(t *testing.T) {
	change, reply := decide(t, answered(), event(KindConsent, "SpeechResult", "yes", "Confidence", "0.2"))
	golden(t, "consent-again", reply)
	if change.Call.Consent != interview.ConsentUnknown {
		t.Errorf("consent %q", change.Call.Consent)
	}
}

// Whoever speaks a language of which we know no words must not be recorded for a word that happens to be English.
func TestLanguageWithoutWordsAsksByKeypadOnly(t *testing.T) {
	call := answered()
	call.Script.Language = "ja-JP"
	_, reply := decide(t, call, event(inbox.KindVoice))
	golden(t, "voice-keypad", reply)
	change, _ := decide(t, call, event(KindConsent, "SpeechResult", "yes"))
	if change.Call.Consent != interview.ConsentUnknown {
		t.Errorf("a spoken yes left consent %q", change.Call.Consent)
	}
	change, reply = decide(t, call, event(KindConsent, "Digits", "1"))
	golden(t, "consent-yes-language", reply)
	if change.Call.Consent != interview.ConsentGiven {
		t.Errorf("key 1 left consent %q", change.Call.Consent)
	}
}
