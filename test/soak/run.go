package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/outside"
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
	servers     []*server
	inngest     *inngest.Local // nil on River
	env         []string
	api         *client
	ledger      *store.Store
	report      *Report
	closers     []func()

	mu     sync.Mutex
	faults []error // of the harness itself: a server that did not come back
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
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	for n := range max(1, r.Servers) {
		s, err := newServer(r.Binary, r.folder, n)
		if err != nil {
			return err
		}
		r.closers = append(r.closers, s.close)
		r.servers = append(r.servers, s)
	}
	url := "http://" + listener.Addr().String()
	r.env = slices.Concat(r.environ(), []string{"TWILIO_API_URL=" + url, "OPENAI_BASE_URL=" + url + "/v1"}, r.openEngine())
	way := newRoute(r.servers)
	r.api = &client{outside.Client{URL: publicURL, Token: adminToken,
		HTTP: &http.Client{Transport: &route{next: way.next, addresses: way.addresses}, Timeout: time.Minute}}}
	r.simulator, err = simulator.New(simulator.Config{
		AccountSid: account, AuthToken: token, OldToken: oldToken, OpenAIKey: "soak", Seed: r.Seed, Faults: faults,
		Pick: r.people.pick, Model: r.people.answer, Transport: way, Concurrency: 64, MarksDuplicates: true,
		// A machine's call lasts until the application hangs up, which it does from the background.
		Grace: time.Second, Slowness: 20 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	twilio := &http.Server{Handler: r.simulator, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = twilio.Serve(listener) }()
	r.closers = append(r.closers, func() {
		_ = r.simulator.Close()
		_ = twilio.Close()
	})
	for _, s := range r.servers {
		s.env = slices.Concat(r.env, s.env)
		if err := s.start(ctx); err != nil {
			return err
		}
	}
	tomorrow := func() time.Time { return time.Now().Add(24 * time.Hour) } // when every deadline has passed
	if r.ledger, err = store.Open(ctx, r.databaseURL, store.Options{Now: tomorrow}); err != nil {
		return err
	}
	r.closers = append(r.closers, r.ledger.Close)
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
		"PATH=" + os.Getenv("PATH"), "HOME=" + r.folder, "TZ=UTC", "DATABASE_URL=" + r.databaseURL, "APP_URL=" + publicURL,
		"TWILIO_AUTH_TOKEN=" + token, "TWILIO_AUTH_TOKEN_SECONDARY=" + oldToken, "TWILIO_ACCOUNT_SID=" + account,
		"TWILIO_PHONE_NUMBER=+15550000000", "OPENAI_API_KEY=soak", "ADMIN_TOKEN=" + adminToken, "DIALS_PER_MINUTE=100000",
		"LOG_FORMAT=json", "LOG_LEVEL=warn", "RECONCILE_EVERY=" + reconcile, "OVERDUE_AFTER=" + overdue.String(), "GORACE=halt_on_error=1 exitcode=66",
	}
}

// play calls everybody, does to the server what the scenario says, and returns once nothing is left to do.
func (r *run) play(ctx context.Context) error {
	if err := r.api.place(ctx, r.people, campaigns, batch); err != nil {
		return fmt.Errorf("placing the calls: %w", err)
	}
	calling, called := context.WithCancel(ctx)
	var violence sync.WaitGroup
	violence.Go(func() { r.killAtMoments(calling) })
	violence.Go(func() { r.killAgainAndAgain(calling) })
	violence.Go(func() { r.troubleDatabase(calling) })
	violence.Go(func() { r.refuse(calling) })
	err := r.awaitRest(ctx, 3*time.Second)
	called()
	violence.Wait()
	if err == nil && r.OverdueAfter > 0 {
		err = r.awaitRepair(ctx)
	}
	return errors.Join(append(r.faults, err)...)
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
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(5 * time.Second):
		}
	}
	return r.awaitRest(ctx, 3*time.Second)
}

// missing is how many things will be late tomorrow, if nothing comes until then. The proof that Twilio has no recording that
// must not be kept is not counted: nothing has to come for it, it takes its minutes.
func (r *run) missing(ctx context.Context) (n int, err error) {
	late, err := r.ledger.OverdueCounts(ctx, interview.DefaultDeadlines())
	for what, count := range late {
		if what != string(interview.OverdueClearance) {
			n += count
		}
	}
	return n, err
}

// patience is how long nothing has to move while runs are open: one whose process died is found well within it, and one that
// failed because a service was away is tried again within it.
const patience = jobs.MaxBackoff + time.Minute

// awaitRest returns once every call is over and every run done, or nothing moves any more. For calls that are open while
// nothing runs it waits a while.
func (r *run) awaitRest(ctx context.Context, forCalls time.Duration) error {
	type state struct {
		simulator.Progress
		store.Work
	}
	var last state
	moved := time.Now()
	for {
		now := state{Progress: r.simulator.Progress()}
		work, err := r.ledger.OpenWork(ctx)
		if now.Work = work; err == nil && now != last {
			r.log("%d of %d calls over, %d webhooks, %d calls and %d runs open", now.Ended, r.Scenario.Calls, now.Webhooks, work.Calls, work.Runs)
			last, moved = now, time.Now()
		}
		quiet := err == nil && now.Ended == now.Progress.Calls && work.Runs == 0 && now.Ended > 0
		if quiet && (work.Calls == 0 || time.Since(moved) > forCalls) || time.Since(moved) > max(patience, forCalls) {
			return nil // what is left open is for the judge
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d calls and %d runs are still open: %w", last.Work.Calls, last.Runs, context.Cause(ctx))
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// after waits until that share of the calls is over, and then a moment that nobody chose.
func (r *run) after(ctx context.Context, share float64, draw *rand.Rand) bool {
	moment := time.Duration(draw.IntN(400)) * time.Millisecond
	for float64(r.simulator.Progress().Ended) < share*float64(r.Scenario.Calls) {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(moment):
		return true
	}
}

func (r *run) killAtMoments(ctx context.Context) {
	draw := rand.New(rand.NewPCG(r.Seed, 9))
	for n := range r.Kills {
		share := (float64(n) + draw.Float64()) / float64(r.Kills) * 0.95
		if !r.after(ctx, share, draw) {
			return
		}
		r.kill(ctx, n%len(r.servers))
	}
}

func (r *run) killAgainAndAgain(ctx context.Context) {
	if r.KillEvery == 0 {
		return
	}
	draw := rand.New(rand.NewPCG(r.Seed, 10))
	for n := 0; r.simulator.Progress().Ended < r.Scenario.Calls; n++ {
		pause := r.KillEvery/2 + time.Duration(draw.Int64N(int64(r.KillEvery)))
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
			r.kill(ctx, n%len(r.servers))
		}
	}
}

// kill kills a server and starts it again on the same port.
func (r *run) kill(ctx context.Context, n int) {
	r.servers[n].kill()
	r.log("server %d is killed", n)
	r.report.count(&r.report.Kills)
	if err := r.servers[n].restart(ctx); err != nil && ctx.Err() == nil {
		r.fault(err)
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
				r.fault(err)
				return
			}
			continue
		}
		if err := r.postgres.Stop(true); err != nil {
			r.fault(err)
			return
		}
		r.log("the database is stopped")
		r.report.count(&r.report.Outages)
		select {
		case <-time.After(time.Second + time.Duration(draw.IntN(2000))*time.Millisecond):
		case <-ctx.Done():
		}
		if err := r.postgres.Start(context.WithoutCancel(ctx)); err != nil {
			r.fault(err)
			return
		}
		r.log("the database is back")
	}
}

// makeReadOnly leaves every session of the database read-only for a while, as a failover that keeps its sockets does. When
// new sessions can write again, the old ones still cannot.
func (r *run) makeReadOnly(ctx context.Context, draw *rand.Rand) error {
	config, err := pgx.ParseConfig(r.databaseURL)
	if err != nil {
		return err
	}
	config.RuntimeParams["default_transaction_read_only"] = "off"
	admin, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = admin.Close(context.WithoutCancel(ctx)) }()
	name := pgx.Identifier{config.Database}.Sanitize()
	for _, statement := range []string{
		"ALTER DATABASE " + name + " SET default_transaction_read_only = on",
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
	} {
		if _, err := admin.Exec(ctx, statement); err != nil {
			return fmt.Errorf("making the database read-only: %w", err)
		}
	}
	r.log("the database is read-only")
	r.report.count(&r.report.Outages)
	select {
	case <-time.After(time.Second + time.Duration(draw.IntN(2000))*time.Millisecond):
	case <-ctx.Done():
	}
	if _, err := admin.Exec(context.WithoutCancel(ctx), "ALTER DATABASE "+name+" RESET default_transaction_read_only"); err != nil {
		return fmt.Errorf("making the database writable again: %w", err)
	}
	r.log("the database can be written again, by new sessions")
	return nil
}

func (r *run) fault(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, err)
}

func (r *run) close() {
	for i := len(r.closers) - 1; i >= 0; i-- {
		r.closers[i]()
	}
	if r.Keep {
		r.report.Kept = r.folder
		return
	}
	_ = os.RemoveAll(r.folder)
}
