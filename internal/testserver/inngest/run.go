package inngest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// State is where a run stands.
type State string

// A run waits for its start or next call, is being called, or ended.
const (
	Queued    State = "queued"
	Running   State = "running"
	Completed State = "completed"
	Failed    State = "failed"
)

// run is one function, started by one event.
type run struct {
	id       string
	function *function
	event    Event
	due      time.Time
	state    State
	attempt  int // of the current step, from 0
	calls    int
	steps    map[string]json.RawMessage
	output   string
}

// Run is what a server knows of a run.
type Run struct {
	Function string // with the application's name before it
	Event    Event
	State    State
	// Calls counts the requests that were made.
	Calls int
	// Output is the last answer's body.
	Output string
}

// Runs are those that events have started, in their order.
func (s *Server) Runs() []Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Run, len(s.runs))
	for i, r := range s.runs {
		state := r.state
		if state == "" {
			state = Queued
		}
		out[i] = Run{Function: r.function.ID, Event: r.event, State: state, Calls: r.calls, Output: r.output}
	}
	return out
}

// Run asks the application to register and calls its functions until ctx ends, and returns when the last call has.
func (s *Server) Run(ctx context.Context) {
	var calls sync.WaitGroup
	defer calls.Wait()
	calls.Go(func() { s.poll(ctx) })
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		for _, r := range s.due() {
			calls.Go(func() { s.call(ctx, r) })
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-ticker.C:
		}
	}
}

// due marks as running what may be called now, and returns it.
func (s *Server) due() []*run {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.config.Now()
	var taken []*run
	for _, r := range s.runs {
		if (r.state != Queued && r.state != "") || r.due.After(now) || !r.function.free() {
			continue
		}
		r.state = Running
		r.function.active++
		r.calls++
		taken = append(taken, r)
	}
	return taken
}

// call makes one request and settles the run by its answer.
func (s *Server) call(ctx context.Context, r *run) {
	event := map[string]any{"id": r.event.ID, "name": r.event.Name, "data": r.event.Data, "ts": r.event.TS}
	body := canonical(map[string]any{
		"ctx": map[string]any{
			"run_id": r.id, "fn_id": "00000000-0000-0000-0000-000000000000", "step_id": "step", "attempt": r.attempt,
			"max_attempts": r.function.attempts(), "env": "test", "disable_immediate_execution": false,
			"stack": map[string]any{"stack": []string{}, "current": 0},
		},
		"event": event, "events": []any{event}, "steps": r.steps, "use_api": false,
	})
	got, err := s.send(ctx, http.MethodPost, r.function.Steps["step"].Runtime.URL+"&stepId=step", body)

	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.poke()
	r.function.active--
	r.state = Queued
	if err != nil {
		r.output = err.Error()
		s.retry(r, http.Header{})
		return
	}
	r.output = string(got.body)
	switch {
	case got.status == http.StatusPartialContent:
		s.advance(r, got)
	case got.status/100 == 2 && got.header.Get("X-Inngest-Sdk") != "":
		r.state = Completed
	default:
		s.retry(r, got.header)
	}
}

// retry calls the step again later, unless it was the last attempt or the application says that it is no use.
func (s *Server) retry(r *run, header http.Header) {
	r.attempt++
	if header.Get("X-Inngest-No-Retry") == "true" || r.attempt >= r.function.attempts() {
		r.state = Failed
		return
	}
	wait := pause(r.attempt, s.config.Backoff)
	after := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(after); err == nil {
		wait = min(max(time.Duration(seconds)*time.Second, minRetry), maxRetry)
	} else if at, err := time.Parse(time.RFC3339, after); err == nil {
		wait = min(max(time.Until(at), minRetry), maxRetry)
	}
	r.due = s.config.Now().Add(wait)
}

// An application may ask for a retry within these bounds.
const (
	minRetry = time.Second
	maxRetry = 24 * time.Hour
)

// advance remembers the steps that were done and calls the function again.
func (s *Server) advance(r *run, got answer) {
	var done []struct {
		Op   string          `json:"op"`
		ID   string          `json:"id"`
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(got.body, &done); err != nil {
		r.output, r.state = err.Error(), Failed
		return
	}
	for _, step := range done {
		switch step.Op {
		case "StepRun":
			r.steps[step.ID] = fmt.Appendf(nil, `{"data":%s}`, step.Data)
			r.attempt, r.due = 0, s.config.Now()
		case "StepError":
			s.retry(r, got.header)
		default:
			r.output, r.state = "unsupported or failed step "+step.Op, Failed
			return
		}
	}
}

// answer is what the application said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send makes a signed request.
func (s *Server) send(ctx context.Context, method, url string, body []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Inngest-Server-Kind", serverKind)
	request.Header.Set(signatureHeader, sign(s.config.SigningKey, time.Now(), body))
	response, err := s.transport.RoundTrip(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, text}, err
}
