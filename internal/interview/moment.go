package interview

import (
	"errors"
	"fmt"
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

// ParseTimes reads from when and until when, each as ParseMoment does, "" for no bound. The error names the one that is wrong.
func ParseTimes(from, to string, now time.Time) (since, until time.Time, err error) {
	for _, part := range []struct {
		name, text string
		at         *time.Time
	}{{"since", from, &since}, {"until", to, &until}} {
		if part.text == "" {
			continue
		}
		if *part.at, err = ParseMoment(part.text, now); err != nil {
			return time.Time{}, time.Time{}, fmt.Errorf("%s %w", part.name, err)
		}
	}
	if !since.IsZero() && !until.IsZero() && !since.Before(until) {
		return time.Time{}, time.Time{}, errors.New("since must be before until")
	}
	return since, until, nil
}
