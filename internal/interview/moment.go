package interview

import (
	"errors"
	"strings"
	"time"
)

var errNoMoment = errors.New("must be a time such as 2026-11-23T12:00:00Z, a date such as 2026-11-23 (UTC), or how long ago, such as 24h")

// ParseMoment reads a time that somebody wrote: RFC 3339, a date or a date and a time without a zone, which is UTC, or a duration
// before now. In a query the plus sign of +01:00 may be a blank.
func ParseMoment(text string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil {
		if ago < 0 {
			return time.Time{}, errNoMoment
		}
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339} {
		if at, err := time.Parse(layout, strings.Replace(text, " ", "+", 1)); err == nil && at.Year() >= 1 && at.Year() <= 9999 {
			return at.UTC(), nil
		}
	}
	return time.Time{}, errNoMoment
}
