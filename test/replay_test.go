package test_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// outside changes the database beside a running server.
type outside struct {
	t *testing.T
	*store.Store
}

func (o outside) exec(statement string) {
	o.t.Helper()
	storetest.Exec(o.t, o, statement)
}

// breakHandlers makes every webhook fail when its event is to be kept, and says how to mend that.
func (o outside) breakHandlers() (mend string) {
	o.t.Helper()
	if o.Postgres() != nil {
		o.exec(`ALTER TABLE webhook_events ADD CONSTRAINT broken CHECK (outcome <> 'accepted') NOT VALID`)
		return `ALTER TABLE webhook_events DROP CONSTRAINT broken`
	}
	o.exec(`CREATE TRIGGER broken BEFORE INSERT ON webhook_events WHEN NEW.outcome = 'accepted' BEGIN SELECT RAISE(ABORT, 'broken'); END`)
	return `DROP TRIGGER broken`
}

// replayReport is what iagent replay --json prints.
type replayReport struct {
	DryRun bool
	Rows   []struct{ ID, EventID, Verdict string }
	Counts map[string]int
}

// TestFailedWebhooksAreReplayedAndDeadRunsRetried breaks the handling of 50 webhooks, repairs it and replays them from the command
// line beside the server; then 500 dead runs are retried in one go.
func TestFailedWebhooksAreReplayedAndDeadRunsRetried(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		settings := e2etest.DefaultSettings(databaseURL).With("RECONCILE_EVERY", "0").Without("TWILIO_PHONE_NUMBER")
		server := e2etest.Serve(t, settings)
		const failing, dead = 50, 500
		var numbers []string
		for n := range dead + failing {
			numbers = append(numbers, fmt.Sprintf("+1555%07d", 4000+n))
		}
		calls := server.Place(t, numbers...)
		s, err := store.Open(t.Context(), databaseURL, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		beside := outside{t, s}

		mend := beside.breakHandlers()
		fail := func() replayReport {
			for n, call := range calls[:failing] {
				answer := server.Send(t, e2etest.Webhook{Target: "/api/webhooks/twilio/status?callId=" + call.ID, Form: url.Values{
					"CallSid": {sid(n)}, "AccountSid": {e2etest.Account}, "CallStatus": {"busy"}, "SequenceNumber": {"2"}}})
				if answer.Status != 500 {
					t.Fatalf("webhook %d: %d %s", n, answer.Status, answer.Body)
				}
			}
			return replay(t, settings, 0)
		}
		broken := fail()
		// On a busy machine there may be no time left, before the answer, to keep a failure. Whoever sends it again has it kept.
		for again := 0; again < 5 && len(broken.Rows) < failing; again++ {
			broken = fail()
		}
		if len(broken.Rows) != failing || broken.Counts["failed"] != failing {
			t.Fatalf("while it is broken: %+v", broken.Counts)
		}
		beside.exec(mend)
		if dry := replay(t, settings, 0); !dry.DryRun || dry.Counts["accepted"] != failing {
			t.Fatalf("dry run: %+v", dry.Counts)
		}
		if c := server.Call(t, calls[0].ID); c.Status != "QUEUED" {
			t.Errorf("a dry run has changed a call: %s", c.Status)
		}
		// One by the API, of which a duplicate is answered as it was the first time.
		first := broken.Rows[0]
		for _, want := range []string{"accepted", "duplicate"} {
			var got struct{ Outcome, EventID string }
			status, err := server.Client.Do(t.Context(), "POST", "/api/webhooks/"+first.ID+"/replay", "", json.RawMessage(`{"requestedBy":"ann","reason":"repaired"}`), &got)
			if err != nil || status != 200 || got.Outcome != want || got.EventID != first.EventID {
				t.Fatalf("by the API: %d %+v, %v; want %s", status, got, err, want)
			}
		}
		if done := replay(t, settings, 0, "--yes", "--reason", "repaired"); done.Counts["accepted"] != failing-1 || len(done.Rows) != failing-1 {
			t.Fatalf("done: %+v", done.Counts)
		}
		for _, call := range calls[:failing] {
			if c := server.Call(t, call.ID); c.Status != "BUSY" {
				t.Fatalf("call %s is %s", c.ID, c.Status)
			}
		}
		if again := replay(t, settings, 0, "--yes"); len(again.Rows) != 0 {
			t.Errorf("a second run: %+v", again.Counts)
		}
		if forced := replay(t, settings, 0, "--yes", "--outcome", "accepted", "--force", "--reason", "tried"); forced.Counts["forced"] != failing {
			t.Errorf("forced: %+v", forced.Counts)
		}
		e2etest.Verified(t, settings)

		beside.exec(`UPDATE function_runs SET state = 'failed', attempts = 4, not_before = NULL, finished_at = created_at,
			last_error = 'transient: twilio: placing a call: 503 Service Unavailable' WHERE function = 'orchestrate-call' AND key IN
			(SELECT id FROM calls WHERE status = 'QUEUED')`)
		if got := e2etest.Run(t, settings, "replay", "--runs", "--function", "orchestrate-call", "--error", "503"); got.Exit != 0 ||
			!strings.Contains(got.Stdout, "500 dead runs would be retried") {
			t.Fatalf("%d %s%s", got.Exit, got.Stdout, got.Stderr)
		}
		if got := e2etest.Run(t, settings, "replay", "--runs", "--error", "503", "--yes", "--reason", "Twilio is back"); got.Exit != 0 ||
			!strings.Contains(got.Stdout, "500 of 500 dead runs") {
			t.Fatalf("%d %s%s", got.Exit, got.Stdout, got.Stderr)
		}
		var left struct{ Matched, Retried int }
		if status, err := server.Client.Do(t.Context(), "POST", "/api/runs/retry", "", json.RawMessage(`{"dryRun":true}`), &left); err != nil || status != 200 || left.Matched != 0 {
			t.Errorf("left: %+v, %d %v", left, status, err)
		}
		var log struct {
			Items []struct{ Actor, Action, Reason string }
		}
		if err := server.Get(t.Context(), "/api/audit?action=run.retry", &log); err != nil || len(log.Items) != dead/100 || log.Items[0].Reason != "Twilio is back" ||
			!strings.HasPrefix(log.Items[0].Actor, "cli:") {
			t.Errorf("audit log: %+v, %v", log, err)
		}
		e2etest.Verified(t, settings)
		curlIsVerified(t, server, settings, calls[0])
	})
}

func sid(n int) string { return fmt.Sprintf("CA%032x", n+1) }

// curlIsVerified sends the request of a printed command line, and one by --to, to the server, which knows both as duplicates.
func curlIsVerified(t *testing.T, server *e2etest.Server, settings e2etest.Settings, call e2e.Call) {
	t.Helper()
	at := settings.With("APP_URL", e2e.PublicURL)
	printed := e2etest.Run(t, at, "replay", "--curl", "--outcome", "accepted", "--call", call.ID)
	if printed.Exit != 0 || strings.Count(printed.Stdout, "curl ") != 1 || strings.Contains(printed.Stdout, e2etest.Token) {
		t.Fatalf("%d %s%s", printed.Exit, printed.Stdout, printed.Stderr)
	}
	words := strings.Split(printed.Stdout, "'") // the request has no quotes of its own
	signature, body, target := strings.TrimPrefix(words[3], "X-Twilio-Signature: "), words[5], strings.TrimPrefix(words[7], e2e.PublicURL)
	answer := server.Send(t, e2etest.Webhook{Target: target, Body: body, Signature: signature})
	if answer.Status != 200 || answer.Header.Get("X-Webhook-Duplicate") != "true" {
		t.Errorf("the printed request was answered %d %s", answer.Status, answer.Body)
	}
}

func replay(t *testing.T, settings e2etest.Settings, exit int, args ...string) (report replayReport) {
	t.Helper()
	got := e2etest.Run(t, settings, append([]string{"replay", "--json"}, args...)...)
	if got.Exit != exit {
		t.Fatalf("iagent replay %q ended with %d:\n%s%s", args, got.Exit, got.Stdout, got.Stderr)
	}
	if err := json.Unmarshal([]byte(got.Stdout), &report); err != nil {
		t.Fatalf("%s: %v", got.Stdout, err)
	}
	return report
}
