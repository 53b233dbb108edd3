package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/i-agent/iagent/internal/fault"
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
		OnAttempt: a.observeAttempt, Trace: a.traceAttempt, Inngest: a.inngestConfig(),
	}
	if pool := a.store.Postgres(); pool != nil {
		return jobs.NewPostgres(pool, config)
	}
	return jobs.NewSQLite(a.store.SQLite(), config)
}

// functions are the steps of the pipeline. One that this configuration does not allow waits for a better one.
func (a *App) functions() ([]jobs.Function, error) {
	rest, err := a.twilioClient()
	if err != nil {
		return nil, err
	}
	models, err := a.openaiClient()
	if err != nil {
		return nil, err
	}
	real := a.bodies(rest, models, a.callbackURLs(), a.settings.PhoneNumber, a.settings.ExtractModel)
	simulated := map[interview.Function]body{}
	if a.simulation != nil {
		rest, models, err := a.simulation.clients(a.userAgent())
		if err != nil {
			return nil, err
		}
		a.clients[a.simulation.account] = rest
		simulated = a.bodies(rest, models, interview.CallbackURLs{Base: a.settings.baseURL}, interview.SimulatedFrom, "simulated")
	}
	// The rate of a campaign's dials, and whose turn it is, are takeTurn's in the store; those whose turn has come leave
	// in any order. Several at once, so that one that hangs does not hold up the other campaigns. A stop ends hundreds of calls at
	// once; Twilio takes up to 100 requests of an account at a time, and with more 429, after which a run waits.
	functions := []jobs.Function{
		{Name: interview.OrchestrateCall, Concurrency: 8}, {Name: interview.CancelCall, Concurrency: 32},
		{Name: interview.EndCall, Concurrency: 4}, {Name: interview.DeleteRecording, Concurrency: 2},
		{Name: interview.TranscribeRecording, Concurrency: 5}, {Name: interview.ExtractClaims, Concurrency: 3},
		{Name: interview.ValidateClaim, Concurrency: 2},
	}
	for i, f := range functions {
		needs := a.needs(f.Name)
		functions[i].Run = a.apart(a.needing(real[f.Name], needs...), simulated[f.Name], asksTwilio(f.Name))
	}
	return functions, nil
}

// bodies are the functions with these clients.
func (a *App) bodies(rest *twilio.Client, models *openai.Client, urls interview.CallbackURLs, from, model string) map[interview.Function]body {
	var (
		dial = &pipeline.OrchestrateCall{
			Store: a.store, Twilio: rest, URLs: urls, From: from, Now: a.now,
		}
		cancel     = &pipeline.CancelCall{Store: a.store, Twilio: rest}
		end        = &pipeline.EndCall{Store: a.store, Twilio: rest}
		remove     = &pipeline.DeleteRecording{Store: a.store, Twilio: rest, Now: a.now}
		transcribe = &pipeline.TranscribeRecording{Store: a.store, Twilio: rest, Models: models, Now: a.now}
		extract    = &pipeline.ExtractClaims{Store: a.store, Models: models}
		validate   = &pipeline.ValidateClaim{Store: a.store, Models: models, Model: model}
	)
	return map[interview.Function]body{
		interview.OrchestrateCall: dial.Run, interview.CancelCall: cancel.Run, interview.EndCall: end.Run, interview.DeleteRecording: remove.Run,
		interview.TranscribeRecording: transcribe.Run, interview.ExtractClaims: extract.Run, interview.ValidateClaim: validate.Run,
	}
}

// asksTwilio reports whether a function speaks to Twilio, and not to the models alone.
func asksTwilio(name interview.Function) bool {
	return name != interview.ExtractClaims && name != interview.ValidateClaim
}

// needs are the settings without which a function waits.
func (a *App) needs(name interview.Function) []func() string {
	switch name {
	case interview.OrchestrateCall:
		return []func() string{a.settings.lacksTwilio, a.settings.lacksNumber}
	case interview.TranscribeRecording:
		return []func() string{a.settings.lacksTwilio, a.settings.lacksModels}
	case interview.ExtractClaims, interview.ValidateClaim:
		return []func() string{a.settings.lacksModels}
	}
	return []func() string{a.settings.lacksTwilio}
}

type body func(ctx context.Context, run interview.Run) error

// needing is run itself, or when a setting is lacking a function whose runs wait for the next start: none is lost.
func (a *App) needing(run body, lacks ...func() string) body {
	for _, lack := range lacks {
		if what := lack(); what != "" {
			return func(context.Context, interview.Run) error { return jobs.Wait(a.now().Add(time.Minute), what) }
		}
	}
	return run
}

// warnLacks tells the operator at the start what this configuration cannot do.
func (a *App) warnLacks() {
	for _, lack := range []func() string{a.settings.lacksTwilio, a.settings.lacksNumber, a.settings.lacksModels} {
		if what := lack(); what != "" {
			a.log.Warn(what + "; until then such work waits")
		}
	}
	for _, name := range a.store.LooseFiles() {
		a.log.Warn("others may read a file of the database: chmod 600 it", "file", name)
	}
}

func (s *settings) lacksTwilio() string {
	if s.AccountSid == "" {
		return "TWILIO_ACCOUNT_SID is required to dial and to fetch recordings"
	}
	return ""
}

func (s *settings) lacksNumber() string {
	if s.PhoneNumber == "" {
		return "TWILIO_PHONE_NUMBER is required to dial"
	}
	return ""
}

func (s *settings) lacksModels() string {
	if s.OpenAIKey == "" && s.OpenAIBaseURL == "" {
		return "OPENAI_API_KEY or OPENAI_BASE_URL is required to transcribe and to judge"
	}
	return ""
}

func (a *App) openaiClient() (*openai.Client, error) {
	client, err := openai.New(openai.Config{
		APIKey: a.settings.OpenAIKey, BaseURL: a.settings.OpenAIBaseURL,
		TranscribeModel: a.settings.TranscribeModel, ExtractModel: a.settings.ExtractModel, UserAgent: a.userAgent(),
		OnAnswer: a.watchService("model server"),
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
	return interview.CallbackURLs{Base: a.settings.baseURL, FallbackBase: a.settings.fallbackURL}
}

// observeAttempt logs and counts what became of an attempt. Of an error it logs what may be stored; see fault.Fault.
func (a *App) observeAttempt(run interview.Run, r jobs.Result, elapsed time.Duration) {
	log := a.log.With("function", string(run.Function), "run", run.ID, "attempt", run.Attempt, "elapsed", elapsed)
	switch r.Outcome {
	case jobs.Done:
		log.Debug("run ended")
	case jobs.Waiting, jobs.Stopped:
		log.Debug("run waits", "until", r.Until, "reason", r.Reason)
	case jobs.Lost:
		log.Warn("run was taken over by another attempt")
	case jobs.Failed:
		log.Error("run failed", "error", r.Reason)
	case jobs.Retried:
		log.Warn("run is tried again", "error", r.Reason, "at", r.Until)
		a.shoutKey(r.Fault)
		a.telemetry.RunRetried(run.Function)
	}
	a.telemetry.Run(string(run.Function), string(r.Outcome), elapsed)
}

// shoutKey says once a minute that a model server refuses the key: nothing is lost for a day, but only an operator can mend it.
func (a *App) shoutKey(f fault.Fault) {
	if f.Service == "model" && (f.Status == http.StatusUnauthorized || f.Status == http.StatusForbidden) {
		a.counted.Log(context.Background(), slog.LevelError, "model-key",
			"the model server refuses the key: set OPENAI_API_KEY to a valid one and restart; until then runs wait, for a day",
			slog.Int("status", f.Status), slog.String("code", f.Code))
	}
}
