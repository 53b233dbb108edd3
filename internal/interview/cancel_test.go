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
		c.RequestCancel(at)
		_, job := c.CancelJob()
		if c.Status != tc.status || (c.CancelRequestedAt != nil) != tc.requested || job != tc.job || c.Canceling() != tc.requested {
			t.Errorf("%s: %+v, job %v", tc.name, c, job)
		}
		if c.Status.Terminal() && c.CompletedAt == nil {
			t.Errorf("%s: no end", tc.name)
		}
		again := c
		again.RequestCancel(at.Add(time.Hour))
		if again.Status != c.Status || again.CancelRequestedAt != c.CancelRequestedAt || again.CompletedAt != c.CompletedAt {
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
