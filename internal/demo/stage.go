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
	"net/http"
	"strconv"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/outside"
	"github.com/i-agent/iagent/simulator"
)

// stage is a running i-agent and the Twilio that it talks to, both on loopback.
type stage struct {
	options    Options
	study      Study
	url        string
	adminToken string
	started    time.Time

	simulator *simulator.Simulator
	app       *app.App
	api       *client
	campaign  campaign
	calls     []outside.Call
	closers   []func()
}

func newStage(ctx context.Context, options Options) (_ *stage, err error) {
	s := &stage{options: options, study: OatDrink(), adminToken: secret(), started: time.Now()}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", options.Port))
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	s.closers = append(s.closers, func() { _ = listener.Close() })
	s.url = "http://" + listener.Addr().String()

	account, token := "AC"+secret(), secret()
	twilioURL, err := s.openSimulator(account, token)
	if err != nil {
		return nil, err
	}
	config := app.Config{
		AuthToken: token, AccountSid: account, PhoneNumber: "+15550000000", APIURL: twilioURL, URL: s.url,
		DatabaseURL: options.DatabaseURL, Host: "127.0.0.1", Port: "0", AdminToken: s.adminToken,
		OpenAIBaseURL: twilioURL + "/v1", OpenAIKey: "demo", TranscribeModel: "simulated", ExtractModel: "simulated",
		JobsEngine: "river", Retention: "168h", DialsPerMinute: strconv.Itoa(max(1000, options.Calls)),
		LogFormat: "text", LogLevel: "error",
	}
	if options.Configure != nil {
		options.Configure(&config)
	}
	s.app, err = app.Open(ctx, config, app.Options{Listener: listener, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), StopWithin: 5 * time.Second})
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, s.app.Close)
	s.serve(ctx)
	s.api = &client{outside.Client{URL: s.url, Token: s.adminToken}}
	return s, nil
}

func (s *stage) openSimulator(account, token string) (url string, err error) {
	s.simulator, err = simulator.New(simulator.Config{
		AccountSid: account, AuthToken: token, Seed: s.options.Seed, Faults: *s.options.Faults,
		Pick: s.study.pick(s.options.Calls), OpenAIKey: "demo", Model: s.study.answer,
		// A machine's call lasts until the application hangs up, which it does from the background.
		Grace: time.Second,
	})
	if err != nil {
		return "", err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listening: %w", err)
	}
	server := &http.Server{Handler: s.simulator, ReadHeaderTimeout: 5 * time.Second}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	s.closers = append(s.closers, func() {
		_ = s.simulator.Close()
		_ = server.Close()
		<-served
	})
	return "http://" + listener.Addr().String(), nil
}

// serve runs the application until the stage is closed.
func (s *stage) serve(ctx context.Context) {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.app.Run(running)
	}()
	s.closers = append(s.closers, func() {
		stop()
		<-ended
	})
}

func (s *stage) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
	s.closers = nil
}

// play starts the calls and waits until nothing is left to do.
func (s *stage) play(ctx context.Context) error {
	var err error
	if s.campaign, err = s.api.create(ctx, s.study); err != nil {
		return err
	}
	if s.calls, err = s.api.place(ctx, s.campaign.ID, s.options.Calls); err != nil {
		return err
	}
	bar := newProgress(s.options, len(s.calls))
	defer bar.End()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		now := s.simulator.Progress()
		open, err := s.app.Store().OpenWork(ctx)
		if err != nil {
			return err
		}
		bar.Show(now.Ended, fmt.Sprintf("%d webhooks, %d functions to go", now.Webhooks, open.Runs))
		if now.Ended >= len(s.calls) && open.Runs == 0 && open.Calls == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("after %s, %d calls and %d runs are still open", time.Since(s.started).Round(time.Second), open.Calls, open.Runs), ctx.Err())
		case <-ticker.C:
		}
	}
}

// secret is 32 hexadecimal digits that nobody can guess.
func secret() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}
