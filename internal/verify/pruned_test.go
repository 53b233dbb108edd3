package verify_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/store"
)

const day = 24 * time.Hour

var periods = store.Periods{Payloads: 7 * day, IDs: 90 * day}

// prune prunes and returns how many rows of each kind went.
func (fx *fixture) prune() map[string]int {
	fx.t.Helper()
	counts, err := fx.store.Prune(fx.t.Context(), store.PruneOptions{Periods: periods})
	fx.must(err)
	rows := map[string]int{}
	for _, c := range counts {
		rows[c.What] = c.Rows
	}
	return rows
}

// breaches are what verify finds, but for what is late because the test's time runs fast.
func (fx *fixture) breaches() map[string]int {
	fx.t.Helper()
	found := maps.Clone(fx.verify().Breaches)
	delete(found, "overdue")
	delete(found, "run-stuck")
	return found
}

// All kinds of calls happen and are pruned, first their payloads, then their event ids. Until then each webhook, sent again, gets
// the answer that it had; after that it is refused, and changes nothing.
func TestPrunedCallsAreInOrderAndTakeNoOldWebhook(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) {
		fx.populate(2)
		fx.pass(8 * day)
		fx.dial()
		fresh := len(fx.sent)
		again := func(want inbox.Outcome) {
			t.Helper()
			for _, event := range fx.sent[:fresh] {
				result, err := fx.processor.Process(t.Context(), event)
				if err != nil || result.Outcome != want || len(result.Reply.Body) == 0 {
					t.Fatalf("%s: %+v, %v", event.ID, result, err)
				}
			}
		}
		again(inbox.Duplicate)
		if rows := fx.prune(); rows["payloads"] == 0 || rows["events"] > 0 {
			t.Fatalf("after the payloads' period: %v", rows)
		}
		if found := fx.breaches(); len(found) > 0 {
			t.Errorf("after pruning payloads: %v", found)
		}
		again(inbox.Duplicate)
		if rows := fx.prune(); rows["payloads"] > 0 {
			t.Errorf("a second pass found %v", rows)
		}

		fx.pass(91 * day)
		rows := fx.prune()
		if rows["events"] < fresh {
			t.Errorf("of %d events: %v", fresh, rows)
		}
		if n := fx.text(`SELECT CAST(COUNT(*) AS TEXT) FROM webhook_dedup`); n != "0" {
			t.Errorf("%s event ids are left", n)
		}
		if found := fx.breaches(); len(found) > 0 {
			t.Errorf("after pruning event ids: %v", found)
		}
		before := fx.states()
		for _, event := range fx.sent {
			var refusal *inbox.Refusal
			if _, err := fx.processor.Process(t.Context(), event); !errors.As(err, &refusal) || refusal.Status != 404 {
				t.Fatalf("%s, long after its call: %v", event.ID, err)
			}
		}
		if after := fx.states(); after != before {
			t.Errorf("old webhooks changed calls:\n%s\n%s", before, after)
		}
		if found := fx.breaches(); len(found) > 0 {
			t.Errorf("after old webhooks: %v", found)
		}
	})
}

// states are the calls with what webhooks change of them, as text.
func (fx *fixture) states() string {
	fx.t.Helper()
	all := ""
	for _, ids := range slices.Sorted(maps.Keys(fx.calls)) {
		for _, id := range fx.calls[ids] {
			all += fx.text(`SELECT id || ' ' || status || ' ' || consent || ' ' || twilio_sid || ' ' || CAST(answers AS TEXT) FROM calls WHERE id = $1`, id) + "\n"
		}
	}
	return all
}
