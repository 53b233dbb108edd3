package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// stepsAtOnce is how many runs a step calls at once.
const stepsAtOnce = 4

// Handler serves what the program serves, for a test that does not Run it.
func (a *App) Handler() http.Handler { return a.server.Handler }

// Step does what is due at this moment of Options.Now, and returns when something is due next; the zero time when nothing is. It takes
// the place of Run where the clock is virtual: River goes by the clock of this machine, the ledger of runs by Options.Now. Functions
// are called in the order in which they were asked for, until none is due any more; then calls that are late are asked about.
//
// What only tidies up or tells an operator is not done: pruning, gauges, the list of rejections. Runs cannot go by way of Inngest.
func (a *App) Step(ctx context.Context) (next time.Time, err error) {
	if a.settings.inngest != nil {
		return time.Time{}, errors.New("stepping: with Inngest it is Inngest that says when")
	}
	if err := a.callDueRuns(ctx); err != nil {
		return time.Time{}, err
	}
	next, some, err := a.store.NextDue(ctx)
	if err == nil && a.reconciler != nil && some && !next.After(a.now()) {
		if err := a.reconciler.Pass(ctx); err != nil {
			return time.Time{}, fmt.Errorf("stepping: %w", err)
		}
		if err := a.callDueRuns(ctx); err != nil {
			return time.Time{}, err
		}
		next, _, err = a.store.NextDue(ctx)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("stepping: %w", err)
	}
	return next, nil
}

// callDueRuns calls runs until none is due.
func (a *App) callDueRuns(ctx context.Context) error {
	for {
		due, err := a.store.DueRuns(ctx)
		if err != nil {
			return fmt.Errorf("stepping: %w", err)
		}
		if len(due) == 0 {
			return nil
		}
		calling, running := errgroup.WithContext(ctx)
		calling.SetLimit(stepsAtOnce)
		for _, id := range due {
			calling.Go(func() error { return a.engine.Call(running, id) })
		}
		if err := calling.Wait(); err != nil {
			return fmt.Errorf("stepping: %w", err)
		}
	}
}
