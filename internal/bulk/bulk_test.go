package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/bulk"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/replay"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// clock is a time that a test sets.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func open(t *testing.T, url string, now func() time.Time) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, store.Options{DialsPerMinute: 10_000, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// called makes calls, each of which has a run.
func called(t *testing.T, s *store.Store, many int) (ids []string) {
	t.Helper()
	campaign, err := s.CreateCampaign(t.Context(), interview.Campaign{Name: "n", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours()})
	if err != nil {
		t.Fatal(err)
	}
	numbers := make([]string, many)
	for n := range numbers {
		numbers[n] = fmt.Sprintf("+1555%07d", n)
	}
	_, err = s.CreateCalls(t.Context(), store.NewCalls{CampaignID: campaign.ID, PhoneNumbers: numbers, Answer: func(made []interview.Call) (store.Answer, error) {
		ids = nil
		for _, call := range made {
			ids = append(ids, call.ID)
		}
		return store.Answer{Body: []byte("{}")}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// die lets all runs die.
func die(t *testing.T, s *store.Store) {
	t.Helper()
	for page := (store.Page{Limit: 200}); ; {
		list, err := s.Runs(t.Context(), store.RunFilter{}, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range list.Items {
			run, started, err := s.StartRun(t.Context(), l.ID)
			if err != nil || started != jobs.RunStarted {
				t.Fatal(started, err)
			}
			if err := s.FailRun(t.Context(), run, "permanent: model: 401"); err != nil {
				t.Fatal(err)
			}
		}
		if page.After = list.Next; page.After == "" {
			return
		}
	}
}

// process is a runner that runs until it is killed or the test ends.
type process struct {
	*bulk.Runner
	ended  chan string
	cancel context.CancelFunc
}

func start(t *testing.T, s *store.Store, onStep func(p *process, job store.BulkJob), more bulk.Config) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{ended: make(chan string, 10), cancel: cancel}
	more.Store, more.Log, more.OnEnd = s, slog.New(slog.DiscardHandler), func(id string) { p.ended <- id }
	if onStep != nil {
		more.OnStep = func(job store.BulkJob) { onStep(p, job) }
	}
	p.Runner = bulk.New(more)
	over := make(chan struct{})
	go func() {
		defer close(over)
		if err := p.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-over
	})
	return p
}

// begin starts a job as soon as the process takes them.
func (p *process) begin(t *testing.T, kind store.BulkKind, by store.BulkFilter) store.BulkJob {
	t.Helper()
	for {
		job, err := p.Start(interview.WithActor(t.Context(), "console:Kim"), kind, by, "the model is back")
		if err == nil {
			return job
		}
		if !errors.Is(err, bulk.ErrNotRunning) {
			t.Fatal(err)
		}
	}
}

func is(t *testing.T, s *store.Store, id string, state store.BulkState, done int) {
	t.Helper()
	job, err := s.BulkJob(t.Context(), id)
	if err != nil || job.State != state || job.Done != done || (job.EndedAt == nil) != (state == store.BulkRunning) {
		t.Errorf("%+v, %v; want %s after %d", job, err, state, done)
	}
	log, err := s.AuditLog(t.Context(), store.AuditFilter{Subject: id}, store.Page{Limit: 10})
	want := 1
	if state == store.BulkRunning {
		want = 0
	}
	if err != nil || len(log.Items) != want {
		t.Errorf("%d audit entries, %v", len(log.Items), err)
	}
	for _, e := range log.Items {
		if e.Actor != "console:Kim" || e.Reason != "the model is back" || e.Detail["done"] != float64(done) || e.Detail["state"] != string(state) {
			t.Errorf("%+v", e)
		}
	}
}

func waiting(t *testing.T, s *store.Store) int {
	t.Helper()
	var cursor store.GaugeCursor
	g, err := s.Gauges(t.Context(), &cursor)
	if err != nil {
		t.Fatal(err)
	}
	return g.QueueJobs[store.QueueState{Queue: "orchestrate-call", State: "available"}]
}

// A retry of 500 dead runs is stopped in the middle, the process of its successor ends, and a third does the rest.
func TestBulkRetryIsStoppedSurvivesARestartAndRetriesEachRunOnce(t *testing.T) {
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		s := open(t, url, nil)
		called(t, s, 500)
		die(t, s)
		before := waiting(t, s)
		by := store.BulkFilter{Function: interview.OrchestrateCall, LastError: "permanent: model: 401"}

		p := start(t, s, func(p *process, job store.BulkJob) {
			if job.Done == 150 {
				if _, err := p.Stop(t.Context(), job.ID); err != nil {
					t.Error(err)
				}
			}
		}, bulk.Config{})
		plan, err := p.Plan(t.Context(), store.BulkRetry, by)
		if err != nil || plan.Matched != 500 || plan.Counts[string(interview.OrchestrateCall)] != 500 || len(plan.Runs) != 10 {
			t.Fatalf("%+v, %v", plan.Counts, err)
		}
		first := p.begin(t, store.BulkRetry, by)
		<-p.ended
		is(t, s, first.ID, store.BulkStopped, 150)

		p = start(t, s, func(p *process, job store.BulkJob) {
			if _, err := p.Start(t.Context(), store.BulkRetry, by, "another operator"); !errors.Is(err, store.ErrBulkRunning) {
				t.Errorf("two at once: %v", err)
			}
			is(t, s, job.ID, store.BulkRunning, 100)
			p.cancel()
		}, bulk.Config{Step: 100})
		second := p.begin(t, store.BulkRetry, by)
		<-p.ended
		is(t, s, second.ID, store.BulkInterrupted, 100)
		if _, err := p.Start(t.Context(), store.BulkRetry, by, "too late"); !errors.Is(err, bulk.ErrNotRunning) {
			t.Errorf("a process that has ended takes a job: %v", err)
		}

		p = start(t, s, nil, bulk.Config{})
		third := p.begin(t, store.BulkRetry, by)
		<-p.ended
		is(t, s, third.ID, store.BulkDone, 250)
		if third.Matched != 250 {
			t.Errorf("%d matched", third.Matched)
		}
		if again := waiting(t, s) - before; again != 500 {
			t.Errorf("500 runs were given %d jobs", again)
		}
		if left, err := s.DeadRuns(t.Context(), store.DeadRunFilter{}, 1); err != nil || left.Count != 0 {
			t.Errorf("%d are dead still, %v", left.Count, err)
		}
		if list, err := s.BulkJobs(t.Context(), store.Page{Limit: 10}); err != nil || len(list.Items) != 3 || list.Items[0].ID != third.ID {
			t.Errorf("%d jobs, %v", len(list.Items), err)
		}
		for action, want := range map[string]int{interview.AuditRetryRuns: 3, interview.AuditRetryRun: 0} {
			if log, err := s.AuditLog(t.Context(), store.AuditFilter{Action: action}, store.Page{Limit: 10}); err != nil || len(log.Items) != want {
				t.Errorf("%d entries %s in the audit log, %v", len(log.Items), action, err)
			}
		}
	})
}

// A process that is killed cannot say so: another one finds its job silent.
func TestBulkJobOfAKilledProcessIsInterrupted(t *testing.T) {
	var ahead clock
	s := open(t, storetest.SQLite(t), ahead.now)
	job, err := s.StartBulk(interview.WithActor(t.Context(), "console:Kim"), store.BulkJob{Kind: store.BulkRetry, Reason: "the model is back", Matched: 7})
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, s, nil, bulk.Config{AliveEvery: time.Hour})
	for {
		if _, err = p.Start(t.Context(), store.BulkRetry, store.BulkFilter{}, "why"); !errors.Is(err, bulk.ErrNotRunning) {
			break
		}
	}
	if !errors.Is(err, store.ErrBulkRunning) {
		t.Errorf("while it may be alive: %v", err)
	}
	ahead.ahead.Store(int64(5 * time.Hour))
	next := p.begin(t, store.BulkRetry, store.BulkFilter{})
	is(t, s, job.ID, store.BulkInterrupted, 0)
	<-p.ended
	is(t, s, next.ID, store.BulkDone, 0)
	if over, err := p.Stop(t.Context(), job.ID); err != nil || over.State != store.BulkInterrupted || over.StoppedBy != "" {
		t.Errorf("stopping what is over: %+v, %v", over, err)
	}
}

// Failed webhooks are replayed once their cause is mended; those of a job that was stopped are left to the next.
func TestBulkReplayIsPlannedStoppedAndGoesOn(t *testing.T) {
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		s := open(t, url, nil)
		calls := called(t, s, 3)
		var broken atomic.Bool
		broken.Store(true)
		var decided atomic.Int32
		processor := store.NewProcessor(s, func(call interview.Call, _ *inbox.Event) (interview.Change, inbox.Reply, error) {
			if broken.Load() {
				return interview.Change{}, inbox.Reply{}, errors.New("no idea")
			}
			decided.Add(1)
			return interview.Change{Call: call}, inbox.Reply{}, nil
		})
		for n := range 30 {
			event := &inbox.Event{ID: fmt.Sprintf("CA%d:status:%d", n%3, n), Kind: inbox.KindStatus, Subject: calls[n%3], CallSid: fmt.Sprintf("CA%d", n%3),
				Target: "/x?callId=" + calls[n%3], ContentType: "application/x-www-form-urlencoded", Body: []byte("CallStatus=ringing"), ReceivedAt: time.Now().Add(-time.Minute)}
			if _, err := processor.Process(t.Context(), event); err == nil {
				t.Fatal("handled")
			}
		}
		of := func(how store.Replay) replay.Config {
			return replay.Config{Store: s, Processor: processor, Replay: how}
		}
		config := bulk.Config{
			Step: 10,
			Replay: func(ctx context.Context, events []store.Replayable, how store.Replay, each func(string)) error {
				return of(how).Run(ctx, events, func(row replay.Row) { each(string(row.Verdict)) })
			},
			Try: func(ctx context.Context, events []store.Replayable, each func(bulk.Tried)) error {
				return of(store.Replay{}).Try(ctx, events, func(row replay.Row) {
					each(bulk.Tried{Replayable: store.Replayable{Webhook: store.Webhook{ID: row.ID}}, Outcome: string(row.Verdict)})
				})
			},
		}
		p := start(t, s, func(p *process, job store.BulkJob) {
			if job.Matched == 30 && job.Done == 10 && !broken.Load() {
				if _, err := p.Stop(t.Context(), job.ID); err != nil {
					t.Error(err)
				}
			}
		}, config)
		if plan, err := p.Plan(t.Context(), store.BulkReplay, store.BulkFilter{}); err != nil || plan.Matched != 30 || plan.Counts["failed"] != 30 || len(plan.Webhooks) != 30 {
			t.Errorf("while it is broken: %d, %v, %v", plan.Matched, plan.Counts, err)
		}
		fails := p.begin(t, store.BulkReplay, store.BulkFilter{})
		<-p.ended
		is(t, s, fails.ID, store.BulkDone, 30)

		broken.Store(false)
		if plan, err := p.Plan(t.Context(), store.BulkReplay, store.BulkFilter{CallID: calls[0]}); err != nil || plan.Matched != 10 || plan.Counts["accepted"] != 10 {
			t.Errorf("mended: %d, %v, %v", plan.Matched, plan.Counts, err)
		}
		decided.Store(0) // a plan decides, and keeps nothing
		stopped := p.begin(t, store.BulkReplay, store.BulkFilter{})
		<-p.ended
		is(t, s, stopped.ID, store.BulkStopped, 10)
		rest := p.begin(t, store.BulkReplay, store.BulkFilter{})
		<-p.ended
		is(t, s, rest.ID, store.BulkDone, 20)
		if job, err := s.BulkJob(t.Context(), rest.ID); err != nil || job.Counts["accepted"] != 20 || decided.Load() != 30 {
			t.Errorf("%v, decided %d times, %v", job.Counts, decided.Load(), err)
		}
		if log, err := s.AuditLog(t.Context(), store.AuditFilter{Action: interview.AuditReplayWebhook}, store.Page{Limit: 10}); err != nil || len(log.Items) != 0 {
			t.Errorf("%d entries for single webhooks, %v", len(log.Items), err)
		}
	})
}
