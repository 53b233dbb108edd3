// Package fault says of an error what may be stored and logged: which service, which operation, the HTTP status and the
// service's own code, and whether another attempt may help. The words of a service are kept apart, in Words: a model quotes
// the transcript that it was sent, Twilio quotes the phone number. They belong only where an erasure finds them.
package fault

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Class says what may come of another attempt.
type Class string

// The classes of errors.
const (
	// Transient: the service is away or busy. The same attempt may succeed later, so it is repeated for a day.
	Transient Class = "transient"
	// Permanent: no repetition helps.
	Permanent Class = "permanent"
	// Unclear: nobody can tell, such as a panic or an error that nobody classified. It is repeated a few times.
	Unclear Class = "unclear"
)

// Fault is what is known of an error. Its text never holds words of others; the fields may be "" or zero.
type Fault struct {
	Class Class
	// Service is twilio, model, database, network or iagent.
	Service string
	// Op is what was tried, in our words.
	Op string
	// Status is the HTTP status, 0 when no answer came.
	Status int
	// Code is the service's, such as 21211 or invalid_api_key. See SafeCode.
	Code string
	// Reason is in our words.
	Reason string
	// RetryAfter is how long the service asked us to wait, 0 when it did not.
	RetryAfter time.Duration
	// Words are the service's, "" for none. They are no part of String.
	Words string
}

// String is the line that is stored and logged, such as "transient: model: transcribing: 503 Service Unavailable".
func (f Fault) String() string {
	parts := []string{string(f.Class), f.Service, f.Op}
	if f.Status != 0 {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%d %s", f.Status, http.StatusText(f.Status))))
	}
	if f.Code != "" {
		parts = append(parts, "code "+f.Code)
	}
	parts = append(parts, f.Reason)
	var b strings.Builder
	for _, part := range parts {
		if part == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(": ")
		}
		b.WriteString(part)
	}
	return b.String()
}

// Faulty is an error that knows what may be stored of it.
type Faulty interface{ Fault() Fault }

// named is an error whose whole text is ours.
type named struct{ err error }

func (e *named) Error() string { return e.err.Error() }
func (e *named) Unwrap() error { return e.err }

// Fault shows the text. A wrapped error keeps its class.
func (e *named) Fault() Fault {
	return Fault{Class: Unclear, Service: "iagent", Reason: e.err.Error()}
}

// Named says that the whole text of err is ours and names nobody: it is stored as it is. Any other error without a Fault
// method is stored as its type.
func Named(err error) error { return &named{err} }

// New returns an error with a text of ours. It names nobody.
func New(text string) error { return &named{errors.New(text)} }

// OfStatus is the class of an HTTP status: what a server that is away or busy answers is transient, any other 4xx is
// permanent, and so are a redirect and a 5xx of a server that does not know what it is asked. An answer of 2xx is no error by
// itself, so what is wrong with it is unclear.
func OfStatus(status int) Class {
	switch {
	case status == http.StatusNotImplemented, status == http.StatusHTTPVersionNotSupported,
		status == http.StatusVariantAlsoNegotiates, status == http.StatusNotExtended:
		return Permanent
	case status == 0, status >= 500,
		status == http.StatusRequestTimeout, status == http.StatusConflict, status == http.StatusTooEarly,
		status == http.StatusTooManyRequests:
		return Transient
	case status >= 300:
		return Permanent
	}
	return Unclear
}

// SafeCode returns the code of a service, or "" when it does not look like one: it might be somebody's words or number.
func SafeCode(code string) string {
	if code == "" || len(code) > 48 {
		return ""
	}
	digits := 0
	for _, c := range []byte(code) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == '-', c == '.':
		default:
			return ""
		}
	}
	if digits > 6 {
		return ""
	}
	return code
}
