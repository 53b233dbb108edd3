package week_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/simulator"
)

// TestStopEndsAllLiveCallsAndNobodyIsCalledTwice stops a campaign in the middle of its calls, half a minute after they began, and
// resumes it an hour later: those who were not called yet are called then, and nobody again. STOP_CALLS is how many live calls.
func TestStopEndsAllLiveCallsAndNobodyIsCalledTwice(t *testing.T) {
	live, err := strconv.Atoi(cmp.Or(os.Getenv("STOP_CALLS"), "20"))
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []interview.StopMode{interview.StopHangUp, interview.StopFinish} {
		t.Run(string(mode), func(t *testing.T) {
			storetest.EachAtOnce(t, func(t *testing.T, database string) {
				answer := simulator.Answer{Say: strings.Repeat("It costs 2 dollars. ", 10)}
				w := newEnvironment(t, database, monday, simulator.Config{Seed: 7, Model: e2etest.OneClaim,
					Pick: func(string, int) simulator.Script { return simulator.ConsentsByKeypad(answer, answer) }},
					func(c *app.Config) { c.DialsPerMinute = "1000" })
				k := &week{environment: w, draw: rand.New(rand.NewPCG(7, 13)), report: map[string]int{}}
				if k.other, err = store.Open(t.Context(), database, store.Options{Now: w.clock.Now}); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(k.other.Close)
				setting := strings.Replace(string(e2etest.Campaign), `"status"`, fmt.Sprintf(`"maxConcurrent": %d, "status"`, live), 1)
				campaign, err := w.api.CreateCampaign(t.Context(), "", json.RawMessage(setting))
				if err != nil {
					t.Fatal(err)
				}
				var people []e2e.NewContact
				for n := range live + live/2 {
					people = append(people, e2e.NewContact{PhoneNumber: places()[0].nth(1000 + n)})
				}
				if _, err := w.api.Import(t.Context(), campaign, "people", people); err != nil {
					t.Fatal(err)
				}
				at := monday.Add(30 * time.Second)
				w.at(at, func() { k.stop(interview.ScopeAll, mode, at.Add(time.Hour)) })
				w.pass(monday.Add(3 * time.Hour))

				before, longest := 0, time.Duration(0)
				for number, truths := range w.byNumber() {
					if len(truths) != 1 {
						t.Errorf("%s was called %d times", number, len(truths))
					}
					if truths[0].Created.Before(at) {
						before++
						longest = max(longest, truths[0].Ended.Sub(at))
					}
				}
				if n := k.report["calls that a stop found under way"]; n != live || before != live {
					t.Errorf("the stop found %d calls under way, of %d that were dialled; want %d", n, before, live)
				}
				if n := len(w.byNumber()); n != len(people) {
					t.Errorf("%d of %d people were called in the end", n, len(people))
				}
				t.Logf("%d live calls: the last ended %s after the stop", before, longest)
				w.verified()
			})
		})
	}
}
