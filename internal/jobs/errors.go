package jobs

import (
	"errors"
	"fmt"
	"time"
)

// ErrLostRun says that the attempt is no longer the running one: it was taken for dead and given to another process.
// Nothing it did in its last transaction was kept.
var ErrLostRun = errors.New("run was taken over by another attempt")

// permanentError is one that no retry can cure.
type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// Permanent marks an error that no retry can cure: the run fails at once.
func Permanent(err error) error { return &permanentError{err} }

// IsPermanent reports whether err was marked with Permanent.
func IsPermanent(err error) bool {
	var p *permanentError
	return errors.As(err, &p)
}

// waitError asks for the run to be tried again later without counting the attempt.
type waitError struct {
	until  time.Time
	reason string
}

func (e *waitError) Error() string {
	return fmt.Sprintf("waiting until %s: %s", e.until.UTC().Format(time.RFC3339), e.reason)
}

// Wait is returned by a function that must not run yet, such as a dial over the campaign's rate: the run waits until the
// given time and the attempt does not count.
func Wait(until time.Time, reason string) error { return &waitError{until, reason} }

// WaitUntil reports whether err came from Wait, and until when.
func WaitUntil(err error) (time.Time, bool) {
	var w *waitError
	if errors.As(err, &w) {
		return w.until, true
	}
	return time.Time{}, false
}
