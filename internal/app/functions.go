package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/openai"
	"github.com/i-agent/iagent/internal/pipeline"
	"github.com/i-agent/iagent/internal/twilio"
)

// newEngine wires the functions to the services they call and to the engine that runs them.
func (a *App) newEngine() (*jobs.Engine, error) {
	functions, err := a.functions()
	if err != nil {
		return nil, err
	}
	config := jobs.Config{
		Ledger: a.store, Functions: functions, Log: a.log, Now: a.options.Now, StopWithin: a.options.StopWithin,
		OnAttempt: a.observeAttempt,
	}
	if pool := a.store.Postgres(); pool != nil {
		return jobs.NewPostgres(pool, config)
	}
	return jobs.NewSQLite(a.store.SQLite(), config)
}

func (a *App) functions() ([]jobs.Function, error) {
	dial, err := a.orchestrateCall()
	if err != nil {
		return nil, err
	}
	transcribe, err := a.transcribeRecording()
	if err != nil {
		return nil, err
	}
	return []jobs.Function{
		{Name: interview.OrchestrateCall, Concurrency: 4, Run: dial},
		{Name: interview.TranscribeRecording, Concurrency: 5, Run: transcribe},
	}, nil
}

type body func(ctx context.Context, run interview.Run) error

func (a *App) orchestrateCall() (body, error) {
	client, err := a.twilioClient()
	if err != nil {
		return nil, err
	}
	if client == nil || a.settings.PhoneNumber == "" {
		return a.waitFor("TWILIO_ACCOUNT_SID and TWILIO_PHONE_NUMBER are required to dial"), nil
	}
	f := &pipeline.OrchestrateCall{
		Store: a.store, Twilio: client, URLs: a.callbackURLs(), From: a.settings.PhoneNumber, Now: a.now,
	}
	return f.Run, nil
}

func (a *App) transcribeRecording() (body, error) {
	client, err := a.twilioClient()
	if err != nil {
		return nil, err
	}
	if client == nil {
		return a.waitFor("TWILIO_ACCOUNT_SID is required to fetch recordings"), nil
	}
	if a.settings.OpenAIKey == "" && a.settings.OpenAIBaseURL == "" {
		return a.waitFor("OPENAI_API_KEY or OPENAI_BASE_URL is required to transcribe"), nil
	}
	models, err := a.openaiClient()
	if err != nil {
		return nil, err
	}
	f := &pipeline.TranscribeRecording{Store: a.store, Twilio: client, Models: models}
	return f.Run, nil
}

// waitFor is a function that cannot work with this configuration: its runs wait for the next start, none is lost.
func (a *App) waitFor(what string) body {
	a.log.Warn(what)
	return func(context.Context, interview.Run) error { return jobs.Wait(a.now().Add(time.Minute), what) }
}

// twilioClient is nil when no account is configured.
func (a *App) twilioClient() (*twilio.Client, error) {
	if a.settings.AccountSid == "" {
		return nil, nil
	}
	client, err := twilio.New(twilio.Config{
		AccountSid: a.settings.AccountSid, AuthToken: a.settings.AuthToken, APIURL: a.settings.APIURL,
		UserAgent: a.userAgent(),
	})
	if err != nil {
		return nil, fmt.Errorf("TWILIO_API_URL: %w", err)
	}
	return client, nil
}

func (a *App) openaiClient() (*openai.Client, error) {
	client, err := openai.New(openai.Config{
		APIKey: a.settings.OpenAIKey, BaseURL: a.settings.OpenAIBaseURL,
		TranscribeModel: a.settings.TranscribeModel, ExtractModel: a.settings.ExtractModel, UserAgent: a.userAgent(),
	})
	if err != nil {
		return nil, fmt.Errorf("OPENAI_BASE_URL: %w", err)
	}
	return client, nil
}

func (a *App) userAgent() string {
	if a.options.Version == "" {
		return "iagent"
	}
	return "iagent/" + a.options.Version
}

func (a *App) now() time.Time {
	if a.options.Now == nil {
		return time.Now()
	}
	return a.options.Now()
}

func (a *App) callbackURLs() interview.CallbackURLs {
	return interview.CallbackURLs{Base: a.settings.baseURL}
}

// observeAttempt logs and counts what became of an attempt.
func (a *App) observeAttempt(run interview.Run, err error, elapsed time.Duration) {
	log := a.log.With("function", string(run.Function), "run", run.ID, "attempt", run.Attempt, "elapsed", elapsed)
	result := "done"
	switch until, waits := jobs.WaitUntil(err); {
	case err == nil:
		log.Debug("run ended")
	case waits:
		result = "waiting"
		log.Debug("run waits", "until", until, "reason", err)
	case errors.Is(err, jobs.ErrLostRun):
		result = "lost"
		log.Warn("run was taken over by another attempt")
	case jobs.IsPermanent(err), jobs.GivenUp(run):
		result = "failed"
		log.Error("run failed", "error", err)
	default:
		result = "retried"
		log.Warn("run is tried again", "error", err)
	}
	a.telemetry.Run(string(run.Function), result, elapsed)
}
