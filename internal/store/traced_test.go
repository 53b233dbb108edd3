package store

import (
	"testing"

	"github.com/i-agent/iagent/inbox"
)

func TestSummaryOfAStatementIsVerbAndTable(t *testing.T) {
	for statement, want := range map[string]string{
		`SELECT id, (SELECT 1) FROM calls WHERE id = $1`:                             "SELECT calls",
		`UPDATE function_runs SET state = 'done'`:                                    "UPDATE function_runs",
		`INSERT INTO webhook_dedup ("id") VALUES ($1),($2)`:                          "INSERT webhook_dedup",
		`WITH new (id) AS (VALUES ($1)) UPDATE calls SET status = new.status`:        "UPDATE calls",
		`UPDATE OR FAIL calls SET status = $1 WHERE id = $2`:                         "UPDATE calls",
		"DELETE FROM call_watch\n\tWHERE call_id = $1":                               "DELETE call_watch",
		`SELECT COUNT(*) FROM ( SELECT id FROM recordings WHERE note = '+15551234')`: "SELECT recordings",
		`COMMIT`: "COMMIT", `SET LOCAL lock_timeout = 1500`: "SET", ``: "",
	} {
		if got := summary(statement); got != want {
			t.Errorf("%q: %q, want %q", statement, got, want)
		}
	}
}

// TestBatchWithoutASampledWebhookHasNoSpan, which is what there is when nobody collects traces: it costs nothing.
func TestBatchWithoutASampledWebhookHasNoSpan(t *testing.T) {
	ctx, deliveries := t.Context(), []*delivery{{event: &inbox.Event{}}, {event: &inbox.Event{}}}
	s := &Store{}
	if n := testing.AllocsPerRun(1000, func() {
		ctx, span := startBatch(ctx, deliveries)
		if span != nil || s.tracing(ctx, pgxQuerier{}) != (pgxQuerier{}) {
			t.Error("there is a span")
		}
		endBatch(span, nil)
	}); n > 1 { // the querier, which is there in any case
		t.Errorf("%v allocations", n)
	}
}
