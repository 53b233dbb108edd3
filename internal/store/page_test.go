package store

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/store/storetest"
)

// explaining runs a statement and returns how the database went about it.
type explaining struct{ querier }

func (q explaining) Query(ctx context.Context, sql string, args ...any) (rows, error) {
	return q.querier.Query(ctx, "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) "+sql, args...)
}

var rowsSkipped = regexp.MustCompile(`Rows Removed by Filter: (\d+)`)

// skipped is how many rows the database read in vain for a list.
func skipped(t *testing.T, s *Store, selection, table string, f filter) (int, string) {
	t.Helper()
	plan, err := list(t.Context(), explaining{s.read()}, selection, table, f, Page{Limit: 1 << 20}, func(r row) (string, error) {
		var line string
		return line, r.Scan(&line)
	}, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	text, n := strings.Join(plan.Items, "\n"), 0
	for _, match := range rowsSkipped.FindAllStringSubmatch(text, -1) {
		rows, err := strconv.Atoi(match[1])
		if err != nil {
			t.Fatal(err)
		}
		n += rows
	}
	return n, text
}

// A list filtered by what hardly occurs must not read everything else first.
func TestFilteredListsDoNotReadTheWholeTable(t *testing.T) {
	s := open(t, storetest.Postgres(t), Options{})
	const many = 20_000
	for _, statement := range []string{
		`INSERT INTO webhook_events (id, event_id, kind, outcome, source, call_id, call_sid, account_sid, target, content_type,
			body_hash, idempotency_token, reply_status, reply_type, error, attempt, duplicates, received_at)
			SELECT g::text, 'e' || g, (ARRAY['status', 'status', 'voice', 'consent', 'recording'])[1 + g % 5], 'accepted', 'webhook',
			'c' || g / 5, 'CA', 'AC', '/', 'f', '', '', 200, 't', '', 0, 0, now() FROM generate_series(1, $1) g`,
		`INSERT INTO function_runs (id, function, key, state, args, cause, attempts, last_error, created_at)
			SELECT g::text, (ARRAY['orchestrate-call', 'extract-claims'])[1 + g % 2], 'k' || g, 'done', '{}', 'api', 1, '', now()
			FROM generate_series(1, $1) g`,
	} {
		if _, err := s.postgres.Exec(t.Context(), statement, many); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.postgres.Exec(t.Context(), "ANALYZE"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		selection, table string
		f                filter
	}{
		"webhooks of a kind":      {selectWebhooks, "webhook_events", WebhookFilter{Kind: "answer"}.conditions()},
		"failed webhooks":         {selectWebhooks, "webhook_events", WebhookFilter{Outcome: "failed"}.conditions()},
		"failed ones of a kind":   {selectWebhooks, "webhook_events", WebhookFilter{Outcome: "failed", Kind: "status"}.conditions()},
		"duplicated webhooks":     {selectWebhooks, "webhook_events", WebhookFilter{Outcome: "duplicate"}.conditions()},
		"webhooks of a call":      {selectWebhooks, "webhook_events", WebhookFilter{CallID: "c7"}.conditions()},
		"failed runs":             {selectRuns, "function_runs", RunFilter{State: "failed"}.conditions()},
		"waiting runs":            {selectRuns, "function_runs", RunFilter{State: "waiting"}.conditions()},
		"runs of a function":      {selectRuns, "function_runs", RunFilter{Function: "validate-claim"}.conditions()},
		"a state that is no word": {selectRuns, "function_runs", RunFilter{Function: "validate-claim", State: "'; --"}.conditions()},
	} {
		if n, plan := skipped(t, s, c.selection, c.table, c.f); n > 100 {
			t.Errorf("%s: %d rows were read in vain:\n%s", name, n, plan)
		}
	}
}
