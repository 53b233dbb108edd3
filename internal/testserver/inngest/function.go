package inngest

import (
	"strings"
	"time"
)

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
	Throttle *struct {
		Limit  int    `json:"limit"`
		Period string `json:"period"`
		Key    string `json:"key"`
	} `json:"throttle"`
	Steps map[string]struct {
		Runtime struct {
			URL string `json:"url"`
		} `json:"runtime"`
	} `json:"steps"`

	active int
	starts map[string][]time.Time // by the throttle's key
}

func (f *function) triggeredBy(event string) bool {
	for _, t := range f.Triggers {
		if t.Event == event {
			return true
		}
	}
	return false
}

// attempts is how often a step is called.
func (f *function) attempts() int {
	if f.Retries == nil {
		return 4
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

// admit takes a start from the throttle: so many within any period, for each value of its key.
func (f *function) admit(e Event, now time.Time) bool {
	if f.Throttle == nil {
		return true
	}
	period, err := time.ParseDuration(f.Throttle.Period)
	if err != nil {
		return false
	}
	value := ""
	if name, ok := strings.CutPrefix(f.Throttle.Key, "event.data."); ok {
		value, _ = e.Data[name].(string)
	}
	starts := f.starts[value]
	for len(starts) > 0 && now.Sub(starts[0]) >= period {
		starts = starts[1:]
	}
	admitted := len(starts) < f.Throttle.Limit
	if admitted {
		starts = append(starts, now)
	}
	if f.starts == nil {
		f.starts = map[string][]time.Time{}
	}
	f.starts[value] = starts
	return admitted
}
