package twilio

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"time"

	sdk "github.com/twilio/twilio-go/client"

	"github.com/i-agent/iagent/internal/fault"
)

// maxAnswer bounds what is read of one REST answer, in bytes: a page of a thousand calls is about 2 MB.
const maxAnswer = 16 << 20

var dialer = &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}

// exchange is the transport of one operation. The official client takes no context and hides status and headers of an
// answer that it cannot decode, so the exchange carries the one and remembers the others. It lives as long as the call
// that made it, which is why it may hold a context.
type exchange struct {
	ctx  context.Context
	base *url.URL
	next http.RoundTripper
	// user and password authenticate every request that is not verbatim.
	user, password string
	// verbatim leaves URLs and the size of answers alone, for media.
	verbatim bool

	mu         sync.Mutex
	sent       bool
	status     int
	retryAfter time.Duration
}

// RoundTrip sends the request to the configured base.
func (x *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	x.mu.Lock()
	x.status, x.retryAfter = 0, 0
	x.mu.Unlock()
	// A connection is handed over only when it stands, TLS included; nothing of the request is written before that. From
	// then on we must assume that Twilio read it.
	ctx := httptrace.WithClientTrace(x.ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			x.mu.Lock()
			x.sent = true
			x.mu.Unlock()
		},
	})
	req = req.Clone(ctx)
	if !x.verbatim {
		req.URL.Scheme, req.URL.Host = x.base.Scheme, x.base.Host
		req.URL.Path, req.URL.RawPath = x.base.Path+req.URL.Path, ""
		req.Host = ""
		req.SetBasicAuth(x.user, x.password)
	}

	resp, err := x.next.RoundTrip(req)
	x.mu.Lock()
	defer x.mu.Unlock()
	if err != nil {
		return nil, err
	}
	x.sent = true
	x.status = resp.StatusCode
	x.retryAfter = fault.RetryAfter(resp.Header)
	if !x.verbatim {
		resp.Body = &limitedBody{r: io.LimitReader(resp.Body, maxAnswer), c: resp.Body}
	}
	return resp, nil
}

// failure describes err with everything the exchange knows.
func (x *exchange) failure(op string, err error) *Error {
	x.mu.Lock()
	defer x.mu.Unlock()
	e := &Error{Op: op, Status: x.status, Sent: x.sent, RetryAfter: x.retryAfter}
	var rest *sdk.TwilioRestError
	if errors.As(err, &rest) {
		e.Code, e.Message = rest.Code, rest.Message
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

// limitedBody is a body of which only a part is read.
type limitedBody struct {
	r io.Reader
	c io.Closer
}

func (b *limitedBody) Read(p []byte) (int, error) { return b.r.Read(p) }
func (b *limitedBody) Close() error               { return b.c.Close() }
