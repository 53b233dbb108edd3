package openai

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"time"

	"github.com/i-agent/iagent/internal/fault"
)

// Error is a request that did not succeed. It does not hold the key; Message may quote what was sent.
type Error struct {
	// Op says what was tried, such as "transcribing".
	Op string
	// Status is the HTTP status, 0 when no answer came.
	Status int
	// Code, Param and Message are the server's, "" when the answer had none.
	Code, Param, Message string
	// RetryAfter is how long the server asked us to wait, 0 when it did not.
	RetryAfter time.Duration

	err error
	raw string
}

// Error implements error. The server's words are not in it: they may quote what it was sent. See Message.
func (e *Error) Error() string { return e.Fault().String() }

// Fault says what may be stored of the error.
func (e *Error) Fault() fault.Fault {
	f := fault.Fault{
		Class: fault.OfStatus(e.Status), Service: "model", Op: e.Op, Status: e.Status, Code: fault.SafeCode(hideKeys(e.Code)),
		RetryAfter: e.RetryAfter, Words: hideKeys(e.Message),
	}
	if e.KeyRefused() {
		f.Class, f.Reason = fault.Transient, "the key is refused" // somebody will mend that, and what was asked for is not at fault
	}
	if e.err != nil {
		f.Reason, _ = fault.Cause(e.err)
		// An answer of 2xx that cannot be read to its end is the page of a proxy, or was cut off.
		if f.Class == fault.Unclear && !errors.As(e.err, new(*json.UnmarshalTypeError)) {
			f.Class = fault.Transient
		}
	} else if e.Status < 300 {
		f.Reason = "answer holds nothing"
	}
	return f
}

// KeyRefused reports whether the server refused the key or the account behind it, and not what was asked for.
func (e *Error) KeyRefused() bool {
	return e.err == nil && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden)
}

// Unwrap is the cause in the transport or in reading the answer, nil when the server's answer itself is the error.
func (e *Error) Unwrap() error { return e.err }

var apiKey = regexp.MustCompile(`\bsk-[A-Za-z0-9_*-]+`)

// hideKeys removes keys, also half masked ones, that servers like to repeat in their answers.
func hideKeys(s string) string { return apiKey.ReplaceAllString(s, "sk-***") }
