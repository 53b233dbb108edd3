package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

const day = 24 * time.Hour

var testPeriods = Periods{Payloads: 7 * day, IDs: 90 * day, Audit: 365 * day}

// oldEvents adds n accepted events of a call, with their ids, that were received at a time.
func oldEvents(t *testing.T, s *Store, callID, prefix string, n int, at time.Time) {
	t.Helper()
	const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < `
	for _, statement := range []string{
		`INSERT INTO webhook_events (id, event_id, kind, outcome, source, call_id, call_sid, account_sid, target, content_type, body,
			body_hash, idempotency_token, reply_status, reply_type, reply_body, error, attempt, duplicates, received_at) ` +
			numbers + fmt.Sprint(n) + `) SELECT '` + prefix + `' || i, 'CA' || '` + prefix + `' || i || ':voice', 'voice', 'accepted', 'webhook',
			$1, 'CA' || '` + prefix + `' || i, 'AC1', '/voice?callId=x', 'text', $2, $2, '', 200, 'text/xml', $2, '', 1, 0, $3 FROM n`,
		`INSERT INTO webhook_dedup ("id", "receivedAt") ` + numbers + fmt.Sprint(n) + `) SELECT 'CA' || '` + prefix + `' || i || ':voice', $1 FROM n`,
	} {
		args := []any{callID, []byte("body"), at}
		if strings.Contains(statement, "webhook_dedup") {
			args = []any{at}
		}
		if err := s.write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), statement, args...)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func rowsOf(counts []PruneCount, what string) (n int) {
	for _, c := range counts {
		if c.What == what {
			n += c.Rows
		}
	}
	return n
}

// What matters to webhooks is how much one transaction of the pruning does, and that they get in between.
func TestPruningLetsWebhooksInBetweenSmallTransactions(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		ctx, now := t.Context(), s.now()
		call := seed(t, s, 1)[0]
		const old = 5_000
		oldEvents(t, s, "gone", "a", old, now.Add(-100*day))
		oldEvents(t, s, "gone", "b", old, now.Add(-30*day))
		oldEvents(t, s, "gone", "c", 10, now.Add(-6*day))
		processor := NewProcessor(s, func(call interview.Call, _ *inbox.Event) (interview.Change, inbox.Reply, error) {
			return interview.Change{Call: call}, inbox.Reply{Status: 200, Body: []byte("ok")}, nil
		})
		options := PruneOptions{Periods: testPeriods, DryRun: true}
		counts, err := s.Prune(ctx, options)
		if err != nil || rowsOf(counts, "payloads") != 2*old || rowsOf(counts, "events") != 0 {
			t.Fatalf("dry run: %+v, %v", counts, err)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM webhook_events WHERE body IS NULL`); n != 0 {
			t.Fatalf("a dry run pruned %d", n)
		}
		batches, webhooks := 0, 0
		options.DryRun = false
		options.OnBatch = func(c PruneCount) error {
			if batches++; c.Rows > maxPruneBatch {
				t.Errorf("one transaction pruned %d rows of %s", c.Rows, c.What)
			}
			if batches%10 == 0 {
				webhooks++
				_, err := processor.Process(ctx, &inbox.Event{ID: fmt.Sprintf("CA1:status:%d", webhooks), Kind: inbox.KindStatus, Subject: call,
					CallSid: "CA1", Body: []byte("new"), ReceivedAt: now})
				return err
			}
			return nil
		}
		counts, err = s.Prune(ctx, options)
		if err != nil || rowsOf(counts, "payloads") != 2*old || rowsOf(counts, "events") != old {
			t.Fatalf("%+v, %v", counts, err)
		}
		for query, want := range map[string]int{
			`SELECT COUNT(*) FROM webhook_events`:                                                               old + 10 + webhooks,
			`SELECT COUNT(*) FROM webhook_dedup`:                                                                old + 10 + webhooks,
			`SELECT COUNT(*) FROM webhook_events WHERE body IS NOT NULL`:                                        10 + webhooks,
			`SELECT COUNT(*) FROM webhook_events WHERE body IS NULL AND target = '' AND reply_body IS NOT NULL`: old,
		} {
			if n := s.count(t, query); n != want {
				t.Errorf("%s: %d, want %d", query, n, want)
			}
		}
		if counts, err = s.Prune(ctx, PruneOptions{Periods: testPeriods}); err != nil || rowsOf(counts, "payloads")+rowsOf(counts, "events") > 0 {
			t.Errorf("a second pass found %+v, %v", counts, err)
		}
		for _, kind := range s.prunables()[:3] {
			// Failed events are few, so their own index will do, too.
			if plan := s.plan(t, kind.page); !strings.Contains(plan, "webhook_events_payload") && !strings.Contains(plan, "webhook_events_bodiless") &&
				(kind.what != "failed_events" || !strings.Contains(plan, "webhook_events_rare")) {
				t.Errorf("%s are looked for without an index by time:\n%s", kind.what, plan)
			}
		}
	})
}

// plan is how the database would run a page.
func (s *Store) plan(t *testing.T, page string) (text string) {
	t.Helper()
	explain := `EXPLAIN QUERY PLAN `
	if s.postgres != nil {
		explain = `EXPLAIN `
	}
	for at, literal := range map[string]string{"$1": "'2026-01-01'", "$2": "100", "$3": "''", "$4": "'2025-01-01'"} {
		page = strings.ReplaceAll(page, at, literal)
	}
	err := collect(t.Context(), s.read(), func(r row) error {
		var line string
		into := []any{&line}
		if s.sqlite != nil {
			var id, parent, unused int
			into = []any{&id, &parent, &unused, &line}
		}
		err := r.Scan(into...)
		text += line + "\n"
		return err
	}, explain+page)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A failed event can be replayed until its id would be forgotten.
func TestFailedEventsKeepTheirPayloadsAsLongAsIDs(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		call := seed(t, s, 1)[0]
		processor := NewProcessor(s, func(interview.Call, *inbox.Event) (interview.Change, inbox.Reply, error) {
			return interview.Change{}, inbox.Reply{}, errors.New("broken")
		})
		_, err := processor.Process(t.Context(), &inbox.Event{ID: "CA1:voice", Kind: inbox.KindVoice, Subject: call, CallSid: "CA1",
			Body: []byte("body"), ReceivedAt: clock.Now()})
		if err == nil {
			t.Fatal("the event did not fail")
		}
		for _, step := range []struct {
			pass time.Duration
			left int
		}{{89 * day, 1}, {2 * day, 0}} {
			clock.Advance(step.pass)
			if _, err := s.Prune(t.Context(), PruneOptions{Periods: testPeriods}); err != nil {
				t.Fatal(err)
			}
			if n := s.count(t, `SELECT COUNT(*) FROM webhook_events WHERE body IS NOT NULL`); n != step.left {
				t.Errorf("after %v more there are %d payloads, want %d", step.pass, n, step.left)
			}
		}
	})
}

func TestLegalHoldKeepsAllThatThereIsOfItsCalls(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		ctx := context.WithoutCancel(t.Context())
		held, other := minedLine(t, s), ""
		for _, id := range seed(t, s, 1) {
			other = id
		}
		campaign := s.mustCall(t, held.id).CampaignID
		change := func(set bool) {
			t.Helper()
			c, err := s.UpdateCampaign(ctx, campaign, CampaignChange{Hold: &Hold{Set: set, RequestedBy: "counsel", Reason: "case 7"}})
			if err != nil || (c.HeldAt != nil) != set {
				t.Fatalf("hold %v: %+v, %v", set, c.HeldAt, err)
			}
		}
		err := s.write(ctx, func(tx *Tx) error {
			for _, statement := range []string{
				`UPDATE webhook_events SET received_at = $1`, `UPDATE webhook_dedup SET "receivedAt" = $1`,
				`INSERT INTO run_answers (id, run_id, attempt, call_id, error, answer, created_at) SELECT 'a', MIN(id), 1, '', '', 'words', $1 FROM function_runs WHERE subject = '` + held.id + `'`,
			} {
				if _, err := tx.Exec(ctx, statement, tx.Now.Add(-100*day)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		oldEvents(t, s, other, "o", 3, s.now().Add(-100*day))
		change(true)
		change(true)
		before := s.count(t, `SELECT COUNT(*) FROM webhook_events WHERE body IS NOT NULL AND call_id = $1`, held.id)
		counts, err := s.Prune(ctx, PruneOptions{Periods: testPeriods})
		if err != nil || rowsOf(counts, "payloads") != 3 || rowsOf(counts, "events") != 3 || counts[0].Held < before {
			t.Errorf("with a hold: %+v, %v", counts, err)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM webhook_events WHERE body IS NOT NULL AND call_id = $1`, held.id); n != before || n == 0 {
			t.Errorf("%d of %d payloads are left of a held call", n, before)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM run_answers WHERE id = 'a'`); n != 1 {
			t.Errorf("%d answers are left of a held call, want 1", n)
		}
		if _, err := held.erase(); !errors.Is(err, ErrHeld) {
			t.Errorf("erasing a held call: %v", err)
		}
		change(false)
		if counts, err = s.Prune(ctx, PruneOptions{Periods: testPeriods}); err != nil || rowsOf(counts, "events") < before {
			t.Errorf("after the hold: %+v, %v", counts, err)
		}
		if _, err := held.erase(); err != nil {
			t.Errorf("erasing after the hold: %v", err)
		}
		var actions []string
		log, err := s.AuditLog(ctx, AuditFilter{Actor: "counsel"}, Page{Limit: 10})
		for _, entry := range log.Items {
			actions = append(actions, entry.Action+" "+entry.Reason)
		}
		slices.Sort(actions)
		if want := []string{"hold.lifted case 7", "hold.set case 7"}; err != nil || !slices.Equal(actions, want) {
			t.Errorf("audit log: %q, %v", actions, err)
		}
	})
}

// One process prunes at a time; one that stops is followed by another when its lease is over.
func TestOneProcessPrunesAtATime(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		claim := func(holder string, want bool) {
			t.Helper()
			if ok, err := s.ClaimPrune(t.Context(), holder, time.Minute); err != nil || ok != want {
				t.Errorf("%s: %v, %v", holder, ok, err)
			}
		}
		claim("a", true)
		claim("b", false)
		claim("a", true)
		clock.Advance(61 * time.Second)
		claim("b", true)
		claim("a", false)
		if err := s.PruneEnded(t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
		if at, err := s.LastPrune(t.Context()); err != nil || !at.Equal(clock.Now().Truncate(time.Microsecond)) {
			t.Errorf("the last pass ended at %v, %v", at, err)
		}
		clock.Advance(time.Second)
		claim("a", true)
	})
}
