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

// The requests of calls, then those of messages.
const (
	KindVoice     Kind = "voice"     // the first TwiML document
	KindGather    Kind = "gather"    // a Gather's action
	KindRedirect  Kind = "redirect"  // a Redirect, or a new URL given over REST
	KindFallback  Kind = "fallback"  // after a TwiML request went wrong
	KindStatus    Kind = "status"    // call progress
	KindRecording Kind = "recording" // recording progress
	KindAMD       Kind = "amd"       // asynchronous answering machine detection

	KindMessage         Kind = "message"          // a person's message, to the messaging webhook
	KindMessageRedirect Kind = "message-redirect" // a Redirect in the answer to it
	KindMessageFallback Kind = "message-fallback" // after one of the two went wrong
	KindMessageStatus   Kind = "message-status"   // progress of a message of the application
)

// chained says whether the answer is TwiML, for which the call or the message waits.
func (k Kind) chained() bool {
	switch k {
	case KindVoice, KindGather, KindRedirect, KindFallback, KindMessage, KindMessageRedirect, KindMessageFallback:
		return true
	}
	return false
}

// ownURL says whether the request's URL belongs to this event alone: a redirect or a fallback may ask for a URL again.
func (k Kind) ownURL() bool {
	switch k {
	case KindRedirect, KindFallback, KindMessageRedirect, KindMessageFallback:
		return false
	}
	return true
}

// messaging says whether the request is about a message.
func (k Kind) messaging() bool { return strings.HasPrefix(string(k), string(KindMessage)) }

// webhook is a request to the application, which may be delivered more than once.
type webhook struct {
	kind    Kind
	ordinal int // its place among the webhooks of the call or message
	method  string
	url     string // as the application gave it, fragment included
	params  url.Values
	token   string // I-Twilio-Idempotency-Token
	at      time.Time
	fault   Fault
	wire    wireOptions
}

// held is a webhook that waits for later ones to overtake it.
type held struct {
	webhook webhook
	plan    plan
	left    int // later callbacks still to come
	passed  int // later callbacks that overtook it
}

// dispatch sends a webhook with the faults drawn for it, and then those that waited for it. It returns the
// delivery whose answer counts; an empty one when the webhook is held back.
func (s *session) dispatch(ctx context.Context, w webhook) Delivery {
	w.ordinal = s.ordinal
	s.ordinal++
	w.at = s.now
	w.token = s.sim.seed.uuid(s.sim.config.Run, s.key, w.ordinal)
	p := s.sim.plan(s.key, w.ordinal, w.kind)
	w.wire = p.wire
	waiting := s.held
	s.held = nil
	var answer Delivery
	switch {
	case p.drop && !w.kind.chained():
		s.logDropped(w, FaultDrop)
	case p.late > 0:
		w.fault = FaultDelay
		s.at(p.late, func(ctx context.Context) { s.transmit(ctx, w, p) })
	case p.hold > 0:
		w.fault = FaultReorder
		s.held = append(s.held, held{webhook: w, plan: p, left: p.hold})
	default:
		if p.drop {
			w.fault = FaultDrop
		}
		answer = s.transmit(ctx, w, p)
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
			s.held = append(s.held, h)
		}
	}
	for _, h := range due {
		s.transmit(ctx, h.webhook, h.plan)
	}
	return answer
}

// transmit delivers a webhook now, and its duplicate as planned.
func (s *session) transmit(ctx context.Context, w webhook, p plan) Delivery {
	before := s.forge(ctx, w, p, true)
	again := w
	again.fault, again.wire = p.again, wireOptions{}
	var first, second []Delivery
	switch p.again {
	case FaultTwin:
		var twin sync.WaitGroup
		twin.Go(func() { second = s.deliver(ctx, again) })
		first = s.deliver(ctx, w)
		twin.Wait()
	case FaultDuplicate:
		first = s.deliver(ctx, w)
		second = s.deliver(ctx, again)
	case FaultEcho:
		first = s.deliver(ctx, w)
		s.held = append(s.held, held{webhook: again, left: p.after})
	default:
		first = s.deliver(ctx, w)
	}
	after := s.forge(ctx, w, p, false)
	s.set(func() { s.sim.log = append(s.sim.log, slices.Concat(before, first, second, after)...) })
	for _, d := range second {
		s.reviewCopy(d)
	}
	last := first[len(first)-1]
	if !w.kind.chained() && last.Failure != "" {
		code := 11200
		if w.kind == KindStatus {
			code = 15003
		}
		s.debugDelivery(last, code, "warning", strings.TrimSpace(fmt.Sprintf("the callback failed: status %d %s", last.Status, last.Error)))
	}
	return last
}

// forge sends the forgeries of a plan. One that does not differ from the real request is left out.
func (s *session) forge(ctx context.Context, w webhook, p plan, first bool) []Delivery {
	var sent []Delivery
	for _, f := range p.forgeries {
		if f.first != first || f.fault == FaultQuerySorted && resorted(signedURL(w.url, true)) == signedURL(w.url, true) {
			continue
		}
		fake := w
		fake.fault, fake.wire = f.fault, f.wire
		policy, _ := parseOverrides(w.url)
		for range f.times {
			ctx, cancel := context.WithTimeout(ctx, policy.total)
			sent = append(sent, s.attempt(ctx, fake, policy, 0))
			cancel()
		}
	}
	return sent
}

// logDropped puts a callback that never arrives into the log.
func (s *session) logDropped(w webhook, fault Fault) {
	d := s.delivery(w)
	d.Fault, d.Error = fault, "dropped on purpose"
	s.set(func() { s.sim.log = append(s.sim.log, d) })
}

// reviewCopy adds to the Debugger what Twilio would say about the answer to a copy of a TwiML request, if that were the only one.
func (s *session) reviewCopy(d Delivery) {
	if !d.Kind.chained() || d.Status/100 != 2 {
		return
	}
	if code, message := d.noTwiML(); code != 0 {
		s.debugDelivery(d, code, "error", "a repeated request: "+message)
	}
}

// flush delivers what is still held back at the end, those closest to their turn first.
func (s *session) flush(ctx context.Context) {
	for len(s.held) > 0 {
		waiting := s.held
		s.held = nil
		slices.SortStableFunc(waiting, func(a, b held) int { return a.left - b.left })
		for _, h := range waiting {
			if h.webhook.fault == FaultReorder && h.passed == 0 && len(waiting) == 1 {
				h.webhook.fault = FaultNone // nothing came after it: it arrives in its turn
			}
			s.transmit(ctx, h.webhook, h.plan)
		}
	}
}

func orPost(method string) string {
	if strings.EqualFold(method, "GET") {
		return "GET"
	}
	return "POST"
}
