package week_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/verify"
	"github.com/i-agent/iagent/simulator"
)

func TestMain(m *testing.M) { e2etest.Main(m) }

// monday is when the worlds begin.
var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// TestTwoDaysOfCallsPassInSeconds calls twenty people at hours of two days, through a rough Twilio, and kills the program now and then.
// Everybody is called once, in the hour in which it was asked for, and what the program says of the calls is what happened.
func TestTwoDaysOfCallsPassInSeconds(t *testing.T) {
	storetest.EachAtOnce(t, func(t *testing.T, database string) {
		rough, err := simulator.ParseProfile("rough")
		if err != nil {
			t.Fatal(err)
		}
		people := simulator.MixedPeople(simulator.Answer{Say: "It costs 2 dollars."})
		w := newEnvironment(t, database, monday, simulator.Config{
			Seed: 7, Faults: rough, Pick: people.Pick(7), Model: e2etest.OneClaim,
		}, func(c *app.Config) { c.DialsPerMinute = "3" })
		campaign, err := w.api.CreateCampaign(t.Context(), "", e2etest.Campaign)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		asked := map[string]time.Time{}
		for day := range 2 {
			for hour := 9; hour < 19; hour += 5 {
				at := monday.AddDate(0, 0, day).Add(time.Duration(hour) * time.Hour)
				w.at(at, func() {
					var numbers []string
					for range 5 {
						number := fmt.Sprintf("+1212555%04d", 100+len(asked))
						numbers, asked[number] = append(numbers, number), at
					}
					placed, err := w.api.Client.Place(t.Context(), campaign, at.String(), numbers)
					if err != nil {
						t.Fatal(err)
					}
					for _, call := range placed {
						ids = append(ids, call.ID)
					}
					w.kill(20 + 40*day)
				})
			}
		}
		began := time.Now()
		w.pass(monday.AddDate(0, 0, 3))
		t.Logf("three days, %d calls, %d webhooks and %d kills took %s", len(ids), w.sim.Progress().Webhooks, w.kills, time.Since(began).Round(time.Millisecond))

		if w.kills == 0 {
			t.Error("the program was never killed")
		}
		for number, truths := range w.byNumber() {
			if len(truths) != 1 {
				t.Errorf("%s was called %d times", number, len(truths))
			}
			if late := truths[0].Created.Sub(asked[number]); late < 0 || late > time.Hour {
				t.Errorf("%s was called %s after it was asked for", number, late)
			}
		}
		judge := e2e.Judge{API: w.api.Client, Twilio: w.sim, Excused: []string{
			simulator.RuleUnanswered,     // by a program that was killed: whether that was made good is seen in the call
			simulator.RuleFalseDuplicate, // a verdict of machine detection that was late had been asked for before it came
		}}
		verdict, err := judge.Judge(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range verdict.Faults {
			t.Error(fault)
		}
		w.verified()
	})
}

// verified fails the test unless the database is as it must be once everything is over.
func (w *environment) verified() {
	w.t.Helper()
	s, err := store.Open(w.t.Context(), w.database, store.Options{Now: w.clock.Now})
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	report, err := verify.Run(w.t.Context(), verify.Config{Store: s, Decide: app.Decide(), Settled: true})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, violation := range report.Violations {
		w.t.Errorf("%+v", violation)
	}
}
