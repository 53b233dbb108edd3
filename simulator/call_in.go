package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// CallInOptions describe a call from a person to one of the account's numbers. From and To are required.
type CallInOptions struct {
	From, To string // E.164; From is the person
	// Script is what the person does on this call, nil for that of [Config.Pick], as if they had been called. The person hears
	// what the application says and may speak, press keys and hang up; Outcome, Ring and First are about calls to them.
	Script *Script
	// After is how long from now they call, in the time of calls.
	After time.Duration
}

// CallIn makes a person call one of the account's numbers, and returns the CallSid at once. What the number is set up with is asked
// for TwiML ([Number]); the call is cut short when ctx ends. A number without a VoiceURL takes no calls, which is an error.
func (s *Simulator) CallIn(ctx context.Context, o CallInOptions) (string, error) {
	switch {
	case !e164.MatchString(o.From):
		return "", fmt.Errorf("calling in: the caller %q is not a phone number", o.From)
	case !s.owns(o.To):
		return "", fmt.Errorf("calling in: %q is not a number of the account", o.To)
	}
	if err := context.Cause(ctx); err != nil {
		return "", fmt.Errorf("calling in: %w", err)
	}
	s.mu.Lock()
	n := s.number(o.To)
	if s.closed || !absolute(n.VoiceURL) {
		defer s.mu.Unlock()
		if s.closed {
			return "", errors.New("calling in: the simulator is closed")
		}
		return "", fmt.Errorf("calling in: number %s has no VoiceURL", o.To)
	}
	c := s.newInbound(o, n)
	s.begin()
	c.work()
	s.mu.Unlock()
	c.start(ctx)
	return c.sid, nil
}

// newInbound adds a person's call to the list of calls; its caller holds mu. It does not count as one to them, so that it changes
// nothing about those.
func (s *Simulator) newInbound(o CallInOptions, n Number) *call {
	nth := s.calledIn[o.From]
	s.calledIn[o.From]++
	script := o.Script
	if script == nil {
		of := s.config.Pick(o.From, max(s.dialled[o.From]-1, 0))
		script = &of
	}
	params := url.Values{"To": {o.From}, "From": {o.To}, "Url": {n.VoiceURL}, "Method": {n.VoiceMethod}}
	if n.FallbackURL != "" {
		params.Set("FallbackUrl", n.FallbackURL)
		params.Set("FallbackMethod", n.FallbackMethod)
	}
	if n.StatusURL != "" {
		params.Set("StatusCallback", n.StatusURL)
		params.Set("StatusCallbackMethod", n.StatusMethod)
	}
	c := s.addCall("from "+callKey(o.From, nth), *script, s.config.BaseURL, params)
	c.inbound, c.callsIn, c.begins = true, true, c.now.Add(o.After)
	return c
}

// callBack makes the person call the number that called them, if the script says so and they missed the call.
func (c *call) callBack(ctx context.Context) {
	back := c.state.script.CallsBack
	if back == nil || c.inbound || ctx.Err() != nil || c.status == "completed" && c.state.script.Outcome != AnsweringMachine {
		return
	}
	script := c.state.script
	if back.Script != nil {
		script = *back.Script
	}
	s := c.sim
	s.mu.Lock()
	n := s.number(c.from)
	if s.closed || !absolute(n.VoiceURL) {
		s.mu.Unlock()
		c.debug(0, "warning", "", "nobody can call back: number "+c.from+" has no VoiceURL")
		return
	}
	in := s.newInbound(CallInOptions{From: c.to, To: c.from, Script: &script}, n)
	in.now, in.created, in.base = c.now, c.now, c.base
	in.begins = c.ended.Add(back.After.Duration())
	s.begin()
	in.work()
	s.mu.Unlock()
	in.start(context.WithoutCancel(ctx))
}

// callerParams are what Twilio adds to the voice requests of an inbound call (Twilio: TwiML voice request; SHAKEN/STIR).
// CallToken is in the first one alone.
func (c *call) callerParams(p url.Values, first bool) {
	if !c.callsIn {
		return
	}
	if country(c.to) == "US" && country(c.from) == "US" {
		p.Set("StirVerstat", "TN-Validation-Passed-"+c.attestation(c.to))
	}
	if first {
		token, _ := json.Marshal(map[string]any{ // strings cannot fail
			"parentCallInfoToken": c.sim.seed.sid("", c.key, "call token"), "identityHeaderTokens": []string{}})
		p.Set("CallToken", url.QueryEscape(string(token)))
	}
}

// attestation of a person's number: most callers are known to their carrier.
func (c *call) attestation(number string) string {
	switch n := c.sim.seed.rand(number, "attestation").IntN(10); {
	case n < 7:
		return "A"
	case n < 9:
		return "B"
	default:
		return "C"
	}
}

// answerInbound answers an inbound call when its first TwiML has come, unless that rejects it: then it returns the call's final
// status (Twilio: TwiML Reject).
func (c *call) answerInbound(doc *document) (rejected string) {
	if !c.inbound || !c.answered.IsZero() {
		return ""
	}
	if doc != nil && len(doc.verbs) > 0 && doc.verbs[0].name == "Reject" {
		if doc.verbs[0].attr("reason", "rejected") == "busy" {
			return "busy"
		}
		return "no-answer"
	}
	c.set(func() { c.status, c.answered = "in-progress", c.now })
	return ""
}
