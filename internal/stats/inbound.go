package stats

import (
	"bytes"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// InboundCalls counts calls that came in.
type InboundCalls struct {
	// Created and Ended are in the time.
	Created int                          `json:"created"`
	Ended   int                          `json:"ended"`
	ByEnd   map[interview.CallStatus]int `json:"byEnd"`
	// Live are not over now, by status.
	Live map[interview.CallStatus]int `json:"live"`
	// Interviews are those of the calls that ended in which the person agreed to be recorded, OptedOut those in which they asked for
	// no more calls.
	Interviews int `json:"interviews"`
	OptedOut   int `json:"optedOut"`
}

func inboundCalls(counted store.Stats) InboundCalls {
	const theirs = interview.DirectionInbound
	c := InboundCalls{Created: counted.Created[theirs], ByEnd: map[interview.CallStatus]int{}, Live: orNone(counted.Live[theirs])}
	for _, e := range counted.Ended {
		if e.Direction != theirs {
			continue
		}
		c.Ended += e.Calls
		c.ByEnd[e.Status] += e.Calls
		if e.Consent == interview.ConsentGiven {
			c.Interviews += e.Calls
		}
		if e.OptedOut {
			c.OptedOut += e.Calls
		}
	}
	return c
}

func (c InboundCalls) write(b *bytes.Buffer) {
	if c.Created+c.Ended+len(c.Live) == 0 {
		return
	}
	line(b, "called us", "%d created, %d ended: %s; %d interviews, %d opted out; live now: %s", c.Created, c.Ended, words(c.ByEnd), c.Interviews, c.OptedOut, words(c.Live))
}
