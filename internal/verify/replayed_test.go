package verify_test

import (
	"errors"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/replay"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/webhook"
)

// Every event of calls of all kinds is decided again on its call as it stands, twice.
func TestForcedEventsAreNoViolationAndDoNothingTwice(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) {
		fx.populate(2)
		ctx := t.Context()
		runs, said := fx.text(`SELECT CAST(COUNT(*) AS TEXT) FROM function_runs`), fx.text(`SELECT CAST(COUNT(*) AS TEXT) FROM utterances`)
		states := fx.text(`SELECT CAST(SUM(LENGTH(status || consent)) AS TEXT) FROM calls`)
		events, more, err := replay.Find(ctx, fx.store, replay.Selection{Limit: 1000, Filter: store.ReplayFilter{Outcome: inbox.Accepted}})
		if err != nil || more || len(events) < 50 {
			t.Fatal(len(events), more, err)
		}
		how := replay.Config{Store: fx.store, Processor: fx.processor, Replay: store.Replay{Force: true, Reason: "again"}}
		for range 2 {
			fx.must(how.Run(ctx, events, func(row replay.Row) {
				if row.Verdict != replay.Verdict(store.Forced) && row.Verdict != replay.Pruned {
					t.Errorf("%+v", row)
				}
			}))
		}
		if report := fx.verify(); !report.OK() || report.Counts.Forced < 2*40 {
			t.Fatal(report.Counts.Forced, show(report))
		}
		if got := fx.text(`SELECT CAST(COUNT(*) AS TEXT) FROM function_runs`); got != runs {
			t.Errorf("%s runs, there were %s", got, runs)
		}
		if got := fx.text(`SELECT CAST(COUNT(*) AS TEXT) FROM utterances`); got != said {
			t.Errorf("%s utterances, there were %s", got, said)
		}
		if got := fx.text(`SELECT CAST(SUM(LENGTH(status || consent)) AS TEXT) FROM calls`); got != states {
			t.Errorf("calls have changed: %s, %s", got, states)
		}
	})
}

// A handler fails for a part of what happens, and what follows is accepted. Repaired, it takes in the rest, late.
func TestEventsReplayedLateAreNoViolation(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) {
		ctx := t.Context()
		var broken bool
		handlers := webhook.New(webhook.Config{})
		fx.processor = store.NewProcessor(fx.store, func(call interview.Call, e *inbox.Event) (interview.Change, inbox.Reply, error) {
			if broken {
				return interview.Change{}, inbox.Reply{}, errors.New("broken")
			}
			return handlers.Decide(call, e)
		})
		for range 10 {
			id := fx.dial()
			fx.status(id, "ringing", 1)
			fx.send(inbox.KindVoice, id, "", "CallStatus", "in-progress")
			broken, fx.failing = true, true
			fx.status(id, "in-progress", 2)
			fx.send(webhook.KindConsent, id, "", "CallStatus", "in-progress", "SpeechResult", "Yes, sure.")
			fx.recording(id, "in-progress")
			broken, fx.failing = false, false
			fx.status(id, "completed", 3, "CallDuration", "61")
		}
		filter := store.ReplayFilter{Outcome: inbox.Failed, Unsettled: true}
		find := func() []store.Replayable {
			list, _, err := replay.Find(ctx, fx.store, replay.Selection{Limit: 1000, Filter: filter})
			fx.must(err)
			return list
		}
		how := replay.Config{Store: fx.store, Processor: fx.processor}
		tried := &replay.Report{DryRun: true}
		fx.must(how.Try(ctx, find(), tried.Add))
		if len(tried.Rows) != 30 || tried.Counts["accepted"] != 30 || len(find()) != 30 {
			t.Fatalf("tried %+v", tried.Counts)
		}
		done := &replay.Report{}
		fx.must(how.Run(ctx, find(), done.Add))
		if done.Counts["accepted"] != 30 || len(find()) != 0 {
			t.Fatalf("done %+v, %d left", done.Counts, len(find()))
		}
		if report := fx.verify(); !report.OK() {
			t.Fatal(show(report))
		}
	})
}
