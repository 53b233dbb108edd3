package simulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Delivery is one attempt to deliver a webhook to the application, and its result.
type Delivery struct {
	CallSid    string     `json:"callSid"`              // empty for webhooks of messages
	MessageSid string     `json:"messageSid,omitempty"` // empty for webhooks of calls
	To         string     `json:"to"`                   // the person's number
	Kind       Kind       `json:"kind"`
	Ordinal    int        `json:"ordinal"` // place among the webhooks of the call or message; copies share it
	Attempt    int        `json:"attempt"` // 0, then one for each retry that the URL asked for
	Fault      Fault      `json:"fault,omitempty"`
	Also       []Fault    `json:"also,omitempty"` // what else was unusual about how it was sent
	At         time.Time  `json:"at"`             // when the event happened, in virtual time
	Method     string     `json:"method"`
	URL        string     `json:"url"` // as requested: without fragment and userinfo
	Params     url.Values `json:"params"`
	Signature  string     `json:"signature"` // empty: unsigned
	Token      string     `json:"token"`     // I-Twilio-Idempotency-Token

	Status      int           `json:"status"` // 0: no response
	ContentType string        `json:"contentType,omitempty"`
	Body        string        `json:"body,omitempty"`
	Duplicate   bool          `json:"duplicate"`         // the application said that it had seen it before
	Failure     string        `json:"failure,omitempty"` // as retry policies name it: ct, rt, 4xx, 5xx
	Error       string        `json:"error,omitempty"`
	TimedOut    bool          `json:"timedOut,omitempty"` // the application took longer than the URL, or Twilio's 15 s, allow
	Latency     time.Duration `json:"latency"`            // real time

	reached bool // this attempt, or one before it, was answered 2xx
}

// sid is the SID of what the webhook is about.
func (d Delivery) sid() string { return d.CallSid + d.MessageSid }

// injected says whether the attempt went wrong on purpose, not by what the application did.
func (d Delivery) injected() bool {
	return d.Fault.loses() || slices.Contains(d.Also, FaultUnreachable) || slices.Contains(d.Also, FaultLostResponse)
}

// arrived says whether the application may have seen the attempt.
func (d Delivery) arrived() bool {
	return !d.Fault.loses() && !slices.Contains(d.Also, FaultUnreachable)
}

// maxBody is how much of an answer is read; Twilio reads no TwiML beyond 64 KB.
const maxBody = 1 << 20

// deliver sends a webhook, and again as often as its URL's retry policy says and its time allows. It returns every
// attempt, at least one.
func (s *session) deliver(ctx context.Context, w webhook) []Delivery {
	policy, ok := parseOverrides(w.url)
	if !ok {
		s.debug(11243, "warning", w.url, "the fragment names a retry policy that does not exist")
	}
	var attempts []Delivery
	// The application's time is real, the time of an answer that was lost on purpose is virtual. They are counted apart, so that
	// the same seed plays the same call.
	spent, waited := time.Duration(0), time.Duration(0)
	for {
		began := time.Now()
		within, cancel := context.WithTimeout(ctx, policy.total-spent-waited)
		d := s.attempt(within, w, policy, len(attempts))
		cancel()
		spent += time.Since(began)
		if len(attempts) > 0 {
			d.reached = d.reached || attempts[len(attempts)-1].reached
		}
		attempts = append(attempts, d)
		waited += s.awaitLostResponse(ctx, d, policy, policy.total-waited)
		if !policy.retry(d.Failure) || len(attempts) > policy.retries || spent+waited >= policy.total ||
			!pause(ctx, s.sim.config.RetryPause) {
			return attempts
		}
	}
}

// delivery is the log's entry of a webhook, before anything was sent.
func (s *session) delivery(w webhook) Delivery {
	call, message := s.sids()
	return Delivery{CallSid: call, MessageSid: message, To: s.to, Kind: w.kind, Ordinal: w.ordinal, Fault: w.fault, At: w.at,
		Method: w.method, URL: signedURL(w.url, true), Params: w.params, Token: w.token}
}

// attempt makes the n-th attempt, from 0, with the faults that are planned for it.
func (s *session) attempt(ctx context.Context, w webhook, policy overrides, n int) Delivery {
	d := s.delivery(w)
	d.Attempt, d.Also = n, slices.Clone(w.wire.faults)
	if n < w.wire.unreachable {
		d.Failure, d.Error = "ct", "connecting: refused on purpose"
		if w.fault != FaultDrop {
			d.Also = append(d.Also, FaultUnreachable)
		}
		return d
	}
	d = s.roundTrip(ctx, d, w, policy)
	d.reached = d.Status/100 == 2
	if n == 0 && w.wire.loseResponse && d.Failure != "ct" {
		d = loseResponse(d)
	}
	return d
}

// roundTrip makes one request and follows its redirects: at most 10, and 301, 302 and 303 turn POST into a GET
// without parameters (Twilio: TwiML voice request).
func (s *session) roundTrip(ctx context.Context, d Delivery, w webhook, policy overrides) Delivery {
	began := time.Now()
	target, method, params := w.url, w.method, w.params
	for hop := 0; ; hop++ {
		response, err := s.request(ctx, &d, w.wire, policy, method, target, params)
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
			s.debug(11215, "error", w.url, d.Error)
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

// request makes one HTTP exchange and notes it in d. Credentials in the URL are sent only once the
// application asked for them with a 401 (Twilio: Webhooks security).
func (s *session) request(ctx context.Context, d *Delivery, how wireOptions, policy overrides, method, target string, params url.Values) (*http.Response, error) {
	userinfo := (*url.Userinfo)(nil)
	if u, err := url.Parse(target); err == nil {
		userinfo = u.User
	}
	response, err := s.exchange(ctx, d, how, policy, method, target, params, nil)
	if err == nil && response.StatusCode == http.StatusUnauthorized && userinfo != nil {
		return s.exchange(ctx, d, how, policy, method, target, params, userinfo)
	}
	return response, err
}

func (s *session) exchange(ctx context.Context, d *Delivery, how wireOptions, policy overrides, method, target string, params url.Values, user *url.Userinfo) (*http.Response, error) {
	// Only https callbacks of calls are signed without their port (Twilio: Webhooks security).
	keepPort := s.sim.config.KeepPort || d.Kind.messaging()
	p := how.build(s.sim.signingToken(), keepPort, method, target, params)
	d.Method, d.URL, d.Signature = method, p.url, p.signature
	if how.tamper {
		d.Params = p.params
	}
	d.Status, d.ContentType, d.Body, d.Duplicate = 0, "", "", false
	slow := func(from io.Reader, length int) io.Reader {
		return newSlowReader(from, length, s.sim.config.Slowness, func(d time.Duration) bool { return pause(ctx, d) })
	}
	var body io.Reader
	if method != "GET" {
		if body = strings.NewReader(p.body); how.slowSend {
			body = slow(body, len(p.body))
		}
	}

	ctx, timer := newResponseTimer(ctx, policy)
	defer timer.stop()
	fail := func(err error) (*http.Response, error) {
		d.Error, d.Failure = plainError(err), "ct"
		expired := timer.expired.Load()
		if timer.connected.Load() {
			d.Failure, d.TimedOut = "rt", expired || errors.Is(err, context.DeadlineExceeded)
		}
		if expired {
			d.Error = "nothing came in time"
		}
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, p.url, body)
	if err != nil {
		return fail(err)
	}
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
		r.ContentLength = int64(len(p.body))
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(p.body)), nil }
	}
	r.Header.Set("User-Agent", "TwilioProxy/1.1")
	r.Header.Set("Accept", "*/*")
	if !how.unsigned {
		r.Header.Set("X-Twilio-Signature", p.signature)
	}
	r.Header.Set("I-Twilio-Idempotency-Token", d.Token)
	if user != nil {
		password, _ := user.Password()
		r.SetBasicAuth(user.Username(), password)
	}
	response, err := s.client.Do(r)
	if err != nil {
		return fail(err)
	}
	defer response.Body.Close()
	answer := io.LimitReader(timer.reading(response.Body), maxBody)
	if how.slowRead {
		length := int(response.ContentLength)
		if length < 0 { // not told: as long as TwiML gets, so that it does not take for ever
			length = 8 << 10
		}
		answer = slow(answer, length)
	}
	text, err := io.ReadAll(answer)
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
