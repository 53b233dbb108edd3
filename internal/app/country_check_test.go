package app

import (
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/doctor"
)

func TestCountriesAreLookedAtAtMostEveryTenMinutes(t *testing.T) {
	var c countryCheck
	now, looked := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), 0
	look := func() []doctor.Finding {
		looked++
		if inner := c.latest(now, func() []doctor.Finding { t.Error("looked twice at once"); return nil }); looked == 1 && len(inner) != 0 {
			t.Errorf("while the first look lasts: %v", inner)
		}
		return []doctor.Finding{{Name: doctor.CountriesCheck}}
	}
	for _, after := range []time.Duration{0, time.Minute, 9 * time.Minute} {
		if found := c.latest(now.Add(after), look); len(found) != 1 || looked != 1 {
			t.Errorf("after %s: %v, looked %d times", after, found, looked)
		}
	}
	now = now.Add(10 * time.Minute)
	if c.latest(now, look); looked != 2 {
		t.Errorf("looked %d times in all", looked)
	}
}
