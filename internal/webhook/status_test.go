package webhook

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

func wantSuccess(t *testing.T, reply inbox.Reply) {
	t.Helper()
	if reply.Status != 200 || reply.ContentType != "application/json" || string(reply.Body) != `{"success":true}` {
		t.Errorf("answered %d %s %s", reply.Status, reply.ContentType, reply.Body)
	}
}

// statusEvents are those of a completed call, as Twilio sends them.
func statusEvents() []*inbox.Event {
	return []*inbox.Event{
		event(inbox.KindStatus, "CallStatus", "initiated", "SequenceNumber", "0", "Timestamp", "Sat, 14 Mar 2026 15:00:00 +0000"),
		event(inbox.KindStatus, "CallStatus", "ringing", "SequenceNumber", "1", "Timestamp", "Sat, 14 Mar 2026 15:00:02 +0000"),
		event(inbox.KindStatus, "CallStatus", "in-progress", "SequenceNumber", "2", "Timestamp", "Sat, 14 Mar 2026 15:00:09 +0000"),
		event(inbox.KindStatus, "CallStatus", "completed", "SequenceNumber", "3", "Timestamp", "Sat, 14 Mar 2026 15:01:40 +0000",
			"CallDuration", "91", "Duration", "2", "SipResponseCode", "200"),
	}
}

func TestCompletedRingingInitiatedLeavesCompletedWithItsDuration(t *testing.T) {
	call, events := dialed(), statusEvents()
	slices.Reverse(events)
	for _, e := range append(events, events...) {
		change, reply := decide(t, call, e)
		wantSuccess(t, reply)
		if len(change.Jobs)+len(change.Recordings) != 0 {
			t.Errorf("a status caused %+v", change)
		}
		call = change.Call
	}
	if call.Status != interview.CallCompleted || *call.Duration != 91 || call.Sequence != 3 {
		t.Errorf("the call is %s (%d) after %v seconds", call.Status, call.Sequence, *call.Duration)
	}
	start := time.Date(2026, 3, 14, 15, 0, 9, 0, time.UTC)
	if !call.StartedAt.Equal(start) || !call.CompletedAt.Equal(start.Add(91*time.Second)) {
		t.Errorf("it lasted from %v to %v", call.StartedAt, call.CompletedAt)
	}
	if call.ErrorCode != 0 || call.ErrorMessage != "" {
		t.Errorf("a completed call has error %d %q", call.ErrorCode, call.ErrorMessage)
	}
}

// The store commits whatever order the network made of the callbacks.
func TestAnyOrderOfWebhooksLeavesTheSameCall(t *testing.T) {
	events := append(statusEvents(), event(inbox.KindVoice, "CallStatus", "in-progress"), event(inbox.KindStatus, "CallStatus", "teleported"))
	var want interview.Call
	permute(events, func(order []*inbox.Event) {
		call := dialed()
		for _, e := range order {
			change, _ := decide(t, call, e)
			call = change.Call
		}
		if want.ID == "" {
			want = call
		}
		if !reflect.DeepEqual(call, want) {
			t.Errorf("another order left %+v, not %+v", call, want)
		}
	})
}

func permute[T any](items []T, visit func([]T)) {
	var place func(int)
	place = func(i int) {
		if i == len(items) {
			visit(items)
			return
		}
		for j := i; j < len(items); j++ {
			items[i], items[j] = items[j], items[i]
			place(i + 1)
			items[i], items[j] = items[j], items[i]
		}
	}
	place(0)
}

func TestUnknownStatusChangesNothing(t *testing.T) {
	call := answered()
	change, reply := decide(t, call, event(inbox.KindStatus, "CallStatus", "teleported", "CallDuration", "5"))
	wantSuccess(t, reply)
	if !reflect.DeepEqual(change.Call, call) {
		t.Errorf("changed to %+v", change.Call)
	}
}

func TestEndingsStayDistinguishable(t *testing.T) {
	for twilio, want := range map[string]interview.CallStatus{
		"busy": interview.CallBusy, "no-answer": interview.CallNoAnswer, "failed": interview.CallFailed,
		"canceled": interview.CallCanceled, "completed": interview.CallCompleted,
	} {
		change, _ := decide(t, dialed(), event(inbox.KindStatus, "CallStatus", twilio, "CallDuration", "0"))
		if change.Call.Status != want || *change.Call.Duration != 0 || !change.Call.CompletedAt.Equal(testTime) {
			t.Errorf("%s left %+v", twilio, change.Call)
		}
	}
}

func TestFailureKeepsTwiliosReason(t *testing.T) {
	for _, c := range []struct {
		parameters []string
		code       int
		message    string
	}{
		{[]string{"SipResponseCode", "404"}, 0, "SIP response 404"},
		{[]string{"ErrorCode", "13224", "SipResponseCode", "404"}, 13224, "SIP response 404"},
		{[]string{"ErrorCode", "13224", "ErrorMessage", "invalid number"}, 13224, "invalid number"},
		{[]string{"ErrorCode", "unheard of"}, 0, ""},
	} {
		change, _ := decide(t, dialed(), event(inbox.KindStatus, append(c.parameters, "CallStatus", "failed")...))
		if change.Call.ErrorCode != c.code || change.Call.ErrorMessage != c.message {
			t.Errorf("%q kept %d %q", c.parameters, change.Call.ErrorCode, change.Call.ErrorMessage)
		}
	}
	completed := answered()
	completed.Status = interview.CallCompleted
	change, _ := decide(t, completed, event(inbox.KindStatus, "CallStatus", "failed", "SipResponseCode", "404"))
	if change.Call.ErrorMessage != "" {
		t.Errorf("a failure after the completion left %q", change.Call.ErrorMessage)
	}
}

func TestOddNumbersAndTimesFailNoWebhook(t *testing.T) {
	for _, odd := range []string{"", " ", "x", "-1", "1.5", "99999999999", "9223372036854775808", "1e3", "+5"} {
		change, reply := decide(t, dialed(), event(inbox.KindStatus, "CallStatus", "completed",
			"CallDuration", odd, "SequenceNumber", odd, "Timestamp", odd))
		wantSuccess(t, reply)
		if c := change.Call; c.Duration != nil || c.Sequence != interview.NoSequence || !c.CompletedAt.Equal(testTime) {
			t.Errorf("%q was read as duration %v, sequence %d, time %v", odd, c.Duration, c.Sequence, c.CompletedAt)
		}
	}
}
