package simulator

import (
	"net/url"
	"time"
)

// call is one call. Its goroutine plays the script along the session's virtual time; REST handlers leave changes in update.
type call struct {
	session
	base    string     // URL of this simulator, as the application reached it
	from    string     // the application's number
	inbound bool       // the person called
	callsIn bool       // by way of CallIn, so that it is the number's settings that the call goes by
	begins  time.Time  // when the person dials, or Twilio takes the call from its queue; zero: at once
	params  url.Values // of the REST request
	person  int        // the person's channel in dual recordings, 1 or 2

	// Guarded by Simulator.mu; the call's goroutine alone writes those above the blank line.
	status     string // as the REST API names it
	created    time.Time
	started    time.Time // dialled
	answered   time.Time
	ended      time.Time
	answeredBy string
	lines      []Line
	consent    Consent
	optedOut   bool // and the application heard it

	deleted    bool // REST shows it no more
	recordings []*recording
	update     *update

	sequence int       // of the next status callback
	hangAt   time.Time // when the person hangs up; zero: not yet decided
	state    scriptState
}

// update is what a REST request wants of a call.
type update struct {
	status string // completed or canceled, or empty
	twiml  string
	method string
	url    string
}

// Line is something that was said on a call.
type Line struct {
	Speaker  Speaker `json:"speaker"`
	Text     string  `json:"text"`             // what was said
	Heard    string  `json:"heard,omitempty"`  // what speech-to-text makes of it, where that differs
	StartSec float64 `json:"startSec"`         // since the call was answered
	EndSec   float64 `json:"endSec"`           // likewise
	Claims   []Claim `json:"claims,omitempty"` // of the script's [Answer]

	start, end time.Time
	words      []word
}

// Speaker is a side of the call.
type Speaker string

// The sides of a call.
const (
	Agent  Speaker = "agent"  // the application, through its TwiML
	Person Speaker = "person" // whoever was called
)

// newCall adds a call to the list of calls; its caller holds mu.
func (s *Simulator) newCall(base string, params url.Values) *call {
	to := params.Get("To")
	n := s.dialled[to]
	s.dialled[to]++
	return s.addCall(callKey(to, n), s.config.Pick(to, n).nth(n), base, params)
}

// addCall adds a call with a key of its own; its caller holds mu.
func (s *Simulator) addCall(key string, script Script, base string, params url.Values) *call {
	to := params.Get("To")
	now := s.config.Now().UTC()
	c := &call{
		session: s.newSession(key, s.seed.sid("CA", s.config.Run, key), to, now),
		base:    base, from: params.Get("From"), params: params,
		state:   scriptState{script: script},
		person:  s.personChannel(key),
		created: now, status: "queued",
	}
	s.calls = append(s.calls, c)
	s.bySid[c.sid] = c
	return c
}

func (s *Simulator) personChannel(key string) int {
	switch s.config.Channels {
	case ChannelsPersonFirst:
		return 1
	case ChannelsPersonSecond:
		return 2
	default:
		return 1 + s.seed.rand(key, "channel").IntN(2)
	}
}

// understood notes what a person meant and the application heard; its caller holds mu.
func (c *call) understood(means Consent) {
	if means != OptOut {
		c.consent = means
		return
	}
	if c.consent == ConsentNone {
		c.consent = ConsentNo
	}
	c.optedOut = true
	if _, earlier := c.sim.optOuts[c.to]; !earlier {
		c.sim.optOuts[c.to] = optOut{sid: c.sid, at: c.now, inbound: c.inbound}
	}
}

// live says whether the call has not ended; the caller holds mu.
func (c *call) live() bool {
	return c.status == "queued" || c.status == "ringing" || c.status == "in-progress"
}

// requestUpdate leaves a change for the call's goroutine; its caller holds mu.
func (c *call) requestUpdate(u update) {
	c.update = &u
	c.wake()
}

// takeUpdate returns the change that a REST request left, or nil.
func (c *call) takeUpdate() *update {
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	u := c.update
	c.update = nil
	select { // the wake-up belongs to this change: left behind, it would cut a later wait short
	case <-c.changed:
	default:
	}
	return u
}
