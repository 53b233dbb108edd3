package interview

import "time"

// schedule is calling hours and holidays, parsed.
//
// It looks for moments by the wall clock of a zone. Between two changes of the zone's offset the wall clock runs like any clock,
// so a time on it is an addition away; at a change everything is looked at anew.
type schedule struct {
	week     [7][]span // by time.Weekday
	holidays map[date]bool
}

// span is a part of a day, as times since midnight on the wall clock; to is outside.
type span struct{ from, to time.Duration }

type date struct {
	year  int
	month time.Month
	day   int
}

const day = 24 * time.Hour

// newSchedule reports false when the hours or the holidays have faults.
func newSchedule(hours CallingHours, holidays []string) (schedule, bool) {
	if len(hours) == 0 {
		hours = DefaultCallingHours()
	}
	s := schedule{holidays: make(map[date]bool, len(holidays))}
	for _, w := range hours {
		days, errDays := parseDays(w.Days)
		from, errFrom := parseClock(w.From)
		to, errTo := parseClock(w.To)
		if errDays != nil || errFrom != nil || errTo != nil || from >= to {
			return schedule{}, false
		}
		for weekday, in := range days {
			if in {
				s.week[weekday] = append(s.week[weekday], span{from, to})
			}
		}
	}
	for _, holiday := range holidays {
		at, err := time.Parse(time.DateOnly, holiday)
		if err != nil {
			return schedule{}, false
		}
		s.holidays[dateOf(at)] = true
	}
	return s, true
}

func dateOf(t time.Time) date {
	year, month, day := t.Date()
	return date{year, month, day}
}

// clockOf is the time since midnight that the wall clock shows.
func clockOf(local time.Time) time.Duration {
	hour, minute, second := local.Clock()
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second +
		time.Duration(local.Nanosecond())
}

// spans are the open parts of the date that is days after local's.
func (s schedule) spans(local time.Time, days int) []span {
	year, month, d := local.Date()
	at := time.Date(year, month, d+days, 0, 0, 0, 0, time.UTC)
	if s.holidays[dateOf(at)] {
		return nil
	}
	return s.week[at.Weekday()]
}

func (s schedule) open(t time.Time, zone *time.Location) bool {
	local := t.In(zone)
	clock := clockOf(local)
	for _, span := range s.spans(local, 0) {
		if span.from <= clock && clock < span.to {
			return true
		}
	}
	return false
}

// horizon is until when an opening is looked for: two weeks, and one more for each holiday to come, which takes at most one of the
// weekly openings.
func (s schedule) horizon(after time.Time) time.Time {
	until := after.Add(maxSearch)
	for h := range s.holidays {
		if at := time.Date(h.year, h.month, h.day, 0, 0, 0, 0, time.UTC); at.After(after.Add(-2 * day)) {
			until = until.Add(7 * day)
		}
	}
	return until
}

// nextOpen is the first moment from after on that is open in all zones.
func (s schedule) nextOpen(after time.Time, zones []*time.Location) (time.Time, bool) {
	if len(zones) == 0 {
		return time.Time{}, false
	}
	t, until := after, s.horizon(after)
	// Each zone in turn moves t on to its own next opening, until none does.
	for agreed, i := 0, 0; agreed < len(zones); i = (i + 1) % len(zones) {
		next, ok := s.opening(t, zones[i], until)
		switch {
		case !ok:
			return time.Time{}, false
		case next.After(t):
			t, agreed = next, 1
		default:
			agreed++
		}
	}
	return t, true
}

// opening is the first moment from t on that is open in zone; false when there is none before until.
func (s schedule) opening(t time.Time, zone *time.Location, until time.Time) (time.Time, bool) {
	for t.Before(until) {
		local := t.In(zone)
		wait, found := s.wait(local)
		next := t.Add(wait)
		if _, change := local.ZoneBounds(); !change.IsZero() && !next.Before(change) && wait > 0 {
			t = change
			continue
		}
		if found {
			return next, next.Before(until)
		}
		t = next
	}
	return time.Time{}, false
}

// wait is how long it is from local to the next opening by a clock that nobody sets, or, when it reports false, to the end of the
// week in which there is none.
func (s schedule) wait(local time.Time) (time.Duration, bool) {
	clock := clockOf(local)
	for days := range 8 {
		best, found := time.Duration(0), false
		for _, span := range s.spans(local, days) {
			if days == 0 && clock >= span.to {
				continue
			}
			wait := max(time.Duration(days)*day+span.from-clock, 0)
			if !found || wait < best {
				best, found = wait, true
			}
		}
		if found {
			return best, true
		}
	}
	return 8*day - clock, false
}

// closing is the first moment from t on that is not open in one of the zones, or until when there is none before.
func (s schedule) closing(t time.Time, zones []*time.Location, until time.Time) time.Time {
	for _, zone := range zones {
		for at := t; at.Before(until); {
			local := at.In(zone)
			left := s.left(local)
			if left == 0 {
				until = at
				break
			}
			at = at.Add(left)
			if _, change := local.ZoneBounds(); !change.IsZero() && at.After(change) {
				at = change
			}
		}
	}
	return until
}

// left is how long the span lasts in which local is, 0 when it is in none.
func (s schedule) left(local time.Time) time.Duration {
	clock, left := clockOf(local), time.Duration(0)
	for _, span := range s.spans(local, 0) {
		if span.from <= clock {
			left = max(left, span.to-clock)
		}
	}
	return left
}
