package interview

import "time"

// The circuit breaker of a campaign: when nearly all of its calls fail, the cause is not in the people who are called.
const (
	// CircuitCalls is how many of the newest attempts are looked at. It never opens on fewer.
	CircuitCalls = 20
	// circuitFailed of them must have failed: 80 %.
	circuitFailed = CircuitCalls * 80 / 100
	// CircuitPause is for how long it stays open after the newest failure.
	CircuitPause = 15 * time.Minute
)

// AttemptEnd is how an attempt ended, for the circuit breaker.
type AttemptEnd struct {
	Status CallStatus
	// ErrorCode is Twilio's, 0 for none. A call that failed without one did not reach its number, which is no fault of the line.
	ErrorCode int
	At        time.Time
}

func (e AttemptEnd) failed() bool { return e.Status == CallFailed && e.ErrorCode != 0 }

// CircuitOpen is until when a campaign must not dial because its calls fail, nil when it may. ended are its newest attempts that are
// over, newest first, of which CircuitCalls count; underway counts those that are dialled and not over.
//
// It is open for CircuitPause when the newest attempt and at least 80 % of CircuitCalls failed with an error. Then it is half-open: one
// call at a time. One that fails opens it again, one that does not closes it.
func CircuitOpen(ended []AttemptEnd, underway int, now time.Time) *time.Time {
	if len(ended) < CircuitCalls || !ended[0].failed() {
		return nil
	}
	failed := 0
	for _, e := range ended[:CircuitCalls] {
		if e.failed() {
			failed++
		}
	}
	if failed < circuitFailed {
		return nil
	}
	until := ended[0].At.Add(CircuitPause)
	if !until.After(now) {
		if underway == 0 {
			return nil // half-open: this is the one call
		}
		until = now.Add(GatePoll)
	}
	return &until
}
