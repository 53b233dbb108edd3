package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/testserver"
	"github.com/i-agent/iagent/internal/testserver/inngest"
	"github.com/i-agent/iagent/simulator"
)

// The installation of a run.
const (
	account    = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	token      = "0123456789abcdef0123456789abcdef"
	oldToken   = "fedcba9876543210fedcba9876543210"
	adminToken = "an-admin-token-of-the-soak"
	campaigns  = 4
	batch      = 50
)

// run is one scenario while it goes on.
type run struct {
	Scenario
	folder      string
	databaseURL string
	postgres    *testserver.Postgres
	simulator   *simulator.Simulator
	people      *people
	servers     []*e2e.Process
	running     *e2e.Proxy     // leads Inngest to those that run, as a load balancer with health checks would
	inngest     *inngest.Local // nil on River
	env         []string
	api         *e2e.Client
	store       *store.Store // tomorrow, when every deadline has passed
	report      *Report
	closers     []func()

	mu       sync.Mutex
	failures []error // of the test itself: a server that did not come back
}

// Run plays a scenario and judges it. The error says why it could not be judged; what was broken is in the report.
func Run(ctx context.Context, s Scenario) (*Report, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.Within, fmt.Errorf("not done within %s", s.Within))
	defer cancel()
	r := &run{Scenario: s, report: newReport(s), people: newPeople(s.Seed, s.Calls)}
	defer r.close()
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := r.play(ctx); err != nil {
		return nil, err
	}
	r.report.Took = time.Since(began)
	if err := r.judge(ctx); err != nil {
		return nil, err
	}
	return r.report, nil
}

// open starts everything that the run needs.
func (r *run) open(ctx context.Context) (err error) {
	if r.folder, err = os.MkdirTemp("", "iagent-soak-"); err != nil {
		return err
	}
	if err := r.openDatabase(ctx); err != nil {
		return err
	}
	faults, err := r.Scenario.faults()
	if err != nil {
		return err
	}
	webhooks, requests := e2e.NewProxy(), e2e.NewProxy()
	r.running, webhooks.Pause = e2e.NewProxy(), 2300*time.Millisecond
	r.closers = append(r.closers, webhooks.Close, requests.Close)
	r.simulator, err = simulator.New(simulator.Config{
		AccountSid: account, AuthToken: token, OldToken: oldToken, OpenAIKey: "soak", Seed: r.Seed, Faults: faults,
		Pick: r.people.pick, Model: r.people.study.Answer, Transport: webhooks, Concurrency: 64, MarksDuplicates: true,
		// A machine's call lasts until the application hangs up, which it does from the background.
		Grace: time.Second, Slowness: 20 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	url, stop, err := e2e.Serve(r.simulator)
	if err != nil {
		return err
	}
	r.closers = append(r.closers, stop, func() { _ = r.simulator.Close() })
	for range max(1, r.Servers) {
		address, err := e2e.FreeAddress()
		if err != nil {
			return err
		}
		at := func() string { return "http://" + address } // where a dead server answers nobody
		s := &e2e.Process{Command: []string{r.Binary, "serve"}, Address: address}
		webhooks.Servers, requests.Servers = append(webhooks.Servers, at), append(requests.Servers, at)
		r.running.Servers = append(r.running.Servers, s.URL)
		r.closers = append(r.closers, s.Kill)
		r.servers = append(r.servers, s)
	}
	r.env = slices.Concat(r.environ(), []string{"TWILIO_API_URL=" + url, "OPENAI_BASE_URL=" + url + "/v1"}, r.openEngine())
	r.api = &e2e.Client{URL: func() string { return e2e.PublicURL }, Token: adminToken, Retry: true,
		HTTP: &http.Client{Transport: requests, Timeout: time.Minute}}
	for _, s := range r.servers {
		host, port, _ := strings.Cut(s.Address, ":")
		s.Env = slices.Concat(r.env, []string{"HOST=" + host, "PORT=" + port})
		if err := s.Restart(ctx); err != nil {
			return err
		}
	}
	tomorrow := func() time.Time { return time.Now().Add(24 * time.Hour) } // when every deadline has passed
	if r.store, err = store.Open(ctx, r.databaseURL, store.Options{Now: tomorrow}); err != nil {
		return err
	}
	r.closers = append(r.closers, r.store.Close)
	return nil
}

func (r *run) openDatabase(ctx context.Context) error {
	if r.Database == "sqlite" {
		r.databaseURL = "sqlite:" + filepath.Join(r.folder, "iagent.db")
		return nil
	}
	var err error
	if r.postgres, err = testserver.StartPostgres(ctx, testserver.Options{}); err != nil {
		return err
	}
	r.closers = append(r.closers, func() { _ = r.postgres.Close() })
	r.databaseURL = r.postgres.URL()
	return nil
}

// environ is all that a server knows, but for its address.
func (r *run) environ() []string {
	reconcile := "0"
	if r.Reconcile {
		reconcile = "2s"
	}
	overdue := cmp.Or(r.OverdueAfter, interview.DefaultCallLimit)
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + r.folder, "TZ=UTC", "DATABASE_URL=" + r.databaseURL, "APP_URL=" + e2e.PublicURL,
		"TWILIO_AUTH_TOKEN=" + token, "TWILIO_AUTH_TOKEN_SECONDARY=" + oldToken, "TWILIO_ACCOUNT_SID=" + account,
		"TWILIO_PHONE_NUMBER=+15550000000", "OPENAI_API_KEY=soak", "ADMIN_TOKEN=" + adminToken, "DIALS_PER_MINUTE=100000",
		"LOG_FORMAT=json", "LOG_LEVEL=warn", "RECONCILE_EVERY=" + reconcile, "OVERDUE_AFTER=" + overdue.String(), "GORACE=halt_on_error=1 exitcode=66",
	}
}

// place creates the campaigns and starts the calls: each request with a key, so that it may be sent again.
func (r *run) place(ctx context.Context) error {
	ids := make([]string, campaigns)
	for n := range ids {
		var err error
		if ids[n], err = r.api.CreateCampaign(ctx, fmt.Sprintf("campaign-%d", n), r.people.campaign(n)); err != nil {
			return err
		}
	}
	n := 0
	for numbers := range slices.Chunk(r.people.numbers, batch) {
		if _, err := r.api.Place(ctx, ids[n%campaigns], fmt.Sprintf("batch-%d", n), numbers); err != nil {
			return err
		}
		n++
	}
	return nil
}

// play calls everybody, does to the server what the scenario says, and returns once nothing is left to do.
func (r *run) play(ctx context.Context) error {
	if err := r.place(ctx); err != nil {
		return fmt.Errorf("placing the calls: %w", err)
	}
	calling, called := context.WithCancel(ctx)
	var faults sync.WaitGroup
	faults.Go(func() { r.killAtMoments(ctx, calling) })
	faults.Go(func() { r.killAgainAndAgain(ctx, calling) })
	faults.Go(func() { r.troubleDatabase(calling) })
	faults.Go(func() { r.refuse(calling) })
	err := r.awaitSettled(ctx, nothingComes)
	called()
	faults.Wait()
	if err == nil { // a fault may have come at the very end
		err = r.awaitSettled(ctx, nothingComes)
	}
	if err == nil && r.OverdueAfter > 0 {
		err = r.awaitRepair(ctx)
	}
	return errors.Join(append(r.failures, err)...)
}

// awaitRepair gives the server the time to find by itself what never came. Deadlines count from when things happened in the
// simulated Twilio, whose clock is minutes ahead: its calls take no longer than their webhooks.
func (r *run) awaitRepair(ctx context.Context) error {
	const ahead = 5 * time.Minute
	for deadline := time.Now().Add(r.OverdueAfter + ahead); time.Now().Before(deadline); {
		missing, err := r.missing(ctx)
		if err != nil {
			return err
		}
		r.log("%d calls lack something", missing)
		if missing == 0 {
			break
		}
		if err := e2e.Wait(ctx, 5*time.Second); err != nil {
			return err
		}
	}
	return r.awaitSettled(ctx, nothingComes)
}

// missing is how many things will be late tomorrow, if nothing comes until then. The proof that Twilio has no recording that
// must not be kept is not counted: nothing has to come for it, it takes its minutes.
func (r *run) missing(ctx context.Context) (n int, err error) {
	late, err := r.store.OverdueCounts(ctx, interview.DefaultDeadlines())
	for what, count := range late {
		if what != string(interview.OverdueClearance) {
			n += count
		}
	}
	return n, err
}

// nothingComes is after how long a call that is open while nothing runs is left to the judge: Twilio's side of all calls is
// over then, and only a reconciler would still find out.
const nothingComes = 3 * time.Second

// awaitSettled returns once every call is over and every run done, or nothing happens any more; what is left open is for the
// judge.
func (r *run) awaitSettled(ctx context.Context, abandon time.Duration) error {
	_, err := e2e.Settling{
		API: r.api, Twilio: r.simulator, Abandon: abandon, Every: 500 * time.Millisecond,
		Count: func(ctx context.Context) (calls, runs int, err error) {
			work, err := r.store.OpenWork(ctx)
			return work.Calls, work.Runs, err
		},
		Changed: func(now simulator.Progress, calls, runs int) {
			r.log("%d of %d calls over, %d webhooks, %d calls and %d runs open", now.Ended, r.Scenario.Calls, now.Webhooks, calls, runs)
		},
	}.Wait(ctx)
	return err
}

// until waits for something of the simulator's, or for the end of the calling.
func (r *run) until(calling context.Context, reached func(simulator.Progress) bool) bool {
	for !reached(r.simulator.Progress()) {
		if e2e.Wait(calling, 5*time.Millisecond) != nil {
			return false
		}
	}
	return true
}

// after waits until that share of the calls is over, and then a moment that nobody chose, also when the calling ends in it.
func (r *run) after(calling context.Context, share float64, draw *rand.Rand) bool {
	moment := time.Duration(draw.IntN(400)) * time.Millisecond
	return r.until(calling, func(now simulator.Progress) bool { return float64(now.Ended) >= share*float64(r.Scenario.Calls) }) &&
		e2e.Wait(context.WithoutCancel(calling), moment) == nil
}

func (r *run) killAtMoments(ctx, calling context.Context) {
	draw := rand.New(rand.NewPCG(r.Seed, 9))
	for n := range r.Kills {
		share := (float64(n) + draw.Float64()) / float64(r.Kills) * 0.95
		if !r.after(calling, share, draw) {
			return
		}
		r.kill(ctx, n%len(r.servers))
	}
}

func (r *run) killAgainAndAgain(ctx, calling context.Context) {
	if r.KillEvery == 0 {
		return
	}
	draw := rand.New(rand.NewPCG(r.Seed, 10))
	for n := 0; r.simulator.Progress().Ended < r.Scenario.Calls; n++ {
		if e2e.Wait(calling, r.KillEvery/2+time.Duration(draw.Int64N(int64(r.KillEvery)))) != nil {
			return
		}
		r.kill(ctx, n%len(r.servers))
	}
}

// kill kills a server and starts it again on the same port.
func (r *run) kill(ctx context.Context, n int) {
	r.servers[n].Kill()
	r.log("server %d is killed", n)
	r.report.count(&r.report.Kills)
	_ = e2e.Wait(ctx, r.Away)
	if err := r.servers[n].Restart(ctx); err != nil && ctx.Err() == nil {
		r.fail(err)
		return
	}
	r.log("server %d is back", n)
}

// troubleDatabase stops the database and makes it read-only, in turns.
func (r *run) troubleDatabase(ctx context.Context) {
	draw := rand.New(rand.NewPCG(r.Seed, 11))
	troubles := r.Outages + r.ReadOnly
	for n := range troubles {
		if !r.after(ctx, (float64(n)+0.2+0.6*draw.Float64())/float64(troubles), draw) {
			return
		}
		if n%2 == 1 && n/2 < r.ReadOnly || n >= 2*r.Outages {
			if err := r.makeReadOnly(ctx, draw); err != nil {
				r.fail(err)
				return
			}
			continue
		}
		if err := r.postgres.Stop(true); err != nil {
			r.fail(err)
			return
		}
		r.log("the database is stopped")
		r.report.count(&r.report.Outages)
		_ = e2e.Wait(ctx, time.Second+time.Duration(draw.IntN(2000))*time.Millisecond)
		if err := r.postgres.Start(context.WithoutCancel(ctx)); err != nil {
			r.fail(err)
			return
		}
		r.log("the database is back")
	}
}

// makeReadOnly leaves every session of the database read-only for a while.
func (r *run) makeReadOnly(ctx context.Context, draw *rand.Rand) error {
	writable, err := testserver.MakeReadOnly(ctx, r.databaseURL)
	if err != nil {
		return err
	}
	r.log("the database is read-only")
	r.report.count(&r.report.Outages)
	_ = e2e.Wait(ctx, time.Second+time.Duration(draw.IntN(2000))*time.Millisecond)
	if err := writable(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	r.log("the database can be written again, by new sessions")
	return nil
}

func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, err)
}

func (r *run) close() {
	for i := len(r.closers) - 1; i >= 0; i-- {
		r.closers[i]()
	}
	if r.Keep {
		r.report.Kept = r.folder
		for n, s := range r.servers {
			file := filepath.Join(r.folder, fmt.Sprintf("server-%d.log", n))
			if err := os.WriteFile(file, []byte(strings.Join(s.Logs(), "")), 0o600); err != nil {
				r.log("keeping a log: %v", err)
			}
		}
		return
	}
	_ = os.RemoveAll(r.folder)
}
