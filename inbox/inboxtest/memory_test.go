package inboxtest_test

import (
	"bytes"
	"context"
	"errors"
	"sync"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/inboxtest"
)

// The ways in which a memory can be broken.
const (
	faultNoWait         = "returns an error to a concurrent duplicate"
	faultAnsweredAtOnce = "answers a concurrent duplicate at once"
	faultNoLock         = "has no lock"
	faultIgnoresContext = "ignores its context"
	faultHandlesTwice   = "calls the handler twice"
	faultPanics         = "lets a panic through"
)

// memory is the smallest Processor that passes the suite, and its Harness. What it keeps lives as long as its process, so
// it proves nothing but the suite: broken by a fault, it must not pass.
type memory struct {
	handle inboxtest.Handle
	fault  string
	faults *inboxtest.FaultInjector
	rows   *sync.Map // by event id
}

// row is what is durable of an event, and the lock that its duplicates wait for.
type row struct {
	lock chan struct{}

	mu      sync.Mutex
	effects int
	first   *inbox.Event // the accepted delivery
	reply   inbox.Reply
	records []inboxtest.Recorded
}

func newMemory(handle inboxtest.Handle, fault string) *memory {
	return &memory{handle, fault, new(inboxtest.FaultInjector), new(sync.Map)}
}

func (m *memory) row(id string) *row {
	r, _ := m.rows.LoadOrStore(id, &row{lock: make(chan struct{}, 1)})
	return r.(*row)
}

func (m *memory) Process(ctx context.Context, e *inbox.Event) (inbox.Result, error) {
	r := m.row(e.ID)
	if m.fault == faultNoLock {
		return m.settle(r, e)
	}
	if m.fault == faultIgnoresContext {
		ctx = context.WithoutCancel(ctx)
	}
	select {
	case r.lock <- struct{}{}:
	default:
		switch m.fault {
		case faultNoWait:
			return inbox.Result{}, errors.New("in flight")
		case faultAnsweredAtOnce:
			return inbox.Result{Outcome: inbox.Duplicate}, nil
		}
		select {
		case r.lock <- struct{}{}:
		case <-ctx.Done():
			return inbox.Result{}, ctx.Err()
		}
	}
	defer func() { <-r.lock }()
	return m.settle(r, e)
}

func (m *memory) settle(r *row, e *inbox.Event) (inbox.Result, error) {
	var first *inbox.Event
	if err := m.statement(r, func() { first = r.first }); err != nil {
		return inbox.Result{}, err
	}
	if first != nil {
		return m.repeated(r, e)
	}
	reply, err := m.guarded(e)
	if err == nil {
		err = reply.Check()
	}
	if m.fault == faultHandlesTwice {
		_, _ = m.guarded(e)
	}
	switch {
	case errors.As(err, new(*inbox.Refusal)):
		return inbox.Result{}, err
	case err != nil:
		return inbox.Result{}, errors.Join(err, m.statement(r, func() { r.fail(e, err) }))
	}
	err = m.statement(r, func() {
		r.first, r.reply = e, reply
		r.effects++
		r.records = append(r.records, inboxtest.Recorded{Outcome: inbox.Accepted, Body: e.Body})
	})
	return inbox.Result{Outcome: inbox.Accepted, Reply: reply}, err
}

func (m *memory) repeated(r *row, e *inbox.Event) (inbox.Result, error) {
	result := inbox.Result{Outcome: inbox.Duplicate}
	err := m.statement(r, func() {
		result.Reply = r.reply
		rebuilt := e.Source == inbox.SourceReconciled || r.first.Source == inbox.SourceReconciled
		if rebuilt || e.PayloadHash() == r.first.PayloadHash() {
			return
		}
		result.Outcome = inbox.Conflict
		if n, kept := r.count(inbox.Conflict, e); kept != nil || n == inbox.MaxConflicts {
			return
		}
		r.records = append(r.records, inboxtest.Recorded{Outcome: inbox.Conflict, Body: e.Body})
	})
	return result, err
}

func (m *memory) guarded(e *inbox.Event) (reply inbox.Reply, err error) {
	if m.fault != faultPanics {
		defer func() {
			if p := inbox.Recovered(recover()); p != nil {
				err = p
			}
		}()
	}
	return m.handle(e)
}

func (r *row) fail(e *inbox.Event, cause error) {
	text := cause.Error()
	_, kept := r.count(inbox.Failed, e)
	if kept == nil {
		r.records = append(r.records, inboxtest.Recorded{Outcome: inbox.Failed, Body: e.Body})
		kept = &r.records[len(r.records)-1]
	}
	kept.Error = text[:min(len(text), 8<<10)]
	kept.Attempt++
}

// count returns how many records have an outcome, and the one of the event's payload.
func (r *row) count(outcome inbox.Outcome, e *inbox.Event) (n int, same *inboxtest.Recorded) {
	for i := range r.records {
		if r.records[i].Outcome == outcome {
			n++
			if bytes.Equal(r.records[i].Body, e.Body) {
				same = &r.records[i]
			}
		}
	}
	return n, same
}

// statement runs in the place of one of a database.
func (m *memory) statement(r *row, run func()) error {
	return m.faults.Do(func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		run()
		return nil
	})
}

func (m *memory) Peer() inbox.Processor {
	return &memory{m.handle, m.fault, new(inboxtest.FaultInjector), m.rows}
}

func (m *memory) Effects(_ context.Context, id string) (int, error) {
	r := m.row(id)
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.effects, nil
}

func (m *memory) Claimed(_ context.Context, id string) (bool, error) {
	r := m.row(id)
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.first != nil, nil
}

func (m *memory) Events(_ context.Context, id string) ([]inboxtest.Recorded, error) {
	r := m.row(id)
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.records, nil
}

func (m *memory) Faults() *inboxtest.FaultInjector { return m.faults }

func (m *memory) Reopen(context.Context) error {
	m.faults.Reset()
	return nil
}
