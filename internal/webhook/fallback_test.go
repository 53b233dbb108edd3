package webhook

import (
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

const testHost = "https://calls.example.com/api/webhooks/twilio/"

// fallbackOf is Twilio's request to the fallback URL after the one to this URL has failed.
func fallbackOf(url string) *inbox.Event {
	return event(inbox.KindVoice, "CallStatus", "in-progress", "ErrorCode", "11200", "ErrorUrl", url)
}

func gathering() interview.Call {
	call := dialed()
	call.Script.AnswerMode = interview.AnswerGather
	return call
}

// An answer that was lost on its way is given again, word for word, whichever it was.
func TestFallbackGivesTheAnswerThatWasLost(t *testing.T) {
	for _, mode := range []interview.AnswerMode{interview.AnswerPause, interview.AnswerGather} {
		call := dialed()
		call.Script.AnswerMode = mode
		for _, step := range []struct {
			event *inbox.Event
			url   string
		}{
			{event(inbox.KindVoice, "CallStatus", "in-progress"), "voice?callId=" + testCallID},
			{event(KindConsent, "SpeechResult", "pardon me"), "consent?callId=" + testCallID},
			{asking("2", event(KindConsent, "Digits", "1")), "consent?callId=" + testCallID + "&attempt=2"},
			{answerTo("1", "About forty cases."), "answer?callId=" + testCallID + "&step=1"},
			{answerTo("2", ""), "answer?callId=" + testCallID + "&step=2"},
		} {
			if step.event.Kind == KindAnswer && mode != interview.AnswerGather {
				continue
			}
			change, lost := decide(t, call, step.event)
			again, reply := decide(t, change.Call, fallbackOf(testHost+step.url))
			if string(reply.Body) != string(lost.Body) {
				t.Errorf("after %s the fallback says\n%s\nand not\n%s", step.url, reply.Body, lost.Body)
			}
			if again.Call.Consent != change.Call.Consent || again.Call.ConsentAttempts != change.Call.ConsentAttempts ||
				again.Call.AnswerStep != change.Call.AnswerStep || again.Erase || len(again.Jobs)+len(again.Utterances)+len(again.Recordings) > 0 {
				t.Errorf("after %s the fallback has an effect: %+v", step.url, again)
			}
			call = change.Call
		}
	}
}

func answerTo(step, said string) *inbox.Event {
	e := event(KindAnswer, "SpeechResult", said)
	e.Query.Set("step", step)
	return e
}

// A request that never arrived took nothing: what it would have answered is asked once more.
func TestFallbackAsksAgainWhatNeverArrived(t *testing.T) {
	given := gathering()
	given.Consent, given.ConsentAttempts, given.AnswerStep = interview.ConsentGiven, 1, 1
	asked := dialed()
	for name, c := range map[string]struct {
		call interview.Call
		url  string
		want []string
		not  []string
	}{
		"voice":             {dialed(), "voice?callId=" + testCallID, []string{"/consent?callId=" + testCallID + "#", "cold brew coffee"}, []string{"<Recording"}},
		"first consent":     {asked, "consent?callId=" + testCallID, []string{"attempt=2"}, []string{"<Recording"}},
		"second consent":    {asked, "consent?callId=" + testCallID + "&attempt=2", []string{"attempt=3"}, []string{"<Recording"}},
		"answer":            {given, "answer?callId=" + testCallID + "&step=2", []string{"step=2", "What does a case cost?"}, []string{"<Recording"}},
		"another's consent": {dialed(), "consent?callId=another&attempt=2", []string{"/consent?callId=" + testCallID + "#"}, nil},
		"something else":    {dialed(), "whatever", []string{"/consent?callId=" + testCallID + "#"}, nil},
	} {
		change, reply := decide(t, c.call, fallbackOf(testHost+c.url))
		for _, want := range c.want {
			if !strings.Contains(string(reply.Body), want) {
				t.Errorf("%s: no %s in\n%s", name, want, reply.Body)
			}
		}
		for _, not := range c.not {
			if strings.Contains(string(reply.Body), not) {
				t.Errorf("%s: %s in\n%s", name, not, reply.Body)
			}
		}
		if change.Call.Consent != c.call.Consent {
			t.Errorf("%s: consent became %q", name, change.Call.Consent)
		}
	}
}

func TestFallbackEndsPolitelyWhatIsOver(t *testing.T) {
	over, refused, tired := dialed(), dialed(), dialed()
	over.Status, refused.Consent, tired.ConsentAttempts = interview.CallCompleted, interview.ConsentRefused, mostAskings
	for _, call := range []interview.Call{over, refused, tired} {
		_, reply := decide(t, call, fallbackOf(testHost+"consent?callId="+testCallID))
		if body := string(reply.Body); !strings.Contains(body, "<Hangup/>") || strings.Contains(body, "<Gather") {
			t.Errorf("answered %s", body)
		}
	}
}

// A late yes to the asking that was lost must not swallow the no that the person gave when asked again.
func TestNoAfterTheFallbackOutranksALateYes(t *testing.T) {
	change, reply := decide(t, dialed(), fallbackOf(testHost+"consent?callId="+testCallID))
	if !strings.Contains(string(reply.Body), "attempt=2") {
		t.Fatalf("asked %s", reply.Body)
	}
	change, _ = decide(t, change.Call, asking("2", event(KindConsent, "SpeechResult", "no thank you")))
	change, reply = decide(t, change.Call, event(KindConsent, "Digits", "1"))
	if change.Call.Consent != interview.ConsentRefused || strings.Contains(string(reply.Body), "<Recording") {
		t.Errorf("consent %q, answered %s", change.Call.Consent, reply.Body)
	}
}

func TestFallbackIsAnEventOfItsOwn(t *testing.T) {
	ids := map[string]string{}
	for _, c := range []struct{ url, want string }{
		{"voice?callId=" + testCallID, ":voice:fallback:voice"},
		{"consent?callId=" + testCallID, ":voice:fallback:consent:1"},
		{"consent?callId=" + testCallID + "&attempt=2", ":voice:fallback:consent:2"},
		{"answer?callId=" + testCallID + "&step=3", ":voice:fallback:answer:3"},
		{"answer?callId=" + testCallID, ""},
		{"consent?callId=another", ""},
		{"elsewhere?callId=" + testCallID, ""},
	} {
		e := fallbackOf(testHost + c.url)
		id, subject, err := Identify(e.Kind, e.Form, e.Query)
		if err != nil || subject != testCallID || c.want != "" && id != testCallSid+c.want || !strings.HasPrefix(id, testCallSid+":voice:fallback:") {
			t.Errorf("%s: %q, %q, %v", c.url, id, subject, err)
		}
		if other, taken := ids[id]; taken {
			t.Errorf("%s and %s share %s", c.url, other, id)
		}
		ids[id] = c.url
	}
	e := event(inbox.KindVoice, "ErrorUrl", "", "ErrorCode", "")
	if id, _, err := Identify(e.Kind, e.Form, e.Query); err != nil || id != testCallSid+":voice" {
		t.Errorf("a voice request with empty fields: %q, %v", id, err)
	}
}
