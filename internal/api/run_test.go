package api_test

import (
	"errors"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store"
)

const runKeys = "id function key state args cause attempts attemptsAllowed lastError notBefore createdAt startedAt finishedAt"

// dead makes the newest run of the ledger a dead one and returns its id.
func (s *server) dead() string {
	s.t.Helper()
	runs, err := s.store.Runs(s.t.Context(), store.RunFilter{State: interview.RunWaiting}, store.Page{Limit: 1})
	if err != nil || len(runs.Items) == 0 {
		s.t.Fatal(runs, err)
	}
	run, started, err := s.store.StartRun(s.t.Context(), runs.Items[0].ID)
	if err := errors.Join(err, s.store.FailRun(s.t.Context(), run, "Twilio said no")); err != nil || started != jobs.RunStarted {
		s.t.Fatal(started, err)
	}
	return run.ID
}

func TestDeadRunIsListedAndRetriedOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.campaign("ACTIVE")
		s.do("POST", "/api/campaigns/"+campaign+"/calls", `{"phoneNumbers":["+15551234567","+15551234568","+15551234569"]}`).want(202)
		id := s.dead()

		first := s.get("/api/runs?limit=2").want(200)
		rest := s.get("/api/runs?limit=2&cursor=" + first.text("next")).want(200)
		all := append(first.list(t, "items"), rest.list(t, "items")...)
		if len(all) != 3 || rest["next"] != nil || all[0].text("id") != id {
			t.Fatalf("runs: %v", all)
		}
		all[1].keys(t, runKeys)
		failed := s.get("/api/runs?function=orchestrate-call&state=failed").want(200).list(t, "items")
		if len(failed) != 1 || failed[0].text("id") != id || failed[0].text("lastError") != "Twilio said no" {
			t.Errorf("failed runs: %v", failed)
		}
		if none := s.get("/api/runs?function=end-call").want(200).list(t, "items"); len(none) != 0 {
			t.Errorf("runs of another function: %v", none)
		}

		run := s.get("/api/runs/" + id).want(200)
		run.keys(t, runKeys)
		args, _ := run["args"].(map[string]any)
		if args["callId"] != run["key"] || len(args) != 1 || run.text("cause") != "api" || run["attempts"] != 1.0 || run["finishedAt"] == nil {
			t.Errorf("run: %v", run)
		}
		again := s.do("POST", "/api/runs/"+id+"/retry", "").want(202)
		if again.text("state") != "waiting" || again["attempts"] != 1.0 || again["attemptsAllowed"] != 5.0 || again["key"] != run["key"] || again["finishedAt"] != nil {
			t.Errorf("retried: %v", again)
		}
		r := s.do("POST", "/api/runs/"+id+"/retry", "")
		r.wantError(409, "Only a failed run can be retried")
		if r.header.Get("Retry-After") != "" {
			t.Error("to wait would not help")
		}
		s.get("/api/runs/nothing").wantError(404, "Run not found")
		s.do("POST", "/api/runs/nothing/retry", "").wantError(404, "Run not found")
		s.get("/api/runs?state=dead").wantError(400, "state must be waiting, running, done or failed")
		s.do("GET", "/api/runs", "", "Authorization").wantError(401, "Unauthorized")
		s.do("POST", "/api/runs/"+id+"/retry", "", "Authorization").wantError(401, "Unauthorized")
	})
}
