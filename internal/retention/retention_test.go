package retention_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/retention"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

func TestShortestPeriodOfIDsIsThatOfTheInbox(t *testing.T) {
	if retention.ShortestDedup != inbox.RepeatHorizon {
		t.Errorf("%v, the inbox's is %v", retention.ShortestDedup, inbox.RepeatHorizon)
	}
}

// Two servers prune the same database: one of them at a time, and what is old goes without anybody asking.
func TestServersPruneByThemselves(t *testing.T) {
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		s, err := store.Open(t.Context(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		const statement = `INSERT INTO audit_log (id, at, actor, action, subject, reason, detail) VALUES ('old', $1, '', '', '', '', '{}')`
		at := time.Now().UTC().Add(-time.Hour).Truncate(time.Microsecond)
		if s.Postgres() != nil {
			_, err = s.Postgres().Exec(t.Context(), statement, at)
		} else {
			_, err = s.SQLite().ExecContext(t.Context(), statement, at)
		}
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		pruned := make(chan string, 10)
		var jobs sync.WaitGroup
		for range 2 {
			job := retention.Job{Store: s, Periods: store.Periods{Audit: time.Minute}, Every: 20 * time.Millisecond,
				Log: slog.New(slog.DiscardHandler), OnPruned: func(what string, rows int) { pruned <- what }}
			jobs.Go(func() { _ = job.Run(ctx) })
		}
		select {
		case what := <-pruned:
			if what != "audit" {
				t.Errorf("%s was pruned", what)
			}
		case <-time.After(time.Minute):
			t.Error("nothing was pruned")
		}
		stop()
		jobs.Wait()
		if len(pruned) > 0 {
			t.Error("something was pruned twice")
		}
	})
}
