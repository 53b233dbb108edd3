package openai

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// Error is a request that did not succeed. It holds neither the key nor what was sent.
type Error struct {
	// Op says what was tried, such as "transcribing".
	Op string
	// Status is the HTTP status, 0 when no answer came.
	Status int
	// Code, Param and Message are the server's, "" when the answer had none.
	Code, Param, Message string

	err error
	raw string
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Status != 0 {
		fmt.Fprintf(&b, ": model server answered %d %s", e.Status, http.StatusText(e.Status))
	} else {
		b.WriteString(": no answer from the model server")
	}
	if e.Code != "" {
		b.WriteString(" (" + e.Code + ")")
	}
	if e.Message != "" {
		b.WriteString(": " + hideKeys(e.Message))
	}
	if e.err != nil {
		b.WriteString(": " + e.err.Error())
	}
	return b.String()
}

// Unwrap is the cause in the transport or in reading the answer, nil when the server's answer itself is the error.
func (e *Error) Unwrap() error { return e.err }

// Temporary reports that the same request may succeed later: no answer, one that could not be read, too many requests
// or a fault of the server. A refused key or file stays refused.
func (e *Error) Temporary() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return e.Status < 400 || e.Status >= 500
}

var apiKey = regexp.MustCompile(`\bsk-[A-Za-z0-9_*-]+`)

// hideKeys removes keys, also half masked ones, that servers like to repeat in their answers.
func hideKeys(s string) string { return apiKey.ReplaceAllString(s, "sk-***") }
