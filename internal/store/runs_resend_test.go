package store

import (
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

// Whoever runs i-agent for the first time after a pause does not know which of the events that are out will ever come.
func TestEventsThatAreOutAreSentAgain(t *testing.T) {
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	eachDatabase(t, Options{Now: func() time.Time { return now }}, func(t *testing.T, s *Store) {
		ctx := t.Context()
		seed(t, s, 2*resendBatch+5)
		runs, err := s.Runs(ctx, RunFilter{}, Page{Limit: 500})
		if err != nil || len(runs.Items) != 2*resendBatch+5 {
			t.Fatalf("%d runs, %v", len(runs.Items), err)
		}
		var sent []LedgerRun
		for n, run := range runs.Items {
			if n >= resendBatch+5 {
				break // the rest is not sent yet
			}
			unsent, ok, err := s.UnsentRun(ctx, run.ID)
			if err != nil || !ok {
				t.Fatalf("%v, %v", ok, err)
			}
			if err := s.EventSent(ctx, unsent, now, now.Add(10*time.Minute)); err != nil {
				t.Fatal(err)
			}
			sent = append(sent, run)
		}
		// One is running, one is not due yet.
		running, later := sent[0], sent[1]
		if _, started, err := s.StartRun(ctx, running.ID); err != nil || started != jobs.RunStarted {
			t.Fatalf("%v, %v", started, err)
		}
		attempt, _, err := s.StartRun(ctx, later.ID)
		if err != nil {
			t.Fatal(err)
		}
		err = s.PostponeRun(ctx, attempt, jobs.Postponement{Until: now.Add(time.Hour), Reason: "no luck", Counts: true, BeginBy: now.Add(2 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		before := s.count(t, `SELECT COUNT(*) FROM river_job`)

		if n, err := s.ResendRuns(ctx, "", now); err != nil || n != 0 {
			t.Errorf("before they were sent: %d, %v", n, err)
		}
		if n, err := s.ResendRuns(ctx, sent[2].ID, now.Add(time.Second)); err != nil || n != 1 {
			t.Errorf("one: %d, %v", n, err)
		}
		if n, err := s.ResendRuns(ctx, "", now.Add(time.Second)); err != nil || n != resendBatch+3 {
			t.Errorf("all: %d, want %d, %v", n, resendBatch+3, err)
		}
		if n, err := s.ResendRuns(ctx, "", now.Add(time.Second)); err != nil || n != 0 {
			t.Errorf("again: %d, %v", n, err)
		}
		if got := s.count(t, `SELECT COUNT(*) FROM river_job`) - before; got != resendBatch+4 {
			t.Errorf("%d jobs, want one for each", got)
		}
		for _, run := range sent[1:] {
			for resends, want := range []bool{true, false} {
				if other, err := s.HasOtherEvent(ctx, run.ID, resends); err != nil || other != want {
					t.Errorf("after %d: %v, %v", resends, other, err)
				}
			}
			unsent, ok, err := s.UnsentRun(ctx, run.ID)
			if err != nil || !ok || unsent.Resends != 1 {
				t.Errorf("%+v, %v, %v", unsent, ok, err)
			}
		}
		if got, err := s.LedgerRun(ctx, later.ID); err != nil || got.LastError != "no luck" || got.NotBefore == nil || !got.NotBefore.Equal(now.Add(time.Hour)) {
			t.Errorf("%+v, %v", got, err)
		}
		if got, err := s.LedgerRun(ctx, running.ID); err != nil || got.State != interview.RunRunning {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestPingIsKnownToHaveComeToWhicheverProcess(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		ctx := t.Context()
		if err := s.PingSent(ctx, "a"); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"a", "b"} {
			if came, err := s.HasPingCome(ctx, id); err != nil || came {
				t.Errorf("%s: %v, %v", id, came, err)
			}
		}
		for _, id := range []string{"a", "b"} { // "b" was sent by nobody
			if err := s.PingCame(ctx, id); err != nil {
				t.Fatal(err)
			}
		}
		for id, want := range map[string]bool{"a": true, "b": false} {
			if came, err := s.HasPingCome(ctx, id); err != nil || came != want {
				t.Errorf("%s: %v, %v", id, came, err)
			}
		}
	})
}

// An event whose sending began before Inngest had the functions may be noted after all others were looked through.
func TestEventNotedAfterTheOthersWereResentIsSentAgain(t *testing.T) {
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	eachDatabase(t, Options{Now: func() time.Time { return now }}, func(t *testing.T, s *Store) {
		ctx := t.Context()
		run, late := s.runOf(t, seed(t, s, 1)[0]), now.Add(time.Minute)
		if n, err := s.ResendRuns(ctx, "", late); err != nil || n != 0 {
			t.Fatalf("%d events were out, %v", n, err)
		}
		for resends, sentAt := range []time.Time{now, late} {
			unsent, ok, err := s.UnsentRun(ctx, run)
			if err != nil || !ok || unsent.Resends != resends {
				t.Fatalf("%+v, %v, %v; want %d resends", unsent, ok, err, resends)
			}
			if err := s.EventSent(ctx, unsent, sentAt, late.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		if _, ok, err := s.UnsentRun(ctx, run); ok || err != nil {
			t.Errorf("an event that was sent in time is sent again: %v", err)
		}
	})
}

// Whether an event is noted first or the others are looked through first, another one is sent for its run.
func TestEventNotedWhileTheOthersAreResentIsSentAgain(t *testing.T) {
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	eachDatabase(t, Options{Now: func() time.Time { return now }}, func(t *testing.T, s *Store) {
		const calls = 40
		var unsent []jobs.Unsent
		for _, call := range seed(t, s, calls) {
			u, ok, err := s.UnsentRun(t.Context(), s.runOf(t, call))
			if err != nil || !ok {
				t.Fatalf("%v, %v", ok, err)
			}
			unsent = append(unsent, u)
		}
		late := now.Add(time.Minute)
		group, ctx := errgroup.WithContext(t.Context())
		start := make(chan struct{})
		for n, u := range unsent {
			group.Go(func() error {
				<-start
				return s.EventSent(ctx, u, now, late.Add(time.Hour))
			})
			if n == calls/2 {
				group.Go(func() error {
					<-start
					_, err := s.ResendRuns(ctx, "", late)
					return err
				})
			}
		}
		close(start)
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		for _, u := range unsent {
			again, ok, err := s.UnsentRun(t.Context(), u.Run.ID)
			if err != nil || !ok || again.Resends != 1 {
				t.Errorf("run %s: %+v, %v, %v; want another event", u.Run.ID, again, ok, err)
			}
		}
	})
}
