package console

import (
	"net/url"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// timeRange reads since and until as the API does: each is a time as RFC 3339, a date in UTC, or how long ago, such as 24h.
func timeRange(query url.Values, now time.Time) (since, until time.Time, err error) {
	since, until, err = interview.ParseTimes(query.Get("since"), query.Get("until"), now)
	if err != nil {
		return since, until, &badRequest{err.Error() + "."}
	}
	return since, until, nil
}

func momentOf(query url.Values, name string, now time.Time) (time.Time, error) {
	text := query.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	at, err := interview.ParseMoment(text, now)
	if err != nil {
		return at, &badRequest{name + " " + err.Error() + "."}
	}
	return at, nil
}

// keepsTime reports whether a list takes since and until, so that they are kept on the way to it.
func keepsTime(page string) bool {
	switch page {
	case "/calls", "/webhooks", "/rejections", "/runs", "/audit":
		return true
	}
	return false
}

// section is the address of a page of the navigation. The time that a list is about goes with whoever moves to another list.
func (f frame) section(page string) string {
	kept := url.Values{}
	if keepsTime(page) {
		for _, name := range []string{"since", "until"} {
			if value := f.query.Get(name); value != "" {
				kept.Set(name, value)
			}
		}
	}
	return address(f.path(page), kept)
}
