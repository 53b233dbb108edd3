package demo

import (
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
)

// TestDemoFailsWhenAContactIsNotTreatedAsItSays changes one thing of a demo that went well at a time: the judge must name it.
func TestDemoFailsWhenAContactIsNotTreatedAsItSays(t *testing.T) {
	zone, err := time.LoadLocation(nightZone)
	if err != nil {
		t.Fatal(err)
	}
	at := func(clock string) *time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04", "2026-03-02 "+clock, zone)
		if err != nil {
			t.Fatal(err)
		}
		return &at
	}
	well := func() contactsSeen {
		return contactsSeen{listed: true, ends: map[string][]string{optsOut: {"completed"}, busyFirst: {"busy", "completed"}},
			contacts: []e2e.Contact{
				{PhoneNumber: optsOut, State: "REACHED", Attempts: 1}, {PhoneNumber: busyFirst, State: "REACHED", Attempts: 2},
				{PhoneNumber: asleep, State: "WAITING", NextAt: at(opens)},
			}}
	}
	for name, test := range map[string]struct {
		change        func(s *contactsSeen)
		lost, doubled int
	}{
		"nothing":                       {func(*contactsSeen) {}, 0, 0},
		"opt-out called again":          {func(s *contactsSeen) { s.ends[optsOut] = []string{"completed", "completed"} }, 0, 1},
		"opt-out not listed":            {func(s *contactsSeen) { s.listed = false }, 1, 0},
		"opt-out taken again":           {func(s *contactsSeen) { s.takenAgain = 1 }, 1, 0},
		"busy not called again":         {func(s *contactsSeen) { s.ends[busyFirst] = []string{"busy"} }, 1, 0},
		"busy called a third time":      {func(s *contactsSeen) { s.ends[busyFirst] = append(s.ends[busyFirst], "completed") }, 0, 1},
		"busy not reached":              {func(s *contactsSeen) { s.contacts[1].State = "EXHAUSTED" }, 1, 0},
		"called at night":               {func(s *contactsSeen) { s.ends[asleep] = []string{"completed"} }, 1, 0},
		"asleep and does not wait":      {func(s *contactsSeen) { s.contacts[2].State = "REFUSED" }, 1, 0},
		"asleep waits for another time": {func(s *contactsSeen) { s.contacts[2].NextAt = at("07:30") }, 1, 0},
		"a contact is missing":          {func(s *contactsSeen) { s.contacts = s.contacts[:2] }, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			seen, to := well(), &result{}
			test.change(&seen)
			if err := seen.judge(to); err != nil {
				t.Fatal(err)
			}
			if to.lost != test.lost || to.doubled != test.doubled {
				t.Errorf("%d lost and %d doubled, want %d and %d: %q", to.lost, to.doubled, test.lost, test.doubled, to.violations)
			}
		})
	}
}
