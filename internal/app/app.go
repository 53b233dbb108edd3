package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/bulk"
	"github.com/i-agent/iagent/internal/console"
	"github.com/i-agent/iagent/internal/health"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/ratelimit"
	"github.com/i-agent/iagent/internal/reconcile"
	"github.com/i-agent/iagent/internal/rejection"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/telemetry"
	"github.com/i-agent/iagent/internal/twilio"
)

// Options are what a program may replace. The zero value is right for production.
type Options struct {
	// Log takes the program's log; nil means slog.Default().
	Log *slog.Logger
	// Listener is served instead of HOST and PORT.
	Listener net.Listener
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Version is shown to the services we call.
	Version string
	// StopWithin bounds a graceful stop; 0 means 20 s.
	StopWithin time.Duration
	// Versions are those of the webhooks; nil means those of this program.
	Versions Versions
	// Simulator makes what plays simulated interviews; nil where there are none.
	Simulator func(SimulatorConfig) (Simulator, error)
	// Store is passed on to the store, for tests.
	Store store.Options
	// TwilioPerSecond bounds the reconciler's requests to Twilio in a second of real time; 0 means 5.
	TwilioPerSecond float64
}

// App is an i-agent: opened, run, and closed. Open connects and migrates, Run serves until its context ends, Close
// releases what Open took and may be called twice.
type App struct {
	settings  settings
	options   Options
	log       *slog.Logger
	store     *store.Store
	processor *store.Processor
	shadow    *shadow // nil when no version is only tried
	drain     drain
	engine    *jobs.Engine
	console   *console.Jobs
	pages     *console.Console
	limiter   ratelimit.Limiter
	// clientIP names the client behind a request.
	clientIP   func(*http.Request) string
	rejections *rejection.Keeper
	redis      *ratelimit.Redis // nil without REDIS_URL
	telemetry  *telemetry.Telemetry
	// counted takes the lines that anybody can cause.
	counted *telemetry.CountedLog
	// repeats counts warnings that repeat each other, database those that a lost database causes.
	repeats  *telemetry.Repeats
	database *databaseWatch
	// requests are being answered; stopping is how many were when the program was told to stop.
	requests inFlight
	stopping atomic.Int64
	opened   atomic.Bool // the store
	tokens   *tokenUses
	// simulation is nil where no simulated interviews are to be had.
	simulation *simulation
	server     *http.Server
	listener   net.Listener
	closers    []func()

	reconciler *reconcile.Reconciler // nil when nobody is to ask Twilio by itself
	asker      *reconcile.Reconciler // asks about one call on request; nil without an account
	// noPassBefore is for Step, when a pass of the reconciler failed, and noDispatchBefore, after contacts were looked for.
	noPassBefore, noDispatchBefore time.Time
	dispatcher                     *store.Dispatcher // of Run, or of Step
	bulk                           *bulk.Runner
	health                         *health.Recorder
	// checks are what the doctor found beside the start.
	checks     atomic.Pointer[checked]
	pageChecks *pageChecks
	clients    map[string]*twilio.Client // of Twilio's accounts; see twilioClient
}

// Open checks the configuration, opens and migrates the database and listens. A *ConfigError lists every fault of the
// configuration.
func Open(ctx context.Context, config Config, options Options) (_ *App, err error) {
	s, err := config.servingSettings()
	if err != nil {
		return nil, err
	}
	a := &App{settings: s, options: options, log: options.Log, pageChecks: newPageChecks()}
	if a.log == nil {
		a.log = slog.Default()
	}
	a.openLog()
	a.health = health.New(options.Now)
	defer func() {
		if err != nil {
			a.Close()
		}
	}()
	if err := a.openStore(ctx); err != nil {
		return nil, err
	}
	if err := a.migrateBeside(ctx, a.build); err != nil {
		return nil, err
	}
	a.dispatcher = store.NewDispatcher(a.store)
	a.opened.Store(true)
	if err := a.warnVersions(ctx); err != nil {
		return nil, err
	}
	if a.listener = options.Listener; a.listener == nil {
		if a.listener, err = net.Listen("tcp", s.address); err != nil {
			return nil, fmt.Errorf("listening: %w", err)
		}
	}
	return a, nil
}

// migrateBeside brings up the schema while build makes what needs the database only later. It returns once both are over.
func (a *App) migrateBeside(ctx context.Context, build func(context.Context) error) error {
	migrating, cancel := context.WithCancel(ctx)
	defer cancel()
	var schema errgroup.Group
	schema.Go(func() error { return a.store.MigrateUp(migrating) })
	if err := build(ctx); err != nil {
		cancel()
		_ = schema.Wait() // of no interest: it was ended
		return err
	}
	return schema.Wait()
}

// build makes everything that serves and works. It asks the database nothing.
func (a *App) build(ctx context.Context) (err error) {
	a.tokens = newTokenUses(a.store, a.log, a.now)
	if err := a.requireVersions(); err != nil {
		return err
	}
	if a.simulation = newSimulation(a.options.Simulator, toOurselves{a}); a.simulation != nil {
		a.closers = append(a.closers, a.simulation.close)
	}
	a.processor = a.newProcessor()
	if err := a.openTelemetry(ctx); err != nil {
		return err
	}
	a.shadowVersion()
	if err := a.openLimiter(); err != nil {
		return err
	}
	if err := a.openRejections(); err != nil {
		return err
	}
	a.warnLacks()
	if a.engine, err = a.newEngine(); err != nil {
		return err
	}
	for _, what := range a.store.PruneKinds() {
		a.telemetry.Pruned(what, 0) // a series from the start on: its first rows are an increase, too
	}
	if a.asker, err = a.newReconciler(func(kind inbox.Kind) { a.telemetry.Reconciled(string(kind)) }); err != nil {
		return err
	}
	if a.settings.reconcileEvery > 0 {
		a.reconciler = a.asker
	}
	a.bulk = a.newBulk()
	handler, err := a.routes()
	if err != nil {
		return err
	}
	a.server = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
		ConnState:         newConnections(maxConnections, a.connectionClosed).changed,
	}
	a.server.RegisterOnShutdown(a.pages.EndStreams) // they would not end by themselves
	a.server.RegisterOnShutdown(a.pages.EndAudio)
	return nil
}

func (a *App) openStore(ctx context.Context) error {
	options := a.options.Store
	options.DialsPerMinute, options.PersonCallsPerDay = a.settings.dialsPerMinute, a.settings.personCalls()
	options.Now = a.options.Now
	options.OnReset = func() {
		a.counted.Log(context.Background(), slog.LevelWarn, "read-only",
			"Postgres answered that the session is read-only: all connections are made anew")
	}
	options.DialVersion = interview.Version(a.settings.dialVersion())
	options.SigningToken = func(event *inbox.Event) string {
		_, role := a.settings.signingToken(event.Match)
		return role
	}
	options.OnMilestone, options.OnFault = a.logMilestone, func(err error) {
		if a.opened.Load() { // before that, whoever opens the database says what is wrong
			a.database.suspect(err)
		}
	}
	options.DialFrom, options.DialAccount = a.settings.PhoneNumber, a.settings.AccountSid
	options.CallerIDs = a.settings.callerIDs
	options.OnCallChanges, options.OnRefusals = a.callsChanged, a.gateRefused
	var err error
	if a.store, err = store.Open(ctx, a.settings.DatabaseURL, options); err != nil {
		return err
	}
	a.closers = append(a.closers, a.store.Close)
	return nil
}

// Store is the open database.
func (a *App) Store() *store.Store { return a.store }

// Run serves and works until ctx ends. Then it finishes the requests and the functions that are running, within
// Options.StopWithin, and returns nil. Requests are taken for SHUTDOWN_DELAY after ctx has ended; no function begins any more.
func (a *App) Run(ctx context.Context) error {
	within := a.options.StopWithin
	if within == 0 {
		within = 20 * time.Second
	}
	group, running := errgroup.WithContext(ctx)
	if err := a.console.Start(running); err != nil {
		return fmt.Errorf("starting the console: %w", err)
	}
	group.Go(func() error {
		if err := a.server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serving: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-running.Done()
		a.stopping.Store(a.requests.n.Load())
		return a.shutDown(ctx, within)
	})
	// Where there was something to migrate, Open has asked already; elsewhere three connections would make each start longer.
	group.Go(func() error { return a.store.RequireSessions(running) })
	group.Go(func() error { return a.tokens.run(running) })
	group.Go(func() error { return a.bulk.Run(running) })
	group.Go(func() error { return a.rejections.Run(running) })
	if a.redis != nil {
		group.Go(func() error { return a.redis.Watch(running) })
	}
	if a.shadow != nil {
		group.Go(func() error { return a.shadow.Run(running) })
	}
	for i, work := range a.loops() {
		group.Go(func() error { return afterWebhooks(running, i, work) })
	}
	a.logStart()
	defer a.logStop(a.now())
	return group.Wait()
}

// Close releases the database and everything else that Open took.
func (a *App) Close() {
	if a.database != nil {
		a.database.close()
	}
	for i := len(a.closers) - 1; i >= 0; i-- {
		a.closers[i]()
	}
	a.closers = nil
	if a.listener != nil {
		_ = a.listener.Close()
	}
}
