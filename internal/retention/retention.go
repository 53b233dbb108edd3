// Package retention prunes what is older than it may be kept, again and again, while the server runs.
package retention

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/i-agent/iagent/internal/store"
)

// The longest that Twilio may still send a callback of a call that it was asked to place. Event ids must be kept for longer: a
// signature has no date, so without the id an old webhook could take effect again.
const (
	// LongestCall is the largest TimeLimit of a call (Twilio: Call resource, TimeLimit; the default is 4 hours).
	LongestCall = 24 * time.Hour
	// LongestQueue is how long a call may wait in Twilio's queue before it is dialled (Twilio: queue_time of the Call resource, at
	// one call a second by default; a queue has room for as many calls as are placed within a day).
	LongestQueue = 24 * time.Hour
	// LongestCallback is how long after its call a callback may come, or be fetched: the reconciler asks for missing recordings
	// for about a day, and then once a day.
	LongestCallback = 5 * 24 * time.Hour
	// ShortestDedup is what DEDUP_RETENTION must be at the least. It is also inbox.RepeatHorizon.
	ShortestDedup = LongestCall + LongestQueue + LongestCallback
)

// Every is the time between two passes: a pass that comes much later than the period itself would not keep it.
func Every(p store.Periods) time.Duration {
	return min(max(p.Payloads/20, time.Second), 10*time.Minute)
}

const (
	// lease is how long a process may go on pruning without saying that it is still there.
	lease = 2 * time.Minute
	// wholeEvery is how often the tables are looked through that have no index by time.
	wholeEvery = 24 * time.Hour
)

// Job prunes. Store, Periods and Log are required.
type Job struct {
	Store   *store.Store
	Periods store.Periods
	// Every is the time between two passes; 0 means what Every says of the periods.
	Every time.Duration
	Log   *slog.Logger
	// OnPruned, if set, is called after each transaction with what it pruned.
	OnPruned func(what string, rows int)

	holder string
	whole  time.Time // when the last pass over everything began
}

// Run makes a pass now and then until ctx ends. Of several processes one at a time prunes.
func (j *Job) Run(ctx context.Context) error {
	j.holder = rand.Text()
	every := j.Every
	if every == 0 {
		every = Every(j.Periods)
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := j.pass(ctx); err != nil && ctx.Err() == nil {
			j.Log.Warn("pruning", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (j *Job) pass(ctx context.Context) error {
	claimed, err := j.Store.ClaimPrune(ctx, j.holder, lease)
	if err != nil || !claimed {
		return err
	}
	begun, renewed := time.Now(), time.Now()
	whole := j.whole.IsZero() || time.Since(j.whole) >= wholeEvery
	counts, err := j.Store.Prune(ctx, store.PruneOptions{Periods: j.Periods, Quick: !whole, OnBatch: func(c store.PruneCount) error {
		if j.OnPruned != nil {
			j.OnPruned(c.What, c.Rows)
		}
		if time.Since(renewed) < lease/4 {
			return nil
		}
		renewed = time.Now()
		_, err := j.Store.ClaimPrune(ctx, j.holder, lease)
		return err
	}})
	j.report(counts, time.Since(begun))
	if err != nil {
		return err
	}
	if whole {
		j.whole = begun
	}
	return j.Store.PruneEnded(ctx, j.holder)
}

// report logs a pass that found something.
func (j *Job) report(counts []store.PruneCount, took time.Duration) {
	attrs := []any{}
	for _, c := range counts {
		if c.Rows > 0 {
			attrs = append(attrs, c.What, c.Rows)
		}
	}
	if len(attrs) > 0 {
		j.Log.Info("pruned what was older than it is kept", append(attrs, "took", took.Round(time.Millisecond))...)
	}
}
