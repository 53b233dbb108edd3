package console

import (
	"fmt"
	"strconv"
	"time"
)

func number(n int) string { return strconv.Itoa(n) }

// Duration is a duration as people say it, for the facts of About.
func Duration(d time.Duration) string { return duration(d) }

// duration is a duration as people say it, with two units at most.
func duration(d time.Duration) string {
	switch {
	case d <= 0: // clocks differ
		return "0 s"
	case d < time.Microsecond:
		return "under 1 µs"
	case d < 100*time.Microsecond:
		return number(int(d.Microseconds())) + " µs"
	case d < time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return number(int(d.Milliseconds())) + " ms"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return number(int(d.Seconds())) + " s"
	case d < time.Hour:
		return number(int(d.Minutes())) + " min " + number(int(d.Seconds())%60) + " s"
	case d < 48*time.Hour:
		return number(int(d.Hours())) + " h " + number(int(d.Minutes())%60) + " min"
	}
	return number(int(d.Hours())/24) + " days"
}

// offset is how long after the beginning something was, such as +12.3 s.
func offset(begun, at time.Time) string {
	if at.Before(begun) {
		return "−" + duration(begun.Sub(at))
	}
	return "+" + duration(at.Sub(begun))
}
