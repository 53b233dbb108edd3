package verify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/verify"
)

// facts replaces something in the facts of the verdict that allowed a call.
func (fx *fixture) facts(id, old, new string) {
	fx.t.Helper()
	facts := fx.text(`SELECT facts FROM dial_verdicts WHERE call_id = $1 AND refusal = ''`, id)
	changed := strings.Replace(facts, old, new, 1)
	if changed == facts {
		fx.t.Fatalf("%s is not in %s", old, facts)
	}
	fx.exec(`UPDATE dial_verdicts SET facts = $2 WHERE call_id = $1`, id, changed)
}

// last gives a call the last place at the gate, so that what is about others was before it.
func (fx *fixture) last(id string) {
	fx.exec(`UPDATE dial_verdicts SET gate_seq = 1000000 WHERE call_id = $1`, id)
}

// gateBreaches are breaches of one gate, of opt-outs and of stops.
var gateBreaches = []breach{
	{"dialled-without-verdict", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`DELETE FROM dial_verdicts WHERE call_id = $1`, id)
		return id
	}},
	{"dialled-without-verdict", func(fx *fixture) string { // it was of another moment
		id := fx.take("interviewed")
		fx.exec(`UPDATE dial_verdicts SET at = $2 WHERE call_id = $1`, id, fx.clock())
		return id
	}},
	{"dialled-past-the-gate", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE dial_verdicts SET gate_seq = 0 WHERE call_id = $1`, id)
		return id
	}},
	{"verdict-unreadable", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE dial_verdicts SET facts = '{}' WHERE call_id = $1`, id)
		return id
	}},
	{"dialled-outside-hours", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.facts(id, `"to":"24:00"`, `"to":"00:01"`)
		return id
	}},
	{"dialled-outside-hours", func(fx *fixture) string { // a holiday where the person is
		id := fx.take("interviewed")
		fx.facts(id, `"Holidays":null`, `"Holidays":["`+fx.clock().AddDate(0, 0, -1).Format(time.DateOnly)+`","`+
			fx.clock().Format(time.DateOnly)+`","`+fx.clock().AddDate(0, 0, 1).Format(time.DateOnly)+`"]`)
		return id
	}},
	{"dialled-in-another-zone", func(fx *fixture) string { // that of the server
		id := fx.take("interviewed")
		fx.exec(`UPDATE contacts SET time_zone = 'Pacific/Auckland' WHERE id = (SELECT contact_id FROM calls WHERE id = $1)`, id)
		return id
	}},
	{"dialled-against-facts", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.facts(id, `"Stopped":false`, `"Stopped":true`)
		return id
	}},
	{"dialled-against-facts", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.facts(id, `"RequireConsentBasis":false`, `"RequireConsentBasis":true`)
		return id
	}},
	{"dialled-against-facts", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.facts(id, `"Status":"ACTIVE"`, `"Status":"PAUSED"`)
		return id
	}},
	{"dialled-over-attempts", func(fx *fixture) string {
		first, second := fx.take("busy"), fx.take("interviewed")
		fx.exec(`UPDATE calls SET contact_id = (SELECT contact_id FROM calls WHERE id = $1) WHERE id = $2`, first, second)
		return maxOf(fx, first, second)
	}},
	{"dialled-over-cap", func(fx *fixture) string { // of a day
		id := fx.take("interviewed")
		fx.facts(id, `"MaxPerDay":0`, `"MaxPerDay":1`)
		fx.last(id)
		return id
	}},
	{"dialled-over-cap", func(fx *fixture) string { // of those under way
		id := fx.take("interviewed")
		fx.facts(id, `"MaxConcurrent":0`, `"MaxConcurrent":1`)
		fx.last(id)
		return id
	}},
	{"dialled-over-cap", func(fx *fixture) string { // of a person
		first, second := fx.take("interviewed"), fx.take("interviewed")
		fx.exec(`UPDATE calls SET phone_number = (SELECT phone_number FROM calls WHERE id = $1) WHERE id = $2`, first, second)
		fx.facts(second, `"PersonCap":3`, `"PersonCap":1`)
		fx.last(second)
		return second
	}},
	{"dialled-though-listed", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.list(id, interview.ScopeAll)
		fx.last(id)
		return id
	}},
	{"dialled-though-listed", func(fx *fixture) string { // for its campaign, until somebody took it off
		id := fx.take("interviewed")
		entry := fx.list(id, fx.campaign.ID)
		fx.must(fx.store.RemoveDoNotCall(fx.t.Context(), entry, "", ""))
		fx.exec(`UPDATE do_not_call_removed SET removed_gate_seq = 2000000 WHERE id = $1`, entry)
		fx.last(id)
		return id
	}},
	{"dialled-while-stopped", func(fx *fixture) string {
		id := fx.take("interviewed")
		stop := fx.stop()
		_, err := fx.store.Resume(fx.t.Context(), stop, "", "")
		fx.must(err)
		fx.exec(`UPDATE stops SET gate_seq = 2999999, ended_gate_seq = 3000001 WHERE id = $1`, stop)
		fx.exec(`UPDATE dial_verdicts SET gate_seq = 3000000 WHERE call_id = $1`, id)
		return id
	}},
	{"opt-out-not-listed", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE calls SET opted_out_at = $2 WHERE id = $1`, id, fx.clock())
		return id
	}},
	{"opted-out-call-goes-on", func(fx *fixture) string {
		id := fx.take("open")
		fx.exec(`UPDATE calls SET opted_out_at = $2 WHERE id = $1`, id, fx.clock().Add(-time.Hour))
		return id
	}},
	{"stop-not-carried-out", func(fx *fixture) string {
		id := fx.dial()
		fx.pass(time.Second)
		stop := fx.stop()
		fx.exec(`UPDATE stops SET gate_seq = 4000000 WHERE id = $1`, stop)
		fx.pass(11 * time.Minute)
		return id
	}},
	{"contact-forgotten", func(fx *fixture) string {
		id := fx.contactOf(fx.take("interviewed"))
		fx.exec(`UPDATE contacts SET state = 'WAITING', next_at = NULL WHERE id = $1`, id)
		return id
	}},
	{"contact-forgotten", func(fx *fixture) string {
		call := fx.take("interviewed")
		id := fx.contactOf(call)
		fx.exec(`UPDATE calls SET settled = TRUE WHERE id = $1`, call)
		fx.exec(`UPDATE contacts SET state = 'CALLING', next_at = NULL WHERE id = $1`, id)
		return id
	}},
	{"contact-miscounted", func(fx *fixture) string {
		id := fx.contactOf(fx.take("interviewed"))
		fx.exec(`UPDATE contacts SET attempts = 7 WHERE id = $1`, id)
		return id
	}},
}

func maxOf(fx *fixture, first, second string) string {
	return fx.text(`SELECT call_id FROM dial_verdicts WHERE call_id IN ($1, $2) ORDER BY at DESC LIMIT 1`, first, second)
}

func (fx *fixture) contactOf(callID string) string {
	return fx.text(`SELECT contact_id FROM calls WHERE id = $1`, callID)
}

// list puts the number of a call on the do-not-call list.
func (fx *fixture) list(callID, scope string) (entry string) {
	fx.t.Helper()
	number := fx.text(`SELECT phone_number FROM calls WHERE id = $1`, callID)
	e, _, err := fx.store.AddDoNotCall(fx.t.Context(), store.NewDoNotCall{PhoneNumber: number, Scope: scope, Source: "test"})
	fx.must(err)
	return e.ID
}

func (fx *fixture) stop() string {
	fx.t.Helper()
	stop, err := fx.store.Stop(fx.t.Context(), store.NewStop{Scope: interview.ScopeAll, Mode: interview.StopHangUp})
	fx.must(err)
	return stop.ID
}

func TestCallsThatTheGateMustRefuseAreFound(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) { fx.findsAll(24, gateBreaches) })
}

// An entry, a stop and a cap that came after the dial forbid nothing, whatever their times say: an imported entry is years old.
func TestWhatCameAfterADialDoesNotForbidIt(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) {
		listed := fx.dial()
		fx.exec(`UPDATE do_not_call SET created_at = $2 WHERE id = $1`, fx.list(listed, interview.ScopeAll), fx.clock().AddDate(-2, 0, 0))
		stop := fx.stop()
		fx.exec(`UPDATE stops SET created_at = $2 WHERE id = $1`, stop, fx.clock().Add(-time.Minute))
		fx.status(listed, "completed", 2)
		_, err := fx.store.Resume(fx.t.Context(), stop, "", "")
		fx.must(err)
		again := fx.dial()
		fx.must(fx.store.RemoveDoNotCall(fx.t.Context(), fx.list(again, interview.ScopeAll), "", ""))
		fx.status(again, "completed", 2)
		if report := fx.verify(); !report.OK() {
			t.Error(show(report))
		}
	})
}

// A call that was dialled before the migration has no verdict, and its contact has its id.
func TestCallsFromBeforeTheGateNeedNoVerdict(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) {
		id := fx.interviewed()
		fx.exec(`DELETE FROM dial_verdicts WHERE call_id = $1`, id)
		fx.exec(`UPDATE contacts SET id = $1 WHERE id = (SELECT contact_id FROM calls WHERE id = $1)`, id)
		fx.exec(`UPDATE calls SET contact_id = id WHERE id = $1`, id)
		if report := fx.verify(); !has(report, "dialled-without-verdict", id) {
			t.Error("dialled after the migration without a verdict, and not found")
		}
		fx.exec(`UPDATE call_history SET at = $2 WHERE call_id = $1 AND what = 'dial.intent'`, id, fx.clock().AddDate(-20, 0, 0))
		if report := fx.verify(func(c *verify.Config) {}); has(report, "dialled-without-verdict", id) {
			t.Error("dialled before the migration, and taken for a breach")
		}
	})
}

// A call that a stop canceled before a phone rang is no attempt: the contact is called again.
func TestCallThatAStopCanceledBeforeItRangIsNoAttempt(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) {
		id := fx.dial()
		stop := fx.stop()
		fx.status(id, "canceled", 1)
		fx.exec(`UPDATE calls SET settled = TRUE WHERE id = $1`, id)
		fx.exec(`UPDATE contacts SET attempts = 0, state = 'WAITING', next_at = $2 WHERE id = $1`, fx.contactOf(id), fx.clock())
		_, err := fx.store.Resume(fx.t.Context(), stop, "", "")
		fx.must(err)
		again := fx.dial()
		fx.status(again, "completed", 2)
		fx.exec(`UPDATE calls SET contact_id = $2 WHERE id = $1`, again, fx.contactOf(id))
		fx.exec(`UPDATE contacts SET attempts = 1, state = 'CALLING', next_at = NULL WHERE id = $1`, fx.contactOf(id))
		for _, v := range fx.verify().Violations {
			if v.Kind == "contact-miscounted" && v.Subject == fx.contactOf(id) || v.Kind == "dialled-over-attempts" {
				t.Errorf("%+v", v)
			}
		}
		fx.exec(`UPDATE calls SET sequence = 2 WHERE id = $1`, id) // it rang
		report := fx.verify()
		if !has(report, "contact-miscounted", fx.contactOf(id)) || !has(report, "dialled-over-attempts", again) {
			t.Errorf("a call that rang is no attempt: %v", report.Breaches)
		}
	})
}
