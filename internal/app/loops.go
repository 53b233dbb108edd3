package app

import (
	"context"
	"time"
)

const (
	// webhooksFirst is how long the server has the processor and the database to itself when it starts.
	webhooksFirst = 100 * time.Millisecond
	// loopsApart lies between the starts of two loops. Together they would open a connection to Postgres each, and wait for it;
	// one after the other they use those that are open.
	loopsApart = 10 * time.Millisecond
)

// loops are what works beside the server, each until its context ends, in the order in which they begin.
func (a *App) loops() []func(context.Context) error {
	loops := []func(context.Context) error{
		a.carryOutStops, a.engine.Run, a.dispatch, a.countOverdue, a.readGauges, a.flushLog, a.checkStart, a.checkBesidePages, a.endLostSimulations, a.pruneUntil,
	}
	if a.reconciler != nil {
		loops = append(loops, a.reconciler.Run)
	}
	if a.settings.AccountSid != "" {
		loops = append(loops, a.watchDialing)
	}
	return loops
}

// afterWebhooks begins the loop of a place among all, also when ctx has ended: then it ends as it would have later.
func afterWebhooks(ctx context.Context, place int, loop func(context.Context) error) error {
	begin := time.NewTimer(webhooksFirst + time.Duration(place)*loopsApart)
	defer begin.Stop()
	select {
	case <-begin.C:
	case <-ctx.Done():
	}
	return loop(ctx)
}

const (
	// looksShare is how many times as long as a look took nobody looks again: looking takes a twentieth of the time at most, however much
	// there is to look at.
	looksShare = 20
	// looksApart bounds the time between two looks.
	looksApart = 5 * time.Minute
)

// keepLooking looks again and again until ctx ends: each time after every, and after a long look later. A look that says false is not
// counted as long: what it waited for may be back.
func keepLooking(ctx context.Context, every time.Duration, look func(context.Context) bool) error {
	for {
		begun := time.Now()
		pause := every
		if look(ctx) {
			pause = min(max(every, looksShare*time.Since(begun)), max(every, looksApart))
		}
		next := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			next.Stop()
			return nil
		case <-next.C:
		}
	}
}
