package inboxtest

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
)

// Every event of the suite is about one call. A Processor that looks its subject up must find one of this name, bound to
// this CallSid of this account.
const (
	Subject    = "inboxtest-call"
	AccountSid = "AC00000000000000000000000000000000"
	CallSid    = "CA00000000000000000000000000000000"
)

// What an event's IdempotencyToken tells the handle of a fixture to do. The token is no part of the payload, so a delivery
// that fails and one that does not may be the same event.
const (
	tokenFail   = "fail"
	tokenRefuse = "refuse"
	tokenPanic  = "panic"
	tokenBlock  = "block" // wait for release, then succeed
)

var errHandle = errors.New("the handler's own error")

// fixture is one case: a harness whose handler answers every handling with another body, so that an answer given twice
// was stored.
type fixture struct {
	Harness
	t       *testing.T
	handled atomic.Int64
	// hook, if set, is called first.
	hook    func(*inbox.Event)
	entered chan string // the tokens of the handlings that block
	release chan struct{}
	unblock func() // closes release; may be called twice
	// underway are the deliveries that later began.
	underway sync.WaitGroup
}

func newFixture(t *testing.T, open Open) *fixture {
	return newHookedFixture(t, open, nil)
}

func newHookedFixture(t *testing.T, open Open, hook func(*inbox.Event)) *fixture {
	tr := &fixture{t: t, hook: hook, entered: make(chan string, 64), release: make(chan struct{})}
	tr.unblock = sync.OnceFunc(func() { close(tr.release) })
	tr.Harness = open(t, tr.handle)
	t.Cleanup(func() { // what a case that failed left under way ends before its database does
		tr.unblock()
		tr.underway.Wait()
	})
	return tr
}

func (tr *fixture) handle(e *inbox.Event) (inbox.Reply, error) {
	n := tr.handled.Add(1)
	if tr.hook != nil {
		tr.hook(e)
	}
	switch e.IdempotencyToken {
	case tokenBlock, tokenBlock + tokenFail:
		tr.entered <- e.IdempotencyToken
		<-tr.release
	case tokenRefuse:
		return inbox.Reply{}, inbox.Refuse(409, "Call mismatch")
	case tokenPanic:
		panic("the handler's own panic")
	}
	if e.IdempotencyToken == tokenFail || e.IdempotencyToken == tokenBlock+tokenFail {
		return inbox.Reply{}, errHandle
	}
	return inbox.Reply{Status: 200, ContentType: "text/xml", Body: fmt.Appendf(nil, "<Response><Say>%d</Say></Response>", n)}, nil
}

// event returns a new delivery of the event with this id.
func event(id, token string) *inbox.Event {
	return eventOf(id, token, "CallStatus=ringing&CallSid="+CallSid)
}

func eventOf(id, token, body string) *inbox.Event {
	form, _ := url.ParseQuery(body)
	return &inbox.Event{
		ID: CallSid + ":status:" + id, Kind: inbox.KindStatus, Source: inbox.SourceWebhook,
		AccountSid: AccountSid, CallSid: CallSid, Subject: Subject,
		Target: "/api/webhooks/twilio/status?callId=" + Subject, ContentType: "application/x-www-form-urlencoded",
		Body: []byte(body), Form: form, Query: url.Values{"callId": {Subject}},
		IdempotencyToken: token, ReceivedAt: time.Now().UTC().Truncate(time.Millisecond),
	}
}

// wantState compares what is durable of an event: its effects, which are claimed or not there at all.
func (tr *fixture) wantState(e *inbox.Event, effects int) {
	tr.t.Helper()
	if got, claimed := tr.state(e); got != effects || claimed != (effects > 0) {
		tr.t.Fatalf("event %s: %d effects, claimed %t; want %d, %t", e.ID, got, claimed, effects, effects > 0)
	}
}

func (tr *fixture) state(e *inbox.Event) (effects int, claimed bool) {
	tr.t.Helper()
	effects, err := tr.Effects(tr.t.Context(), e.ID)
	if err != nil {
		tr.t.Fatalf("effects of %s: %v", e.ID, err)
	}
	if claimed, err = tr.Claimed(tr.t.Context(), e.ID); err != nil {
		tr.t.Fatalf("claim of %s: %v", e.ID, err)
	}
	return effects, claimed
}

// records returns the event's records with an outcome.
func (tr *fixture) records(e *inbox.Event, outcome inbox.Outcome) []Recorded {
	tr.t.Helper()
	all, err := tr.Events(tr.t.Context(), e.ID)
	if err != nil {
		tr.t.Fatalf("records of %s: %v", e.ID, err)
	}
	var found []Recorded
	for _, r := range all {
		if r.Outcome == outcome {
			found = append(found, r)
		}
	}
	return found
}

// wantReply compares an answer with the first one.
func (tr *fixture) wantReply(what string, got, want inbox.Reply) {
	tr.t.Helper()
	if !sameReply(got, want) {
		tr.t.Errorf("%s was answered %d %s %q; want %d %s %q", what,
			got.Status, got.ContentType, got.Body, want.Status, want.ContentType, want.Body)
	}
}

func sameReply(a, b inbox.Reply) bool {
	return a.Status == b.Status && a.ContentType == b.ContentType && bytes.Equal(a.Body, b.Body)
}
