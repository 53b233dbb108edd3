package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"github.com/i-agent/iagent/internal/fault"
)

// riverJobTimeout is how long River waits for a worker before it takes its process for dead and hands the job to another.
// The work itself may well take longer: then the other finds in the ledger that the run is running elsewhere.
const riverJobTimeout = 20 * time.Second

// worker runs one function for River. River only says when; the ledger says whether.
type worker struct {
	river.WorkerDefaults[RunArgs]

	engine *Engine
}

// Timeout is what River's rescuer goes by. An attempt does not run under River's context, and so is not ended by it.
func (w *worker) Timeout(*river.Job[RunArgs]) time.Duration { return riverJobTimeout }

// Work makes one attempt at a run. Errors are the ledger's affair: River keeps no more of one than what may be stored, and
// does not count.
func (w *worker) Work(ctx context.Context, job *river.Job[RunArgs]) error {
	o, err := w.engine.attempt(ctx, job.Args.RunID)
	if errors.Is(err, errStopping) {
		return river.JobSnooze(0)
	}
	if err != nil {
		w.engine.config.Log.Error("calling a run", "function", job.Kind, "run", job.Args.RunID,
			"error", fault.Of(err).String())
		return river.JobSnooze(w.engine.jitter(ledgerPause))
	}
	switch o.state {
	case elsewhere, waits, tryAgain:
		return river.JobSnooze(max(o.until.Sub(w.engine.config.Now()), 0))
	case dead:
		return river.JobCancel(errors.New(o.fault.String()))
	case settled:
	}
	return nil
}
