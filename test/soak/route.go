package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// publicURL is what Twilio is told. It leads to the servers by way of a route.
const publicURL = "https://calls.example.com"

// route leads the public URL to the servers, one request to each in turn, as a load balancer without health checks would:
// a request that meets a dead server fails.
type route struct {
	next      http.RoundTripper
	addresses []string
	// tarry is how long an attempt takes that failed: Twilio documents no pause between its attempts, and all of them
	// within a moment would be one.
	tarry time.Duration
	turn  atomic.Uint64
}

func newRoute(servers []*server) *route {
	r := &route{tarry: 2300 * time.Millisecond, next: &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute}}
	for _, s := range servers {
		r.addresses = append(r.addresses, s.address)
	}
	return r
}

// RoundTrip implements http.RoundTripper.
func (r *route) RoundTrip(request *http.Request) (*http.Response, error) {
	ours, err := url.Parse(publicURL)
	if err != nil {
		return nil, err
	}
	if request.URL.Hostname() != ours.Hostname() {
		return r.next.RoundTrip(request)
	}
	request = request.Clone(request.Context())
	request.Host = request.URL.Host
	request.URL.Scheme, request.URL.Host = "http", r.addresses[int(r.turn.Add(1)%uint64(len(r.addresses)))]
	response, err := r.next.RoundTrip(request)
	if err != nil {
		r.wait(request.Context())
		return nil, err
	}
	if response.StatusCode < 500 {
		return response, nil
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	r.wait(request.Context())
	return response, nil
}

func (r *route) wait(ctx context.Context) {
	timer := time.NewTimer(r.tarry)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
