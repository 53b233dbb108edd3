package interview

import (
	"slices"
	"testing"
	"time"
)

func TestWithheldNumberIsNoNumber(t *testing.T) {
	for from, want := range map[string]string{
		"+15551234567": "+15551234567", " +15551234567": "+15551234567", "": "", "anonymous": "", "+266696687": "", "+7378742833": "", "+2562533": "",
		"+8656696": "", "+86282452253": "", "+7748283": "", "Anonymous": "", "sip:ann@example.com": "", "client:ann": "", "5551234567": "",
	} {
		if got := CallerNumber(from); got != want {
			t.Errorf("%q is the number %q, want %q", from, got, want)
		}
	}
}

func TestIdentityIsKeptOnce(t *testing.T) {
	var c Call
	first := time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)
	c.SayIdentity("", first)
	if c.IdentitySaidAt != nil {
		t.Error("nothing was said, and it is kept")
	}
	c.SayIdentity("This is Bread & Data.", first)
	c.SayIdentity("This is somebody else.", first.Add(time.Second))
	if c.IdentitySaid != "This is Bread & Data." || !c.IdentitySaidAt.Equal(first) {
		t.Errorf("kept %q at %v", c.IdentitySaid, c.IdentitySaidAt)
	}
}

func TestQuestionsWithVariablesAreLeftOut(t *testing.T) {
	asked := WithoutVariables([]string{"What does bread cost?", "Hello {{ name }}, how are you?"})
	if !slices.Equal(asked, []string{"What does bread cost?"}) {
		t.Errorf("left %q", asked)
	}
}

// Nobody detects who picked up where nobody was called, and Twilio tells of the end of a call to us only if the number is set up so.
func TestInboundCallWaitsForItsEndAlone(t *testing.T) {
	now := time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)
	d := DefaultDeadlines()
	c := Call{Direction: DirectionInbound, Status: CallRinging, CreatedAt: now}
	if what, due, ok := c.NextDue(d, Known{}, now); !ok || what != OverdueEnd || !due.Equal(now.Add(d.End)) {
		t.Errorf("waits for %q until %v, %t", what, due, ok)
	}
	c.Status, c.StartedAt = CallInProgress, &now
	if what, due, ok := c.NextDue(d, Known{}, now); !ok || what != OverdueEnd || !due.Equal(now.Add(d.End)) {
		t.Errorf("waits for %q until %v, %t", what, due, ok)
	}
}
