package test_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/testdb"
)

// TestWebhookIsNotLostWhilePostgresIsDown stops Postgres as a crash would while webhooks arrive. What could not be
// committed is answered 500 and leaves nothing behind, so that the same delivery is new once Postgres is back.
func TestWebhookIsNotLostWhilePostgresIsDown(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"river", "inngest"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			webhooksWhilePostgresIsDown(t, engine)
		})
	}
}

func webhooksWhilePostgresIsDown(t *testing.T, engine string) {
	postgres := testdb.OwnPostgres(t)
	server := e2etest.NewTwilio(t).Serve(t, e2etest.DefaultSettings(postgres.URL()).With("JOBS_ENGINE", engine))
	var lines []line
	for _, call := range server.Place(t, numbers(24)...) {
		lines = append(lines, dialled(t, server, "/api/webhooks/twilio/", call))
	}

	during, after := lines[:len(lines)/2], lines[len(lines)/2:]
	answers := stopAmid(t, during, postgres.Stop)
	for _, l := range after {
		began := time.Now()
		l.want(l.completed(), 500, `{"error":"Internal server error"}`)
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("the answer took %s: Twilio had hung up", took)
		}
	}

	if err := postgres.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	nothingHalfWritten(t, postgres.URL())
	for n, l := range during {
		switch answer := l.Send(t, l.completed()); {
		case answers[n].Status == http.StatusOK && answer.Body != duplicate:
			t.Errorf("a webhook that was accepted before is answered %d %s", answer.Status, answer.Body)
		case answer.Status != http.StatusOK:
			t.Errorf("a webhook is answered %d %s once Postgres is back", answer.Status, answer.Body)
		}
		l.Status("COMPLETED")
	}
	for _, l := range after {
		l.want(l.completed(), 200, success)
		l.want(l.completed(), 200, duplicate)
		l.Status("COMPLETED")
	}
	nothingHalfWritten(t, postgres.URL())

	// The functions work again, too.
	dialled(t, server, "/api/webhooks/twilio/", server.Place(t, "+15550009999")[0])
	saysOnceThatThePostgresWasAway(t, server)
}

// saysOnceThatThePostgresWasAway looks at the log: whatever noticed it, the database was lost once and is back once, and
// nothing else fills the log.
func saysOnceThatThePostgresWasAway(t *testing.T, server *e2etest.Server) {
	t.Helper()
	e2etest.Eventually(t, func() error { // whoever asks whether it is back does so every half second
		if !strings.Contains(server.Log(), "database is back") {
			return errors.New("the log does not say that the database is back")
		}
		return nil
	})
	count := map[string]int{}
	for text := range strings.Lines(server.Log()) {
		var line struct{ Level, Msg string }
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			continue // the processes of a test write more than the log
		}
		switch {
		case line.Msg == "database lost", line.Msg == "database is back":
			count[line.Msg]++
		case line.Level == "WARN", line.Level == "ERROR":
			count["other"]++
		}
	}
	if count["database lost"] != 1 || count["database is back"] != 1 || count["other"] > 20 {
		t.Errorf("lines: %v\n%s", count, server.Log())
	}
}

func numbers(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("+1555%07d", i)
	}
	return list
}

// completed says that the call is over.
func (l line) completed() e2etest.Webhook {
	return l.webhook("status", "CallStatus", "completed", "CallDuration", "42", "SequenceNumber", "3")
}

// stopAmid sends a webhook for each line at once, and stops the database meanwhile.
func stopAmid(t *testing.T, lines []line, stop func(immediate bool) error) []e2etest.Answer {
	t.Helper()
	answers := make([]e2etest.Answer, len(lines))
	var sending sync.WaitGroup
	for n, l := range lines {
		sending.Go(func() {
			var err error
			if answers[n], err = l.Post(t.Context(), l.completed()); err != nil {
				t.Errorf("nobody answered: %v", err)
			}
		})
	}
	if err := stop(true); err != nil {
		t.Fatal(err)
	}
	sending.Wait()
	for _, answer := range answers {
		if answer.Status != 200 && answer.Status != 500 {
			t.Errorf("a webhook was answered %d %s while the database went away", answer.Status, answer.Body)
		}
	}
	return answers
}

// nothingHalfWritten looks at the tables: a deduplication row without its event, or an event without its row, is half a
// webhook; a call that is over without the event that says so is one, too.
func nothingHalfWritten(t *testing.T, databaseURL string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for what, query := range map[string]string{
		"deduplication rows have no accepted event": `SELECT COUNT(*) FROM webhook_dedup d WHERE NOT EXISTS
			(SELECT 1 FROM webhook_events e WHERE e.event_id = d.id AND e.outcome = 'accepted')`,
		"accepted events have no deduplication row": `SELECT COUNT(*) FROM webhook_events e WHERE e.outcome = 'accepted'
			AND NOT EXISTS (SELECT 1 FROM webhook_dedup d WHERE d.id = e.event_id)`,
		"accepted events have no reply": `SELECT COUNT(*) FROM webhook_events e WHERE e.outcome = 'accepted' AND e.reply_status <> 200`,
		"calls ended without an event": `SELECT COUNT(*) FROM calls c WHERE c.status = 'COMPLETED' AND NOT EXISTS
			(SELECT 1 FROM webhook_events e WHERE e.call_id = c.id AND e.outcome = 'accepted')`,
		"events ended no call": `SELECT COUNT(*) FROM webhook_events e JOIN calls c ON c.id = e.call_id
			WHERE e.outcome = 'accepted' AND e.event_id LIKE '%:status:completed' AND c.status <> 'COMPLETED'`,
	} {
		var n int
		if err := conn.QueryRow(ctx, query).Scan(&n); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
}
