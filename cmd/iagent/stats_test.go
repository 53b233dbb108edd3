package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// canceledAgo makes a campaign some time ago, with calls that were canceled then.
func canceledAgo(t *testing.T, url string, ago time.Duration, numbers ...string) string {
	t.Helper()
	then := time.Now().Add(-ago)
	s, err := store.Open(t.Context(), url, store.Options{Now: func() time.Time { return then }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := s.CreateCampaign(t.Context(), interview.Campaign{Name: "Shelves", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.CreateCalls(t.Context(), store.NewCalls{CampaignID: c.ID, PhoneNumbers: numbers, Answer: func(made []interview.Call) (store.Answer, error) {
		return store.Answer{Body: []byte(made[0].ID)}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	made, err := s.Calls(t.Context(), store.CallFilter{CampaignID: c.ID}, store.Page{Limit: 10})
	if err != nil || len(made.Items) != len(numbers) {
		t.Fatalf("%+v, %v", made, err)
	}
	for _, call := range made.Items {
		if _, err := s.CancelCall(t.Context(), call.ID, ""); err != nil {
			t.Fatal(err)
		}
	}
	return c.ID
}

func TestStatsCountWhatWasSinceAndUntil(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		t.Setenv("DATABASE_URL", url)
		older := canceledAgo(t, url, 30*time.Hour, "+15550000001")
		newer := canceledAgo(t, url, 2*time.Hour, "+15550000002", "+15550000003")
		moment := time.Now().Add(-29 * time.Hour).UTC().Format(time.RFC3339)
		for _, tc := range []struct {
			flags       []string
			calls, runs int
		}{
			{nil, 2, 2}, // of the last day
			{[]string{"--since", "24h"}, 2, 2},
			{[]string{"--since", "31h"}, 3, 3},
			{[]string{"--since", ""}, 3, 3},
			{[]string{"--since", "1h"}, 0, 0},
			{[]string{"--since", moment}, 2, 2},
			{[]string{"--since", "", "--until", moment}, 1, 1},
			{[]string{"--since", "31h", "--until", "3h"}, 1, 1},
			{[]string{"--since", "", "--campaign", older}, 1, 1},
			{[]string{"--campaign", newer}, 2, 2},
			{[]string{"--campaign", older}, 0, 0},
		} {
			text, code := printed(t, append([]string{"stats", "--json"}, tc.flags...)...)
			var report struct {
				Calls struct {
					Created, Ended int
					ByEnd          map[string]int
				}
				Runs struct{ ByFunction map[string]map[string]int }
			}
			if err := json.Unmarshal([]byte(text), &report); err != nil || code != 0 {
				t.Fatalf("%q: exit %d, %v: %s", tc.flags, code, err, text)
			}
			runs := 0
			for _, n := range report.Runs.ByFunction["orchestrate-call"] {
				runs += n
			}
			if report.Calls.Created != tc.calls || report.Calls.Ended != tc.calls || report.Calls.ByEnd["CANCELED"] != tc.calls || runs != tc.runs {
				t.Errorf("%q: %+v, want %d calls", tc.flags, report, tc.calls)
			}
		}
		for _, flags := range [][]string{{"--since", "soon"}, {"--until", "later"}, {"--since", "1h", "--until", "2h"}} {
			if text, code := printed(t, append([]string{"stats"}, flags...)...); code != 2 {
				t.Errorf("%q: exit %d: %s", flags, code, text)
			}
		}
		if text, code := printed(t, "stats"); code != 0 || !strings.Contains(text, "calls       2 created, 2 ended: 2 CANCELED\n") {
			t.Errorf("exit %d:\n%s", code, text)
		}
	})
}

// Whoever has tried a simulated interview and finds nothing counted is told that it was left out, and how it is counted.
func TestStatsSayWhatTheyLeaveOutAsSimulated(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		t.Setenv("DATABASE_URL", url)
		canceledAgo(t, url, time.Hour, "+15550000001")
		if stdout, _, code := ran(t, "stats"); code != 0 || strings.Contains(stdout, "simulated") {
			t.Errorf("without any: exit code %d\n%s", code, stdout)
		}
		s, err := store.Open(t.Context(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		var campaign string
		for range 2 {
			call, err := s.StartSimulation(t.Context(), interview.SimulatedCampaign(), interview.SimulatedNumbers())
			if err != nil {
				t.Fatal(err)
			}
			campaign = call.CampaignID
		}
		stdout, _, code := ran(t, "stats")
		if want := "2 simulated calls are left out, with all that belongs to them: nobody was called; --campaign " + campaign + " counts them\n"; code != 0 ||
			!strings.Contains(stdout, want) || !strings.Contains(stdout, "1 created, 1 ended") {
			t.Errorf("exit code %d, want %s in\n%s", code, want, stdout)
		}
		if stdout, _, code := ran(t, "stats", "--until", "30m"); code != 0 || strings.Contains(stdout, "simulated") {
			t.Errorf("of a time without any: exit code %d\n%s", code, stdout)
		}
		var counted struct {
			Calls            struct{ Created int }
			SimulatedLeftOut []struct {
				CampaignID string
				Calls      int
			}
		}
		stdout, _, code = ran(t, "stats", "--json")
		if err := json.Unmarshal([]byte(stdout), &counted); err != nil || code != 0 || counted.Calls.Created != 1 || len(counted.SimulatedLeftOut) != 1 ||
			counted.SimulatedLeftOut[0].CampaignID != campaign || counted.SimulatedLeftOut[0].Calls != 2 {
			t.Errorf("exit code %d, %v\n%s", code, err, stdout)
		}
		if stdout, _, code := ran(t, "stats", "--campaign", campaign); code != 0 || !strings.Contains(stdout, "2 created") || strings.Contains(stdout, "left out") {
			t.Errorf("of the campaign: exit code %d\n%s", code, stdout)
		}
	})
}
