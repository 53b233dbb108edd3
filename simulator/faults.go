package simulator

import (
	"errors"
	"fmt"
)

// Fault names what was done to a delivery on purpose.
type Fault string

// The faults that a delivery can show in the log. A delivery without one is the original, in its turn.
const (
	FaultNone      Fault = ""
	FaultDuplicate Fault = "duplicate" // the same request again, right after its original was answered
	FaultTwin      Fault = "twin"      // the same request again while its original is in flight
	FaultEcho      Fault = "echo"      // the same request again later in the call
	FaultReorder   Fault = "reorder"   // held back until later callbacks of the call have been delivered
)

// repeats says whether the delivery is a copy of another one.
func (f Fault) repeats() bool {
	return f == FaultDuplicate || f == FaultTwin || f == FaultEcho
}

// Faults says how often Twilio misbehaves, as rates from 0 (never) to 1 (always). Each callback draws its own
// faults from [Config.Seed]. The zero value is a network on its best day.
type Faults struct {
	// Duplicate delivers a request twice: same body, same signature, same idempotency token. One third each come
	// right after the original's answer, while the original is in flight, and later in the call.
	Duplicate float64 `json:"duplicate,omitempty" yaml:"duplicate,omitempty"`
	// Reorder holds a status or recording callback back until one to three later ones were delivered, or the call
	// is over. TwiML requests are never reordered: each is the answer to the one before.
	Reorder float64 `json:"reorder,omitempty" yaml:"reorder,omitempty"`
}

// check names every rate that is none.
func (f Faults) check() error {
	var faults []error
	for _, rate := range []struct {
		name  string
		value float64
	}{{"Duplicate", f.Duplicate}, {"Reorder", f.Reorder}} {
		if !(rate.value >= 0 && rate.value <= 1) { // so that NaN is none either
			faults = append(faults, fmt.Errorf("rate Faults.%s is %v: it must be between 0 and 1", rate.name, rate.value))
		}
	}
	return errors.Join(faults...)
}

// plan is what happens to one callback.
type plan struct {
	again Fault // FaultNone, or how its duplicate is delivered
	after int   // how many later callbacks an echo waits for
	hold  int   // how many later callbacks a reordered one waits for; 0: not reordered
}

// plan draws the faults of the ordinal-th callback of the call named key. Every fault has its own labels, so
// that turning one on leaves the others where they were.
func (f Faults) plan(s seed, key string, ordinal int, kind Kind) plan {
	var p plan
	if s.happens(f.Duplicate, key, ordinal, "duplicate") {
		r := s.rand(key, ordinal, "duplicate how")
		p.again = []Fault{FaultDuplicate, FaultTwin, FaultEcho}[r.IntN(3)]
		p.after = 1 + r.IntN(3)
	}
	if !kind.chained() && s.happens(f.Reorder, key, ordinal, "reorder") {
		p.hold = 1 + s.rand(key, ordinal, "reorder how").IntN(3)
	}
	return p
}
