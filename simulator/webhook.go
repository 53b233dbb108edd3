package simulator

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Kind says what a request to the application is about.
type Kind string

// The requests that a call makes.
const (
	KindVoice     Kind = "voice"     // the first TwiML document
	KindGather    Kind = "gather"    // a Gather's action
	KindRedirect  Kind = "redirect"  // a Redirect, or a new URL given over REST
	KindFallback  Kind = "fallback"  // after a TwiML request went wrong
	KindStatus    Kind = "status"    // call progress
	KindRecording Kind = "recording" // recording progress
	KindAMD       Kind = "amd"       // asynchronous answering machine detection
)

// chained says whether the call waits for the answer, which is TwiML.
func (k Kind) chained() bool {
	return k == KindVoice || k == KindGather || k == KindRedirect || k == KindFallback
}

// webhook is a request that is to be delivered, perhaps more than once.
type webhook struct {
	kind    Kind
	ordinal int // its place among the call's requests
	method  string
	url     string // as the application gave it, fragment included
	params  url.Values
	token   string // I-Twilio-Idempotency-Token
	at      time.Time
	fault   Fault
}

// post is a call's outgoing mail.
type post struct {
	ordinal  int
	sequence int // of the next status callback
	held     []held
}

// held is a webhook that waits for later ones to overtake it.
type held struct {
	webhook webhook
	plan    plan
	left    int // later callbacks still to come
	passed  int // later callbacks that overtook it
}

// dispatch sends a webhook with the faults drawn for it, and then those that waited for it. It returns the
// delivery that the call goes on with; nothing when the webhook is held back.
func (c *call) dispatch(ctx context.Context, w webhook) Delivery {
	w.ordinal = c.post.ordinal
	c.post.ordinal++
	w.at = c.now
	w.token = c.sim.seed.uuid(c.sim.config.Run, c.key, w.ordinal)
	p := c.sim.config.Faults.plan(c.sim.seed, c.key, w.ordinal, w.kind)
	waiting := c.post.held
	c.post.held = nil
	var answer Delivery
	if p.hold > 0 {
		w.fault = FaultReorder
		c.post.held = append(c.post.held, held{webhook: w, plan: p, left: p.hold})
	} else {
		answer = c.transmit(ctx, w, p)
	}
	var due []held
	for _, h := range waiting {
		if h.webhook.fault == FaultEcho || !w.kind.chained() {
			h.left--
			h.passed++
		}
		if h.left <= 0 {
			due = append(due, h)
		} else {
			c.post.held = append(c.post.held, h)
		}
	}
	for _, h := range due {
		c.transmit(ctx, h.webhook, h.plan)
	}
	return answer
}

// transmit delivers a webhook now, and its duplicate as planned.
func (c *call) transmit(ctx context.Context, w webhook, p plan) Delivery {
	again := w
	again.fault = p.again
	var first, second []Delivery
	switch p.again {
	case FaultTwin:
		var twin sync.WaitGroup
		twin.Go(func() { second = c.deliver(ctx, again) })
		first = c.deliver(ctx, w)
		twin.Wait()
	case FaultDuplicate:
		first = c.deliver(ctx, w)
		second = c.deliver(ctx, again)
	case FaultEcho:
		first = c.deliver(ctx, w)
		c.post.held = append(c.post.held, held{webhook: again, left: p.after})
	default:
		first = c.deliver(ctx, w)
	}
	c.set(func() { c.sim.log = append(append(c.sim.log, first...), second...) })
	last := first[len(first)-1]
	if !w.kind.chained() && last.Failure != "" {
		code := 11200
		if w.kind == KindStatus {
			code = 15003
		}
		c.complain(code, "warning", last.URL, fmt.Sprintf("the callback failed: status %d %s", last.Status, last.Error))
	}
	return last
}

// flush delivers what is still held back when the call is over, those closest to their turn first.
func (c *call) flush(ctx context.Context) {
	for len(c.post.held) > 0 {
		waiting := c.post.held
		c.post.held = nil
		slices.SortStableFunc(waiting, func(a, b held) int { return a.left - b.left })
		for _, h := range waiting {
			if h.webhook.fault == FaultReorder && h.passed == 0 && len(waiting) == 1 {
				h.webhook.fault = FaultNone // nothing came after it: it arrives in its turn
			}
			c.transmit(ctx, h.webhook, h.plan)
		}
	}
}

// sendStatus sends a status callback if the application asked for this event.
func (c *call) sendStatus(ctx context.Context, event, status string) {
	target := c.params.Get("StatusCallback")
	if target == "" || !slices.Contains(c.statusEvents(), event) {
		return
	}
	params := c.statusParams(status, c.post.sequence)
	c.post.sequence++
	c.dispatch(ctx, webhook{kind: KindStatus, url: target, params: params,
		method: orPost(c.params.Get("StatusCallbackMethod"))})
}

// statusEvents are the events asked for: repeated fields, by default completed alone. One field with several
// names in it is one unknown event, as it is to Twilio.
func (c *call) statusEvents() []string {
	if events := c.params["StatusCallbackEvent"]; len(events) > 0 {
		return events
	}
	return []string{"completed"}
}

func orPost(method string) string {
	if strings.EqualFold(method, "GET") {
		return "GET"
	}
	return "POST"
}
