package jobs_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store/storetest"
)

func TestDeadRunThatIsRetriedRuns(t *testing.T) {
	t.Parallel()
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		var calls atomic.Int32
		r := open(t, url).run(func(context.Context, interview.Run) error {
			if calls.Add(1) == 1 {
				return jobs.Permanent(fault.New("no cure"))
			}
			return nil
		}, nil)
		r.enqueue(1)
		dead := r.untilState(interview.RunFailed)
		if dead.Attempts != 1 || dead.LastError != "permanent: iagent: no cure" {
			t.Errorf("%+v", dead)
		}
		if _, err := r.store.RetryRun(t.Context(), dead.ID); err != nil {
			t.Fatal(err)
		}
		if done := r.untilState(interview.RunDone); done.Attempts != 2 || done.LastError != "" || calls.Load() != 2 {
			t.Errorf("%d calls: %+v", calls.Load(), done)
		}
	})
}

// A process may die between taking a job from River and taking its run from the ledger, which then shows a run that
// waits.
func TestRunOfAProcessKilledBeforeItStartedRunsSoon(t *testing.T) {
	t.Parallel()
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		r := open(t, url)
		r.enqueue(1)
		var err error
		if pool := r.store.Postgres(); pool != nil {
			_, err = pool.Exec(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now() - interval '25 seconds',
				attempted_by = ARRAY['gone']`)
		} else {
			_, err = r.store.SQLite().ExecContext(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1,
				attempted_at = strftime('%Y-%m-%d %H:%M:%f', 'now', '-25 seconds'), attempted_by = json('["gone"]')`)
		}
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		r.run(func(context.Context, interview.Run) error { return nil }, nil)
		r.untilState(interview.RunDone)
		t.Logf("ran again after %s", time.Since(began))
	})
}

func TestStoppedRunIsResumedAndDoesNotCount(t *testing.T) {
	t.Parallel()
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		began := make(chan struct{}, 1)
		r := open(t, url).run(func(ctx context.Context, _ interview.Run) error {
			began <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		}, nil)
		r.enqueue(1)
		<-began
		r.stop()
		if run := r.only(); run.State != interview.RunWaiting || run.Attempts != 0 {
			t.Errorf("after the stop: %+v", run)
		}
		r.run(func(context.Context, interview.Run) error { return nil }, nil)
		if run := r.untilState(interview.RunDone); run.Attempts != 1 {
			t.Errorf("%+v", run)
		}
	})
}
