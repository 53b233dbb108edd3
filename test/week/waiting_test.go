package week_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
)

// waiting is a contact that is not over, and what the test knows of it: nothing here was asked of the gate.
type waiting struct {
	contact e2e.Contact
	place   place
	hours   hours
	now     time.Time
	// concurrent and perDay are the caps of the campaign, 0 for none. dialled are when its calls were made and toPerson those to the number,
	// by any campaign; live and liveHere are the calls of the campaign and to the number that are not over.
	concurrent, perDay int
	dialled, toPerson  []time.Time
	live, liveHere     int
	// retryFrom is when the contact's next attempt may come at the earliest; zero before the first.
	retryFrom time.Time
}

const (
	// pollWithin is after how long somebody looks again at the latest at what ends at no known time, and turnWithin how long one who may
	// be called waits for the turn when nobody is before them.
	pollWithin = 31 * time.Second
	turnWithin = time.Minute
	// retryWithin is how long after the earliest moment an attempt comes at the latest: another part of the day is looked for in a week.
	retryWithin = 9 * 24 * time.Hour
)

// fault says why the contact is stuck, "" for one that time alone moves on, at the moment at which it says so.
func (w waiting) fault() string {
	switch w.contact.State {
	case "CALLING":
		if w.liveHere > 0 || w.kept() {
			return "" // a call that is under way, or queued until it may be dialled
		}
		return "it is CALLING, no call to it is under way, and nothing keeps it from being called"
	case "WAITING":
	default:
		return "it is " + w.contact.State
	}
	next := w.contact.NextAt
	if next == nil {
		return "nobody looks at it again"
	}
	if !next.After(w.now) {
		if next.After(w.now.Add(-turnWithin)) || w.kept() {
			return ""
		}
		return fmt.Sprintf("it is due since %s, and nobody looked", next)
	}
	reason := ""
	if w.contact.Reason != nil {
		reason = *w.contact.Reason
	}
	return w.wrongWait(reason, *next)
}

// wrongWait says what is wrong with a contact that waits for a reason until a time to come.
func (w waiting) wrongWait(reason string, next time.Time) string {
	within := func(d time.Duration, cause bool, what string) string {
		if !cause {
			return fmt.Sprintf("it waits for %s, and %s", reason, what)
		}
		if next.After(w.now.Add(d)) {
			return fmt.Sprintf("it waits for %s until %s, longer than %s", reason, next, d)
		}
		return ""
	}
	switch reason {
	case "":
		if w.retryFrom.IsZero() {
			return "it waits for its first attempt, and nothing says why"
		}
		if next.Before(w.retryFrom) || next.After(w.retryFrom.Add(retryWithin)) || !w.hours.open(w.place, next) {
			return fmt.Sprintf("its next attempt is at %s, there %s; it may come from %s on, within the hours", next, w.there(next), w.retryFrom)
		}
		return ""
	case "OUTSIDE_HOURS":
		if want := w.hours.next(w.place, w.now); !next.Equal(want) {
			return fmt.Sprintf("it waits for its hours until %s, there %s; they begin at %s", next, w.there(next), want)
		}
		return ""
	case "CAP_DAY":
		return within(capWindow, w.dayUsed(), "neither the campaign nor the person has used up the day")
	case "CAP_CONCURRENT":
		return within(pollWithin, w.full(), "the campaign has room")
	case "LIVE_CALL":
		return within(pollWithin, w.liveHere > 0, "no call to it is under way")
	case "CIRCUIT_OPEN":
		return within(15*time.Minute+pollWithin, true, "")
	}
	return "it waits for " + reason + ", which time does not cure"
}

const capWindow = 24 * time.Hour

// kept reports whether something keeps the person from being called now, or did a moment ago.
func (w waiting) kept() bool {
	before := w
	before.now = w.now.Add(-turnWithin)
	return w.full() || w.dayUsed() || before.dayUsed() || !w.hours.open(w.place, w.now) || !w.hours.open(w.place, before.now)
}

func (w waiting) dayUsed() bool {
	return w.perDay > 0 && within24h(w.dialled, w.now) >= w.perDay || within24h(w.toPerson, w.now) >= personCap
}

func (w waiting) full() bool { return w.concurrent > 0 && w.live >= w.concurrent }

func (w waiting) there(at time.Time) string { return w.place.wall(at).Format("Mon 15:04:05") }

// within24h counts the times of the 24 hours before now.
func within24h(times []time.Time, now time.Time) (n int) {
	for _, at := range times {
		if at.After(now.Add(-capWindow)) && !at.After(now) {
			n++
		}
	}
	return n
}

// TestContactThatIsStuckIsReported plants contacts that no time moves on, beside others that wait as they should, and looks at what the
// judge of the week says of each.
func TestContactThatIsStuckIsReported(t *testing.T) {
	berlin := places()[slices.IndexFunc(places(), func(p place) bool { return p.zone == "Europe/Berlin" })]
	night := time.Date(2026, 3, 3, 22, 0, 0, 0, time.UTC)  // Tuesday, 23:00 in Berlin
	day := time.Date(2026, 3, 3, 10, 0, 0, 0, time.UTC)    // 11:00
	opens := time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC)   // Wednesday, 09:00
	sunday := time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC) // closed until Monday
	ago := func(d time.Duration) []time.Time { return []time.Time{day.Add(-d)} }
	for _, test := range []struct {
		name, state, reason string
		now, next           time.Time // zero for nobody looks again
		change              func(*waiting)
		stuck               string // part of what is said, "" for a contact that is not stuck
	}{
		{"until the hours begin", "WAITING", "OUTSIDE_HOURS", night, opens, nil, ""},
		{"over Sunday", "WAITING", "OUTSIDE_HOURS", sunday, opens.AddDate(0, 0, 5), nil, ""},
		{"an hour after they begin", "WAITING", "OUTSIDE_HOURS", night, opens.Add(time.Hour), nil, "they begin at"},
		{"by the clock of UTC", "WAITING", "OUTSIDE_HOURS", night, opens.Add(-time.Hour), nil, "they begin at"},
		{"in the middle of its hours", "WAITING", "OUTSIDE_HOURS", day, opens, nil, "they begin at"},
		{"never looked at again", "WAITING", "OUTSIDE_HOURS", night, time.Time{}, nil, "nobody looks at it again"},
		{"due and forgotten", "WAITING", "", day, day.Add(-2 * time.Minute), nil, "nobody looked"},
		{"due a moment ago", "WAITING", "", day, day.Add(-2 * time.Second), nil, ""},
		{"due, behind others", "WAITING", "", day, day.Add(-time.Hour), func(w *waiting) { w.concurrent, w.live = 3, 3 }, ""},
		{"for a stop", "WAITING", "STOPPED", day, day.Add(20 * time.Second), nil, "time does not cure"},
		{"for its campaign", "WAITING", "CAMPAIGN", day, day.Add(20 * time.Second), nil, "time does not cure"},
		{"for no reason", "WAITING", "", day, day.Add(time.Hour), nil, "nothing says why"},
		{"for the next attempt", "WAITING", "", day, day.Add(time.Hour), func(w *waiting) { w.retryFrom = day.Add(time.Minute) }, ""},
		{"for one too early", "WAITING", "", day, day.Add(time.Hour), func(w *waiting) { w.retryFrom = day.Add(2 * time.Hour) }, "next attempt"},
		{"for one at night", "WAITING", "", day, night, func(w *waiting) { w.retryFrom = day }, "next attempt"},
		{"for one that never comes", "WAITING", "", day, opens.AddDate(0, 0, 14), func(w *waiting) { w.retryFrom = day }, "next attempt"},
		{"for the day to pass", "WAITING", "CAP_DAY", day, day.Add(time.Hour), func(w *waiting) { w.perDay, w.dialled = 1, ago(time.Hour) }, ""},
		{"for the person's day", "WAITING", "CAP_DAY", day, day.Add(time.Hour),
			func(w *waiting) { w.toPerson = slices.Repeat(ago(time.Hour), personCap) }, ""},
		{"for a day that has room", "WAITING", "CAP_DAY", day, day.Add(time.Hour), func(w *waiting) { w.perDay, w.dialled = 1, ago(25*time.Hour) }, "used up"},
		{"for two days", "WAITING", "CAP_DAY", day, day.AddDate(0, 0, 2), func(w *waiting) { w.perDay, w.dialled = 1, ago(time.Hour) }, "longer than"},
		{"for a line", "WAITING", "CAP_CONCURRENT", day, day.Add(20 * time.Second), func(w *waiting) { w.concurrent, w.live = 3, 3 }, ""},
		{"for a line that is free", "WAITING", "CAP_CONCURRENT", day, day.Add(20 * time.Second), func(w *waiting) { w.concurrent, w.live = 3, 2 }, "has room"},
		{"for another call", "WAITING", "LIVE_CALL", day, day.Add(20 * time.Second), func(w *waiting) { w.liveHere = 1 }, ""},
		{"for another call that is over", "WAITING", "LIVE_CALL", day, day.Add(20 * time.Second), nil, "no call to it"},
		{"called", "CALLING", "", day, time.Time{}, func(w *waiting) { w.liveHere = 1 }, ""},
		{"queued over night", "CALLING", "OUTSIDE_HOURS", night, time.Time{}, nil, ""},
		{"due, when the hours have just begun", "CALLING", "", opens, time.Time{}, nil, ""},
		{"due, when the cap has just ended", "WAITING", "", day, day.Add(-time.Hour), func(w *waiting) { w.perDay, w.dialled = 1, ago(capWindow) }, ""},
		{"called by nobody", "CALLING", "", day, time.Time{}, nil, "no call to it is under way"},
		{"for a word that nobody knows", "WAITING", "TOMORROW", day, opens, nil, "time does not cure"},
	} {
		w := waiting{contact: e2e.Contact{State: test.state}, place: berlin, hours: defaultHours(), now: test.now}
		if test.reason != "" {
			w.contact.Reason = &test.reason
		}
		if !test.next.IsZero() {
			w.contact.NextAt = &test.next
		}
		if test.change != nil {
			test.change(&w)
		}
		if fault := w.fault(); fault == "" != (test.stuck == "") || !strings.Contains(fault, test.stuck) {
			t.Errorf("%s: %q; want %q", test.name, fault, test.stuck)
		}
	}
}
