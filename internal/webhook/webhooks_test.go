package webhook

import (
	"errors"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

const (
	testCallID  = "01JABCDEF"
	testCallSid = "CA00000000000000000000000000000001"
	testAccount = "AC00000000000000000000000000000001"
)

var testTime = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

func newWebhooks() *Webhooks {
	return New(Config{URLs: interview.CallbackURLs{Base: "https://calls.example.com"}})
}

func dialed() interview.Call {
	return interview.Call{
		ID: testCallID, CampaignID: "camp", PhoneNumber: "+15551234567",
		Status: interview.CallDialing, Sequence: interview.NoSequence,
		Script: interview.Script{
			CampaignName: "Cold brew 2026", Category: "cold brew coffee",
			Questions: []string{"How many cases do you sell in a week?", "What does a case cost?"},
		},
	}
}

// event makes a signed event of testCallID. Parameters come as name, value, …
func event(kind inbox.Kind, parameters ...string) *inbox.Event {
	form := url.Values{"CallSid": {testCallSid}, "AccountSid": {testAccount}}
	for i := 0; i+1 < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	return &inbox.Event{
		Kind: kind, Source: inbox.SourceWebhook, Subject: testCallID,
		AccountSid: form.Get("AccountSid"), CallSid: form.Get("CallSid"),
		Form: form, Query: url.Values{"callId": {testCallID}}, ReceivedAt: testTime,
	}
}

func asking(n string, e *inbox.Event) *inbox.Event {
	e.Query.Set("attempt", n)
	return e
}

func decide(t *testing.T, call interview.Call, e *inbox.Event) (interview.Change, inbox.Reply) {
	t.Helper()
	change, reply, err := newWebhooks().Decide(call, e)
	if err != nil {
		t.Fatalf("%s event: %v", e.Kind, err)
	}
	return change, reply
}

func wantRefusal(t *testing.T, err error, status int, reason string) {
	t.Helper()
	var refusal *inbox.Refusal
	if !errors.As(err, &refusal) || refusal.Status != status || refusal.Reason != reason {
		t.Errorf("got %v, want a refusal with %d %q", err, status, reason)
	}
}

var allKinds = []inbox.Kind{inbox.KindVoice, KindConsent, inbox.KindStatus, inbox.KindRecording, KindAMD, KindAnswer}

func anyEvent(kind inbox.Kind) *inbox.Event {
	e := event(kind, "CallStatus", "in-progress", "SpeechResult", "yes", "AnsweredBy", "machine_start",
		"RecordingSid", "RE1", "RecordingStatus", "completed", "RecordingUrl", "https://api.twilio.com/RE1")
	e.Query.Set("step", "1")
	return e
}

func TestForeignCallSidChangesNothing(t *testing.T) {
	for _, kind := range allKinds {
		call := dialed()
		call.TwilioSid, call.AccountSid = "CAother", testAccount
		change, reply, err := newWebhooks().Decide(call, anyEvent(kind))
		wantRefusal(t, err, 409, "Call mismatch")
		if !reflect.DeepEqual(change, interview.Change{}) || reply.Body != nil {
			t.Errorf("%s: a refused event changed %+v, answered %s", kind, change, reply.Body)
		}

		call.TwilioSid, call.AccountSid = testCallSid, "ACother"
		_, _, err = newWebhooks().Decide(call, anyEvent(kind))
		wantRefusal(t, err, 409, "Call mismatch")
	}
}

func TestUnknownAccountChangesNothing(t *testing.T) {
	w := New(Config{Accounts: []string{"ACours"}})
	_, _, err := w.Decide(dialed(), anyEvent(inbox.KindVoice))
	wantRefusal(t, err, 409, "Call mismatch")

	w = New(Config{Accounts: []string{"ACours", testAccount}})
	if _, _, err = w.Decide(dialed(), anyEvent(inbox.KindVoice)); err != nil {
		t.Errorf("our own account: %v", err)
	}
}

func TestFirstEventBindsWhateverItsKind(t *testing.T) {
	for _, kind := range allKinds {
		change, _ := decide(t, dialed(), anyEvent(kind))
		if change.Call.TwilioSid != testCallSid || change.Call.AccountSid != testAccount {
			t.Errorf("%s bound the call to %q of %q", kind, change.Call.TwilioSid, change.Call.AccountSid)
		}
	}
}

func TestDecisionWritesThroughNoPointerOfItsInput(t *testing.T) {
	for _, kind := range allKinds {
		at, duration := testTime.Add(time.Hour), 1
		call := dialed()
		call.StartedAt, call.CompletedAt, call.ConsentAt, call.Duration = &at, &at, &at, &duration
		before := at
		e := anyEvent(kind)
		e.Form.Set("CallDuration", "60")
		decide(t, call, e)
		e.Form.Set("CallStatus", "completed")
		decide(t, call, e)
		if at != before || duration != 1 {
			t.Errorf("%s changed the call that it was given", kind)
		}
	}
}

func TestSameInputGivesSameBytes(t *testing.T) {
	for _, kind := range allKinds {
		firstChange, first := decide(t, dialed(), anyEvent(kind))
		for range 20 {
			change, reply := decide(t, dialed(), anyEvent(kind))
			if !reflect.DeepEqual(reply, first) || !reflect.DeepEqual(change, firstChange) {
				t.Fatalf("%s decided differently the second time:\n%s\n%s", kind, first.Body, reply.Body)
			}
		}
	}
}

func TestUnknownKindIsAnErrorAndNoRefusal(t *testing.T) {
	var refusal *inbox.Refusal
	if _, _, err := newWebhooks().Decide(dialed(), event("fax")); err == nil || errors.As(err, &refusal) {
		t.Errorf("Decide: %v, want an error that is no refusal", err)
	}
	if _, _, err := Identify("fax", event("fax").Form, event("fax").Query); err == nil || errors.As(err, &refusal) {
		t.Errorf("Identify: %v, want an error that is no refusal", err)
	}
}

func TestKindsWithoutScriptDecideTheSameForAnyScript(t *testing.T) {
	parameters := map[inbox.Kind][][]string{
		inbox.KindStatus: {
			{"CallStatus", "ringing", "SequenceNumber", "1"},
			{"CallStatus", "completed", "SequenceNumber", "3", "CallDuration", "42"},
			{"CallStatus", "failed", "SequenceNumber", "3", "ErrorCode", "21217", "ErrorMessage", "no such number"},
		},
		inbox.KindRecording: {
			{"RecordingSid", "RE1", "RecordingStatus", "completed", "RecordingUrl", "https://api.twilio.com/RE1", "RecordingDuration", "40"},
			{"RecordingSid", "RE1", "RecordingStatus", "absent", "RecordingUrl", "https://api.twilio.com/RE1"},
		},
		KindAMD: {{"AnsweredBy", "human"}, {"AnsweredBy", "machine_start"}},
	}
	calls := []interview.Call{dialed(), dialed(), dialed(), dialed()}
	calls[1].Status, calls[1].Consent = interview.CallInProgress, interview.ConsentGiven
	calls[2].Status, calls[2].Consent = interview.CallInProgress, interview.ConsentRefused
	calls[3].Status, calls[3].Script.AnswerMode = interview.CallCompleted, interview.AnswerGather
	for _, kind := range V1(interview.CallbackURLs{}).WithoutScript {
		if len(parameters[kind]) == 0 {
			t.Errorf("no event of kind %s is tried", kind)
		}
		for _, p := range parameters[kind] {
			for i, call := range calls {
				said, saidReply := decide(t, call, event(kind, p...))
				call.Script = interview.Script{}
				silent, silentReply := decide(t, call, event(kind, p...))
				said.Call.Script = interview.Script{}
				if !reflect.DeepEqual(said, silent) || !reflect.DeepEqual(saidReply, silentReply) {
					t.Errorf("%s %v, call %d: %+v %q, but without its script %+v %q", kind, p, i, said, saidReply.Body, silent, silentReply.Body)
				}
			}
		}
	}
}
