package twilio

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	sdk "github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// DefaultAPIURL is where Twilio's REST API answers unless another region is configured.
const DefaultAPIURL = "https://api.twilio.com"

// Config is what a Client needs to know.
type Config struct {
	// AccountSid and AuthToken identify us (Basic authentication).
	AccountSid, AuthToken string
	// SecondaryToken, when set, is tried when Twilio refuses AuthToken with 401, and the other way round.
	SecondaryToken string
	// OnToken, if set, is called when Twilio accepts the secondary token from now on, or the primary one again.
	OnToken func(secondary bool)
	// OnUse, if set, is called whenever Twilio accepts a request, with the token that it was accepted with.
	OnUse func(secondary bool)
	// OnClock, if set, is called with how far our clock was ahead of Twilio's when an answer came, in whole seconds and with the time
	// that the answer took on its way; negative when it is behind.
	OnClock func(ahead time.Duration)
	// APIURL is the base of the REST API: scheme, host and an optional path prefix. Empty means DefaultAPIURL. The
	// official client's TWILIO_EDGE and TWILIO_REGION have no effect.
	APIURL string
	// UserAgent is appended to the official client's, such as "iagent/1.2.0".
	UserAgent string
	// Timeout bounds one REST request from dialling to the last byte; zero means 30 seconds. A longer one leaves fewer
	// calls with an unknown outcome.
	Timeout time.Duration
	// MediaTimeout bounds one download of a recording; zero means 5 minutes.
	MediaTimeout time.Duration
	// OnAnswer, if set, is called with the status of each answer, or with why there is none.
	OnAnswer func(status int, err error)
	// Transport replaces the transport of every request, for tests. Nil means one of our own.
	Transport http.RoundTripper
	// Now says when a request was sent; nil means time.Now.
	Now func() time.Time
}

// Client speaks for one account. It is safe for concurrent use and starts no goroutines.
type Client struct {
	config Config
	base   *url.URL
	tokens *tokens
	// create carries the creation of calls only: a new connection for each. A POST on a kept connection that the server
	// is just closing fails with nothing to say whether it was read; on a new connection that does not happen.
	create http.RoundTripper
	// shared carries everything else.
	shared http.RoundTripper
}

func (c *Client) now() time.Time {
	if c.config.Now == nil {
		return time.Now()
	}
	return c.config.Now()
}

// credential is what Basic authentication can carry. Twilio's own are letters and digits, which is all that the official
// client takes; stand-ins may use more, so the exchange authenticates by itself.
var credential = regexp.MustCompile(`^[!-9;-~]+$`)

// New checks the configuration and returns a Client. Nothing is sent.
func New(config Config) (*Client, error) {
	if !credential.MatchString(config.AccountSid) {
		return nil, errors.New("twilio account SID: must be as shown in Twilio's console, without spaces or colons")
	}
	if !credential.MatchString(config.AuthToken) {
		return nil, errors.New("twilio auth token: must be as shown in Twilio's console, without spaces or colons")
	}
	if config.SecondaryToken != "" && !credential.MatchString(config.SecondaryToken) {
		return nil, errors.New("twilio secondary auth token: must be as shown in Twilio's console, without spaces or colons")
	}
	if config.SecondaryToken == config.AuthToken {
		config.SecondaryToken = ""
	}
	if config.APIURL == "" {
		config.APIURL = DefaultAPIURL
	}
	base, err := url.Parse(config.APIURL)
	if err != nil || (base.Scheme != "https" && base.Scheme != "http") || base.Host == "" {
		return nil, errors.New("twilio API URL: must be http(s)://host")
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("twilio API URL: must not have credentials, a query or a fragment")
	}
	base.Path = strings.TrimRight(base.Path, "/")
	if config.Timeout == 0 {
		config.Timeout = 30 * time.Second
	}
	if config.MediaTimeout == 0 {
		config.MediaTimeout = 5 * time.Minute
	}
	c := &Client{config: config, base: base, create: config.Transport, shared: config.Transport,
		tokens: &tokens{primary: config.AuthToken, secondary: config.SecondaryToken, switched: config.OnToken}}
	if config.Transport == nil {
		c.create = newTransport(true)
		c.shared = newTransport(false)
	}
	return c, nil
}

// AccountSid is the account that the client speaks for.
func (c *Client) AccountSid() string { return c.config.AccountSid }

// undelivered bounds how long the kernel tries to deliver what was written.
const undelivered = 20 * time.Second

// newTransport speaks HTTP/1.1 only, where a request is either on the wire or not; HTTP/2 may send it twice on its own.
//
// For the creation of calls each connection carries one request, and its buffer holds the whole of it (see timedConn).
func newTransport(creates bool) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableKeepAlives = creates
	t.ForceAttemptHTTP2 = false
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	t.TLSHandshakeTimeout = 10 * time.Second
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	t.DialContext = dialer.DialContext
	if creates {
		t.WriteBufferSize = 64 << 10
		dialer.Control = giveUpAfter(undelivered)
		t.DialContext = dialTimed(dialer)
	}
	return t
}

// call runs one operation of the official client on an exchange of its own and turns what went wrong into an *Error.
func call(ctx context.Context, c *Client, op string, transport http.RoundTripper, do func(*api.ApiService) error) error {
	return c.exchange(ctx, op, transport, func(x *exchange) error { return do(service(x)) })
}

// exchange runs one operation, bounded in time, and turns what went wrong into an *Error.
func (c *Client) exchange(ctx context.Context, op string, transport http.RoundTripper, do func(*exchange) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	x := &exchange{ctx: ctx, client: c, next: transport}
	if err := do(x); err != nil {
		return x.failure(op, err)
	}
	return nil
}

// service is the official client over the exchange.
func service(x *exchange) *api.ApiService {
	rest := &sdk.Client{Credentials: sdk.NewCredentials("checked", "elsewhere"), HTTPClient: x.httpClient()}
	if agent := x.client.config.UserAgent; agent != "" {
		rest.UserAgentExtensions = []string{agent}
	}
	rest.SetAccountSid(x.client.config.AccountSid)
	return api.NewApiService(&sdk.RequestHandler{Client: rest})
}

// path is that of a resource of the account.
func (c *Client) path(resource string) string {
	return "/2010-04-01/Accounts/" + c.config.AccountSid + "/" + resource
}
