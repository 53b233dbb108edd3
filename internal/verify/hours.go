package verify

import (
	"slices"
	"strings"
	"time"
)

// keptWindow is a window of calling hours as a verdict keeps it.
type keptWindow struct{ Days, From, To string }

// inHours reports whether a wall clock is within calling hours, by reading it. The gate computes intervals of time instead.
func inHours(wall time.Time, hours []keptWindow, holidays []string) bool {
	if slices.Contains(holidays, wall.Format(time.DateOnly)) {
		return false
	}
	if len(hours) == 0 {
		hours = []keptWindow{{"mon-fri", "09:00", "20:00"}, {"sat", "10:00", "18:00"}}
	}
	clock := wall.Format("15:04")
	return slices.ContainsFunc(hours, func(w keptWindow) bool {
		return w.From <= clock && clock < w.To && onDay(w.Days, strings.ToLower(wall.Format("Mon")))
	})
}

// onDay reports whether days such as "mon-fri,sun" have a day.
func onDay(days, day string) bool {
	const week = "sun mon tue wed thu fri sat sun mon tue wed thu fri sat"
	for part := range strings.SplitSeq(strings.ToLower(strings.ReplaceAll(days, " ", "")), ",") {
		first, last, _ := strings.Cut(part, "-")
		if last == "" {
			last = first
		}
		_, from, found := strings.Cut(week, first)
		if through, _, ok := strings.Cut(first+from, last); found && ok && strings.Contains(through+last, day) {
			return true
		}
	}
	return false
}
