package simulator

import (
	"math"
	"time"
)

// plan is which faults one webhook meets.
type plan struct {
	again     Fault // FaultNone, or how its duplicate is delivered
	after     int   // how many later callbacks an echo waits for
	hold      int   // how many later callbacks a reordered one waits for; 0: not reordered
	late      time.Duration
	drop      bool
	wire      wireOptions // how the original goes over the wire
	forgeries []forgery   // what else is sent under its name
}

// plan draws the faults of the ordinal-th webhook of the call or message named key. Each fault is drawn with labels of its own,
// so that a change of one rate does not change where the other faults happen.
func (s *Simulator) plan(key string, ordinal int, kind Kind) plan {
	f, draw := s.config.Faults, s.seed
	var p plan
	if draw.happens(f.Duplicate, key, ordinal, "duplicate") {
		r := draw.rand(key, ordinal, "duplicate how")
		p.again = []Fault{FaultDuplicate, FaultTwin, FaultEcho}[r.IntN(3)]
		p.after = 1 + r.IntN(3)
	}
	if !kind.chained() && draw.happens(f.Reorder, key, ordinal, "reorder") {
		p.hold = 1 + draw.rand(key, ordinal, "reorder how").IntN(3)
	}
	if !kind.chained() && p.hold == 0 && draw.happens(f.Delay, key, ordinal, "delay") {
		p.late = time.Duration(1+draw.rand(key, ordinal, "delay how").IntN(90)) * time.Second
	}
	p.wire = s.drawWireOptions(key, ordinal)
	if p.drop = draw.happens(f.Drop, key, ordinal, "drop"); p.drop {
		p.again, p.hold, p.late = FaultNone, 0, 0
		p.wire = wireOptions{unreachable: math.MaxInt}
	}
	p.forgeries = s.forgeries(key, ordinal)
	return p
}

// drawWireOptions draws the faults of how the original is signed and sent.
func (s *Simulator) drawWireOptions(key string, ordinal int) wireOptions {
	f := s.config.Faults
	var m wireOptions
	with := func(fault Fault, rate float64) bool {
		if !s.seed.happens(rate, key, ordinal, string(fault)) {
			return false
		}
		m.faults = append(m.faults, fault)
		return true
	}
	if s.config.OldToken != "" && with(FaultStaleToken, f.StaleToken) {
		m.token = s.config.OldToken
	}
	m.otherPort = with(FaultPortAdded, f.PortAdded)
	if with(FaultBodyReencoded, f.BodyReencoded) {
		m.shuffle = func() shuffler { return s.seed.rand(key, ordinal, "body how") }
	}
	m.slowRead = with(FaultSlowReader, f.SlowReader)
	m.slowSend = with(FaultSlowSender, f.SlowSender)
	// The faults of single attempts are noted when the attempt is made.
	if s.seed.happens(f.Unreachable, key, ordinal, string(FaultUnreachable)) {
		m.unreachable = 1
	}
	m.loseResponse = s.losesResponse(key, ordinal)
	return m
}

// forgery is a request that a correct application refuses.
type forgery struct {
	fault Fault
	wire  wireOptions
	first bool // before the real one, else after it
	times int
}

// floodOf is how many unsigned requests a flood has.
const floodOf = 10

func (s *Simulator) forgeries(key string, ordinal int) []forgery {
	f := s.config.Faults
	var all []forgery
	for _, kind := range []struct {
		rate  float64
		fault Fault
		wire  wireOptions
		times int
	}{
		{f.WrongToken, FaultWrongToken, wireOptions{token: s.seed.sid("", key, ordinal, "nobody's token")}, 1},
		{f.Tampered, FaultTampered, wireOptions{tamper: true}, 1},
		{f.HTTPForHTTPS, FaultHTTPForHTTPS, wireOptions{otherScheme: true}, 1},
		{f.QuerySorted, FaultQuerySorted, wireOptions{sortQuery: true}, 1},
		{f.Flood, FaultFlood, wireOptions{unsigned: true}, floodOf},
	} {
		if s.seed.happens(kind.rate, key, ordinal, string(kind.fault)) {
			all = append(all, forgery{fault: kind.fault, wire: kind.wire, times: kind.times,
				first: s.seed.rand(key, ordinal, string(kind.fault), "when").IntN(2) == 0})
		}
	}
	return all
}
