package reconcile_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/internal/verify"
	"github.com/i-agent/iagent/internal/webhook"
)

// queue creates a call to a number.
func (r *fixture) queue(number string) (id string, err error) {
	r.t.Helper()
	_, err = r.store.CreateCalls(r.t.Context(), store.NewCalls{CampaignID: r.campaign, PhoneNumbers: []string{number},
		Answer: func(calls []interview.Call) (store.Answer, error) {
			id = calls[0].ID
			return store.Answer{Status: 202, Body: []byte("{}")}, nil
		}})
	return id, err
}

// dials begins to dial a call, and says whether it may be dialled now.
func (r *fixture) dials(id string) (interview.DialState, error) {
	r.t.Helper()
	run, _, err := r.store.StartRun(r.t.Context(), r.text(`SELECT id FROM function_runs WHERE function = 'orchestrate-call' AND key = $1`, id))
	r.must(err)
	dial, err := r.store.BeginDial(r.t.Context(), run, id)
	if until, waits := jobs.WaitUntil(err); waits {
		r.must(r.store.PostponeRun(r.t.Context(), run, jobs.Postponement{Until: until, Reason: "waits"}))
	}
	return dial.State, err
}

// restoreElsewhere copies the database as it is now, with the means of each, and continues on the copy after more happens.
func (r *fixture) restoreElsewhere(more func()) {
	r.t.Helper()
	path, isSQLite := store.SQLitePath(r.url)
	copied := "sqlite:" + testdb.SQLite(r.t)
	if isSQLite {
		file := filepath.Join(r.t.TempDir(), "backup.db")
		_, err := store.BackupSQLite(r.t.Context(), path, file)
		r.must(err)
		more()
		r.store.Close()
		target, _ := store.SQLitePath(copied)
		_, err = store.RestoreSQLite(r.t.Context(), file, target, store.RestoreOptions{Now: r.clock, Actor: "cli:test"})
		r.must(err)
		r.url = copied
	} else {
		r.store.Close() // Postgres copies a template that nobody uses
		copied = testdb.PostgresCopyOf(r.t, r.url)
		r.store = r.open()
		r.processor = store.NewProcessor(r.store, webhook.New(webhook.Config{}).Decide)
		more()
		r.store.Close()
		r.url = copied
	}
	r.store = r.open()
	if !isSQLite {
		_, err := r.store.MarkRestored(r.t.Context(), "cli:test")
		r.must(err)
	}
	r.processor = store.NewProcessor(r.store, webhook.New(webhook.Config{}).Decide)
	r.reconciler = r.another(r.store)
}

// A backup is made while one call waits to be dialled, one is under way and one is over. After it the first is dialled, the
// second ends, and a call is created and dialled of which the backup knows nothing. Then the backup is restored: nobody who was
// called is called again, by whichever call, and those who were not are called.
func TestRestoredDatabaseCallsNobodyTwice(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		const queued, forgotten, untouched = "+15550002001", "+15550002002", "+15550002003"
		id, err := r.queue(queued)
		r.must(err)
		later, err := r.queue(untouched)
		r.must(err)
		underWay := r.placed(sid("CAunderway"))
		r.send(inbox.KindStatus, underWay, sid("CAunderway"), "CallStatus", "in-progress", "SequenceNumber", "2")
		r.advance(time.Minute)

		r.restoreElsewhere(func() {
			r.advance(10 * time.Minute)
			if state, err := r.dials(id); err != nil || state != interview.DialProceed {
				t.Fatalf("before the restoration: %s, %v", state, err)
			}
			r.fakeTwilio.has(remote{sid: sid("CAqueued"), to: queued, status: "completed", created: r.clock(), ended: r.clock().Add(time.Minute), duration: "50"})
			r.fakeTwilio.has(remote{sid: sid("CAforgotten"), to: forgotten, status: "in-progress", created: r.clock()})
			r.fakeTwilio.has(remote{sid: sid("CAunderway"), to: theirs, status: "completed", created: r.clock().Add(-12 * time.Minute), ended: r.clock(), duration: "90"})
			r.fakeTwilio.has(remote{sid: sid("CAother"), to: "+15550002004", from: "+15558887777", status: "completed", created: r.clock(), ended: r.clock(), duration: "9"})
			r.advance(time.Hour)
		})

		for _, waiting := range []string{id, later} {
			if state, err := r.dials(waiting); !waits(err) {
				t.Fatalf("a restored database dials before Twilio was asked: %s, %v", state, err)
			}
		}
		r.advance(time.Minute)
		result, err := r.reconciler.Restored(t.Context())
		if err != nil || result.Found != 1 || result.Forgotten != 1 || result.Waiting == "" {
			t.Fatalf("%+v, %v", result, err)
		}
		if call := r.call(id).Call; call.Status != interview.CallCompleted || call.TwilioSid != sid("CAqueued") {
			t.Errorf("the call that was dialled after the backup is %s at Twilio's %q", call.Status, call.TwilioSid)
		}
		r.advance(5 * time.Minute)
		if result, err = r.reconciler.Restored(t.Context()); err != nil || !strings.Contains(result.Waiting, "not over") {
			t.Errorf("while a forgotten call is under way: %+v, %v", result, err)
		}
		r.fakeTwilio.has(remote{sid: sid("CAforgotten"), to: forgotten, status: "completed", created: r.clock().Add(-time.Hour), ended: r.clock(), duration: "99"})
		r.pass(time.Minute)
		if result, err = r.reconciler.Restored(t.Context()); err != nil || !result.Since.IsZero() {
			t.Errorf("Twilio is asked again: %+v, %v", result, err)
		}

		if state, err := r.dials(id); err != nil || state != interview.DialSkip {
			t.Errorf("a call that was dialled after the backup: %s, %v", state, err)
		}
		if state, err := r.dials(later); err != nil || state != interview.DialProceed {
			t.Errorf("a call that nobody dialled: %s, %v", state, err)
		}
		var refused *store.RefusedNumbersError
		if _, err := r.queue(forgotten); !errors.As(err, &refused) {
			t.Errorf("a number that was called after the backup is called again: %v", err)
		}
		if _, err := r.queue("+15550002004"); err != nil {
			t.Errorf("a number that somebody else called: %v", err)
		}
		if call := r.call(underWay).Call; call.Status != interview.CallCompleted {
			t.Errorf("the call that was under way is %s", call.Status)
		}
		report, err := verify.Run(t.Context(), verify.Config{Store: r.store, Decide: webhook.New(webhook.Config{}).Decide})
		delete(report.Breaches, "overdue")
		if err != nil || !report.OK() {
			t.Errorf("%v %+v", err, report.Violations)
		}
	})
}

// Twilio cannot be asked: nobody is called.
func TestRestoredDatabaseWaitsForTwilio(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id, err := r.queue("+15550002001")
		r.must(err)
		_, err = r.store.MarkRestored(t.Context(), "cli:test")
		r.must(err)
		r.fakeTwilio.setBusy(true)
		for range 3 {
			r.advance(10 * time.Minute)
			if err := r.reconciler.Pass(t.Context()); err == nil {
				t.Error("a pass succeeded without Twilio")
			}
			if _, err := r.dials(id); !waits(err) {
				t.Fatalf("dials: %v", err)
			}
		}
		r.fakeTwilio.setBusy(false)
		r.must(r.reconciler.Pass(t.Context()))
		if state, err := r.dials(id); err != nil || state != interview.DialProceed {
			t.Errorf("%s, %v", state, err)
		}
	})
}

func waits(err error) bool {
	_, ok := jobs.WaitUntil(err)
	return ok
}
