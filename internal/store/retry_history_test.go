package store

import (
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

// Who had a run of a call tried again, and why, is told by the call, in whatever way it was asked for.
func TestRetryOfARunIsInTheHistoryOfItsCall(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		calls := seed(t, s, 4)
		ctx := interview.WithActor(t.Context(), "console:Kim")
		died := func(call string) interview.Run {
			t.Helper()
			run := s.mustStart(t, interview.OrchestrateCall, call)
			if err := s.FailRun(t.Context(), run, "no luck"); err != nil {
				t.Fatal(err)
			}
			return run
		}
		alone, many, bulk := died(calls[0]), died(calls[1]), died(calls[2])
		if _, err := s.RetryRun(ctx, alone.ID); err != nil {
			t.Fatal(err)
		}
		if n, err := s.RetryRuns(ctx, DeadRunFilter{CallID: calls[1]}, 10, "call +12125550123 back", nil); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		job, err := s.StartBulk(ctx, BulkJob{Kind: BulkRetry, Reason: "the model is back", Matched: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, ended, err := s.BulkRetryStep(t.Context(), job.ID, 10); ended || err != nil {
			t.Fatal(ended, err)
		}
		for n, want := range []string{
			alone.ID + ") had failed for good after 1 attempt: no luck; retried by console:Kim",
			many.ID + ") had failed for good after 1 attempt: no luck; retried by console:Kim: call *** back",
			bulk.ID + ") had failed for good after 1 attempt: no luck; retried by console:Kim in bulk job " + job.ID + ": the model is back",
			"",
		} {
			var got []string
			d, err := s.CallDetail(t.Context(), calls[n])
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range d.History {
				if h.What == NoteRetried {
					got = append(got, h.Detail)
				}
			}
			if want != "" {
				want = "orchestrate-call (run " + want
			}
			if strings.Join(got, "\n") != want {
				t.Errorf("call %d: %q, want %q", n, got, want)
			}
		}
		if found, err := s.RetriesOfRun(t.Context(), calls[2], bulk.ID); err != nil || len(found) != 1 || !strings.Contains(found[0].Detail, job.ID) {
			t.Errorf("of the run: %+v, %v", found, err)
		}
		if found, err := s.RetriesOfRun(t.Context(), calls[2], many.ID); err != nil || len(found) != 0 {
			t.Errorf("of another run: %+v, %v", found, err)
		}
	})
}

// An earlier version kept words of services in the error of a run.
func TestErasureLeavesWhoRetriedARunAndNotItsError(t *testing.T) {
	was := retriedRun{id: "R", function: interview.TranscribeRecording, attempts: 2, lastError: "no; retried: 'my name is Ann'"}
	const want = "transcribe-recording (run R) had failed for good after 2 attempts; retried by console:Kim: "
	if got := withoutWords(NoteRetried, was.words(retrier{actor: "console:Kim", reason: "(212) 555-0123 asked"}), "+12125550123"); strings.Contains(got, "Ann") ||
		strings.Contains(got, "0123") || !strings.HasPrefix(got, want) {
		t.Errorf("%q", got)
	}
}

// A run about a hypothesis is of no single call.
func TestRetryOfARunAboutNoCallIsInNoHistory(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		calls, hypotheses := heardCalls(t, s, 3)
		for _, id := range calls {
			s.extract(t, id, claimFor(hypotheses[0], true))
		}
		run := s.mustStart(t, interview.ValidateClaim, hypotheses[0]+":1")
		if err := s.FailRun(t.Context(), run, "no luck"); err != nil {
			t.Fatal(err)
		}
		if n, err := s.RetryRuns(t.Context(), DeadRunFilter{}, 10, "", nil); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM call_history WHERE what = '`+NoteRetried+`'`); n != 0 {
			t.Errorf("%d lines in histories", n)
		}
	})
}
