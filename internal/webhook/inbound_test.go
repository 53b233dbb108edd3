package webhook

import (
	"net/url"
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// cameIn is a call of somebody whom the campaign called before.
func cameIn() interview.Call {
	call := dialed()
	call.Direction, call.Status, call.TwilioSid, call.AccountSid = interview.DirectionInbound, interview.CallRinging, testCallSid, testAccount
	call.ContactID, call.CanInterview = "contact", true
	call.Script.Identity = interview.Identity{Organisation: "Bread & Data", CallbackNumber: "+12025550143", Purpose: "the price of bread"}
	return call
}

// callsIn is the request of a number's voice URL, which has no callId.
func callsIn(parameters ...string) *inbox.Event {
	e := event(inbox.KindVoice, append([]string{"Direction", "inbound", "CallStatus", "ringing"}, parameters...)...)
	e.Query = url.Values{}
	return e
}

func chose(parameters ...string) *inbox.Event {
	return event(KindMenu, append([]string{"Direction", "inbound", "CallStatus", "in-progress"}, parameters...)...)
}

func wantSaid(t *testing.T, reply inbox.Reply, want []string, not ...string) {
	t.Helper()
	for _, text := range want {
		if !strings.Contains(string(reply.Body), text) {
			t.Errorf("no %q in\n%s", text, reply.Body)
		}
	}
	for _, text := range not {
		if strings.Contains(string(reply.Body), text) {
			t.Errorf("%q in\n%s", text, reply.Body)
		}
	}
}

func TestCallThatCameInIsNamedByTheCallSid(t *testing.T) {
	for _, c := range []struct {
		event *inbox.Event
		want  string
	}{
		{callsIn(), testCallSid + ":voice"},
		{callsIn("ErrorCode", "11200", "ErrorUrl", "https://calls.example.com/api/webhooks/twilio/voice"), testCallSid + ":voice:fallback:voice"},
		{callsIn("ErrorCode", "11200", "ErrorUrl", testHost+"menu?callId=x&attempt=2"), testCallSid + ":voice:fallback:menu:2"},
		{callsIn("ErrorCode", "11200", "ErrorUrl", testHost+"consent?callId=x"), testCallSid + ":voice:fallback:consent:1"},
	} {
		if id, subject, err := Identify(c.event.Kind, c.event.Form, c.event.Query); id != c.want || subject != "" || err != nil {
			t.Errorf("id %q, subject %q, %v; want %q", id, subject, err, c.want)
		}
	}
	over := event(inbox.KindStatus, "Direction", "inbound", "CallStatus", "completed")
	if id, subject, err := Identify(inbox.KindStatus, over.Form, nil); id != testCallSid+":status:completed" || subject != "" || err != nil {
		t.Errorf("id %q, subject %q, %v", id, subject, err)
	}
	if id, _, err := Identify(KindMenu, chose().Form, url.Values{"callId": {testCallID}, "attempt": {"2"}}); id != testCallSid+":menu:2" || err != nil {
		t.Errorf("id %q, %v", id, err)
	}
}

// The URLs that we give Twilio for our own calls always have one.
func TestMissingCallIDIsRefusedUnlessTheCallCameIn(t *testing.T) {
	for _, kind := range append(allKinds, KindMenu) {
		for _, direction := range []string{"outbound-api", "outbound-dial", ""} {
			e := anyEvent(kind)
			e.Form.Set("Direction", direction)
			_, _, err := Identify(kind, e.Form, url.Values{"step": {"1"}})
			wantRefusal(t, err, 400, "Missing callId")
		}
	}
	for _, kind := range []inbox.Kind{KindConsent, KindAnswer, KindAMD, KindMenu, inbox.KindRecording} {
		e := anyEvent(kind)
		e.Form.Set("Direction", "inbound")
		_, _, err := Identify(kind, e.Form, url.Values{"step": {"1"}})
		wantRefusal(t, err, 400, "Missing callId")
	}
}

func TestWhoCallsBackHearsWhoWeAreAndWhatTheKeysDo(t *testing.T) {
	change, reply := decide(t, cameIn(), callsIn("StirVerstat", "TN-Validation-Passed-A"))
	wantSaid(t, reply, []string{"Bread &amp; Data", "the price of bread", "press 1", "press 9", "/menu?callId=" + testCallID, "5 5 5"}, "<Start>", "/consent")
	c := change.Call
	if c.Status != interview.CallRinging || c.StirStatus != "TN-Validation-Passed-A" || change.OptOut != nil || len(change.Jobs) != 0 {
		t.Errorf("left %+v", change)
	}
	if !strings.Contains(c.IdentitySaid, "Bread & Data") || !c.IdentitySaidAt.Equal(testTime) {
		t.Errorf("kept as said %q at %v", c.IdentitySaid, c.IdentitySaidAt)
	}
}

func TestUnknownCallerHearsWhoWeAreAndCanOptOut(t *testing.T) {
	call := cameIn()
	call.ContactID, call.CanInterview = "", false
	change, reply := decide(t, call, callsIn())
	wantSaid(t, reply, []string{"Bread &amp; Data", "press 9", "/menu?callId="}, "press 1", "the price of bread", "We called you")
	change, reply = decide(t, change.Call, chose("Digits", "9"))
	if change.OptOut == nil || change.OptOut.By != interview.OptOutByKey {
		t.Errorf("opt-out %+v", change.OptOut)
	}
	wantSaid(t, reply, []string{"taken off our list", "<Hangup/>"}, "<Gather")
	if _, reply = decide(t, call, chose("Digits", "1")); strings.Contains(string(reply.Body), "record") {
		t.Errorf("a stranger is asked for consent: %s", reply.Body)
	}
}

// Whoever has no number cannot be taken off a list, and is not told so.
func TestWithheldNumberHearsWhoWeAre(t *testing.T) {
	call := cameIn()
	call.ContactID, call.CanInterview, call.PhoneNumber = "", false, ""
	_, reply := decide(t, call, callsIn("From", "+266696687"))
	wantSaid(t, reply, []string{"Bread &amp; Data", "<Hangup/>"}, "press 9", "<Gather", "callId")
}

func TestOptOutOnACallBackComesBeforeAnythingElse(t *testing.T) {
	for _, over := range []bool{false, true} {
		for _, said := range [][]string{{"Digits", "9"}, {"SpeechResult", "Stop calling me!", "Confidence", "0.3"}} {
			call := cameIn()
			if over {
				call.Status = interview.CallCompleted
			}
			change, reply := decide(t, call, chose(said...))
			if change.OptOut == nil || change.Erase {
				t.Errorf("%q left %+v", said, change)
			}
			wantSaid(t, reply, []string{"taken off our list"}, "<Gather")
		}
	}
}

// By the same decisions as in a call of ours, consent first.
func TestInterviewIsHeldOnACallBack(t *testing.T) {
	call := cameIn()
	call.Script.AnswerMode = interview.AnswerGather
	change, _ := decide(t, call, callsIn())
	change, reply := decide(t, change.Call, chose("Digits", "1"))
	wantSaid(t, reply, []string{"/consent?callId=" + testCallID, "permission"}, "<Start>")
	change, reply = decide(t, change.Call, event(KindConsent, "Digits", "1", "CallStatus", "in-progress"))
	wantSaid(t, reply, []string{"<Start>", "How many cases do you sell in a week?"})
	if change.Call.Consent != interview.ConsentGiven || change.Call.Status != interview.CallInProgress {
		t.Errorf("left %+v", change.Call)
	}
	change, _ = decide(t, change.Call, said("1", "forty"))
	wantAnswer(t, change, 1, "forty")
}

func TestInterviewIsNotHeldWhereItCannotBe(t *testing.T) {
	call := cameIn()
	call.CanInterview = false
	_, reply := decide(t, call, callsIn())
	wantSaid(t, reply, []string{"press 9"}, "press 1")
	_, reply = decide(t, call, chose("Digits", "1"))
	wantSaid(t, reply, []string{"<Hangup/>"}, "<Gather")
}

func TestWordsThatAreNoChoiceAreAskedAboutOnce(t *testing.T) {
	_, reply := decide(t, cameIn(), chose("SpeechResult", "Hello, who is there?"))
	wantSaid(t, reply, []string{"attempt=2", "press 9"})
	again := chose("SpeechResult", "Hello?")
	again.Query.Set("attempt", "2")
	for _, e := range []*inbox.Event{again, chose(), chose("Digits", "5")} {
		_, reply = decide(t, cameIn(), e)
		wantSaid(t, reply, []string{"<Hangup/>"}, "<Gather")
	}
}

func TestFallbackOfACallThatCameInAsksAgain(t *testing.T) {
	failedAt := func(path string) *inbox.Event { return callsIn("ErrorCode", "11200", "ErrorUrl", testHost+path) }
	for path, want := range map[string]string{
		"voice": "/menu?callId=" + testCallID + "#", "menu?callId=" + testCallID: "menu?callId=" + testCallID + "&amp;attempt=2",
		"consent?callId=" + testCallID: "consent?callId=" + testCallID + "&amp;attempt=2",
	} {
		_, reply := decide(t, cameIn(), failedAt(path))
		wantSaid(t, reply, []string{want})
	}
	_, reply := decide(t, cameIn(), failedAt("menu?callId="+testCallID+"&attempt=5"))
	wantSaid(t, reply, []string{"<Hangup/>"}, "<Gather")
	given := cameIn()
	given.Consent, given.ConsentAttempts, given.Status = interview.ConsentGiven, 1, interview.CallInProgress
	_, reply = decide(t, given, failedAt("consent?callId="+testCallID))
	wantSaid(t, reply, []string{"<Start>"})
}

func TestCallThatIsOverIsNotGreeted(t *testing.T) {
	over, refused := cameIn(), cameIn()
	over.Status, refused.Consent = interview.CallCompleted, interview.ConsentRefused
	for _, call := range []interview.Call{over, refused} {
		change, reply := decide(t, call, callsIn())
		wantSaid(t, reply, []string{"<Hangup/>"}, "<Gather")
		if change.Call.IdentitySaidAt != nil {
			t.Errorf("it is kept that the identity was said")
		}
	}
}

func TestAttestationIsKeptFromStatusCallbacks(t *testing.T) {
	change, _ := decide(t, dialed(), event(inbox.KindStatus, "CallStatus", "ringing", "StirStatus", "B"))
	change, _ = decide(t, change.Call, event(inbox.KindStatus, "CallStatus", "in-progress", "StirStatus", "null"))
	if change.Call.StirStatus != "B" {
		t.Errorf("kept %q", change.Call.StirStatus)
	}
}

func TestIdentityIsKeptWithTheCallWhenItIsSaid(t *testing.T) {
	identified := dialed()
	identified.Script.Identity = cameIn().Script.Identity
	change, _ := decide(t, identified, event(inbox.KindVoice, "CallStatus", "in-progress"))
	if c := change.Call; c.IdentitySaid != c.Script.IdentitySaid() || c.IdentitySaid == "" || !c.IdentitySaidAt.Equal(testTime) {
		t.Errorf("kept %q at %v", c.IdentitySaid, c.IdentitySaidAt)
	}
	again, _ := decide(t, change.Call, fallbackOf(testHost+"voice?callId="+testCallID))
	if again.Call.IdentitySaidAt != change.Call.IdentitySaidAt {
		t.Error("the fallback says it anew")
	}
	// What was said to a machine is kept as it was said.
	change, _ = decide(t, identified, event(inbox.KindVoice, "CallStatus", "in-progress", "AnsweredBy", "machine_start"))
	if c := change.Call; c.IdentitySaid != c.Script.NoMessage() {
		t.Errorf("kept %q", c.IdentitySaid)
	}
	for _, change := range func() []interview.Change {
		over := identified
		over.Status = interview.CallFailed
		a, _ := decide(t, over, event(inbox.KindVoice))
		b, _ := decide(t, dialed(), event(inbox.KindVoice)) // a campaign of before there were identities
		return []interview.Change{a, b}
	}() {
		if change.Call.IdentitySaidAt != nil || change.Call.IdentitySaid != "" {
			t.Errorf("kept %q", change.Call.IdentitySaid)
		}
	}
}
