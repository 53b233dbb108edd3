package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/telemetry"
)

const (
	// databaseProbe is how long the database may take to answer whether it is there.
	databaseProbe = 2 * time.Second
	// databaseAgain is the pause between two probes while it is not.
	databaseAgain = 500 * time.Millisecond
)

// databaseWatch says once that the database is lost and once that it is back, whoever noticed it. Any part of the program that
// meets a fault makes it suspect the database: then it asks until the database answers, and the warnings that others write
// because of it are counted meanwhile.
type databaseWatch struct {
	log     *slog.Logger
	outage  *telemetry.Outage
	repeats *telemetry.Repeats
	// probe asks whether the database can be used.
	probe func(ctx context.Context) error
	now   func() time.Time

	mu       sync.Mutex
	ctx      context.Context // ends with the program
	cancel   context.CancelFunc
	watching sync.WaitGroup
	asking   bool
	since    time.Time // the fault that began it
}

func newDatabaseWatch(log *slog.Logger, repeats *telemetry.Repeats, probe func(context.Context) error, now func() time.Time) *databaseWatch {
	w := &databaseWatch{log: log, repeats: repeats, probe: probe, now: now,
		outage: telemetry.NewOutage(log, slog.LevelError, "database", 1, 0)}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	return w
}

// suspect takes in a fault. It does not wait.
func (w *databaseWatch) suspect(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.asking || w.ctx.Err() != nil {
		return
	}
	w.asking, w.since = true, w.now()
	w.repeats.Hold()
	w.watching.Go(func() { w.ask(err) })
}

// ask asks until the database answers, or the program ends.
func (w *databaseWatch) ask(err error) {
	for {
		probing, cancel := context.WithTimeout(w.ctx, databaseProbe)
		probed := w.probe(probing)
		cancel()
		switch {
		case w.ctx.Err() != nil:
			w.ended(false)
			return
		case probed == nil:
			w.ended(true)
			return
		}
		w.outage.Failed(w.since, slog.String("error", fault.Of(err).String()), slog.String("probe", fault.Of(probed).String()))
		select {
		case <-w.ctx.Done():
		case <-time.After(databaseAgain):
		}
	}
}

// ended ends the questions, because the database answered or because the program ends.
func (w *databaseWatch) ended(answered bool) {
	held, last := w.repeats.Release()
	back := answered && w.outage.Answered(w.now(), slog.Int("warnings", held))
	w.mu.Lock()
	w.asking = false
	w.mu.Unlock()
	if !back && held > 0 {
		w.log.Warn("requests to the database failed", "warnings", held, "error", last)
	}
}

// close ends the watch.
func (w *databaseWatch) close() {
	w.cancel()
	w.watching.Wait()
}
