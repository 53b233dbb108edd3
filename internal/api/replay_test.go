package api_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

func TestReplayIsAnsweredByWhatCameOfIt(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.campaign("ACTIVE")
		s.do("POST", "/api/campaigns/"+campaign+"/calls", `{"phoneNumbers":["+15551234567"]}`).want(202)
		call := s.get("/api/calls").want(200).list(t, "items")[0].text("id")
		decided := errors.New("no idea")
		p := store.NewProcessor(s.store, func(call interview.Call, e *inbox.Event) (interview.Change, inbox.Reply, error) {
			if decided != nil {
				return interview.Change{}, inbox.Reply{}, decided
			}
			return interview.Change{Call: call}, inbox.Reply{Status: 200, ContentType: "application/json", Body: []byte(`{"success":true}`)}, call.Bind(e.AccountSid, e.CallSid)
		})
		h := httptest.NewServer(api.New(api.Config{Store: s.store, AdminToken: token, Replay: p.Replay, TryReplay: p.TryReplay}))
		defer h.Close()
		s.url = h.URL
		if _, err := p.Process(t.Context(), &inbox.Event{ID: "CA1:voice", Kind: inbox.KindVoice, Subject: call, CallSid: "CA1",
			Target: "/voice?callId=" + call, Body: []byte("CallSid=CA1"), ReceivedAt: time.Now()}); err == nil {
			t.Fatal("the event did not fail")
		}
		path := "/api/webhooks/" + s.get("/api/webhooks?outcome=failed").want(200).list(t, "items")[0].text("id") + "/replay"
		keys := "id eventId kind callId was outcome webhookId reply"

		check := func(status int, outcome, body string) object {
			t.Helper()
			r := s.do("POST", path, body)
			if r.status != status || !strings.Contains(r.text, `"outcome":"`+outcome+`"`) {
				t.Fatalf("answered %d %s, want %d %s", r.status, r.text, status, outcome)
			}
			if status >= 400 {
				return nil
			}
			o := r.want(status)
			o.keys(t, keys)
			return o
		}
		try := func(outcome, body string) object {
			t.Helper()
			o := s.do("POST", path, body).want(200)
			if o["outcome"] != outcome || o["dryRun"] != true {
				t.Errorf("%s would be %v, want %s", body, o, outcome)
			}
			return o
		}
		if would := try("failed", `{"dryRun":true}`); would["error"] == nil || would["reply"] != nil {
			t.Errorf("%v", would)
		}
		check(500, "failed", "")
		decided = inbox.Refuse(409, "Call mismatch")
		check(409, "refused", `{"requestedBy":"ann"}`)
		decided = nil
		if would := try("accepted", `{"dryRun":true}`); would["reply"] == nil || would["webhookId"] != nil {
			t.Errorf("%v", would)
		}
		if n := len(s.get("/api/webhooks?outcome=accepted").want(200).list(t, "items")); n != 0 {
			t.Errorf("a dry run has %d events accepted", n)
		}
		first := check(200, "accepted", `{"requestedBy":"ann","reason":"repaired"}`)
		if twin := check(200, "duplicate", `{}`); twin["webhookId"] != first["webhookId"] || twin["reply"] == nil {
			t.Errorf("duplicate %v of %v", twin, first)
		}
		if would := try("duplicate", `{"dryRun":true}`); would["webhookId"] != first["webhookId"] {
			t.Errorf("%v", would)
		}
		try("forced", `{"dryRun":true,"force":true}`)
		s.do("POST", path, `{"force":true}`).want(422)
		s.do("POST", path, `{"force":1}`).want(400)
		if forced := check(200, "forced", `{"force":true,"reason":"the handler was wrong"}`); forced["webhookId"] == first["webhookId"] {
			t.Errorf("forced: %v", forced)
		}
		if n := len(s.get("/api/webhooks?outcome=forced").want(200).list(t, "items")); n != 1 {
			t.Errorf("%d forced events are listed", n)
		}
		s.do("DELETE", "/api/calls/"+call+"/personal-data", `{"requestedBy":"bob"}`).want(202)
		s.do("POST", path, `{"dryRun":true}`).wantError(410, "Payload was pruned: the event cannot be replayed")
		s.do("POST", path, "").wantError(410, "Payload was pruned: the event cannot be replayed")
		s.do("POST", "/api/webhooks/nothing/replay", "").wantError(404, "Webhook not found")
		log := s.get("/api/audit?actor=ann").want(200).list(t, "items")
		if len(log) != 2 || log[0].text("action") != "webhook.replay" || log[0].text("reason") != "repaired" {
			t.Errorf("audit log: %v", log)
		}
	})
}

func TestDeadRunsAreRetriedByFunctionAndError(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.campaign("ACTIVE")
		s.do("POST", "/api/campaigns/"+campaign+"/calls", `{"phoneNumbers":["+15551234567","+15551234568"]}`).want(202)
		s.dead()
		s.dead()
		for body, want := range map[string]float64{
			`{"dryRun":true}`: 2, `{"dryRun":true,"error":"TWILIO said"}`: 2, `{"dryRun":true,"error":"503"}`: 0,
			`{"dryRun":true,"function":"end-call"}`: 0, `{"dryRun":true,"since":"2030-01-01T00:00:00Z"}`: 0,
		} {
			r := s.do("POST", "/api/runs/retry", body)
			if r.status != 200 {
				t.Fatalf("%s: %d %s", body, r.status, r.text)
			}
			if o := r.want(200); o["matched"] != want || o["retried"] != 0.0 {
				t.Errorf("%s: %v", body, o)
			}
		}
		o := s.do("POST", "/api/runs/retry", `{"function":"orchestrate-call","limit":1,"reason":"back"}`).want(200)
		if o["matched"] != 2.0 || o["retried"] != 1.0 || len(o.list(t, "sample")) != 2 {
			t.Errorf("one of two: %v", o)
		}
		if o := s.do("POST", "/api/runs/retry", `{}`).want(200); o["retried"] != 1.0 {
			t.Errorf("the rest: %v", o)
		}
		for _, body := range []string{`{"limit":-1}`, `{"limit":100000}`} {
			s.do("POST", "/api/runs/retry", body).want(422)
		}
		s.do("POST", "/api/runs/retry", `{"functoin":"x"}`).want(400)
	})
}
