package test_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
)

// dialing is a way in which Twilio answers the creation of a call, and what must come of it.
type dialing struct {
	name    string
	answers []e2etest.CreateAnswer
	// status is the call's in the end, requests how often Twilio was asked, placed how many phones rang.
	status           string
	requests, placed int
	// history is what the call's history says of the dialling.
	history map[string]int
	// code is Twilio's error, kept with the call.
	code int
}

var dialings = []dialing{
	{name: "created", answers: []e2etest.CreateAnswer{e2etest.Creates},
		status: "DIALING", requests: 1, placed: 1, history: map[string]int{"dial.intent": 1, "dial.accepted": 1}},
	{name: "500 before creating", answers: []e2etest.CreateAnswer{e2etest.Fails, e2etest.Creates},
		status: "DIAL_UNKNOWN", requests: 1, placed: 0, history: map[string]int{"dial.intent": 1, "dial.unknown": 1}},
	{name: "500 after creating", answers: []e2etest.CreateAnswer{e2etest.FailsAfterCreating, e2etest.Creates},
		status: "DIAL_UNKNOWN", requests: 1, placed: 1, history: map[string]int{"dial.intent": 1, "dial.unknown": 1}},
	{name: "connection lost after creating", answers: []e2etest.CreateAnswer{e2etest.DropsAfterCreating, e2etest.Creates},
		status: "DIAL_UNKNOWN", requests: 1, placed: 1, history: map[string]int{"dial.intent": 1, "dial.unknown": 1}},
	{name: "429, then created", answers: []e2etest.CreateAnswer{e2etest.Throttles, e2etest.Creates},
		status: "DIALING", requests: 2, placed: 1, history: map[string]int{"dial.intent": 2, "dial.postponed": 1, "dial.accepted": 1}},
	{name: "refused", answers: []e2etest.CreateAnswer{e2etest.RefusesNumber, e2etest.Creates},
		status: "FAILED", requests: 1, placed: 0, history: map[string]int{"dial.intent": 1, "dial.refused": 1}, code: 21211},
	{name: "201 without a CallSid", answers: []e2etest.CreateAnswer{e2etest.ForgetsSid, e2etest.Creates},
		status: "DIAL_UNKNOWN", requests: 1, placed: 1, history: map[string]int{"dial.intent": 1, "dial.unknown": 1}},
	{name: "proxy's 404 after creating", answers: []e2etest.CreateAnswer{e2etest.HidesBehindProxy, e2etest.Creates},
		status: "DIAL_UNKNOWN", requests: 1, placed: 1, history: map[string]int{"dial.intent": 1, "dial.unknown": 1}},
	// The client gives up after 30 s.
	{name: "timeout after creating", answers: []e2etest.CreateAnswer{e2etest.HangsAfterCreating, e2etest.Creates},
		status: "DIAL_UNKNOWN", requests: 1, placed: 1, history: map[string]int{"dial.intent": 1, "dial.unknown": 1}},
}

// TestNobodyIsCalledTwiceWhateverTwilioAnswers lets Twilio answer the creation of calls in every way that leaves a doubt.
func TestNobodyIsCalledTwiceWhateverTwilioAnswers(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabaseAndEngine(t, func(t *testing.T, settings e2etest.Settings) {
		twilio := e2etest.NewTwilio(t)
		var numbers []string
		for n, d := range dialings {
			numbers = append(numbers, fmt.Sprintf("+1555000200%d", n))
			twilio.Answer(numbers[n], d.answers...)
		}
		server := twilio.Serve(t, settings)
		calls := server.Place(t, numbers...)
		for n, d := range dialings {
			t.Log(d.name)
			call := server.AwaitCall(t, calls[n].ID, e2etest.HasStatus(d.status))
			d.judge(t, call, twilio)
			if d.status == "DIAL_UNKNOWN" {
				resolve(t, server, call, twilio)
			}
		}
		// Time enough has passed for whoever would have dialled again.
		for n, d := range dialings {
			if got := len(twilio.Asked(numbers[n])); got != d.requests {
				t.Errorf("%s: Twilio was asked %d times, not %d", d.name, got, d.requests)
			}
		}
	})
}

// TestDialThatHangsDoesNotHoldUpAnotherCampaign lets Twilio say nothing to the first campaign's dial, for 30 s.
func TestDialThatHangsDoesNotHoldUpAnotherCampaign(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		const hanging, other = "+15550002100", "+15550002101"
		twilio := e2etest.NewTwilio(t)
		twilio.Answer(hanging, e2etest.HangsAfterCreating)
		server := twilio.Serve(t, e2etest.DefaultSettings(databaseURL))
		hung := server.Place(t, hanging)[0]
		e2etest.Eventually(t, func() error {
			if len(twilio.Asked(hanging)) == 0 {
				return errors.New("the first campaign's call is not dialled")
			}
			return nil
		})
		dialled := server.AwaitCall(t, server.Place(t, other)[0].ID, e2etest.HasStatus("DIALING"))
		got := server.AwaitCall(t, hung.ID, e2etest.HasStatus("DIAL_UNKNOWN"))
		if got.Happened()["dial.intent"] != 1 {
			t.Errorf("the hung dial was repeated: %v", got.History)
		}
		if !dialled.When("dial.accepted").Before(got.When("dial.unknown")) {
			t.Errorf("the other campaign waited until the dial that hung had ended: %v, %v", dialled.History, got.History)
		}
	})
}

func (d dialing) judge(t *testing.T, call e2e.Call, twilio *e2etest.Twilio) {
	t.Helper()
	if got := len(twilio.Asked(call.PhoneNumber)); got != d.requests {
		t.Errorf("%s: Twilio was asked %d times, not %d", d.name, got, d.requests)
	}
	if got := len(twilio.Placed(call.PhoneNumber)); got != d.placed {
		t.Errorf("%s: the phone rang %d times, not %d", d.name, got, d.placed)
	}
	happened := call.Happened()
	for what, want := range d.history {
		if happened[what] != want {
			t.Errorf("%s: the history says %s %d times, not %d: %v", d.name, what, happened[what], want, call.History)
		}
	}
	switch {
	case d.code == 0:
	case call.ErrorCode == nil || call.ErrorMessage == nil || *call.ErrorCode != d.code || *call.ErrorMessage == "":
		t.Errorf("%s: Twilio's error is not kept: %v", d.name, call.ErrorCode)
	}
}

// resolve lets the first signed callback say that the call is there after all.
func resolve(t *testing.T, server *e2etest.Server, call e2e.Call, twilio *e2etest.Twilio) {
	t.Helper()
	placed := twilio.Placed(call.PhoneNumber)
	if len(placed) == 0 {
		return
	}
	l := line{server, t, "/api/webhooks/twilio/", call.ID, placed[0].Sid}
	l.want(l.webhook("status", "CallStatus", "ringing", "SequenceNumber", "1"), 200, success)
	if got := l.Status("RINGING"); got.TwilioSid != l.sid {
		t.Errorf("the callback bound the call to %q, not %q", got.TwilioSid, l.sid)
	}
}
