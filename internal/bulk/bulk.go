// Package bulk does to many rows at once what an operator asked for: it retries dead runs and replays failed webhooks. A job is a
// row of the database, so it does not depend on whoever asked for it, shows how far it is, can be stopped from anywhere, and says so
// when its process ended before it.
package bulk

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/store"
)

// Config is what a Runner needs. Store, Replay, Try and Log are required.
type Config struct {
	Store *store.Store
	// Replay replays the events, those of one call in their order, and calls each with what came of one, such as "accepted".
	// Events that it does not reach because ctx ends it leaves out.
	Replay func(ctx context.Context, events []store.Replayable, how store.Replay, each func(outcome string)) error
	// Try says of each event what Replay would do to it, and changes nothing.
	Try func(ctx context.Context, events []store.Replayable, each func(Tried)) error
	Log *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Step is how many rows are done between two looks at whether somebody stopped the job; 0 means 50.
	Step int
	// AliveEvery is how often a job says that it is worked on; 0 means 5 s. One that is silent for four times as long is taken for
	// interrupted.
	AliveEvery time.Duration
	// OnStep, if set, is called after each step of a job. For tests.
	OnStep func(store.BulkJob)
	// OnEnd, if set, is called when a job of this process has ended. For tests.
	OnEnd func(id string)
}

// Tried is an event and what a replay would do to it.
type Tried struct {
	store.Replayable
	// Outcome is what would come of it, Detail why it would be refused or fail.
	Outcome, Detail string
}

// Plan says what a job would be about.
type Plan struct {
	// Matched are all.
	Matched int
	// Counts are the matched by function, or the tried by what would come of them.
	Counts map[string]int
	// Runs are the first of the dead runs, as they are.
	Runs []store.LedgerRun
	// Webhooks are the first of the webhooks, with what would come of them. All of these were tried, and no others.
	Webhooks []Tried
}

const (
	// sample is how many runs a plan shows.
	sample = 10
	// tried is how many webhooks a plan tries.
	tried = 100
)

// Runner runs bulk jobs. Run blocks until its context ends; jobs are started and stopped beside it.
type Runner struct {
	config Config

	mu      sync.Mutex
	ctx     context.Context // ends with Run; nil before it
	cancels map[string]context.CancelFunc
	jobs    sync.WaitGroup
}

// ErrNotRunning says that the process does not take jobs: it begins, or ends.
var ErrNotRunning = errors.New("bulk jobs are not taken now")

// New returns a Runner.
func New(config Config) *Runner {
	if config.Step == 0 {
		config.Step = 50
	}
	if config.AliveEvery == 0 {
		config.AliveEvery = 5 * time.Second
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Runner{config: config, cancels: map[string]context.CancelFunc{}}
}

// Run takes jobs until ctx ends, and then ends those that it has as interrupted. It also ends those of processes that are gone.
func (r *Runner) Run(ctx context.Context) error {
	r.mu.Lock()
	r.ctx = ctx
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.ctx = nil
		r.mu.Unlock()
		r.jobs.Wait()
	}()
	ticker := time.NewTicker(r.config.AliveEvery)
	defer ticker.Stop()
	for {
		if err := r.endLost(ctx); err != nil && ctx.Err() == nil {
			r.config.Log.Warn("looking for interrupted bulk jobs", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (r *Runner) endLost(ctx context.Context) error {
	return r.config.Store.EndLostBulk(ctx, 4*r.config.AliveEvery)
}

// Plan says what a job would be about. It changes nothing.
func (r *Runner) Plan(ctx context.Context, kind store.BulkKind, by store.BulkFilter) (Plan, error) {
	if kind == store.BulkReplay {
		return r.planReplay(ctx, by)
	}
	dead, err := r.config.Store.DeadRuns(ctx, by.DeadRuns(), sample)
	plan := Plan{Matched: dead.Count, Counts: map[string]int{}, Runs: dead.Sample}
	for function, n := range dead.Functions {
		plan.Counts[string(function)] = n
	}
	return plan, err
}

func (r *Runner) planReplay(ctx context.Context, by store.BulkFilter) (Plan, error) {
	plan := Plan{Counts: map[string]int{}}
	var err error
	if plan.Matched, err = r.config.Store.CountReplayables(ctx, by.FailedWebhooks()); err != nil {
		return plan, err
	}
	events, err := r.config.Store.Replayables(ctx, by.FailedWebhooks(), "", tried)
	if err != nil {
		return plan, err
	}
	at := map[string]int{}
	for n, e := range events {
		at[e.ID] = n
	}
	plan.Webhooks = make([]Tried, len(events))
	err = r.config.Try(ctx, events, func(t Tried) {
		plan.Webhooks[at[t.ID]] = t
		plan.Counts[t.Outcome]++
	})
	return plan, err
}

// Start begins a job and returns it. What dies or arrives from now on is not a part of it. store.ErrBulkRunning when one of the
// kind is running, in any process; ErrNotRunning when this process takes none. The job has the actor of ctx.
func (r *Runner) Start(ctx context.Context, kind store.BulkKind, by store.BulkFilter, reason string) (store.BulkJob, error) {
	if err := r.endLost(ctx); err != nil {
		return store.BulkJob{}, err
	}
	if by.Until.IsZero() {
		by.Until = r.config.Now().UTC()
	}
	job := store.BulkJob{Kind: kind, BulkFilter: by, Reason: reason}
	var err error
	if kind == store.BulkReplay {
		job.Matched, err = r.config.Store.CountReplayables(ctx, by.FailedWebhooks())
	} else {
		var plan store.DeadRunPlan
		plan, err = r.config.Store.DeadRuns(ctx, by.DeadRuns(), 0)
		job.Matched = plan.Count
	}
	if err != nil {
		return job, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx == nil || r.ctx.Err() != nil {
		return job, ErrNotRunning
	}
	if job, err = r.config.Store.StartBulk(ctx, job); err != nil {
		return job, err
	}
	running, cancel := context.WithCancel(r.ctx)
	r.cancels[job.ID] = cancel
	process := r.ctx
	r.jobs.Go(func() { r.work(process, running, job) })
	return job, nil
}

// Stop asks for the end of a job, wherever it runs. It returns before the job has ended.
func (r *Runner) Stop(ctx context.Context, id string) (store.BulkJob, error) {
	job, err := r.config.Store.StopBulk(ctx, id)
	if err != nil {
		return job, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if cancel := r.cancels[id]; cancel != nil {
		cancel()
	}
	return job, nil
}

// endWithin is how long it may take to write down how a job ended.
const endWithin = 5 * time.Second

// work does a job, and writes down how it ended.
func (r *Runner) work(process, running context.Context, job store.BulkJob) {
	alive := make(chan struct{})
	go func() {
		defer close(alive)
		r.sayAlive(running, job.ID)
	}()
	err := r.steps(running, job)
	r.mu.Lock()
	r.cancels[job.ID]()
	delete(r.cancels, job.ID)
	r.mu.Unlock()
	<-alive
	ending, cancel := context.WithTimeout(context.WithoutCancel(process), endWithin)
	defer cancel()
	now, loadErr := r.config.Store.BulkJob(ending, job.ID)
	state, why := store.BulkDone, ""
	switch {
	case loadErr == nil && now.StoppedBy != "":
		state = store.BulkStopped
	case process.Err() != nil:
		state = store.BulkInterrupted
	case err != nil:
		state, why = store.BulkFailed, fault.Of(err).String()
		r.config.Log.Error("bulk job", "job", job.ID, "kind", string(job.Kind), "error", err)
	}
	if err := r.config.Store.EndBulk(ending, job.ID, state, why); err != nil {
		r.config.Log.Warn("the end of a bulk job is not noted: it will be taken for interrupted", "job", job.ID, "error", err)
	}
	if r.config.OnEnd != nil {
		r.config.OnEnd(job.ID)
	}
}

// sayAlive says that a job is worked on, and ends it when somebody stopped it in another process.
func (r *Runner) sayAlive(running context.Context, id string) {
	ticker := time.NewTicker(r.config.AliveEvery)
	defer ticker.Stop()
	for {
		select {
		case <-running.Done():
			return
		case <-ticker.C:
		}
		job, err := r.config.Store.BulkProgress(running, id, nil)
		if err == nil && (job.State != store.BulkRunning || job.StoppedBy != "") {
			r.mu.Lock()
			if cancel := r.cancels[id]; cancel != nil {
				cancel()
			}
			r.mu.Unlock()
			return
		}
	}
}

// steps does a job, some rows after some others, until there are no more or it is to end.
func (r *Runner) steps(ctx context.Context, job store.BulkJob) error {
	last := ""
	for ctx.Err() == nil {
		var ended bool
		var err error
		if job.Kind == store.BulkRetry {
			job, ended, err = r.config.Store.BulkRetryStep(ctx, job.ID, r.config.Step)
		} else {
			job, last, ended, err = r.replayStep(ctx, job, last)
		}
		switch {
		case ctx.Err() != nil:
			return nil // stopped, or the process ends: what was begun is finished
		case err != nil:
			return err
		case ended:
			return nil
		}
		if r.config.OnStep != nil {
			r.config.OnStep(job)
		}
	}
	return nil
}

// replayStep replays the next webhooks after a row, and returns the last of them.
func (r *Runner) replayStep(ctx context.Context, job store.BulkJob, after string) (store.BulkJob, string, bool, error) {
	events, err := r.config.Store.Replayables(ctx, job.FailedWebhooks(), after, r.config.Step)
	if err != nil || len(events) == 0 {
		return job, after, true, err
	}
	counts := map[string]int{}
	replayErr := r.config.Replay(ctx, events, store.Replay{Reason: job.Reason, Bulk: true}, func(outcome string) { counts[outcome]++ })
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancel()
	job, err = r.config.Store.BulkProgress(noting, job.ID, counts)
	return job, events[len(events)-1].ID, job.State != store.BulkRunning || job.StoppedBy != "", errors.Join(replayErr, err)
}
