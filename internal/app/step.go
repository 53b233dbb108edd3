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

// Step does what is due at this moment of Options.Now. It takes the place of Run where the clock is virtual: River goes by the clock of
// this machine, the ledger of runs by Options.Now. Functions are called, in the order in which they were asked for, until none is due any
// more; then calls that are late are asked about. [App.NextDue] says when to come again.
//
// What only tidies up or tells an operator is not done: pruning, gauges, the list of rejections. Runs cannot go by way of Inngest.
func (a *App) Step(ctx context.Context) error {
	if a.settings.inngest != nil {
		return errors.New("stepping: with Inngest it is Inngest that says when")
	}
	if err := a.callDueRuns(ctx); err != nil {
		return fmt.Errorf("stepping: %w", err)
	}
	if at, err := a.nextPass(ctx); err != nil || at.IsZero() || at.After(a.now()) {
		return err
	}
	if err := a.reconciler.Pass(ctx); err != nil { // as Run does: Twilio may have asked for less
		a.log.Warn("reconciling", "error", err)
		a.noPassBefore = a.now().Add(a.settings.reconcileEvery)
	}
	if err := a.callDueRuns(ctx); err != nil {
		return fmt.Errorf("stepping: %w", err)
	}
	return nil
}

// NextDue is when there is something to do for [App.Step]; it may have passed. The zero time says that nothing waits for its time.
func (a *App) NextDue(ctx context.Context) (time.Time, error) {
	run, _, err := a.store.NextDue(ctx)
	if err != nil {
		return time.Time{}, err
	}
	pass, err := a.nextPass(ctx)
	if run.IsZero() || !pass.IsZero() && pass.Before(run) {
		return pass, err
	}
	return run, err
}

// nextPass is when the reconciler has something to do, zero for never.
func (a *App) nextPass(ctx context.Context) (time.Time, error) {
	if a.reconciler == nil {
		return time.Time{}, nil
	}
	_, check, err := a.store.NextDue(ctx)
	if err == nil && !check.IsZero() && check.Before(a.noPassBefore) {
		check = a.noPassBefore
	}
	return check, err
}

// callDueRuns calls runs until none is due, those included whose process died.
func (a *App) callDueRuns(ctx context.Context) error {
	if _, err := a.store.RescueRuns(ctx); err != nil {
		return err
	}
	for {
		due, err := a.store.DueRuns(ctx)
		if err != nil {
			return err
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
			return err
		}
	}
}
