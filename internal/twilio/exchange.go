package twilio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"time"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/telemetry"
)

// maxAnswer bounds what is read of one REST answer, in bytes: a page of a thousand calls is about 2 MB.
const maxAnswer = 16 << 20

// ErrTooLate says that a request was withheld because its time had passed: nothing of it was sent.
var ErrTooLate = errors.New("withheld: the time in which it could be sent is over")

// exchange is the transport of one operation. The official client takes no context and hides status and headers of an
// answer that it cannot decode, so the exchange carries the one and remembers the others. It lives as long as the call
// that made it, which is why it may hold a context.
type exchange struct {
	ctx    context.Context
	client *Client
	next   http.RoundTripper
	// verbatim leaves URLs and the size of answers alone, for media.
	verbatim bool
	// late, when set, is asked immediately before the request is written; true withholds it.
	late func() bool

	mu         sync.Mutex
	timed      bool // the connection says when it is written
	open       bool // there is a connection
	sent       bool
	sentAt     time.Time
	withheld   bool
	status     int
	retryAfter time.Duration
	body       []byte // of the last answer, unless verbatim
}

// RoundTrip sends the request to the configured base. When Twilio answers 401 and there is another token, the request is
// repeated with that one: Twilio did not process the first.
func (x *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	token, other := x.client.tokens.both()
	resp, err := x.attempt(req, token)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || other == "" || !x.repeatable() {
		x.client.used(token, resp)
		return resp, err
	}
	again := req.Clone(req.Context())
	if req.GetBody != nil {
		if again.Body, err = req.GetBody(); err != nil {
			return resp, nil
		}
	}
	_ = resp.Body.Close()
	if resp, err = x.attempt(again, other); err == nil && accepted(resp.StatusCode) {
		x.client.tokens.use(other)
	}
	x.client.used(other, resp)
	return resp, err
}

// repeatable reports whether a 401 proves that the request was not processed. Where a repetition could place a second
// call, it must be Twilio's own 401 and not that of a proxy.
func (x *exchange) repeatable() bool {
	if x.late == nil {
		return true
	}
	_, shaped := x.problem()
	return shaped
}

// accepted reports whether the credentials of a request with this answer were accepted.
func accepted(status int) bool {
	return status/100 == 2 || status/100 == 4 && status != http.StatusUnauthorized
}

// used tells whoever wants to know that Twilio accepted a token.
func (c *Client) used(token string, resp *http.Response) {
	if c.config.OnUse != nil && resp != nil && accepted(resp.StatusCode) {
		c.config.OnUse(token != c.config.AuthToken)
	}
}

// attempt sends the request once, with a token.
func (x *exchange) attempt(req *http.Request, token string) (*http.Response, error) {
	x.mu.Lock()
	x.open, x.sent, x.withheld, x.status, x.retryAfter, x.body = false, false, false, 0, 0, nil
	x.mu.Unlock()
	if x.isLate() {
		return nil, ErrTooLate
	}
	// A connection is handed over only when it is open, TLS included; nothing of the request is written before that. From
	// then on we must assume that Twilio read it, unless the connection itself says when it is written.
	ctx := httptrace.WithClientTrace(x.ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { x.connected() }})
	if x.late != nil {
		ctx = context.WithValue(ctx, timedKey{}, x)
	}
	req = req.Clone(ctx)
	if !x.verbatim {
		req.URL.Scheme, req.URL.Host = x.client.base.Scheme, x.client.base.Host
		req.URL.Path, req.URL.RawPath = x.client.base.Path+req.URL.Path, ""
		req.Host = ""
	}
	req.SetBasicAuth(x.client.config.AccountSid, token)

	resp, err := telemetry.Transport{Next: x.next, OnAnswer: x.client.config.OnAnswer}.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	x.sent, x.status, x.retryAfter = true, resp.StatusCode, fault.RetryAfter(resp.Header)
	x.mu.Unlock()
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil && x.client.config.OnClock != nil {
		x.client.config.OnClock(time.Since(at).Truncate(time.Second))
	}
	if x.verbatim {
		return resp, nil
	}
	if err := x.keep(resp); err != nil {
		return nil, err
	}
	return resp, nil
}

// keep reads the whole answer, for those who judge it and for whoever decodes it.
func (x *exchange) keep(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	_ = resp.Body.Close()
	if err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("answer is longer than %d bytes", maxAnswer)
	}
	if err != nil {
		return err
	}
	x.mu.Lock()
	x.body = body
	x.mu.Unlock()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// connected is called when the connection is open.
func (x *exchange) connected() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.open = true
	if !x.timed {
		x.sent, x.sentAt = true, x.client.now()
	}
}

// written is called before each write to a timed connection.
func (x *exchange) written() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.open && !x.sent {
		x.sent, x.sentAt = true, x.client.now()
	}
}

// isLate reports whether nothing may be sent any more, and remembers it.
func (x *exchange) isLate() bool {
	if x.late == nil || !x.late() {
		return false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.withheld = true
	return true
}

// failure describes err with everything the exchange knows.
func (x *exchange) failure(op string, err error) *Error {
	problem, shaped := x.problem()
	x.mu.Lock()
	defer x.mu.Unlock()
	e := &Error{Op: op, Status: x.status, Sent: x.sent, SentAt: x.sentAt, RetryAfter: x.retryAfter}
	if x.withheld && !x.sent {
		e.Sent, e.SentAt, e.err = false, time.Time{}, ErrTooLate
		return e
	}
	if e.Status >= 400 && shaped {
		e.Shaped, e.Code, e.Message = true, problem.Code, problem.Message
		return e
	}
	if e.Status >= 300 && len(x.body) > 0 {
		e.err = errNotTwilios
		return e
	}
	// url.Error prints the URL, and with it the number that a list of calls was asked for.
	var transport *url.Error
	if errors.As(err, &transport) {
		err = transport.Err
	}
	e.err = err
	return e
}
