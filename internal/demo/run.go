package demo

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/progress"
	"github.com/i-agent/iagent/simulator"
)

// run is one demo: a running i-agent and the Twilio that it talks to, both on loopback.
type run struct {
	options    Options
	study      Study
	url        string
	adminToken string
	// viewerToken is of a kept demo; account and token are the simulated Twilio's.
	viewerToken, account, token string
	started                     time.Time

	simulator *simulator.Simulator
	app       *app.App
	api       *e2e.Client
	clock     *clock
	campaign  campaign
	calls     []e2e.Call
	// byDay is the campaign of the contacts. takenAgain is how often who opted out was taken as a contact again.
	byDay      campaign
	takenAgain int
	closers    []func()
}

func newRun(ctx context.Context, options Options) (_ *run, err error) {
	r := &run{options: options, study: OatDrink(), adminToken: secret(), started: time.Now()}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if r.clock, err = newClock(time.Now()); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", options.Port))
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	r.closers = append(r.closers, func() { _ = listener.Close() })
	r.url = "http://" + listener.Addr().String()

	r.account, r.token = "AC"+secret(), secret()
	twilioURL, err := r.openSimulator()
	if err != nil {
		return nil, err
	}
	config := app.Config{
		AuthToken: r.token, AccountSid: r.account, PhoneNumber: "+15550000000", APIURL: twilioURL, URL: r.url,
		DatabaseURL: options.DatabaseURL, Host: "127.0.0.1", Port: "0", AdminToken: r.adminToken,
		OpenAIBaseURL: twilioURL + "/v1", OpenAIKey: "demo", TranscribeModel: "simulated", ExtractModel: "simulated",
		JobsEngine: "river", DialsPerMinute: strconv.Itoa(max(1000, options.Calls)),
		LogFormat: "text", LogLevel: "error",
	}
	if options.Samples {
		r.viewerToken = secret()
		config.ViewerToken, config.DialsPerMinute = r.viewerToken, strconv.Itoa(options.Calls)
		config.ReconcileEvery = "1s" // the clock is moved from one of its passes to the next
	}
	if options.Configure != nil {
		options.Configure(&config)
	}
	r.app, err = app.Open(ctx, config, app.Options{Listener: listener, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), StopWithin: 5 * time.Second, Now: r.clock.Now, Simulator: options.Simulator})
	if err != nil {
		return nil, err
	}
	r.closers = append(r.closers, r.app.Close)
	r.serve(ctx)
	r.api = &e2e.Client{URL: func() string { return r.url }, Token: r.adminToken}
	return r, nil
}

func (r *run) openSimulator() (url string, err error) {
	pick, model := r.study.contactPick(r.study.pick(r.options.Calls)), r.study.Answer
	if r.options.Samples {
		pick, model = keptPick(pick), r.study.keptAnswer
	}
	r.simulator, err = simulator.New(simulator.Config{
		AccountSid: r.account, AuthToken: r.token, Seed: r.options.Seed, Faults: *r.options.Faults,
		Pick: pick, OpenAIKey: "demo", Model: model, MarksDuplicates: true,
		// A machine's call lasts until the application hangs up, which it does from the background.
		Grace: time.Second, Now: r.clock.Now,
	})
	if err != nil {
		return "", err
	}
	url, stop, err := e2e.Serve(r.simulator)
	r.closers = append(r.closers, func() {
		_ = r.simulator.Close()
		if stop != nil {
			stop()
		}
	})
	return url, err
}

// serve runs the application until the run is closed.
func (r *run) serve(ctx context.Context) {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = r.app.Run(running)
	}()
	r.closers = append(r.closers, func() {
		stop()
		<-ended
	})
}

func (r *run) close() {
	for i := len(r.closers) - 1; i >= 0; i-- {
		r.closers[i]()
	}
	r.closers = nil
}

// play starts the calls and waits until nothing is left to do, then again hours later.
func (r *run) play(ctx context.Context) error {
	if err := r.place(ctx); err != nil {
		return err
	}
	if err := r.importContacts(ctx); err != nil {
		return err
	}
	bar := newProgress(r.options)
	defer bar.End()
	if err := r.settle(ctx, bar); err != nil {
		return err
	}
	if r.options.Samples {
		if err := r.cancelOne(ctx); err != nil {
			return fmt.Errorf("adding samples for the console: %w", err)
		}
	}
	if err := r.callLater(ctx); err != nil {
		return err
	}
	return r.settle(ctx, bar)
}

// settle waits until nothing is left to do now.
func (r *run) settle(ctx context.Context, bar *progress.Bar) error {
	left, err := e2e.Settling{
		API: r.api, Twilio: r.simulator, Every: pollEvery,
		Count: func(ctx context.Context) (calls, runs int, err error) {
			work, err := r.app.Store().OpenWork(ctx)
			if err != nil || work.Calls+work.Runs > 0 {
				return work.Calls, work.Runs, err
			}
			calls, err = r.dueContacts(ctx)
			return calls, 0, err
		},
		Changed: func(now simulator.Progress, _, runs int) {
			left := "1 background job"
			if runs != 1 {
				left = fmt.Sprintf("%d background jobs", runs)
			}
			bar.Show(now.Ended, fmt.Sprintf("%d webhooks, %s to go", now.Webhooks, left))
		},
	}.Wait(ctx)
	if err == nil && !left.Empty() {
		err = errors.New(left.String())
	}
	if err != nil {
		return fmt.Errorf("after %s, %w", time.Since(r.started).Round(time.Second), err)
	}
	return nil
}

// pollEvery is how often it is asked how far things are.
const pollEvery = 100 * time.Millisecond

// secret is 32 hexadecimal digits that nobody can guess.
func secret() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}
