package app

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/doctor"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/twilio"
	"github.com/i-agent/iagent/signature"
)

const (
	// notedEvery is how often the uses of auth tokens are written to the database, which is never in a webhook's way.
	notedEvery = time.Minute
	// notedWithin bounds the last write, when the server stops.
	notedWithin = 2 * time.Second
)

// tokenUses remembers when each auth token was used, and writes it to the database now and then: so `iagent doctor` can say
// when the old token of a rotation is not needed any more.
type tokenUses struct {
	store *store.Store
	log   *slog.Logger
	now   func() time.Time

	mu sync.Mutex
	// fresh are the uses since the last write, known those that were ever written by this process.
	fresh map[tokenUse]store.TokenUse
	known map[tokenUse]bool
	// rotated says that the log has told of the promotion, over that it has told of its end.
	rotated, over bool
	lastPrimary   time.Time
	// seen has a value when there is a use of a kind that was not written yet.
	seen chan struct{}
}

// tokenUse is a kind of use of a token.
type tokenUse struct{ token, use string }

func newTokenUses(s *store.Store, log *slog.Logger, now func() time.Time) *tokenUses {
	return &tokenUses{store: s, log: log, now: now, fresh: map[tokenUse]store.TokenUse{}, known: map[tokenUse]bool{}, seen: make(chan struct{}, 1)}
}

// note remembers a use.
func (u *tokenUses) note(token, use, account string) {
	if u == nil { // a command that keeps no account of them
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	key, now := tokenUse{token, use}, u.now().UTC().Truncate(time.Microsecond)
	noted, ok := u.fresh[key]
	if !ok {
		noted = store.TokenUse{Fingerprint: twilio.Fingerprint(token), For: use, Account: account, First: now}
		if !u.known[key] {
			select {
			case u.seen <- struct{}{}:
			default:
			}
		}
	}
	noted.Last = now
	u.fresh[key] = noted
}

// signed tells the log that the secondary token has become the one that signs.
func (u *tokenUses) signed(secondary bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !secondary {
		u.lastPrimary = u.now()
		return
	}
	if !u.rotated {
		u.rotated, u.lastPrimary = true, u.now()
		u.log.Info("Twilio signs webhooks with TWILIO_AUTH_TOKEN_SECONDARY, which was promoted: both tokens are accepted; " +
			"iagent doctor says when the old one can go")
	}
}

// run writes the uses until ctx ends, and once more then.
func (u *tokenUses) run(ctx context.Context) error {
	ticker := time.NewTicker(notedEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), notedWithin)
			defer cancel()
			u.write(last)
			return nil
		case <-u.seen:
		case <-ticker.C:
		}
		u.write(ctx)
		u.sayOver()
	}
}

// write writes what is new. What cannot be written is kept for the next time: the next uses say the same.
func (u *tokenUses) write(ctx context.Context) {
	u.mu.Lock()
	uses := u.fresh
	u.fresh = map[tokenUse]store.TokenUse{}
	u.mu.Unlock()
	if len(uses) == 0 {
		return
	}
	err := u.store.NoteTokenUses(ctx, slices.Collect(maps.Values(uses)))
	u.mu.Lock()
	defer u.mu.Unlock()
	for key, use := range uses {
		newer, ok := u.fresh[key]
		switch {
		case err == nil:
			u.known[key] = true
		case ok:
			newer.First = use.First
			u.fresh[key] = newer
		default:
			u.fresh[key] = use
		}
	}
	if err != nil {
		u.log.Debug("the use of auth tokens is noted later", "error", err)
	}
}

// sayOver tells the log that the old token has signed nothing for long enough.
func (u *tokenUses) sayOver() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.rotated && !u.over && u.now().Sub(u.lastPrimary) > doctor.TokenQuiet {
		u.over = true
		u.log.Info("the rotation is over: TWILIO_AUTH_TOKEN has signed nothing for a while; make TWILIO_AUTH_TOKEN_SECONDARY the " +
			"TWILIO_AUTH_TOKEN, and remove the old one")
	}
}

// webhookSigned counts the token that signed a webhook.
func (a *App) webhookSigned(event *inbox.Event) {
	token, role := a.settings.signingToken(event.Match)
	if token == "" {
		return
	}
	a.telemetry.TokenUsed(role, "webhook")
	a.tokens.note(token, "webhook", event.Match.AccountSid)
	if role != tokenOfSubaccount {
		a.tokens.signed(role == tokenSecondary)
	}
}

// The roles of auth tokens in metrics.
const (
	tokenPrimary      = "primary"
	tokenSecondary    = "secondary"
	tokenOfSubaccount = "account"
)

// signingToken is the token that a match names, and its role.
func (s *settings) signingToken(match signature.Match) (token, role string) {
	tokens, role := s.tokens, tokenPrimary
	if match.AccountSid != "" && match.AccountSid != s.AccountSid {
		tokens, role = s.accountTokens[match.AccountSid], tokenOfSubaccount
	} else if match.Token > 0 {
		role = tokenSecondary
	}
	if match.Token >= len(tokens) {
		return "", ""
	}
	return tokens[match.Token], role
}

// tokenNames are the settings that have the auth tokens, by fingerprint.
func (s *settings) tokenNames() map[string]string {
	names := map[string]string{}
	for account, tokens := range s.accountTokens {
		for _, token := range tokens {
			names[twilio.Fingerprint(token)] = "TWILIO_ACCOUNT_TOKENS, " + account
		}
	}
	for n, token := range s.tokens {
		names[twilio.Fingerprint(token)] = [2]string{"TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_SECONDARY"}[min(n, 1)]
	}
	return names
}

// tokenAccepted counts the token with which Twilio accepted a REST request.
func (a *App) tokenAccepted(account string, tokens []string) func(secondary bool) {
	role := [2]string{tokenPrimary, tokenSecondary}
	if account != a.settings.AccountSid {
		role = [2]string{tokenOfSubaccount, tokenOfSubaccount}
	}
	return func(secondary bool) {
		n := 0
		if secondary && len(tokens) > 1 {
			n = 1
		}
		a.telemetry.TokenUsed(role[n], "rest")
		a.health.TwilioAnswered()
		a.tokens.note(tokens[n], "rest", account)
	}
}
