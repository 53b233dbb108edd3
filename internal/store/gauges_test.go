package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

func TestGaugesSayWhatWaitsAndForHowLong(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		var cursor GaugeCursor
		measure := func() Gauges {
			t.Helper()
			g, err := s.Gauges(t.Context(), &cursor)
			if err != nil {
				t.Fatal(err)
			}
			return g
		}
		if g := measure(); g.Backlog != 0 || g.ReconcilerLag != 0 || len(g.DeadRuns)+len(g.OpenCalls)+len(g.QueueJobs) != 0 {
			t.Errorf("an empty database: %+v", g)
		}
		calls := seed(t, s, 3)
		if err := s.write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE calls SET live_number = phone_number`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Minute)
		g := measure()
		if g.Backlog != time.Minute || g.OpenCalls[interview.CallQueued] != 3 {
			t.Errorf("after a minute: %+v", g)
		}
		if n := g.QueueJobs[QueueState{"orchestrate-call", "available"}]; n != 3 {
			t.Errorf("%d jobs are available: %+v", n, g.QueueJobs)
		}

		// A run that waits for its time is no backlog; one that failed for good is dead.
		for _, id := range calls {
			run := s.mustStart(t, interview.OrchestrateCall, id)
			if err := s.FailRun(t.Context(), run, "permanent: nothing"); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.write(t.Context(), func(tx *Tx) error {
			return errors.Join(tx.enqueue(t.Context(), "api", []interview.Job{interview.NewValidateClaim("h", 1, tx.Now.Add(time.Minute))}),
				tx.beginOverdueChecks(t.Context(), calls[0], tx.Now.Add(10*time.Second)))
		}); err != nil {
			t.Fatal(err)
		}
		if g := measure(); g.Backlog != 0 || g.ReconcilerLag != 0 || g.DeadRuns[interview.OrchestrateCall] != 3 {
			t.Errorf("after the runs died: %+v", g)
		}
		clock.Advance(90 * time.Second)
		if g := measure(); g.Backlog != 30*time.Second || g.ReconcilerLag != 80*time.Second {
			t.Errorf("30 s after its time: %+v", g)
		}

		// A webhook that failed is backlog until it is accepted.
		at := clock.Now()
		e := event(inbox.KindVoice, "CA1", calls[0], "a=1", at)
		if err := s.recordFailed(t.Context(), &delivery{event: e, hash: e.PayloadHash()}, errors.New("no idea")); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Hour)
		if g := measure(); g.Backlog != time.Hour+30*time.Second {
			t.Errorf("an hour after the webhook failed: %+v", g)
		}
		if _, err := s.CancelCall(t.Context(), calls[1], ""); err != nil {
			t.Fatal(err)
		}
		if g := measure(); g.OpenCalls[interview.CallQueued] != 2 {
			t.Errorf("a canceled call is open: %+v", g)
		}
	})
}

// TestFailedWebhookIsBacklogUntilItIsAccepted measures with one cursor, as a running server does.
func TestFailedWebhookIsBacklogUntilItIsAccepted(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		l := dialledLine(t, s)
		var cursor GaugeCursor
		backlog := func() time.Duration {
			t.Helper()
			g, err := s.Gauges(t.Context(), &cursor)
			if err != nil {
				t.Fatal(err)
			}
			return g.Backlog
		}
		for round := range 2 {
			e := event(inbox.KindStatus, secretSid, l.id, fmt.Sprintf("CallStatus=ringing&n=%d", round), clock.Now())
			e.ID = fmt.Sprintf("%s:status:%d", secretSid, round)
			if err := s.recordFailed(t.Context(), &delivery{event: e, hash: e.PayloadHash()}, errors.New("no idea")); err != nil {
				t.Fatal(err)
			}
			clock.Advance(5 * time.Minute)
			if got := backlog(); got != 5*time.Minute {
				t.Errorf("round %d: %s after it failed", round, got)
			}
			if err := s.write(t.Context(), func(tx *Tx) error {
				_, err := tx.Exec(t.Context(), `INSERT INTO webhook_dedup ("id", "receivedAt") VALUES ($1, $2)`, e.ID, tx.Now)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if got := backlog(); got != 0 {
				t.Errorf("round %d: %s after it was accepted", round, got)
			}
			clock.Advance(2 * time.Minute)
		}
	})
}

func TestCommittedChangesOfStatusAreReportedOnce(t *testing.T) {
	var seen []string
	options := Options{OnCallChanges: func(changes []CallChange) {
		for _, c := range changes {
			seen = append(seen, string(c.Before)+">"+string(c.Call.Status))
		}
	}}
	eachDatabase(t, options, func(t *testing.T, s *Store) {
		seen = nil
		l := dialledLine(t, s)
		l.send(inbox.KindStatus, "CallStatus", "ringing")
		l.send(inbox.KindStatus, "CallStatus", "ringing") // a duplicate
		l.send(inbox.KindStatus, "CallStatus", "completed")
		rolledBack := errors.New("rolled back")
		if err := s.write(t.Context(), func(tx *Tx) error {
			tx.statusChanged(interview.Call{ID: l.id, Status: interview.CallFailed}, interview.CallQueued)
			return rolledBack
		}); !errors.Is(err, rolledBack) {
			t.Fatal(err)
		}
		if got, want := strings.Join(seen, " "), ">QUEUED QUEUED>DIAL_UNKNOWN DIAL_UNKNOWN>RINGING RINGING>COMPLETED"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
