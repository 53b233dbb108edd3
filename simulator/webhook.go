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
	manner  manner
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
	p := c.sim.plan(c.key, w.ordinal, w.kind)
	w.manner = p.manner
	waiting := c.post.held
	c.post.held = nil
	var answer Delivery
	switch {
	case p.drop && !w.kind.chained():
		c.lose(w, FaultDrop)
	case p.late > 0:
		w.fault = FaultDelay
		c.at(p.late, func(ctx context.Context) { c.transmit(ctx, w, p) })
	case p.hold > 0:
		w.fault = FaultReorder
		c.post.held = append(c.post.held, held{webhook: w, plan: p, left: p.hold})
	default:
		if p.drop {
			w.fault = FaultDrop
		}
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
	before := c.forge(ctx, w, p, true)
	again := w
	again.fault, again.manner = p.again, manner{}
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
	after := c.forge(ctx, w, p, false)
	c.set(func() { c.sim.log = slices.Concat(c.sim.log, before, first, second, after) })
	for _, d := range second {
		c.reviewCopy(d)
	}
	last := first[len(first)-1]
	if !w.kind.chained() && last.Failure != "" {
		code := 11200
		if w.kind == KindStatus {
			code = 15003
		}
		c.complainOf(last, code, "warning", strings.TrimSpace(fmt.Sprintf("the callback failed: status %d %s", last.Status, last.Error)))
	}
	return last
}

// forge sends what the plan has besides a webhook. A forgery that happens to be the honest request is left out.
func (c *call) forge(ctx context.Context, w webhook, p plan, first bool) []Delivery {
	var sent []Delivery
	for _, f := range p.forgeries {
		if f.first != first || f.fault == FaultQuerySorted && resorted(signedURL(w.url, true)) == signedURL(w.url, true) {
			continue
		}
		fake := w
		fake.fault, fake.manner = f.fault, f.manner
		policy, _ := parseOverrides(w.url)
		for range f.times {
			ctx, cancel := context.WithTimeout(ctx, policy.total)
			sent = append(sent, c.attempt(ctx, fake, policy, 0))
			cancel()
		}
	}
	return sent
}

// lose writes down a callback that never arrives.
func (c *call) lose(w webhook, fault Fault) {
	c.set(func() {
		c.sim.log = append(c.sim.log, Delivery{CallSid: c.sid, To: c.to, Kind: w.kind, Ordinal: w.ordinal, Fault: fault,
			At: w.at, Method: w.method, URL: signedURL(w.url, true), Params: w.params, Token: w.token, Error: "dropped on purpose"})
	})
}

// reviewCopy writes down what Twilio would have made of the answer to a copy of a TwiML request, had it been the
// only one.
func (c *call) reviewCopy(d Delivery) {
	if !d.Kind.chained() || d.Status/100 != 2 {
		return
	}
	if media, code := playable(d.ContentType); code != 0 {
		c.complainOf(d, code, "error", "the answer to a repeated request has Content-Type "+media)
	}
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
