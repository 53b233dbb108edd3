package test_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/simulator"
)

// inboundCall is what the API says of a call that may have come in.
type inboundCall struct {
	e2e.Call
	Direction  string  `json:"direction"`
	ContactID  *string `json:"contactId"`
	OptedOutAt *string `json:"optedOutAt"`
	CampaignID string  `json:"campaignId"`
	StirStatus *string `json:"stirStatus"`
	Identity   *struct {
		Said string `json:"said"`
	} `json:"identity"`
}

// cameIn finds the newest call from a number, once it is over and n of them are.
func cameIn(t *testing.T, api e2etest.API, number string, n int) (call inboundCall) {
	t.Helper()
	e2etest.Within(t, 30*time.Second, func() error {
		var list struct {
			Items []inboundCall `json:"items"`
		}
		if err := api.Get(t.Context(), "/api/calls?direction=inbound&status=COMPLETED&phoneNumber="+url.QueryEscape(number), &list); err != nil {
			return err
		}
		if len(list.Items) != n {
			return fmt.Errorf("%d calls from %s are over, want %d", len(list.Items), number, n)
		}
		return api.Get(t.Context(), "/api/calls/"+list.Items[0].ID, &call)
	})
	if call.Direction != "inbound" || call.Identity == nil || !strings.Contains(call.Identity.Said, "Shelf Research") {
		t.Errorf("a call from %s: %+v", number, call)
	}
	return call
}

// TestWhoCallsBackIsAnsweredAndCanBeInterviewed has people miss a call and call back: one presses 1 and takes the interview, one presses
// 9, one says so in words; the last two are not called by another campaign. A stranger is told who we are. Somebody who shows the
// number of the interviewed person takes it off nothing but the list of those who are called.
func TestWhoCallsBackIsAnsweredAndCanBeInterviewed(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		const willing, byKey, inWords, stranger = "+12125550101", "+12125550102", "+12125550103", "+12125550104"
		interview := simulator.Consents()
		interview.Replies = append([]simulator.Reply{{Digits: "1"}}, interview.Replies...)
		leaveByKey := simulator.Script{Name: "leaves by key", Replies: []simulator.Reply{{Digits: "9", Means: simulator.OptOut}}}
		leave := simulator.Script{Name: "leaves", Replies: []simulator.Reply{{Say: "Take me off your list, please.", Means: simulator.OptOut}}}
		people := map[string]simulator.Script{
			willing: {Name: "busy", Outcome: simulator.LineBusy, CallsBack: &simulator.CallBack{Script: &interview}},
			byKey:   {Name: "away", Outcome: simulator.NobodyAnswers, CallsBack: &simulator.CallBack{Script: &leaveByKey}},
			inWords: {Name: "away, too", Outcome: simulator.NobodyAnswers, CallsBack: &simulator.CallBack{Script: &leave}},
		}
		twilio := e2etest.NewSimulation(t, simulator.Config{Seed: 11, Numbers: []string{e2etest.Number}, Model: e2etest.OneClaim,
			Account: simulator.Account{VoiceURL: e2etest.PublicURL + "/api/webhooks/v1/twilio/voice#rc=5&rp=5xx,ct,rt&rt=4500&ct=2000",
				StatusURL: e2etest.PublicURL + "/api/webhooks/v1/twilio/status"},
			Pick: func(to string, _ int) simulator.Script { return people[to] }})
		settings := e2etest.DefaultSettings(databaseURL)
		server := twilio.Serve(t, settings)
		placed := server.Place(t, willing, byKey, inWords)

		held := cameIn(t, server.API, willing, 1)
		if !held.Consented() || held.ContactID == nil || held.StirStatus == nil || len(held.Recordings) != 1 {
			t.Errorf("who called back and pressed 1: %+v", held)
		}
		e2etest.Within(t, 30*time.Second, func() error {
			call := server.Call(t, held.ID)
			if len(call.Claims) == 0 {
				return fmt.Errorf("the interview came to nothing: %+v", call.Recordings)
			}
			held.Call = call
			return nil
		})
		for _, number := range []string{byKey, inWords} {
			if left := cameIn(t, server.API, number, 1); left.OptedOutAt == nil || left.ConsentGiven != nil || left.ContactID == nil || len(left.Recordings) != 0 {
				t.Errorf("who wants no more calls: %+v", left)
			}
		}
		callIn := func(from string, script simulator.Script) (sid string) {
			sid, err := twilio.CallIn(t.Context(), simulator.CallInOptions{From: from, To: e2etest.Number, Script: &script})
			if err != nil {
				t.Fatal(err)
			}
			return sid
		}
		sid := callIn(stranger, simulator.Script{Name: "listens"})
		if call := cameIn(t, server.API, stranger, 1); call.OptedOutAt != nil || call.ContactID != nil || call.ConsentGiven != nil {
			t.Errorf("the stranger: %+v", call)
		}
		if heard := heard(twilio, sid); !strings.Contains(heard, "Shelf Research") || !strings.Contains(heard, "press 9") || strings.Contains(heard, "press 1") || !strings.Contains(heard, "oodbye") {
			t.Errorf("the stranger heard %q", heard)
		}
		callIn(willing, leaveByKey) // somebody who shows the number
		if call := cameIn(t, server.API, willing, 2); call.OptedOutAt == nil || len(call.Recordings) != 0 {
			t.Errorf("the spoofed call: %+v", call)
		}
		twilio.AwaitSettled(t, server.API)

		var after inboundCall
		if err := server.Get(t.Context(), "/api/calls/"+held.ID, &after); err != nil || !after.Consented() || len(after.Recordings) != 1 || after.Recordings[0].Status != held.Recordings[0].Status ||
			len(after.Claims) != len(held.Claims) || after.OptedOutAt != nil || after.Identity == nil || after.PhoneNumber != willing {
			t.Errorf("the interview, after somebody showed its number: %+v, %v", after, err)
		}
		for n, want := range []string{"BUSY", "NO_ANSWER", "NO_ANSWER"} {
			var first inboundCall
			if err := server.Get(t.Context(), "/api/calls/"+placed[n].ID, &first); err != nil || first.Direction != "outbound" || first.Status != want || first.ConsentGiven != nil {
				t.Errorf("the call that was missed: %+v, %v", first, err)
			}
		}
		// Calls that came in are not those of the campaign.
		var stats struct {
			Calls        struct{ Created, Ended int }
			InboundCalls struct{ Created, Ended, Interviews, OptedOut int }
		}
		if err := server.Get(t.Context(), "/api/stats?campaignId="+held.CampaignID, &stats); err != nil || stats.Calls.Created != 3 || stats.Calls.Ended != 3 ||
			stats.InboundCalls.Created != 5 || stats.InboundCalls.Ended != 5 || stats.InboundCalls.Interviews != 1 || stats.InboundCalls.OptedOut != 3 {
			t.Errorf("%+v, %v", stats, err)
		}
		// Nobody on the list is called, by another campaign neither: they are refused by name.
		again, err := server.CreateCampaign(t.Context(), "", e2etest.Campaign)
		if err != nil {
			t.Fatal(err)
		}
		for _, number := range []string{willing, byKey, inWords} {
			if _, err := server.Client.Place(t.Context(), again, "", []string{number}); err == nil || !strings.Contains(err.Error(), "DO_NOT_CALL") {
				t.Errorf("another campaign may call %s: %v", number, err)
			}
		}
		calls, err := server.Client.Place(t.Context(), again, "", []string{stranger}) // who only listened may be called
		if err != nil {
			t.Fatal(err)
		}
		server.AwaitCall(t, calls[0].ID, e2etest.HasStatus("COMPLETED"))
		twilio.AwaitSettled(t, server.API)
		rang := map[string]int{}
		for _, truth := range twilio.Truths() {
			if truth.Direction != "inbound" {
				rang[truth.To]++
			}
		}
		if rang[willing] != 1 || rang[byKey] != 1 || rang[inWords] != 1 || rang[stranger] != 1 {
			t.Errorf("phones rang %v", rang)
		}
		e2etest.Verified(t, settings)
	})
}

// heard is what the person on a call was told.
func heard(twilio *e2etest.Simulation, sid string) string {
	truths := twilio.Truths()
	n := slices.IndexFunc(truths, func(truth simulator.Truth) bool { return truth.CallSid == sid })
	if n < 0 {
		return ""
	}
	var said []string
	for _, line := range truths[n].Lines {
		if line.Speaker == simulator.Agent {
			said = append(said, line.Text)
		}
	}
	return strings.Join(said, " ")
}
