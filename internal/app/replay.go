package app

import (
	"context"
	"errors"
	"log/slog"

	"github.com/i-agent/iagent/internal/replay"
	"github.com/i-agent/iagent/internal/store"
)

// Replayer is an open database on which stored webhooks are replayed. Close it.
type Replayer struct {
	replay.Config
	settings settings
}

// OpenReplayer opens the database, which must have been migrated; a server may be running on it. A *ConfigError lists every
// fault of the configuration.
func OpenReplayer(ctx context.Context, config Config, how store.Replay) (*Replayer, error) {
	s, err := config.settings()
	if err != nil {
		return nil, err
	}
	a := &App{settings: s, log: slog.Default()}
	if a.store, err = store.Open(ctx, s.DatabaseURL, store.Options{DialsPerMinute: s.dialsPerMinute}); err != nil {
		return nil, err
	}
	ready, err := a.store.Migrated(ctx)
	if err == nil && !ready {
		err = errors.New("the database is not of this version; run iagent migrate up")
	}
	if err != nil {
		a.store.Close()
		return nil, err
	}
	return &Replayer{settings: s, Config: replay.Config{Store: a.store, Processor: a.newProcessor(), Replay: how}}, nil
}

// Close closes the database.
func (r *Replayer) Close() { r.Store.Close() }

// TokenOf is the first token that is configured for an account, "" for none.
func (r *Replayer) TokenOf(accountSid string) string { return r.settings.tokenOf(accountSid) }

func (s settings) tokenOf(accountSid string) string {
	if tokens := s.accountTokens[accountSid]; len(tokens) > 0 {
		return tokens[0]
	}
	return s.AuthToken
}

// resign is a command line that sends a stored webhook to this server again, signed anew.
func (a *App) resign(hook store.WebhookDetail) (string, error) {
	return replay.Target{Base: a.settings.baseURL, TokenOf: a.settings.tokenOf}.Curl(hook)
}
