package store

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// recordingQuerier keeps the statements that it runs.
type recordingQuerier struct {
	querier
	seen *[]recordedStatement
}

type recordedStatement struct {
	text string
	args []any
}

func (q recordingQuerier) Query(ctx context.Context, sql string, args ...any) (rows, error) {
	*q.seen = append(*q.seen, recordedStatement{sql, args})
	return q.querier.Query(ctx, sql, args...)
}

func (q recordingQuerier) QueryRow(ctx context.Context, sql string, args ...any) row {
	*q.seen = append(*q.seen, recordedStatement{sql, args})
	return q.querier.QueryRow(ctx, sql, args...)
}

// A verification of a large database must not read a table once for each row of another.
func TestVerificationReadsNoTableForEachRowOfAnother(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		ctx := t.Context()
		var seen []recordedStatement
		err := s.snapshot(ctx, func(q querier) error {
			a := &Snapshot{q: recordingQuerier{q, &seen}, dialect: s.dialect, Now: time.Now()}
			if _, err := a.Counts(ctx, time.Time{}, time.Time{}); err != nil {
				return err
			}
			for _, rule := range SnapshotRules() {
				if err := a.Check(ctx, rule, SnapshotScope{}, nil); err != nil {
					return err
				}
			}
			if _, err := a.Dials(ctx, time.Time{}, 0, 10); err != nil {
				return err
			}
			if _, err := a.OptOuts(ctx, time.Time{}, "", 10); err != nil {
				return err
			}
			if _, err := a.Unended(ctx, []string{"a", "b"}, time.Now()); err != nil {
				return err
			}
			if err := a.belongings(ctx, []string{"a", "b"}, nil); err != nil {
				return err
			}
			if err := a.runs(ctx, []SnapshotCall{{Call: interview.Call{ID: "a"}}, {Call: interview.Call{ID: "b"}}}); err != nil {
				return err
			}
			_, err := a.Calls(ctx, time.Time{}, "", 10)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(seen) < 50 {
			t.Fatalf("%d statements", len(seen))
		}
		for _, statement := range seen {
			plan, repeated := planOf(t, s, statement)
			if repeated != "" {
				t.Errorf("%s\n%s\n%s", repeated, statement.text, plan)
			}
		}
	})
}

// A verification since a time must not read what was there before.
func TestVerificationSinceATimeReadsNoOlderRows(t *testing.T) {
	whole := regexp.MustCompile(`Seq Scan on (calls|webhook_events|function_runs|contacts)|SCAN (calls|webhook_events|function_runs|[abcek])($|\n| USING)|SCAN r USING INDEX function`)
	eachFilled(t, func(t *testing.T, s *Store, url string) {
		s = asInProduction(t, s, url)
		ctx, since := t.Context(), time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		var seen []recordedStatement
		a := &Snapshot{q: recordingQuerier{s.read(), &seen}, dialect: s.dialect, Now: time.Now()}
		if counts, err := a.Counts(ctx, since, since); err != nil || counts.Calls+counts.Accepted+counts.Runs != 0 {
			t.Fatalf("%+v %v", counts, err)
		}
		for _, rule := range SnapshotRules() {
			if err := a.Check(ctx, rule, SnapshotScope{Since: since, LegacyBefore: since, StuckBefore: since, GateSince: since}, func(subject, _ string) {
				t.Errorf("%s: %s", rule.Kind, subject)
			}); err != nil {
				t.Fatal(err)
			}
		}
		for _, statement := range seen {
			if plan := s.howRead(t, statement.text, statement.args...); whole.MatchString(plan) {
				t.Errorf("%s\n%s", statement.text, plan)
			}
		}
		for _, last := range []string{"", firstID(since)} {
			if calls, err := a.Calls(ctx, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), last, 10); err != nil || (len(calls) > 0) != (last == "") {
				t.Errorf("after %q: %d calls (%v)", last, len(calls), err)
			}
		}
	})
}

// What a server looks at every ten seconds must not grow with what has happened since it was set up.
func TestWhatIsCountedAgainAndAgainReadsNoTableOfCallsOrWebhooks(t *testing.T) {
	eachFilled(t, func(t *testing.T, s *Store, url string) {
		s = asInProduction(t, s, url)
		var seen []recordedStatement
		if err := s.eachOverdueOf(t.Context(), recordingQuerier{s.read(), &seen}, interview.DefaultDeadlines(), func(OverdueItem) {}); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, recordedStatement{oldestFailed, []any{""}})
		for _, statement := range seen {
			if plan := s.howRead(t, statement.text, statement.args...); readWhole.MatchString(plan) {
				t.Errorf("%s\n%s", statement.text, plan)
			}
		}
	})
}

// readWhole is a walk through all calls, webhooks or runs, in either database's words.
var readWhole = regexp.MustCompile(`Seq Scan on (calls|webhook_events|function_runs)|SCAN (calls|webhook_events)($|\n)|(SCAN|SEARCH) webhook_events USING INDEX sqlite_autoindex|SCAN function_runs`)

// few are tables in which an installation has a handful of rows.
var few = regexp.MustCompile(`\b(stops|hypotheses|campaigns|verdicts)\b`)

// planOf returns the plan of a statement, and a line of it that reads a whole table again and again.
func planOf(t *testing.T, s *Store, statement recordedStatement) (plan, repeated string) {
	t.Helper()
	var lines []string
	if s.sqlite != nil {
		parents, texts, scanned := map[int]int{}, map[int]string{}, map[int]bool{}
		err := collect(t.Context(), s.read(), func(r row) error {
			var id, parent, unused int
			var text string
			if err := r.Scan(&id, &parent, &unused, &text); err != nil {
				return err
			}
			lines = append(lines, text)
			parents[id], texts[id] = parent, text
			again := strings.HasPrefix(text, "SCAN ") && scanned[parent] // a join
			scanned[parent] = scanned[parent] || strings.HasPrefix(text, "SCAN ") || strings.HasPrefix(text, "SEARCH ")
			for up := parent; up != 0 && strings.HasPrefix(text, "SCAN "); up = parents[up] {
				again = again || strings.HasPrefix(texts[up], "CORRELATED")
			}
			if again && text != "SCAN CONSTANT ROW" && !few.MatchString(text) {
				repeated = text
			}
			return nil
		}, "EXPLAIN QUERY PLAN "+statement.text, statement.args...)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(lines, "\n"), repeated
	}
	// A table without rows is read whole, unless that is forbidden: then it is only where no index serves.
	err := s.snapshot(t.Context(), func(q querier) error {
		if err := collect(t.Context(), q, func(row) error { return nil }, `SET LOCAL enable_seqscan = off`); err != nil {
			return err
		}
		inner := -1
		return collect(t.Context(), q, func(r row) error {
			var line string
			err := r.Scan(&line)
			lines = append(lines, line)
			indent := len(line) - len(strings.TrimLeft(line, " "))
			if indent <= inner {
				inner = -1
			}
			if inner < 0 && strings.Contains(line, "SubPlan") && !strings.Contains(line, ":") {
				inner = indent
			}
			if inner >= 0 && strings.Contains(line, "Seq Scan") && !few.MatchString(line) {
				repeated = line
			}
			return err
		}, "EXPLAIN (COSTS OFF) "+statement.text, statement.args...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n"), repeated
}
