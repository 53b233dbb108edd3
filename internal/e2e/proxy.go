package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// PublicURL is what Twilio is told. It leads nowhere: a Proxy leads it to the servers.
const PublicURL = "https://calls.example.com"

// Proxy stands before the servers as a load balancer without health checks would: requests to PublicURL go to each server in
// turn, and one that meets a dead server fails. It changes nothing of a request, which stays as it was signed. Other URLs are
// requested as they are.
type Proxy struct {
	// Servers return where a server is, each time that they are asked; "" is nowhere.
	Servers []func() string
	// Pause is how long an attempt takes that failed or was answered 5xx: Twilio documents no pause between its attempts, and
	// all of them within a moment would be one.
	Pause time.Duration
	// Lose, if set, reports whether the answer to a request is lost: the server has it, and who asked gets a 502.
	Lose func(path string, form url.Values) bool

	transport http.Transport
	turn      atomic.Uint64
}

// NewProxy returns a Proxy before these servers.
func NewProxy(servers ...func() string) *Proxy {
	return &Proxy{Servers: servers, transport: http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute}}
}

// Close closes the connections that are idle.
func (p *Proxy) Close() { p.transport.CloseIdleConnections() }

// RoundTrip implements http.RoundTripper.
func (p *Proxy) RoundTrip(request *http.Request) (*http.Response, error) {
	if "https://"+request.URL.Host != PublicURL {
		return p.transport.RoundTrip(request)
	}
	request = request.Clone(request.Context())
	lost := false
	if p.Lose != nil {
		form, err := FormOf(request)
		if err != nil {
			return nil, fmt.Errorf("reading the form of %s: %w", request.URL.Path, err)
		}
		lost = p.Lose(request.URL.Path, form)
	}
	response, err := p.forward(request)
	if err != nil {
		_ = Wait(request.Context(), p.Pause)
		return nil, err
	}
	if response.StatusCode < 500 && !lost {
		return response, nil
	}
	// The connection is given back before the pause.
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	if lost {
		body, response.StatusCode, response.Status, response.Header = nil, http.StatusBadGateway, "502 Bad Gateway", http.Header{}
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	_ = Wait(request.Context(), p.Pause)
	return response, nil
}

// forward sends the request to the next server.
func (p *Proxy) forward(request *http.Request) (*http.Response, error) {
	if len(p.Servers) == 0 {
		return nil, errors.New("there is no server")
	}
	server, err := url.Parse(p.Servers[int(p.turn.Add(1)%uint64(len(p.Servers)))]())
	if err != nil {
		return nil, fmt.Errorf("address of the server: %w", err)
	}
	if server.Host == "" {
		return nil, errors.New("connection refused: no server is running")
	}
	request.Host = request.URL.Host
	request.URL.Scheme, request.URL.Host = server.Scheme, server.Host
	return p.transport.RoundTrip(request)
}

// FormOf reads the form of a request and leaves the request as it was.
func FormOf(request *http.Request) (url.Values, error) {
	if request.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(request.Body)
	_ = request.Body.Close()
	if err != nil {
		return nil, err
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	return url.ParseQuery(string(body))
}

// Living returns where the next server in turn is of those that run, "" while none does: the way of a load balancer with
// health checks.
func (p *Proxy) Living() string {
	first := int(p.turn.Add(1) % uint64(max(len(p.Servers), 1)))
	for n := range p.Servers {
		if url := p.Servers[(first+n)%len(p.Servers)](); url != "" {
			return url
		}
	}
	return ""
}
