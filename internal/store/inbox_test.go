package store

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/inboxtest"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// The application's inbox keeps the promise of every inbox.
func TestProcessorKeepsThePromiseOfTheInbox(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		inboxtest.Exercise(t, func(t *testing.T, handle inboxtest.Handle) inboxtest.Harness {
			return newHarness(t, storetest.SQLite(t), handle, func(f *inboxtest.FaultInjector) Options { return Options{Around: f.Do} })
		})
	})
	// Here each write of a connection passes the faults: statements that are sent together fail together.
	t.Run("postgres", func(t *testing.T) {
		inboxtest.Exercise(t, func(t *testing.T, handle inboxtest.Handle) inboxtest.Harness {
			return newHarness(t, storetest.Postgres(t), handle, func(f *inboxtest.FaultInjector) Options { return Options{conn: f.Conn} })
		})
	})
}

// harness runs the suite's events against one call. An effect is an utterance.
type harness struct {
	t      *testing.T
	url    string
	handle inboxtest.Handle
	faults *inboxtest.FaultInjector
	inject func(*inboxtest.FaultInjector) Options
	callID string

	store     *Store // passes the faults
	plain     *Store // does not
	processor *Processor
	effects   atomic.Int64
}

func newHarness(t *testing.T, url string, handle inboxtest.Handle, inject func(*inboxtest.FaultInjector) Options) *harness {
	h := &harness{t: t, url: url, handle: handle, faults: &inboxtest.FaultInjector{}, inject: inject}
	h.plain = open(t, url, Options{})
	h.callID = seed(t, h.plain, 1)[0]
	if err := h.Reopen(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.store.Close() })
	return h
}

func (h *harness) decide(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
	reply, err := h.handle(event)
	if err != nil {
		return interview.Change{}, inbox.Reply{}, err
	}
	call.TwilioSid = event.CallSid
	return interview.Change{Call: call, Utterances: []interview.Utterance{{
		CallID: call.ID, RecordingSid: event.ID, Position: int(h.effects.Add(1)), Speaker: interview.SpeakerCallee, Text: "effect",
	}}}, reply, nil
}

// own makes any event one of the harness's call.
func (h *harness) own(event *inbox.Event) *inbox.Event {
	own := *event
	own.Subject, own.CallSid, own.AccountSid = h.callID, "CA00000000000000000000000000000001", ""
	return &own
}

func (h *harness) Process(ctx context.Context, event *inbox.Event) (inbox.Result, error) {
	return h.processor.Process(ctx, h.own(event))
}

func (h *harness) Peer() inbox.Processor {
	if strings.HasPrefix(h.url, "sqlite:") {
		return nil
	}
	return peer{h, NewProcessor(h.plain, h.decide)}
}

type peer struct {
	h         *harness
	processor *Processor
}

func (p peer) Process(ctx context.Context, event *inbox.Event) (inbox.Result, error) {
	return p.processor.Process(ctx, p.h.own(event))
}

func (h *harness) Effects(ctx context.Context, eventID string) (n int, err error) {
	err = h.plain.read().QueryRow(ctx, `SELECT COUNT(*) FROM utterances WHERE recording_sid = $1`, eventID).Scan(&n)
	return n, err
}

func (h *harness) Claimed(ctx context.Context, eventID string) (bool, error) {
	var n int
	err := h.plain.read().QueryRow(ctx, `SELECT COUNT(*) FROM webhook_dedup WHERE "id" = $1`, eventID).Scan(&n)
	return n > 0, err
}

// Events come by attempt: the ids of two transactions within a millisecond have no order.
func (h *harness) Events(ctx context.Context, eventID string) ([]inboxtest.Recorded, error) {
	var list []inboxtest.Recorded
	err := collect(ctx, h.plain.read(), func(r row) error {
		var e inboxtest.Recorded
		err := r.Scan(&e.Outcome, &e.Error, &e.Attempt, &e.Body)
		list = append(list, e)
		return err
	}, `SELECT outcome, error, attempt, body FROM webhook_events WHERE event_id = $1 ORDER BY attempt, id`, eventID)
	return list, err
}

func (h *harness) Faults() *inboxtest.FaultInjector { return h.faults }

func (h *harness) Reopen(ctx context.Context) error {
	if h.store != nil {
		h.store.Close()
	}
	h.faults.Reset()
	store, err := Open(ctx, h.url, h.inject(h.faults))
	if err != nil {
		return err
	}
	h.store, h.processor = store, NewProcessor(store, h.decide)
	return nil
}
