package jobs

import (
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/fault"
)

// ErrLostRun says that the attempt is no longer the running one: it was taken for dead and given to another process.
// Nothing it did in its last transaction was kept.
var ErrLostRun = fault.New("run was taken over by another attempt")

// classified is an error of which its function knows better what may come of another attempt.
type classified struct {
	err   error
	class fault.Class
}

func (e *classified) Error() string { return e.err.Error() }
func (e *classified) Unwrap() error { return e.err }

// Fault is that of the error, in the class that the function said.
func (e *classified) Fault() fault.Fault {
	f := fault.Of(e.err)
	f.Class = e.class
	return f
}

// Permanent marks an error that no retry can cure: the run fails at once.
func Permanent(err error) error { return &classified{err, fault.Permanent} }

// Unclear marks an error that looks transient and may well stay: the run is tried MaxAttempts times.
func Unclear(err error) error { return &classified{err, fault.Unclear} }

// IsPermanent reports whether no retry can cure err.
func IsPermanent(err error) bool { return err != nil && fault.Of(err).Class == fault.Permanent }

// waitError asks for the run to be tried again later without counting the attempt.
type waitError struct {
	until  time.Time
	reason string
}

func (e *waitError) Error() string {
	return fmt.Sprintf("waiting until %s: %s", e.until.UTC().Format(time.RFC3339), e.reason)
}

// Wait is returned by a function that must not run yet, such as a dial over the campaign's rate: the run waits until the
// given time and the attempt does not count. The reason is stored and logged: it must be in our words, or what fault.Of
// says of an error.
func Wait(until time.Time, reason string) error { return &waitError{until, reason} }

// WaitUntil reports whether err came from Wait, and until when.
func WaitUntil(err error) (time.Time, bool) {
	var w *waitError
	if errors.As(err, &w) {
		return w.until, true
	}
	return time.Time{}, false
}
