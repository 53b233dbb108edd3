package inngest

import (
	"encoding/json"
	"time"
)

// maxRetries is the most that a function may ask for.
const maxRetries = 20

// function is what the application says of a function.
type function struct {
	ID       string `json:"id"`
	Triggers []struct {
		Event string `json:"event"`
	} `json:"triggers"`
	Retries     *int `json:"retries"`
	Concurrency *struct {
		Step []struct {
			Limit int `json:"limit"`
		} `json:"step"`
	} `json:"concurrency"`
	// Throttle and the others are not known here.
	Throttle  json.RawMessage `json:"throttle"`
	RateLimit json.RawMessage `json:"rateLimit"`
	Debounce  json.RawMessage `json:"debounce"`
	Steps     map[string]struct {
		Runtime struct {
			URL string `json:"url"`
		} `json:"runtime"`
	} `json:"steps"`

	active int
	seen   map[string]time.Time // ids of the events of the last day that started it
}

func (f *function) triggeredBy(event string) bool {
	for _, t := range f.Triggers {
		if t.Event == event {
			return true
		}
	}
	return false
}

// isNew reports whether an event has not started the function within a day, and remembers it.
func (f *function) isNew(id string, now time.Time) bool {
	if at, ok := f.seen[id]; ok && now.Sub(at) < dedupFor {
		return false
	}
	if f.seen == nil {
		f.seen = map[string]time.Time{}
	}
	f.seen[id] = now
	return true
}

// attempts is how often a step is called.
func (f *function) attempts() int {
	if f.Retries == nil {
		return 5
	}
	return *f.Retries + 1
}

// free reports whether another step may run.
func (f *function) free() bool {
	if f.Concurrency == nil {
		return true
	}
	for _, c := range f.Concurrency.Step {
		if c.Limit > 0 && f.active >= c.Limit {
			return false
		}
	}
	return true
}

// pauses between attempts that name no time of their own.
var pauses = [...]time.Duration{
	15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute,
	40 * time.Minute, time.Hour, 2 * time.Hour,
}

// pause is how long a step waits after its n-th failed attempt, where the first waits for so long.
func pause(n int, first time.Duration) time.Duration {
	return time.Duration(float64(pauses[min(n, len(pauses))-1]) / float64(pauses[0]) * float64(first))
}
