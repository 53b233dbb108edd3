package console

import (
	"net/url"
	"strings"
	"time"
)

// timeRange reads since and until as the API does: each is a time as RFC 3339, a date in UTC, or how long ago, such as 24h.
func timeRange(query url.Values, now time.Time) (since, until time.Time, err error) {
	if since, err = momentOf(query, "since", now); err != nil {
		return since, until, err
	}
	if until, err = momentOf(query, "until", now); err != nil {
		return since, until, err
	}
	if !since.IsZero() && !until.IsZero() && !since.Before(until) {
		return since, until, &badRequest{"since must be before until."}
	}
	return since, until, nil
}

func momentOf(query url.Values, name string, now time.Time) (time.Time, error) {
	text := query.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	// A field for dates and times of a form has no zone, which is UTC here. The plus sign of +01:00 is a blank in a query.
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339Nano} {
		if at, err := time.Parse(layout, strings.Replace(text, " ", "+", 1)); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, &badRequest{name + " must be a time such as 2026-11-23T12:00:00Z, a date such as 2026-11-23 (UTC), or how long ago, such as 24h."}
}
