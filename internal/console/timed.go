package console

import (
	"regexp"
	"time"
)

// secondsUTC is how a time is written within a text; see timed.
const secondsUTC = "2006-01-02 15:04:05 UTC"

var timeInText = regexp.MustCompile(`\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} UTC`)

// timedPart is a part of a text: a time, or what is between.
type timedPart struct {
	text string
	at   time.Time // zero for no time
}

// timedParts takes a text apart at the times in it.
func timedParts(text string) []timedPart {
	var parts []timedPart
	start := 0
	for _, found := range timeInText.FindAllStringIndex(text, -1) {
		at, err := time.Parse(secondsUTC, text[found[0]:found[1]])
		if err != nil {
			continue // such as a 13th month
		}
		if start < found[0] {
			parts = append(parts, timedPart{text: text[start:found[0]]})
		}
		parts = append(parts, timedPart{text: text[found[0]:found[1]], at: at})
		start = found[1]
	}
	if start < len(text) {
		parts = append(parts, timedPart{text: text[start:]})
	}
	return parts
}
