package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/simulator"
)

// What the product promises, and so how long a verdict on a running system has to wait. A test must not be less patient than
// the product: the deadlines of tests come from here, and TestKitWaitsAsLongAsTheProductPromises compares them with the product's own.
const (
	// TakenOverWithin is how long a run may stay with a process that was killed, until another attempt has begun.
	TakenOverWithin = time.Minute
	// RetriedWithin is how long a run that failed because a service was away may wait, until its next attempt has begun.
	RetriedWithin = 5 * time.Minute
	// AbsenceProvenWithin is how long the proof may take that Twilio has no call of a dial whose outcome is unknown: four of
	// its lists over two minutes, when Twilio answers each request, and one pass of the reconciler.
	AbsenceProvenWithin = 3 * time.Minute
	// ReadyWithin is how long a server may take to start: its migrations, on a slow machine.
	ReadyWithin = 90 * time.Second
	// StopsWithin is how long a graceful stop may take: 20 s for what is under way, and a few for the rest.
	StopsWithin = 40 * time.Second
)

// Work is what is not over: calls, and runs that are waiting or running.
type Work struct {
	Calls []Call
	Runs  []Run
}

// Empty reports whether everything is over.
func (w Work) Empty() bool { return len(w.Calls) == 0 && len(w.Runs) == 0 }

// mostNamed of the calls, and of the runs, are named in an error.
const mostNamed = 10

// String names the calls and the runs, without the phone number of anybody.
func (w Work) String() string {
	lines := []string{fmt.Sprintf("%d calls and %d runs are still open", len(w.Calls), len(w.Runs))}
	for _, call := range w.Calls[:min(len(w.Calls), mostNamed)] {
		lines = append(lines, fmt.Sprintf("call %s (%s) is %s", call.ID, call.TwilioSid, call.Status))
	}
	for _, run := range w.Runs[:min(len(w.Runs), mostNamed)] {
		lines = append(lines, run.String())
	}
	return masked(strings.Join(lines, "\n  "))
}

// openStatuses are those of a call that is not over, in the order in which a call goes through them: one that moves on while
// they are read is seen under the later one.
var openStatuses = []string{"QUEUED", "DIALING", "DIAL_UNKNOWN", "RINGING", "IN_PROGRESS"}

// Open lists what is not over.
func (c *Client) Open(ctx context.Context) (Work, error) {
	var work Work
	for _, status := range openStatuses {
		list, err := readList[Call](ctx, c, "/api/calls?status="+status)
		if err != nil {
			return work, err
		}
		work.Calls = append(work.Calls, list...)
	}
	// The API shows one state at a time. A run may end, and start the next one, between two requests, but then there is a
	// newer run than before.
	before, err := c.newestRun(ctx)
	if err != nil {
		return work, err
	}
	seen := map[string]bool{}
	for _, state := range []string{"waiting", "running", "waiting"} {
		list, err := c.Runs(ctx, state)
		if err != nil {
			return work, err
		}
		for _, run := range list {
			if !seen[run.ID] {
				seen[run.ID] = true
				work.Runs = append(work.Runs, run)
			}
		}
	}
	after, err := c.newestRun(ctx)
	if err == nil && after.ID != "" && after.ID != before.ID {
		after.State = startedMeanwhile
		work.Runs = append(work.Runs, after)
	}
	if err != nil || len(work.Runs) > 0 {
		return work, err
	}
	// A run that is rescued goes from running to waiting and back, and is missed by each of the lists. The statistics count all
	// states at one moment.
	var stats struct {
		Runs struct {
			ByFunction map[string]map[string]int `json:"byFunction"`
		} `json:"runs"`
	}
	err = c.Get(ctx, "/api/stats?since=2000-01-01T00:00:00Z", &stats)
	for function, states := range stats.Runs.ByFunction {
		if states["waiting"]+states["running"] > 0 {
			work.Runs = append(work.Runs, Run{Function: function, State: "rescued"})
		}
	}
	return work, err
}

// startedMeanwhile is the state, for Open, of a run of which nothing is known but that it was not there before.
const startedMeanwhile = "new"

// Settling waits until a campaign is over.
type Settling struct {
	API    *Client
	Twilio *simulator.Simulator
	// Count, if set, is a cheaper way to count the open calls and runs. The API is then asked only for what is left.
	Count func(ctx context.Context) (calls, runs int, err error)
	// UnknownDials lets a call rest as DIAL_UNKNOWN: nobody asks Twilio about it.
	UnknownDials bool
	// Ignore are functions whose runs may stay open.
	Ignore []string
	// Abandon, if set, is after how long a call is left open for which nothing runs and nothing happens.
	Abandon time.Duration
	// Every is the time between two looks; 0 means 50 ms. Changed, if set, is called when a look shows something new.
	Every   time.Duration
	Changed func(now simulator.Progress, calls, runs int)
}

// observation is what one look shows.
type observation struct {
	simulator.Progress
	calls, runs int
}

// Wait returns once Twilio's calls are over with their webhooks, every call is over here, and every run is done. It returns
// earlier what is left when nothing happens for longer than the product may take, and an error that names what is left
// when the context ends.
func (s Settling) Wait(ctx context.Context) (left Work, err error) {
	var last observation
	var failed error // of the last look
	every, moved := s.Every, time.Now()
	if every == 0 {
		every = 50 * time.Millisecond
	}
	for {
		now, err := s.look(ctx)
		if failed = err; err == nil && now != last {
			last, moved = now, time.Now()
			if s.Changed != nil {
				s.Changed(now.Progress, now.calls, now.runs)
			}
		}
		quiet, still := err == nil && now.Ended == now.Progress.Calls && now.runs == 0, time.Since(moved)
		switch {
		case quiet && now.calls == 0:
			return Work{}, nil
		case quiet && s.Abandon > 0 && still > s.Abandon, still > max(RetriedWithin, s.Abandon):
			left, err := s.open(ctx)
			return left, errors.Join(failed, err)
		}
		if cause := Wait(ctx, every); cause != nil {
			asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			left, err := s.open(asking)
			return left, errors.Join(fmt.Errorf("%s: %w", left, cause), failed, err)
		}
	}
}

// Now reports whether all is over.
func (s Settling) Now(ctx context.Context) (bool, error) {
	now, err := s.look(ctx)
	return err == nil && now.Ended == now.Progress.Calls && now.runs == 0 && now.calls == 0, err
}

// look asks as little as will do: nothing of the server while Twilio's calls are under way and there is no cheap way.
func (s Settling) look(ctx context.Context) (now observation, err error) {
	now.Progress = s.Twilio.Progress()
	if s.Count != nil {
		now.calls, now.runs, err = s.Count(ctx)
		return now, err
	}
	if now.Ended < now.Progress.Calls {
		now.calls = now.Progress.Calls - now.Ended
		return now, nil
	}
	work, err := s.open(ctx)
	now.calls, now.runs = len(work.Calls), len(work.Runs)
	return now, err
}

// open lists what is open and may not be.
func (s Settling) open(ctx context.Context) (left Work, err error) {
	work, err := s.API.Open(ctx)
	for _, call := range work.Calls {
		if !s.UnknownDials || call.Status != "DIAL_UNKNOWN" {
			left.Calls = append(left.Calls, call)
		}
	}
	for _, run := range work.Runs {
		if run.State == startedMeanwhile || !slices.Contains(s.Ignore, run.Function) {
			left.Runs = append(left.Runs, run)
		}
	}
	return left, err
}
