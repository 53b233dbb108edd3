package simulator

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"
)

// call is one call from its creation to its last callback. One goroutine, the caller, lives its timeline; REST
// handlers look at it, and leave wishes in update.
type call struct {
	sim      *Simulator
	key      string // the number and how often it was called before: what all chance is drawn from
	sid      string
	base     string     // URL of this simulator, as the application reached it
	to, from string     // the person, and the application's number
	inbound  bool       // the person called
	params   url.Values // of the REST request
	script   Script
	person   int // the person's channel in dual recordings, 1 or 2
	cancel   context.CancelFunc
	changed  chan struct{} // wakes the caller when update was set
	client   *http.Client  // keeps cookies for the length of the call, as Twilio does

	// Guarded by Simulator.mu; the caller alone writes those above the blank line.
	now        time.Time // the present moment of the call's timeline
	status     string    // as the REST API names it
	created    time.Time
	started    time.Time // dialled
	answered   time.Time
	ended      time.Time
	answeredBy string
	lines      []Line
	consent    Consent

	deleted    bool // REST shows it no more
	recordings []*recording
	update     *update
	errands    []func(context.Context) // what the caller has to do before it goes on

	timeline timeline
	post     post
	talk     talk
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
	Text     string  `json:"text"`
	Heard    string  `json:"heard,omitempty"` // what speech-to-text makes of it, where that differs
	StartSec float64 `json:"startSec"`        // since the call was answered
	EndSec   float64 `json:"endSec"`
	Claims   []Claim `json:"claims,omitempty"`

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

// newCall books a call; the caller of newCall holds mu.
func (s *Simulator) newCall(base string, params url.Values) *call {
	to := params.Get("To")
	n := s.dialled[to]
	s.dialled[to]++
	key := callKey(to, n)
	jar, _ := cookiejar.New(nil) // fails only for a broken public suffix list, of which there is none
	now := s.config.Now().UTC()
	c := &call{
		sim: s, key: key, base: base, to: to, from: params.Get("From"), params: params,
		sid:     s.seed.sid("CA", s.config.Run, key),
		script:  s.config.Pick(to, n),
		person:  s.personChannel(key),
		changed: make(chan struct{}, 1),
		now:     now, created: now, status: "queued",
		cancel: func() {},
	}
	c.client = &http.Client{Transport: s.send, Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	s.calls = append(s.calls, c)
	s.bySid[c.sid] = c
	return c
}

func (s *Simulator) personChannel(key string) int {
	switch s.config.Channels {
	case ChannelsPersonOne:
		return 1
	case ChannelsPersonLast:
		return 2
	default:
		return 1 + s.seed.rand(key, "channel").IntN(2)
	}
}

// live says whether the call has not ended; the caller holds mu.
func (c *call) live() bool {
	return c.status == "queued" || c.status == "ringing" || c.status == "in-progress"
}

// ask leaves a wish for the caller; the caller of ask holds mu.
func (c *call) ask(u update) {
	c.update = &u
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// take removes the wish, if there is one.
func (c *call) take() *update {
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	u := c.update
	c.update = nil
	select { // the knock belongs to the wish: left behind, it would cut a later wait short
	case <-c.changed:
	default:
	}
	return u
}

// set changes what REST shows of the call, under its lock.
func (c *call) set(change func()) {
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	change()
}
