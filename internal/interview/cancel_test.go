package interview

import (
	"testing"
	"time"
)

func TestCancelEndsWhatTwilioDoesNotHaveAndAsksForTheRest(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	before := at.Add(-time.Minute)
	for _, tc := range []struct {
		name      string
		call      Call
		status    CallStatus
		requested bool
		job       bool
	}{
		{"queued", Call{Status: CallQueued}, CallCanceled, false, false},
		{"its dial is under way", Call{Status: CallQueued, DialedAt: &before}, CallQueued, true, false},
		{"its outcome is unknown", Call{Status: CallDialUnknown, DialedAt: &before}, CallDialUnknown, true, false},
		{"a callback was faster than Twilio's answer", Call{Status: CallQueued, DialedAt: &before, TwilioSid: "CA1"}, CallQueued, true, true},
		{"dialling", Call{Status: CallDialing, DialedAt: &before, TwilioSid: "CA1"}, CallDialing, true, true},
		{"ringing", Call{Status: CallRinging, DialedAt: &before, TwilioSid: "CA1"}, CallRinging, true, true},
		{"in progress", Call{Status: CallInProgress, DialedAt: &before, TwilioSid: "CA1"}, CallInProgress, true, true},
		{"over", Call{Status: CallBusy, DialedAt: &before, TwilioSid: "CA1", CompletedAt: &before}, CallBusy, false, false},
	} {
		c := tc.call
		c.RequestCancel(at, CancelRequested)
		_, job := c.CancelJob()
		if c.Status != tc.status || (c.CancelRequestedAt != nil) != tc.requested || job != tc.job || c.Canceling() != tc.requested {
			t.Errorf("%s: %+v, job %v", tc.name, c, job)
		}
		if c.Status.Terminal() && c.CompletedAt == nil {
			t.Errorf("%s: no end", tc.name)
		}
		again := c
		again.RequestCancel(at.Add(time.Hour), CancelErased)
		if again.Status != c.Status || again.CancelRequestedAt != c.CancelRequestedAt || again.CompletedAt != c.CompletedAt ||
			again.CancelReason != c.CancelReason {
			t.Errorf("%s: canceled again it is %+v", tc.name, again)
		}
	}
}

func TestCanceledCallBecomesOverdueSoon(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	d := DefaultDeadlines()
	c := Call{Status: CallInProgress, TwilioSid: "CA1", StartedAt: &at, DialedAt: &at, CancelRequestedAt: &at}
	if what, due, ok := c.NextDue(d, Known{}, at); !ok || what != OverdueEnd || !due.Equal(at.Add(d.Answer)) {
		t.Errorf("%s %v %v", what, due, ok)
	}
	c.Status, c.StartedAt, c.CompletedAt = CallCanceled, nil, &at
	if _, _, ok := c.NextDue(d, Known{}, at); ok {
		t.Error("something is expected of a call that was canceled before anybody answered")
	}
}

// A call that a stop ended may be made again; one that somebody canceled is not.
func TestCancelAfterAStopIsACancel(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	c := Call{Status: CallRinging, DialedAt: &at, TwilioSid: "CA1"}
	for _, step := range []struct{ why, want CancelReason }{
		{CancelStopped, CancelStopped}, {CancelRequested, CancelRequested}, {CancelStopped, CancelRequested},
	} {
		if c.RequestCancel(at, step.why); c.CancelReason != step.want {
			t.Errorf("after %s it is %s, want %s", step.why, c.CancelReason, step.want)
		}
	}
}

func TestOnlyACallThatTwilioSaysDidNotRingNeverRang(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		call Call
		want bool
	}{
		"not dialled":           {Call{Status: CallCanceled, Sequence: NoSequence}, true},
		"in Twilio's queue":     {Call{Status: CallCanceled, DialedAt: &at, TwilioSid: "CA1", Sequence: 0}, true},
		"initiated":             {Call{Status: CallCanceled, DialedAt: &at, TwilioSid: "CA1", Sequence: 1}, true},
		"rang":                  {Call{Status: CallCanceled, DialedAt: &at, TwilioSid: "CA1", Sequence: 2}, false},
		"nobody knows":          {Call{Status: CallCanceled, DialedAt: &at, TwilioSid: "CA1", Sequence: NoSequence}, false},
		"rang and was answered": {Call{Status: CallCompleted, DialedAt: &at, TwilioSid: "CA1", Sequence: 3}, false},
		"not over":              {Call{Status: CallDialing, DialedAt: &at, TwilioSid: "CA1", Sequence: 0}, false},
	} {
		if got := test.call.NeverRang(); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestStopEndsWhatNobodyHasAnsweredAndOnRequestTheRest(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		call           Call
		finish, hangup bool
	}{
		"waits for its turn":     {Call{Status: CallQueued}, false, false},
		"its dial is under way":  {Call{Status: CallQueued, DialedAt: &at}, true, true},
		"its outcome is unknown": {Call{Status: CallDialUnknown, DialedAt: &at}, true, true},
		"dialling":               {Call{Status: CallDialing, DialedAt: &at, TwilioSid: "CA1"}, true, true},
		"ringing":                {Call{Status: CallRinging, DialedAt: &at, TwilioSid: "CA1"}, true, true},
		"in progress":            {Call{Status: CallInProgress, DialedAt: &at, TwilioSid: "CA1"}, false, true},
		"over":                   {Call{Status: CallCompleted, DialedAt: &at, TwilioSid: "CA1"}, false, false},
	} {
		if got := (Stop{Mode: StopFinish}).Ends(test.call); got != test.finish {
			t.Errorf("%s: finish ends it: %t", name, got)
		}
		if got := (Stop{Mode: StopHangUp}).Ends(test.call); got != test.hangup {
			t.Errorf("%s: hang up ends it: %t", name, got)
		}
	}
}
