package twilio

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/i-agent/iagent/internal/fault"
)

// tooManyRequests is Twilio's code for a request that it did not process and that may be repeated (Twilio: error 20429).
const tooManyRequests = 20429

// Error is a request that did not succeed, with all that is known about it. It never holds credentials; Message keeps
// Twilio's words as they came.
type Error struct {
	// Op says what was tried, such as "creating call".
	Op string
	// Status is the HTTP status, 0 when no answer came.
	Status int
	// Shaped says that the answer has the form in which Twilio describes an error. One that has another form may be that
	// of somebody in between, who may have passed the request on all the same.
	Shaped bool
	// Code and Message are Twilio's, 0 and "" when the answer had none.
	Code    int
	Message string
	// RetryAfter is how long Twilio asked us to wait, 0 when it did not.
	RetryAfter time.Duration
	// Sent is false only when it is certain that no byte of the request left us.
	Sent bool
	// SentAt is when the request was written, zero when it was not or is not known.
	SentAt time.Time

	err error
}

// Error implements error. Twilio's words are not in it: they may quote the number, however it is written. See Message.
func (e *Error) Error() string { return e.Fault().String() }

// Fault says what may be stored of the error.
func (e *Error) Fault() fault.Fault {
	f := fault.Fault{
		Class: fault.OfStatus(e.Status), Service: "twilio", Op: e.Op, Status: e.Status, RetryAfter: e.RetryAfter, Words: e.Message,
	}
	if e.Code != 0 {
		f.Code = fault.SafeCode(strconv.Itoa(e.Code))
	}
	switch e.Status {
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden:
		f.Class = fault.Transient // the account, which somebody will mend, is refused, and not what was asked for
	}
	if e.Throttled() {
		f.Class = fault.Transient
	}
	switch {
	case errors.Is(e.err, errNoCall), errors.Is(e.err, errEmptyMedia):
		f.Reason = e.err.Error() // ours
	case e.err != nil:
		f.Reason = unread(e.err)
		if f.Class == fault.Unclear {
			f.Class = fault.Transient // the answer was cut off, or is the page of a proxy
		}
	case e.Status == 0 && !e.Sent:
		f.Reason = "nothing was sent"
	case e.Status == 0:
		f.Reason = "no answer"
	}
	return f
}

// unread is why an answer could not be read, in our words.
func unread(err error) string {
	for _, ours := range []error{errNoList, errNotTwilios, ErrTooLate} {
		if errors.Is(err, ours) {
			return ours.Error() // what is wrapped around it may be Twilio's, or whoever's answered
		}
	}
	reason, _ := fault.Cause(err)
	return reason
}

// Unwrap is the cause in the transport or in reading the answer, nil when Twilio's answer itself is the error.
func (e *Error) Unwrap() error { return e.err }

// NotSent reports that the request provably never left us: the name did not resolve, the connection was refused, or the
// TLS handshake failed.
func (e *Error) NotSent() bool { return e.Status == 0 && !e.Sent }

// Throttled reports that Twilio did not process the request and that it may be repeated later (Twilio: error 20429).
func (e *Error) Throttled() bool {
	return e.Status == http.StatusTooManyRequests || (e.clientError() && e.Code == tooManyRequests)
}

// Refused reports a definite no: Twilio itself answered with a 4xx and nothing came of the request. 408 does not count; a
// gateway that gave up on the server behind it may say it too.
func (e *Error) Refused() bool {
	return e.Shaped && e.clientError() && !e.Throttled() && e.Status != http.StatusRequestTimeout
}

func (e *Error) clientError() bool { return e.Status >= 400 && e.Status < 500 }
