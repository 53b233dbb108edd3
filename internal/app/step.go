package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/i-agent/iagent/internal/interview"
)

// dispatchStep is how often contacts are looked for at most: a step takes much longer than a second of a virtual clock, and a campaign
// that has as many calls as it may have is looked at each time.
const dispatchStep = interview.GatePoll

// stepsAtOnce is how many runs a step calls at once.
const stepsAtOnce = 4

// Handler serves what the program serves, for a test that does not Run it.
func (a *App) Handler() http.Handler { return a.server.Handler }

// Step does what is due at this moment of Options.Now. It takes the place of Run where the clock is virtual: River goes by the clock of
// this machine, the ledger of runs by Options.Now. Functions are called, in the order in which they were asked for, until none is due any
// more; contacts that are due become calls, and what stops left to end is ended; then calls that are late are asked about. It returns when there is something to do next, the zero time for never.
//
// What only tidies up or tells an operator is not done: pruning, gauges, the list of rejections. Runs cannot go by way of Inngest.
func (a *App) Step(ctx context.Context) (next time.Time, err error) {
	if a.settings.inngest != nil {
		return time.Time{}, errors.New("stepping: with Inngest it is Inngest that says when")
	}
	for {
		if err := a.store.CarryOutStops(ctx); err != nil {
			return time.Time{}, fmt.Errorf("stepping: %w", err)
		}
		dispatch := a.noDispatchBefore
		if !a.now().Before(dispatch) {
			dispatched, err := a.dispatcher.Pass(ctx)
			if err != nil {
				return time.Time{}, fmt.Errorf("stepping: %w", err)
			}
			a.noDispatchBefore = a.now().Add(dispatchStep)
			if dispatch = dispatched.Next; !dispatch.IsZero() && dispatch.Before(a.noDispatchBefore) {
				dispatch = a.noDispatchBefore
			}
		}
		run, check, err := a.store.NextDue(ctx)
		if err != nil {
			return time.Time{}, fmt.Errorf("stepping: %w", err)
		}
		switch check = a.nextPass(check); {
		case due(run, a.now()):
			if err := a.callDueRuns(ctx); err != nil {
				return time.Time{}, fmt.Errorf("stepping: %w", err)
			}
		case due(check, a.now()):
			if err := a.reconciler.Pass(ctx); err != nil { // as Run does: Twilio may have asked for less
				a.log.Warn("reconciling", "error", err)
				a.noPassBefore = a.now().Add(a.settings.reconcileEvery)
			}
		default:
			return earliest(run, check, dispatch), nil
		}
	}
}

func due(at, now time.Time) bool { return !at.IsZero() && !at.After(now) }

// earliest is the first of the times that are set, zero for none.
func earliest(times ...time.Time) (first time.Time) {
	for _, t := range times {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

// nextPass is when the reconciler has something to do, if a call is to be checked at a time; zero for never.
func (a *App) nextPass(check time.Time) time.Time {
	switch {
	case a.reconciler == nil:
		return time.Time{}
	case !check.IsZero() && check.Before(a.noPassBefore):
		return a.noPassBefore
	}
	return check
}

// callDueRuns calls the runs that are due, those included whose process died.
func (a *App) callDueRuns(ctx context.Context) error {
	if _, err := a.store.RescueRuns(ctx); err != nil {
		return err
	}
	ids, err := a.store.DueRuns(ctx)
	if err != nil {
		return err
	}
	calling, running := errgroup.WithContext(ctx)
	calling.SetLimit(stepsAtOnce)
	for _, id := range ids {
		calling.Go(func() error { return a.engine.Call(running, id) })
	}
	return calling.Wait()
}
