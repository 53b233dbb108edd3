package week_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/simulator"
)

func TestScale(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		rough, _ := simulator.ParseProfile("rough")
		w := newWorld(t, database, monday, simulator.Config{Seed: 7, Faults: rough, Model: e2etest.OneClaim}, nil)
		campaign, err := w.api.CreateCampaign(t.Context(), "", e2etest.Campaign)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for day := range 7 {
			for hour := 9; hour < 19; hour++ {
				w.at(monday.AddDate(0, 0, day).Add(time.Duration(hour)*time.Hour), func() {
					var numbers []string
					for range 29 {
						n++
						numbers = append(numbers, fmt.Sprintf("+1212555%04d", n))
					}
					if _, err := w.api.Client.Place(t.Context(), campaign, "", numbers); err != nil {
						t.Fatal(err)
					}
				})
			}
		}
		began := time.Now()
		w.pass(monday.AddDate(0, 0, 8))
		t.Logf("%d calls %d webhooks took %s", n, w.sim.Progress().Webhooks, time.Since(began))
	})
}
