package app

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/i-agent/iagent/internal/reconcile"
	"github.com/i-agent/iagent/internal/twilio"
)

// twilioClient speaks for the configured account; nil when there is none. The first call makes the clients of all accounts:
// there is one of each, since a client remembers which token is accepted.
func (a *App) twilioClient() (*twilio.Client, error) {
	if a.clients == nil {
		a.clients = map[string]*twilio.Client{}
		watch := a.watchService("Twilio")
		tokens := maps.Clone(a.settings.accountTokens)
		if a.settings.AccountSid != "" {
			tokens[a.settings.AccountSid] = []string{a.settings.AuthToken, a.settings.AuthTokenSecondary}
		}
		for account, of := range tokens {
			config := twilio.Config{AccountSid: account, AuthToken: of[0], APIURL: a.settings.APIURL, UserAgent: a.userAgent(), Now: a.now}
			if len(of) > 1 {
				config.SecondaryToken = of[1]
			}
			config.OnAnswer = watch
			config.OnUse = a.tokenAccepted(account, of)
			config.OnToken = func(secondary bool) { a.subaccountTokenChanged(account, secondary) }
			if account == a.settings.AccountSid {
				config.OnToken, config.OnClock = a.tokenChanged, a.clockSeen
			}
			var err error
			if a.clients[account], err = twilio.New(config); err != nil {
				return nil, fmt.Errorf("speaking to Twilio for account %s: %w", account, err)
			}
		}
	}
	return a.clients[a.settings.AccountSid], nil
}

// twilioOf is the client of an account, nil when there is no token for it.
func (a *App) twilioOf(account string) *twilio.Client { return a.clients[account] }

// tokenChanged tells the operator which auth token Twilio accepts.
func (a *App) tokenChanged(secondary bool) {
	a.telemetry.TwilioToken(secondary)
	if secondary {
		a.counted.Log(context.Background(), slog.LevelWarn, "token:secondary", "Twilio refused TWILIO_AUTH_TOKEN and accepts "+
			"TWILIO_AUTH_TOKEN_SECONDARY, which is used from now on: if the rotation is over, make it TWILIO_AUTH_TOKEN")
		return
	}
	a.counted.Log(context.Background(), slog.LevelInfo, "token:primary", "Twilio accepts TWILIO_AUTH_TOKEN again, which is used from now on")
}

// subaccountTokenChanged is tokenChanged for an account of TWILIO_ACCOUNT_TOKENS.
func (a *App) subaccountTokenChanged(account string, secondary bool) {
	which := "first"
	if secondary {
		which = "second"
	}
	a.counted.Log(context.Background(), slog.LevelWarn, "token:"+account, "Twilio refused a token of TWILIO_ACCOUNT_TOKENS and accepts the "+
		"other one of the same account, which is used from now on", slog.String("account", account), slog.String("accepted", which))
}

// clockTolerance is what a recording may seem to begin before the consent at the least; see interview.Call.Early. The Date of
// an answer has whole seconds and is a little old when it arrives.
const clockTolerance = 2 * time.Second

// clockSeen tells the operator that our clock and Twilio's are too far apart.
func (a *App) clockSeen(ahead time.Duration) {
	if ahead.Abs() < clockTolerance {
		return
	}
	a.counted.Log(context.Background(), slog.LevelWarn, "clock", "the clock of this machine and Twilio's are apart; "+
		"where ours is ahead, recordings seem to have begun before the consent and are deleted: set the clock", slog.Duration("ahead", ahead))
}

// watchDialing says when dialling is paused, and lets it go on when Twilio does.
func (a *App) watchDialing(ctx context.Context) error {
	watcher := &reconcile.Dialing{
		Store: a.store, Log: a.log,
		Accounts: a.twilioOf,
		OnPaused: func(paused []string) { a.telemetry.DialingPaused(paused, a.settings.AccountSid) },
	}
	return watcher.Run(ctx)
}
