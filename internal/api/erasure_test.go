package api_test

import (
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// over queues a call, says something in it and hangs up.
func (s *server) over(campaign string) string {
	s.t.Helper()
	id := s.queue(campaign, "+15550000001")[0]
	p := store.NewProcessor(s.store, func(c interview.Call, e *inbox.Event) (interview.Change, inbox.Reply, error) {
		c.TwilioSid, c.Status, c.Consent = e.CallSid, interview.CallCompleted, interview.ConsentGiven
		return interview.Change{
			Call:       c,
			Recordings: []interview.Recording{{Sid: "RE1", CallID: c.ID, Status: interview.RecordingCompleted, URL: "https://media/RE1"}},
			Utterances: []interview.Utterance{{CallID: c.ID, Position: 1, Speaker: interview.SpeakerCallee, Text: "marmalade"}},
		}, inbox.Reply{Body: []byte("ok")}, nil
	})
	deliver(s.t, p, "status", "CA1", id, "CallStatus=completed&To=%2B15550000001")
	return id
}

func TestErasedCallNamesNobody(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		id := s.over(s.campaign("ACTIVE"))
		path := "/api/calls/" + id + "/personal-data"
		first := s.do("DELETE", path, `{"requestedBy":" dpo@example.com ","reason":"article 17"}`)
		done := first.want(202)
		done.keys(t, "callId erasedAt requestedBy reason erased pending")
		if done.text("callId") != id || done.text("requestedBy") != "dpo@example.com" || done.text("reason") != "article 17" {
			t.Errorf("%v", done)
		}
		for _, what := range []string{`"recordings":1`, `"utterances":1`, `"claims":0`, `"webhooks":1`} {
			if !strings.Contains(first.text, what) {
				t.Errorf("no %s in %s", what, first.text)
			}
		}
		if again := s.do("DELETE", path, "", "X-Requested-By: somebody else"); again.status != 202 || again.text != first.text {
			t.Errorf("the second time: %d %s", again.status, again.text)
		}

		shown := s.get("/api/calls/" + id)
		c := shown.want(200)
		if c["phoneNumber"] != "" || c["transcript"] != nil || c["consentGiven"] != false || c["erasedAt"] != done["erasedAt"] {
			t.Errorf("%v", c)
		}
		if !strings.Contains(shown.text, `"erasure":`+strings.TrimSpace(first.text)) {
			t.Errorf("who asked is not shown: %s", shown.text)
		}
		event := c.list(t, "events")[0]
		for _, path := range []string{"/api/calls", "/api/calls/" + id, "/api/webhooks/" + event.text("id")} {
			if text := s.get(path).text; strings.Contains(text, "5550000001") || strings.Contains(text, "marmalade") || strings.Contains(text, "https://media") {
				t.Errorf("%s still says %s", path, text)
			}
		}
	})
}

func TestErasureWithoutRequesterOrCallIsRefused(t *testing.T) {
	s := onSQLite(t)
	campaign := s.campaign("ACTIVE")
	id := s.over(campaign)
	path := "/api/calls/" + id + "/personal-data"
	for _, body := range []string{"", `{}`, `{"requestedBy":"  "}`, `{"reason":"because"}`} {
		if r := s.do("DELETE", path, body); r.status != 422 || !strings.Contains(r.text, "requestedBy must not be empty") {
			t.Errorf("%q: %d %s", body, r.status, r.text)
		}
	}
	if r := s.do("DELETE", path, `{"requestedBy":"`+strings.Repeat("x", 201)+`"}`); r.status != 422 {
		t.Errorf("a long name: %d", r.status)
	}
	if r := s.do("DELETE", path, `{"requestedBy":"me","all":true}`); r.status != 400 {
		t.Errorf("an unknown field: %d", r.status)
	}
	if c := s.get("/api/calls/" + id).want(200); c["erasedAt"] != nil || c["phoneNumber"] == "" {
		t.Errorf("a refused request erased: %v", c)
	}
	s.do("DELETE", "/api/calls/nothing/personal-data", "", "X-Requested-By: me").wantError(404, "Call not found")
}

func TestCampaignKeepsItsAnswerMode(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		c := s.do("POST", "/api/campaigns", `{"name":"Shelves","answerMode":"gather"}`).want(201)
		path := "/api/campaigns/" + c.text("id")
		if c["answerMode"] != "gather" || s.get(path).want(200)["answerMode"] != "gather" {
			t.Errorf("%v", c)
		}
		if c := s.do("PATCH", path, `{"name":"Other"}`).want(200); c["answerMode"] != "gather" {
			t.Errorf("after another change: %v", c)
		}
		if c := s.do("PATCH", path, `{"answerMode":"pause"}`).want(200); c["answerMode"] != "pause" {
			t.Errorf("after a change: %v", c)
		}
		if c := s.do("POST", "/api/campaigns", `{"name":"Plain"}`).want(201); c["answerMode"] != "pause" {
			t.Errorf("by default: %v", c)
		}
		for _, r := range []reply{
			s.do("POST", "/api/campaigns", `{"name":"Shelves","answerMode":"telepathy"}`), s.do("PATCH", path, `{"answerMode":""}`),
		} {
			if r.status != 422 || !strings.Contains(r.text, "must be pause or gather") {
				t.Errorf("%d %s", r.status, r.text)
			}
		}
	})
}
