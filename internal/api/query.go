package api

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// maxSearched bounds a text to look for, in bytes.
const maxSearched = 200

// conditionProblem is the answer to a condition that cannot be read.
func conditionProblem(err error) error {
	var wrong *store.ConditionError
	if errors.As(err, &wrong) && len(wrong.Words) > 0 {
		return badRequest(fmt.Sprintf("%s must be one of %v", wrong.Name, wrong.Words))
	}
	return badRequest(strings.Replace(err.Error(), " +", " %2B", 1)) // as a query has it
}

// queryPhoneNumber reads a number to filter by, "" when there is none.
func queryPhoneNumber(query url.Values, name string) (string, error) {
	number, err := store.ParseNumber(name, query.Get(name))
	if err == nil && number == "" && query.Has(name) {
		err = store.NoNumber(name)
	}
	if err != nil {
		return "", conditionProblem(err)
	}
	return number, nil
}

// queryTimes reads since and until: each is a time as RFC 3339, a date in UTC, or a duration before now such as 24h.
func queryTimes(query url.Values, now time.Time) (since, until time.Time, err error) {
	since, until, err = interview.ParseTimes(query.Get("since"), query.Get("until"), now)
	if err != nil {
		return since, until, badRequest(err.Error())
	}
	return since, until, nil
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

// queryStatuses reads the statuses of which a call has one: the parameter may be repeated, and have several with commas.
func queryStatuses(query url.Values) ([]interview.CallStatus, error) {
	statuses, unknown := store.ParseStatuses(strings.Join(query["status"], ","))
	if unknown != "" {
		return nil, badRequest("status is not one of a call")
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
