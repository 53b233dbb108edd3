package store

import (
	"errors"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

func TestDialInterruptedAfterItsIntentIsNotDialledAgain(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		id := seed(t, s, 1)[0]
		run := s.mustStart(t, interview.OrchestrateCall, id)
		dial, err := s.BeginDial(t.Context(), run, id)
		if err != nil || dial.State != interview.DialProceed {
			t.Fatalf("first: %v, %v", dial.State, err)
		}
		clock.Advance(jobs.LostAfter + time.Second)
		if n, err := s.RescueRuns(t.Context()); n != 1 || err != nil {
			t.Fatalf("rescued %d, %v", n, err)
		}
		again := s.mustStart(t, interview.OrchestrateCall, id)
		dial, err = s.BeginDial(t.Context(), again, id)
		if err != nil || dial.State != interview.DialInterrupted {
			t.Fatalf("second: %v, %v", dial.State, err)
		}
		// The attempt that was taken for dead comes back from its outside call.
		placed := interview.PlacedCall{Sid: "CA1", AccountSid: "AC1", Status: "queued"}
		if err := s.DialAccepted(t.Context(), run, id, placed); !errors.Is(err, jobs.ErrLostRun) {
			t.Fatalf("a lost attempt took effect: %v", err)
		}
		if err := s.DialUnknown(t.Context(), again, id, "interrupted"); err != nil {
			t.Fatal(err)
		}
		if call := s.mustCall(t, id); call.Status != interview.CallDialUnknown {
			t.Fatalf("status %s", call.Status)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE state = 'done'`); n != 1 {
			t.Fatalf("%d runs done", n)
		}
	})
}

func TestDialOverTheCampaignsRateWaits(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now, DialsPerMinute: 3}, func(t *testing.T, s *Store) {
		ids := seed(t, s, 5)
		for i, id := range ids {
			dial, err := s.BeginDial(t.Context(), s.mustStart(t, interview.OrchestrateCall, id), id)
			until, waits := jobs.WaitUntil(err)
			if i < 3 && dial.State != interview.DialProceed {
				t.Fatalf("call %d: %v, %v", i, dial.State, err)
			}
			if i >= 3 && (!waits || !until.Equal(clock.Now().Truncate(time.Microsecond).Add(time.Minute))) {
				t.Fatalf("call %d waits until %v: %v", i, until, err)
			}
		}
		clock.Advance(time.Minute + time.Second)
		if n, err := s.RescueRuns(t.Context()); err != nil || n == 0 {
			t.Fatal(n, err)
		}
		dial, err := s.BeginDial(t.Context(), s.mustStart(t, interview.OrchestrateCall, ids[3]), ids[3])
		if err != nil || dial.State != interview.DialProceed {
			t.Fatalf("a minute later: %v, %v", dial.State, err)
		}
	})
}

func TestRefusedDialKeepsTwiliosWords(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		id := seed(t, s, 1)[0]
		run := s.mustStart(t, interview.OrchestrateCall, id)
		if _, err := s.BeginDial(t.Context(), run, id); err != nil {
			t.Fatal(err)
		}
		if err := s.DialRefused(t.Context(), run, id, 21211, "The 'To' number is not a valid phone number."); err != nil {
			t.Fatal(err)
		}
		call := s.mustCall(t, id)
		if call.Status != interview.CallFailed || call.ErrorCode != 21211 || call.ErrorMessage == "" || call.CompletedAt == nil {
			t.Fatalf("%+v", call)
		}
	})
}

func TestPostponedDialStaysQueuedAndMayDialAgain(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		id := seed(t, s, 1)[0]
		run := s.mustStart(t, interview.OrchestrateCall, id)
		for i := range 2 {
			dial, err := s.BeginDial(t.Context(), run, id)
			if err != nil || dial.State != interview.DialProceed || dial.Postponed != i {
				t.Fatalf("round %d: %+v, %v", i, dial, err)
			}
			if err := s.DialPostponed(t.Context(), run, id); err != nil {
				t.Fatal(err)
			}
		}
		if call := s.mustCall(t, id); call.Status != interview.CallQueued || call.DialedAt != nil {
			t.Fatalf("%+v", call)
		}
	})
}

func TestDialAnsweredAfterACallbackKeepsTheCall(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		id := seed(t, s, 1)[0]
		run := s.mustStart(t, interview.OrchestrateCall, id)
		if _, err := s.BeginDial(t.Context(), run, id); err != nil {
			t.Fatal(err)
		}
		err := s.write(t.Context(), func(tx *Tx) error {
			call, err := tx.lockCall(t.Context(), id)
			if err != nil {
				return err
			}
			call.TwilioSid, call.Status = "CA1", interview.CallRinging
			return tx.saveCall(t.Context(), call)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.DialAccepted(t.Context(), run, id, interview.PlacedCall{Sid: "CA1", AccountSid: "AC1", Status: "queued"}); err != nil {
			t.Fatal(err)
		}
		if call := s.mustCall(t, id); call.Status != interview.CallRinging {
			t.Fatalf("status went back to %s", call.Status)
		}
	})
}
