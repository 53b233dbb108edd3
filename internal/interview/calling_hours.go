package interview

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// CallingWindow is a time of some days of the week in which people may be called, by the clock where they are.
type CallingWindow struct {
	// Days are days and ranges of days, such as "sat", "mon-fri", "sun-tue" or "mon,wed-fri".
	Days string `json:"days"`
	// From and To are HH:MM, From before To; To may be 24:00, and To itself is outside.
	From string `json:"from"`
	To   string `json:"to"`
}

// CallingHours are the windows in which people may be called, which may overlap; none is DefaultCallingHours.
//
// A window is read by the wall clock of a zone. On the day when a clock is set forward, what it skips is not open, and on the
// day when it is set back, a time that comes twice is open both times.
type CallingHours []CallingWindow

// DefaultCallingHours are the hours of a campaign that names none.
func DefaultCallingHours() CallingHours {
	return CallingHours{{"mon-fri", "09:00", "20:00"}, {"sat", "10:00", "18:00"}}
}

// AllHours are all hours of all days.
func AllHours() CallingHours { return CallingHours{{"mon-sun", "00:00", "24:00"}} }

// maxSearch is how far NextOpen looks ahead. Hours come again every week, so two weeks have all that there is to find, but for
// holidays, see schedule.horizon.
const maxSearch = 14 * 24 * time.Hour

// maxWindows is more than anybody has: several a day, for each day of the week. The gate reads all of them for every person.
const maxWindows = 100

// Faults says what is wrong with the windows, each fault with its field; nil for nothing.
func (h CallingHours) Faults() []FieldFault {
	if len(h) > maxWindows {
		return []FieldFault{faultOf("callingHours", "must be at most %d windows, not %d", maxWindows, len(h))}
	}
	var faults []FieldFault
	for i, w := range h {
		if _, err := parseDays(w.Days); err != nil {
			faults = append(faults, faultOf(fmt.Sprintf("callingHours[%d].days", i), "%v", err))
		}
		from, fromErr := parseClock(w.From)
		if fromErr != nil {
			faults = append(faults, faultOf(fmt.Sprintf("callingHours[%d].from", i), "%v", fromErr))
		}
		to, toErr := parseClock(w.To)
		if toErr != nil {
			faults = append(faults, faultOf(fmt.Sprintf("callingHours[%d].to", i), "%v", toErr))
		}
		if fromErr == nil && toErr == nil && from >= to {
			faults = append(faults, faultOf(fmt.Sprintf("callingHours[%d].from", i), "must be before to: %s is not before %s", w.From, w.To))
		}
	}
	return faults
}

// String is how people read the hours, such as "mon-fri 09:00-20:00, sat 10:00-18:00".
func (h CallingHours) String() string {
	if len(h) == 0 {
		h = DefaultCallingHours()
	}
	windows := make([]string, len(h))
	for i, w := range h {
		windows[i] = w.Days + " " + w.From + "-" + w.To
	}
	return strings.Join(windows, ", ")
}

// Open reports whether somebody in zone may be called at t. Holidays are dates there, on which nobody may. Hours or holidays that
// have faults are never open.
func (h CallingHours) Open(t time.Time, zone *time.Location, holidays []string) bool {
	s, ok := newSchedule(h, holidays)
	return ok && s.open(t, zone)
}

// NextOpen is the first moment, not before after, that is open in all zones; after itself when it is. It reports false when there
// is none in the next two weeks, in which one week more counts for each holiday to come; when there are no zones; and when hours
// or holidays have faults.
func (h CallingHours) NextOpen(after time.Time, zones []*time.Location, holidays []string) (time.Time, bool) {
	s, ok := newSchedule(h, holidays)
	if !ok {
		return time.Time{}, false
	}
	return s.nextOpen(after, zones)
}

// maxHolidays is more than anybody has: dates of a whole year.
const maxHolidays = 366

// HolidayFaults says which holidays are no dates; nil for none.
func HolidayFaults(holidays []string) []FieldFault {
	var faults []FieldFault
	if len(holidays) > maxHolidays {
		faults = append(faults, faultOf("holidays", "must be at most %d dates, not %d", maxHolidays, len(holidays)))
	}
	for i, holiday := range holidays {
		if _, err := time.Parse(time.DateOnly, holiday); err != nil {
			faults = append(faults, faultOf(fmt.Sprintf("holidays[%d]", i), "must be a date such as 2026-12-25, not %q", holiday))
		}
	}
	return faults
}

// parseDays reads the days of a window.
func parseDays(text string) (days [7]bool, err error) {
	names := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} // as time.Weekday counts
	day := func(name string) (int, error) {
		i := slices.Index(names, strings.ToLower(strings.TrimSpace(name)))
		if i < 0 {
			return 0, fmt.Errorf(`must be days such as "mon-fri", "sat" or "mon,wed", not %q`, text)
		}
		return i, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := day(first)
		if err != nil {
			return days, err
		}
		to, err := day(last)
		if err != nil {
			return days, err
		}
		for i := from; ; i = (i + 1) % 7 {
			days[i] = true
			if i == to {
				break
			}
		}
	}
	return days, nil
}

// parseClock reads HH:MM, up to 24:00, as the time since midnight.
func parseClock(text string) (time.Duration, error) {
	err := fmt.Errorf("must be a time HH:MM from 00:00 to 24:00, not %q", text)
	if len(text) != len("HH:MM") || text[2] != ':' {
		return 0, err
	}
	for _, i := range []int{0, 1, 3, 4} {
		if text[i] < '0' || text[i] > '9' {
			return 0, err
		}
	}
	hours, minutes := int(text[0]-'0')*10+int(text[1]-'0'), int(text[3]-'0')*10+int(text[4]-'0')
	if minutes > 59 || hours > 24 || hours == 24 && minutes > 0 {
		return 0, err
	}
	return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute, nil
}
