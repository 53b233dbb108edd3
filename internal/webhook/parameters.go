package webhook

import (
	"net/mail"
	"net/url"
	"strconv"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// number reads a whole, non-negative parameter. Twilio may send -1, nothing or something new, which never fails a
// webhook. The bound is that of an integer column.
func number(values url.Values, name string) (int, bool) {
	n, err := strconv.ParseUint(values.Get(name), 10, 31)
	return int(n), err == nil
}

// optionalNumber is number, or nil.
func optionalNumber(values url.Values, name string) *int {
	if n, ok := number(values, name); ok {
		return &n
	}
	return nil
}

// moment reads a time as Twilio writes it, in RFC 2822 form, or in RFC 3339, in UTC.
func moment(values url.Values, name string) (time.Time, bool) {
	text := values.Get(name)
	if text == "" {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC1123Z, text) // what Twilio does send, and quick
	if err != nil {
		at, err = mail.ParseDate(text)
	}
	if err != nil {
		at, err = time.Parse(time.RFC3339, text)
	}
	return at.UTC(), err == nil
}

// advance moves the call on by the CallStatus that any callback may carry. The time is Twilio's own where it says one,
// so that late delivery does not make a call longer. A status that we do not know changes nothing.
func advance(call *interview.Call, form url.Values, receivedAt time.Time) (status interview.CallStatus) {
	status, ok := interview.CallStatusFromTwilio(form.Get("CallStatus"))
	if !ok {
		return ""
	}
	sequence, ok := number(form, "SequenceNumber")
	if !ok {
		sequence = interview.NoSequence
	}
	at, ok := moment(form, "Timestamp")
	if !ok {
		at = receivedAt
	}
	call.Advance(status, sequence, at, optionalNumber(form, "CallDuration"))
	return status
}
