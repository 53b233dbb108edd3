package simulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"
)

// Delivery is one attempt to hand a webhook to the application, and what came of it.
type Delivery struct {
	CallSid   string     `json:"callSid"`
	To        string     `json:"to"`
	Kind      Kind       `json:"kind"`
	Ordinal   int        `json:"ordinal"` // place among the call's requests; copies share it
	Attempt   int        `json:"attempt"` // 0, then one for each retry that the URL asked for
	Fault     Fault      `json:"fault,omitempty"`
	At        time.Time  `json:"at"` // when the event happened, on the call's timeline
	Method    string     `json:"method"`
	URL       string     `json:"url"` // as requested: without fragment and userinfo
	Params    url.Values `json:"params"`
	Signature string     `json:"signature"`
	Token     string     `json:"token"` // I-Twilio-Idempotency-Token

	Status      int           `json:"status"` // 0: no response
	ContentType string        `json:"contentType,omitempty"`
	Body        string        `json:"body,omitempty"`
	Duplicate   bool          `json:"duplicate"`         // the application said that it had seen it before
	Failure     string        `json:"failure,omitempty"` // as retry policies name it: ct, rt, 4xx, 5xx
	Error       string        `json:"error,omitempty"`
	Latency     time.Duration `json:"latency"` // real time
}

// maxBody bounds what is read of an answer; Twilio reads no TwiML beyond 64 KB.
const maxBody = 1 << 20

// deliver sends a webhook, and again as often as its URL's retry policy says. It returns every attempt, at
// least one.
func (c *call) deliver(ctx context.Context, w webhook) []Delivery {
	policy, ok := parseOverrides(w.url)
	if !ok {
		c.complain(11243, "warning", w.url, "the fragment names a retry policy that does not exist")
	}
	ctx, cancel := context.WithTimeout(ctx, policy.total)
	defer cancel()
	var attempts []Delivery
	for {
		d := c.attempt(ctx, w, policy)
		d.Attempt = len(attempts)
		attempts = append(attempts, d)
		if !policy.retry(d.Failure) || len(attempts) > policy.retries || !pause(ctx, c.sim.config.RetryPause) {
			return attempts
		}
	}
}

// attempt makes one request and follows its redirects: at most 10, and 301, 302 and 303 turn POST into a GET
// without parameters (Twilio: TwiML voice request).
func (c *call) attempt(ctx context.Context, w webhook, policy overrides) Delivery {
	d := Delivery{CallSid: c.sid, To: c.to, Kind: w.kind, Ordinal: w.ordinal, Fault: w.fault, At: w.at,
		Params: w.params, Token: w.token}
	began := time.Now()
	target, method, params := w.url, w.method, w.params
	for hop := 0; ; hop++ {
		response, err := c.request(ctx, &d, policy, method, target, params)
		if err != nil {
			d.Latency = time.Since(began)
			return d
		}
		location := response.Header.Get("Location")
		if response.StatusCode < 300 || response.StatusCode > 399 || location == "" {
			break
		}
		if hop == 10 {
			d.Failure, d.Error = "redirects", "more than 10 redirects"
			c.complain(11215, "error", w.url, d.Error)
			break
		}
		target = resolve(target, location)
		if response.StatusCode <= http.StatusSeeOther {
			method, params = "GET", nil
		}
	}
	d.Latency = time.Since(began)
	return d
}

// request makes one HTTP exchange and writes it down in d. Credentials in the URL are sent only once the
// application asked for them with a 401 (Twilio: Webhooks security).
func (c *call) request(ctx context.Context, d *Delivery, policy overrides, method, target string, params url.Values) (*http.Response, error) {
	userinfo := (*url.Userinfo)(nil)
	if u, err := url.Parse(target); err == nil {
		userinfo = u.User
	}
	response, err := c.exchange(ctx, d, policy, method, target, params, nil)
	if err == nil && response.StatusCode == http.StatusUnauthorized && userinfo != nil {
		return c.exchange(ctx, d, policy, method, target, params, userinfo)
	}
	return response, err
}

func (c *call) exchange(ctx context.Context, d *Delivery, policy overrides, method, target string, params url.Values, user *url.Userinfo) (*http.Response, error) {
	wire := signedURL(target, true)
	var body io.Reader
	signed := params
	if method == "GET" {
		signed = nil
		wire = withQuery(wire, params)
	} else {
		body = strings.NewReader(params.Encode())
	}
	d.Method, d.URL = method, wire
	d.Signature = sign(c.sim.config.AuthToken, signedURL(wire, c.sim.config.KeepPort), signed)
	d.Status, d.ContentType, d.Body, d.Duplicate = 0, "", "", false

	connected := false
	ctx = httptrace.WithClientTrace(context.WithValue(ctx, connectTimeout{}, policy.connect),
		&httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }})
	ctx, cancel := context.WithTimeout(ctx, policy.connect+policy.read)
	defer cancel()
	fail := func(err error) (*http.Response, error) {
		d.Error, d.Failure = plainError(err), "ct"
		if connected {
			d.Failure = "rt"
		}
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, wire, body)
	if err != nil {
		return fail(err)
	}
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	}
	r.Header.Set("User-Agent", "TwilioProxy/1.1")
	r.Header.Set("Accept", "*/*")
	r.Header.Set("X-Twilio-Signature", d.Signature)
	r.Header.Set("I-Twilio-Idempotency-Token", d.Token)
	if user != nil {
		password, _ := user.Password()
		r.SetBasicAuth(user.Username(), password)
	}
	response, err := c.client.Do(r)
	if err != nil {
		return fail(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	d.Status, d.ContentType, d.Body = response.StatusCode, response.Header.Get("Content-Type"), string(text)
	if err != nil {
		d.Error, d.Failure = plainError(err), "partial" // never retried (Twilio: Webhooks connection overrides)
		return nil, err
	}
	d.Error, d.Failure = "", ""
	if class := response.StatusCode / 100; class == 4 || class == 5 {
		d.Failure = fmt.Sprintf("%dxx", class)
	}
	d.Duplicate = saysDuplicate(response.Header, d.Body)
	return response, nil
}

// plainError leaves the URL out: the delivery shows it already.
func plainError(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}

// withQuery adds parameters to a URL without touching the query it has.
func withQuery(rawURL string, params url.Values) string {
	if len(params) == 0 {
		return rawURL
	}
	if strings.Contains(rawURL, "?") {
		return rawURL + "&" + params.Encode()
	}
	return rawURL + "?" + params.Encode()
}

// resolve makes a reference in a document at base absolute. One that is absolute stays byte for byte.
func resolve(base, reference string) string {
	if strings.Contains(reference, "://") {
		return reference
	}
	b, err := url.Parse(base)
	if err != nil {
		return reference
	}
	r, err := b.Parse(reference)
	if err != nil {
		return reference
	}
	return r.String()
}

// pause waits real time, if there is any to wait; false when the context ended first.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
