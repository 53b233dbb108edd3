package twilio

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// tooManyRequests is Twilio's code for a request that it did not process and that may be repeated (Twilio: error 20429).
const tooManyRequests = 20429

// Error is a request that did not succeed, with all that is known about it. It never holds credentials, and Error()
// masks phone numbers; Message keeps Twilio's words as they came.
type Error struct {
	// Op says what was tried, such as "creating call".
	Op string
	// Status is the HTTP status, 0 when no answer came.
	Status int
	// Code and Message are Twilio's, 0 and "" when the answer had none.
	Code    int
	Message string
	// RetryAfter is how long Twilio asked us to wait, 0 when it did not.
	RetryAfter time.Duration
	// Sent is false only when it is certain that no byte of the request left us.
	Sent bool

	err error
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	switch {
	case e.Status != 0:
		fmt.Fprintf(&b, ": twilio answered %d", e.Status)
		if text := http.StatusText(e.Status); text != "" {
			b.WriteString(" " + text)
		}
	case e.Sent:
		b.WriteString(": no answer from twilio")
	default:
		b.WriteString(": nothing was sent to twilio")
	}
	if e.Code != 0 {
		fmt.Fprintf(&b, ", error %d", e.Code)
	}
	if e.Message != "" {
		b.WriteString(": " + maskNumbers(e.Message))
	}
	if e.err != nil {
		b.WriteString(": " + maskNumbers(e.err.Error()))
	}
	return b.String()
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

// Refused reports a definite no: the request was answered with a 4xx and nothing came of it. 408 does not count; a
// gateway that gave up on the server behind it may say it too.
func (e *Error) Refused() bool {
	return e.clientError() && !e.Throttled() && e.Status != http.StatusRequestTimeout
}

// Temporary reports that the same request may succeed later, for requests that are safe to repeat.
func (e *Error) Temporary() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return e.Status < 300 || e.Status >= 500
}

func (e *Error) clientError() bool { return e.Status >= 400 && e.Status < 500 }

var phoneNumber = regexp.MustCompile(`\+\d{5,15}|\b\d{9,15}\b`)

// maskNumbers keeps the last two digits of everything that looks like a phone number.
func maskNumbers(s string) string {
	return phoneNumber.ReplaceAllStringFunc(s, func(n string) string {
		return strings.Repeat("*", len(n)-2) + n[len(n)-2:]
	})
}
