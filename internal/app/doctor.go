package app

import (
	"context"
	"errors"
	"log/slog"
	"net"

	"github.com/i-agent/iagent/internal/doctor"
	"github.com/i-agent/iagent/internal/openai"
	"github.com/i-agent/iagent/internal/telemetry"
)

// DoctorOptions say what to look at.
type DoctorOptions struct {
	// Only names groups or checks; empty means all. Callee is a number that shall be called, "" for none.
	Only   []string
	Callee string
	// Progress, if set, is told how many checks are over.
	Progress func(done, total int)
}

// Doctor looks at the whole installation, from outside where that tells more, and changes nothing. Faults of the configuration
// are findings, too.
func Doctor(ctx context.Context, config Config, options Options, what DoctorOptions) []doctor.Finding {
	s, err := config.servingSettings()
	examined := s.doctorConfig()
	examined.Only, examined.Callee, examined.Now = what.Only, what.Callee, options.Now
	examined.UserAgent = (&App{options: options}).userAgent()
	var faults *ConfigError
	if errors.As(err, &faults) {
		examined.Faults = faults.Faults
	}
	return doctor.Run(ctx, examined, what.Progress)
}

// doctorConfig is what the doctor has to know, of settings that may be faulty.
func (s *settings) doctorConfig() doctor.Config {
	c := doctor.Config{
		Clean:       telemetry.Redact(s.Secrets()...).Text,
		DatabaseURL: s.DatabaseURL, RedisURL: s.RedisURL,
		AccountSid: s.AccountSid, Tokens: s.tokens, AccountTokens: s.accountTokens, PhoneNumber: s.PhoneNumber, CallerIDs: s.callerIDs, APIURL: s.APIURL,
		BaseURL: s.baseURL, Retention: s.periods.Payloads, DedupRetention: s.periods.IDs,
	}
	if s.lacksModels() == "" {
		c.Models = &openai.Config{APIKey: s.OpenAIKey, BaseURL: s.OpenAIBaseURL, TranscribeModel: s.TranscribeModel, ExtractModel: s.ExtractModel}
	}
	if s.inngest != nil {
		c.InngestURL, c.InngestServeURL = s.inngest.BaseURL, s.inngest.ServeURL
		if c.InngestURL == "" {
			c.InngestURL = "https://api.inngest.com"
		}
	}
	if s.loopback && s.Port != "0" {
		c.MetricsURL = "http://" + net.JoinHostPort(s.Host, s.Port) + "/metrics"
	}
	return c
}

// startChecks are the cheap ones, which the server makes beside its start. None of them asks Twilio or a model.
var startChecks = []string{"configuration.tokens", "disk", "redis", "database.clock", "database.journal", "retention.settings", "tokens.rotation"}

// checkStart says what the server will not be able to do, or soon will not. It holds up nothing.
func (a *App) checkStart(ctx context.Context) error {
	config := a.settings.doctorConfig()
	config.Only, config.Now, config.Store = startChecks, a.options.Now, a.store
	found := doctor.Run(ctx, config, nil)
	a.checks.Store(&checked{a.now().UTC(), found})
	for _, f := range found {
		switch f.Result {
		case doctor.Warn, doctor.Fail:
			if ctx.Err() == nil {
				a.log.LogAttrs(ctx, slog.LevelWarn, "start-up check: "+f.Detail,
					slog.String("check", f.Name), slog.String("at", f.LookedAt), slog.String("cure", f.Cure))
			}
		}
	}
	return nil
}
