package week_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/i-agent/iagent/simulator"
)

// place is where people of the week are. Its clock is written down here, so that no library of time zones is judged by itself.
type place struct {
	zone string
	// number is the beginning of numbers of the place, and digits how many follow.
	number string
	digits int
	// offset is the difference to UTC, and later the one from change on.
	offset, later time.Duration
	change        time.Time
}

// places are twelve time zones. In the night of Sunday, 8 March 2026, clocks of North America are set forward; the others stay.
func places() []place {
	march8 := func(hour int) time.Time { return time.Date(2026, 3, 8, hour, 0, 0, 0, time.UTC) }
	h := time.Hour
	return []place{
		{zone: "America/New_York", number: "+1212555", digits: 4, offset: -5 * h, later: -4 * h, change: march8(7)},
		{zone: "America/Chicago", number: "+1312555", digits: 4, offset: -6 * h, later: -5 * h, change: march8(8)},
		{zone: "America/Denver", number: "+1303555", digits: 4, offset: -7 * h, later: -6 * h, change: march8(9)},
		{zone: "America/Los_Angeles", number: "+1213555", digits: 4, offset: -8 * h, later: -7 * h, change: march8(10)},
		{zone: "America/Halifax", number: "+1902555", digits: 4, offset: -4 * h, later: -3 * h, change: march8(6)},
		{zone: "America/Sao_Paulo", number: "+551130", digits: 6, offset: -3 * h},
		{zone: "Europe/London", number: "+4420794", digits: 5},
		{zone: "Europe/Berlin", number: "+493012", digits: 5, offset: h},
		{zone: "Africa/Cairo", number: "+20223", digits: 6, offset: 2 * h},
		{zone: "Asia/Kolkata", number: "+912212", digits: 6, offset: 5*h + h/2},
		{zone: "Asia/Tokyo", number: "+81312", digits: 6, offset: 9 * h},
		{zone: "Australia/Sydney", number: "+612912", digits: 5, offset: 11 * h},
	}
}

// nowhere is where people are of whom nothing says in which time zone: with a satellite telephone.
func nowhere() place { return place{number: "+8707731", digits: 5} }

// nth is the n-th number of the place.
func (p place) nth(n int) string { return fmt.Sprintf("%s%0*d", p.number, p.digits, n) }

// wall is the clock on the wall of the place.
func (p place) wall(at time.Time) time.Time {
	if !p.change.IsZero() && !at.Before(p.change) {
		return at.UTC().Add(p.later)
	}
	return at.UTC().Add(p.offset)
}

// hours are calling hours as the test reads them: from and to in minutes of a day of the week.
type hours map[time.Weekday][][2]int

// open reports whether somebody of the place may be called.
func (h hours) open(p place, at time.Time) bool {
	wall := p.wall(at)
	minute := wall.Hour()*60 + wall.Minute()
	return slices.ContainsFunc(h[wall.Weekday()], func(w [2]int) bool { return w[0] <= minute && minute < w[1] })
}

// next is the first minute, from the one of after on, in which somebody of the place may be called; the zero time when none comes within
// two weeks.
func (h hours) next(p place, after time.Time) time.Time {
	if h.open(p, after) {
		return after
	}
	for at := after.Truncate(time.Minute); at.Before(after.AddDate(0, 0, 14)); at = at.Add(time.Minute) {
		if at.After(after) && h.open(p, at) {
			return at
		}
	}
	return time.Time{}
}

// defaultHours are those of a campaign that names none.
func defaultHours() hours {
	h := hours{time.Saturday: {{10 * 60, 18 * 60}}}
	for day := time.Monday; day <= time.Friday; day++ {
		h[day] = [][2]int{{9 * 60, 20 * 60}}
	}
	return h
}

// brokenHours are mornings and afternoons of all days, with a half hour at the end.
func brokenHours() hours {
	h := hours{}
	for day := time.Sunday; day <= time.Saturday; day++ {
		h[day] = [][2]int{{10 * 60, 12 * 60}, {14 * 60, 18*60 + 30}}
	}
	return h
}

// brokenHoursJSON is what the campaign with brokenHours says.
const brokenHoursJSON = `[{"days": "mon-sun", "from": "10:00", "to": "12:00"}, {"days": "mon-sun", "from": "14:00", "to": "18:30"}]`

// neverAgain is what some people say at a question. Whether or not the program heard it then, it is on the recording.
const neverAgain = "Please never call me again."

// saidNeverAgain reports whether the person said so on a call.
func saidNeverAgain(truth simulator.Truth) bool {
	return slices.ContainsFunc(truth.Lines, func(l simulator.Line) bool { return l.Text == neverAgain })
}

// weekPeople are those of MixedPeople, some of whom are busy or away at first, or opt out.
func weekPeople() simulator.People {
	answer := simulator.Answer{Say: "It costs 2 dollars."}
	people := simulator.MixedPeople(answer)
	people.Same = true
	for _, s := range []simulator.Script{
		simulator.OptsOut(), simulator.OptsOutByKey(),
		simulator.ConsentsByKeypad(answer, answer).OptsOutAt(2, neverAgain, ""),
		simulator.Consents(answer, answer).After(simulator.LineBusy, simulator.NobodyAnswers),
		simulator.ConsentsByKeypad(answer, answer).After(simulator.NobodyAnswers),
		simulator.Consents(answer, answer).After(simulator.AnsweringMachine),
	} {
		people.Scripts = append(people.Scripts, simulator.WeightedScript{Script: s, Weight: 2})
	}
	return people
}
