package inboxtest

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/i-agent/iagent/inbox"
)

// A correct Processor takes milliseconds. These bounds are not delays: a suite that passes never waits for them.
const (
	// deliveryTimeout is how long a delivery's context lasts.
	deliveryTimeout = 20 * time.Second
	// returnTimeout is how long after the end of that context Process may take to return.
	returnTimeout = 10 * time.Second
)

// answer is what a delivery came to.
type answer struct {
	result inbox.Result
	err    error
	// broken says that Process did not return, and why.
	broken string
}

func (a answer) String() string {
	if a.broken != "" {
		return a.broken
	}
	return fmt.Sprintf("outcome %q, error %v", a.result.Outcome, a.err)
}

// send gives the event to a Processor. It returns even if the Processor never does.
func send(ctx context.Context, p inbox.Processor, e *inbox.Event) answer {
	ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	c := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if value := recover(); value != nil {
				a.broken = fmt.Sprintf("delivery of %s: Process panicked: %v\n%s", e.ID, value, debug.Stack())
			}
			c <- a
		}()
		a.result, a.err = p.Process(ctx, e)
	}()
	select {
	case a := <-c:
		return a
	case <-ctx.Done():
	}
	select {
	case a := <-c:
		return a
	case <-time.After(returnTimeout):
		return answer{broken: fmt.Sprintf("delivery of %s: Process did not return within %v of the end of its context", e.ID, returnTimeout)}
	}
}

// later delivers an event in the background.
func (tr *fixture) later(ctx context.Context, p inbox.Processor, e *inbox.Event) <-chan answer {
	c := make(chan answer, 1)
	tr.underway.Add(1)
	go func() {
		defer tr.underway.Done()
		c <- send(ctx, p, e)
	}()
	return c
}

// await wants Process to have returned, whatever it says.
func (tr *fixture) await(c <-chan answer) answer {
	tr.t.Helper()
	a := <-c
	if a.broken != "" {
		tr.t.Fatal(a.broken)
	}
	return a
}

// deliver gives the event to a Processor, and wants Process to return.
func (tr *fixture) deliver(ctx context.Context, p inbox.Processor, e *inbox.Event) (inbox.Result, error) {
	tr.t.Helper()
	a := tr.await(tr.later(ctx, p, e))
	return a.result, a.err
}

// must delivers the event and wants an outcome.
func (tr *fixture) must(want inbox.Outcome, e *inbox.Event) inbox.Reply {
	tr.t.Helper()
	result, err := tr.deliver(tr.t.Context(), tr.Harness, e)
	if err != nil || result.Outcome != want {
		tr.t.Fatalf("delivery of %s: outcome %q, error %v; want %s", e.ID, result.Outcome, err, want)
	}
	return result.Reply
}

// mustFail delivers the event and wants an error, without a panic.
func (tr *fixture) mustFail(e *inbox.Event) error {
	tr.t.Helper()
	result, err := tr.deliver(tr.t.Context(), tr.Harness, e)
	if err == nil {
		tr.t.Fatalf("delivery of %s: outcome %q; want an error", e.ID, result.Outcome)
	}
	return err
}

// inFlight delivers an event that is told to block, and returns while it is being handled.
func (tr *fixture) inFlight(e *inbox.Event) <-chan answer {
	tr.t.Helper()
	c := tr.later(tr.t.Context(), tr.Harness, e)
	select {
	case <-tr.entered:
	case a := <-c:
		tr.t.Fatalf("delivery of %s, before its handling: %v", e.ID, a)
	}
	return c
}

// together delivers all events at once, every second one to the peer where there is one.
func (tr *fixture) together(events []*inbox.Event) []answer {
	tr.t.Helper()
	processors := []inbox.Processor{tr.Harness, tr.Harness}
	if peer := tr.Peer(); peer != nil {
		processors[1] = peer
	}
	answers := make([]answer, len(events))
	var start, done sync.WaitGroup
	start.Add(1)
	for i, e := range events {
		done.Add(1)
		go func() {
			defer done.Done()
			start.Wait()
			answers[i] = send(tr.t.Context(), processors[i%2], e)
		}()
	}
	start.Done()
	done.Wait()
	for _, a := range answers {
		if a.broken != "" {
			tr.t.Fatal(a.broken)
		}
	}
	return answers
}
