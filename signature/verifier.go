package signature

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Header is the HTTP header that carries the signature.
const Header = "X-Twilio-Signature"

// DefaultMaxBody is the largest body that the middleware reads, in bytes, when
// [Config.MaxBody] is not set. Twilio's voice webhooks stay under 4 KiB.
const DefaultMaxBody = 64 << 10

// Config is what a [Verifier] needs to know. URL and at least one token are
// required. A Config prints without its tokens.
type Config struct {
	// URL is the public base URL as configured at Twilio, such as
	// "https://example.com" or, when a proxy cuts a path prefix off before the
	// request gets here, "https://example.com/prefix". With a proxy that passes
	// the prefix on it is "https://example.com": the request line has the rest.
	// It may have a port and userinfo, but neither query nor fragment. The upper
	// and lower case of the host is kept.
	URL string

	// Tokens are the auth tokens of the default account: the primary, then
	// while it is being rotated the secondary.
	Tokens []string

	// AccountSid names the default account. When set, a request of an account
	// that is neither this one nor in AccountTokens is [ErrUnknownAccount];
	// when empty, such a request is tried with Tokens.
	AccountSid string

	// AccountTokens are the tokens of further accounts by AccountSid, each
	// primary first. Twilio signs a subaccount's requests with the
	// subaccount's own token.
	AccountTokens map[string][]string

	// MaxBody bounds what the middleware reads, in bytes; 0 is
	// [DefaultMaxBody]. A larger body is answered with 413.
	MaxBody int64

	// OnReject answers the requests that the middleware does not let through;
	// nil is [Reject]. It sees every refusal, so it is the place to log and
	// count them: err is a [*RejectError].
	OnReject func(w http.ResponseWriter, r *http.Request, err error)
}

// String shows the URL and how many accounts there are, and no secret.
func (c Config) String() string {
	shown := "invalid URL"
	if o, err := parseOrigin(c.URL); err == nil {
		shown = o.redacted()
	}
	return fmt.Sprintf("signature.Config(%s, tokens: %d, further accounts: %d)", shown, len(c.Tokens), len(c.AccountTokens))
}

// Format keeps the tokens out of every verb, %d and %#v included.
func (c Config) Format(f fmt.State, _ rune) { io.WriteString(f, c.String()) } //nolint:errcheck // a State keeps its errors

// LogValue keeps the tokens out of structured logs.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Verifier tells Twilio's requests from others. It never changes after [New]
// and is safe for concurrent use. The zero Verifier has no token and verifies
// nothing.
type Verifier struct {
	origin      origin
	prefixes    []prefix
	wsPrefixes  []prefix
	accounts    []account      // the default account first, if it has tokens
	bySid       map[string]int // index in accounts
	hasDefault  bool
	defaultOnly string                                          // AccountSid of the default account, when configured
	maxBody     int64                                           // 0 is DefaultMaxBody
	onReject    func(http.ResponseWriter, *http.Request, error) // nil is Reject
	scratches   sync.Pool
}

// account is a set of live tokens, primary first.
type account struct {
	sid      string // empty for a default account without a name
	keys     []key
	repaired []repairedKey // what badly written tokens may have been meant to be; for Diagnose alone
}

// New checks the configuration and prepares the tokens. The errors wrap
// [ErrNoToken], [ErrInvalidToken], [ErrInvalidAccount] or [ErrInvalidURL] and
// never show a token.
func New(c Config) (*Verifier, error) {
	o, err := parseOrigin(c.URL)
	if err != nil {
		return nil, err
	}
	v := &Verifier{
		origin:      o,
		prefixes:    o.prefixes(),
		wsPrefixes:  o.webSocket().prefixes(),
		bySid:       make(map[string]int, len(c.AccountTokens)+1),
		defaultOnly: c.AccountSid,
		maxBody:     max(c.MaxBody, 0),
		onReject:    c.OnReject,
	}
	if err := v.addAccounts(c); err != nil {
		return nil, err
	}
	return v, nil
}

func (v *Verifier) addAccounts(c Config) error {
	if len(c.Tokens) == 0 && len(c.AccountTokens) == 0 {
		return fmt.Errorf("%w: give the auth token of the account, from the Twilio console", ErrNoToken)
	}
	if c.AccountSid != "" {
		if err := checkSid(c.AccountSid); err != nil {
			return err
		}
		if _, twice := c.AccountTokens[c.AccountSid]; twice {
			return fmt.Errorf("%w: the default account %s is listed again among the further accounts", ErrInvalidAccount, maskAccount(c.AccountSid))
		}
	}
	if len(c.Tokens) > 0 {
		if err := v.addAccount(c.AccountSid, c.Tokens); err != nil {
			return fmt.Errorf("default account: %w", err)
		}
		v.hasDefault = true
	}
	sids := make([]string, 0, len(c.AccountTokens))
	for sid := range c.AccountTokens {
		sids = append(sids, sid)
	}
	slices.Sort(sids)
	for _, sid := range sids {
		if err := checkSid(sid); err != nil {
			return err
		}
		if err := v.addAccount(sid, c.AccountTokens[sid]); err != nil {
			return fmt.Errorf("account %s: %w", maskAccount(sid), err)
		}
	}
	return nil
}

func (v *Verifier) addAccount(sid string, tokens []string) error {
	if len(tokens) == 0 {
		return ErrNoToken
	}
	a := account{sid: sid}
	for i, token := range tokens {
		if token == "" {
			return fmt.Errorf("%w: token %d is empty", ErrNoToken, i+1)
		}
		if strings.ContainsAny(token, " \t\r\n") {
			return fmt.Errorf("%w: token %d contains white space", ErrInvalidToken, i+1)
		}
		a.keys = append(a.keys, newKey(token))
		for _, r := range repairs(token) {
			a.repaired = append(a.repaired, repairedKey{newKey(r.token), i + 1, r.with})
		}
	}
	if sid != "" {
		v.bySid[sid] = len(v.accounts)
	}
	v.accounts = append(v.accounts, a)
	return nil
}

// checkSid catches the mix-ups: an API key (SK…) never signs a webhook.
func checkSid(sid string) error {
	if !strings.HasPrefix(sid, "AC") || strings.ContainsAny(sid, " \t\r\n") {
		return fmt.Errorf("%w: it must begin with AC; API keys (SK…) do not sign webhooks", ErrInvalidAccount)
	}
	return nil
}

// String shows the URL and how many accounts there are, and no secret.
func (v *Verifier) String() string {
	return fmt.Sprintf("signature.Verifier(%s, accounts: %d)", v.origin.redacted(), len(v.accounts))
}

// Format keeps the keys and the URL's password out of every verb.
func (v *Verifier) Format(f fmt.State, _ rune) { io.WriteString(f, v.String()) } //nolint:errcheck // a State keeps its errors
