package api

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// maxSearched bounds a text to look for, in bytes.
const maxSearched = 200

// queryPhoneNumber reads a number to filter by, "" when there is none. A plus sign that was not escaped is a blank in a query,
// and one that was left out is understood. The number is in no error.
func queryPhoneNumber(query url.Values, name string) (string, error) {
	number := strings.TrimSpace(query.Get(name))
	if number == "" {
		if query.Has(name) {
			return "", badRequest(name + " must be an E.164 number such as %2B15551234567")
		}
		return "", nil
	}
	if number[0] != '+' {
		number = "+" + number
	}
	if !interview.ValidPhoneNumber(number) {
		return "", badRequest(name + " must be an E.164 number such as %2B15551234567")
	}
	return number, nil
}

// queryTimes reads since and until: each is a time as RFC 3339, a date in UTC, or a duration before now such as 24h.
func queryTimes(query url.Values, now time.Time) (since, until time.Time, err error) {
	if since, err = queryMoment(query, "since", now); err != nil {
		return since, until, err
	}
	if until, err = queryMoment(query, "until", now); err != nil {
		return since, until, err
	}
	if !since.IsZero() && !until.IsZero() && !since.Before(until) {
		return since, until, badRequest("since must be before until")
	}
	return since, until, nil
}

func queryMoment(query url.Values, name string, now time.Time) (time.Time, error) {
	text := query.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	at, err := interview.ParseMoment(text, now)
	if err != nil {
		return at, badRequest(name + " " + err.Error())
	}
	return at, nil
}

// queryFlag reads true or false, false when there is none.
func queryFlag(query url.Values, name string) (bool, error) {
	switch query.Get(name) {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	}
	return false, badRequest(name + " must be true or false")
}

// queryText reads a text to look for, "" when there is none.
func queryText(query url.Values, name string) (string, error) {
	text := query.Get(name)
	strange := func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }
	if len(text) > maxSearched || strings.ContainsFunc(text, strange) {
		return "", badRequest(fmt.Sprintf("%s must be a text of up to %d bytes", name, maxSearched))
	}
	return text, nil
}

// queryCode reads an error code of Twilio's, 0 when there is none.
func queryCode(query url.Values, name string) (int, error) {
	text := query.Get(name)
	if text == "" {
		return 0, nil
	}
	code, err := strconv.ParseInt(text, 10, 32)
	if err != nil || code < 1 {
		return 0, badRequest(name + " must be a code such as 21211")
	}
	return int(code), nil
}

// queryConsent reads a consentGiven to filter by, nil when there is none.
func queryConsent(query url.Values, name string) (*interview.Consent, error) {
	var consent interview.Consent
	switch query.Get(name) {
	case "":
		return nil, nil
	case "true":
		consent = interview.ConsentGiven
	case "false":
		consent = interview.ConsentRefused
	case "null":
		consent = interview.ConsentUnknown
	default:
		return nil, badRequest(name + " must be true, false or null")
	}
	return &consent, nil
}

// queryBool reads true or false, nil when there is none.
func queryBool(query url.Values, name string) (*bool, error) {
	var is bool
	switch query.Get(name) {
	case "":
		return nil, nil
	case "true":
		is = true
	case "false":
	default:
		return nil, badRequest(name + " must be true or false")
	}
	return &is, nil
}

// queryStatuses reads the statuses of which a call has one: the parameter may be repeated, and have several with commas.
func queryStatuses(query url.Values) ([]interview.CallStatus, error) {
	var statuses []interview.CallStatus
	for _, text := range query["status"] {
		for word := range strings.SplitSeq(text, ",") {
			status := interview.CallStatus(word)
			switch {
			case word == "":
			case !status.Valid():
				return nil, badRequest("status is not one of a call")
			default:
				statuses = append(statuses, status)
			}
		}
	}
	return statuses, nil
}

// single refuses parameters that were sent more than once, but for those that may be: of two values one would be ignored.
func single(query url.Values, repeatable ...string) error {
	for name, values := range query {
		if len(values) > 1 && !slices.Contains(repeatable, name) {
			return badRequest(fmt.Sprintf("Query parameter %q was sent %d times", excerpt(name), len(values)))
		}
	}
	return nil
}
