package week_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
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

// TestEachRuleOfTheGateHolds plays, for each rule of who may be called, the few hours in which a program that breaks it calls somebody
// whom it must not. TestBrokenGateIsNamed in test/soak plays them with programs that do.
func TestEachRuleOfTheGateHolds(t *testing.T) {
	for name, play := range map[string]func(k *week){
		"list": (*week).playList, "stop": (*week).playStop, "zone": (*week).playZone, "cap": (*week).playCap, "transaction": (*week).playTransaction,
	} {
		t.Run(name, func(t *testing.T) {
			storetest.EachAtOnce(t, func(t *testing.T, database string) {
				w := newEnvironment(t, database, tenInNewYork, simulator.Config{Seed: 7, Pick: rulePeople, Model: e2etest.OneClaim},
					func(c *app.Config) { c.DialsPerMinute = "1000" })
				k := &week{environment: w, draw: rand.New(rand.NewPCG(7, 13)), of: map[string]place{}, listed: map[string]time.Time{}, report: map[string]int{}}
				var err error
				if k.other, err = store.Open(t.Context(), database, store.Options{Now: w.clock.Now}); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(k.other.Close)
				play(k)
				for _, c := range k.campaigns { // what still waits is over with its campaign
					k.do("PATCH", "/api/campaigns/"+c.id, map[string]any{"status": "COMPLETED"})
					c.completed = true
				}
				k.pass(k.clock.Now().Add(2 * time.Hour))
				if len(k.called(interview.ScopeAll)) == 0 {
					t.Error("nobody was called: the test proves nothing")
				}
				if name == "transaction" { // whoever never heard a phone ring is called again, which only the database tells from a second call
					k.judgePeople()
					k.verified()
					return
				}
				k.judge()
			})
		})
	}
}

// tenInNewYork is when the hours begin: on a Monday.
var tenInNewYork = monday.Add(15 * time.Hour)

// optingOut are numbers of people who opt out.
const optingOut = 9000

// rulePeople answer at length, so that their calls are under way for minutes, or opt out.
func rulePeople(to string, _ int) simulator.Script {
	if strings.HasSuffix(to, fmt.Sprint(optingOut)) {
		return simulator.OptsOut()
	}
	answer := simulator.Answer{Say: strings.Repeat("It costs 2 dollars. ", 10)}
	return simulator.ConsentsByKeypad(answer, answer)
}

func (k *week) do(method, path string, body any) {
	k.t.Helper()
	if _, err := k.api.Client.Do(k.t.Context(), method, path, "", body, nil); err != nil {
		k.t.Fatal(err)
	}
}

// study begins a campaign that calls people of a place by the default hours. With own, contacts come with their zone.
func (k *week) study(c studied, p place, own bool, numbers ...int) *studied {
	k.t.Helper()
	c.hours, c.attempts = defaultHours(), 1
	setting := strings.Replace(string(e2etest.Campaign), `"callingHours": [{"days": "mon-sun", "from": "00:00", "to": "24:00"}]`,
		fmt.Sprintf(`"callingHours": [], "maxConcurrent": %d`, c.concurrent), 1)
	var err error
	if c.id, err = k.api.CreateCampaign(k.t.Context(), "", json.RawMessage(setting)); err != nil {
		k.t.Fatal(err)
	}
	var people []e2e.NewContact
	for _, n := range numbers {
		person := e2e.NewContact{PhoneNumber: p.nth(n)}
		if own {
			person.TimeZone = p.zone
		}
		k.of[person.PhoneNumber] = p
		people = append(people, person)
	}
	k.take(&c, "people", people)
	k.campaigns = append(k.campaigns, &c)
	return &c
}

// playList has somebody opt out on a call, and somebody else be put on the do-not-call list; then another campaign wants to call both.
func (k *week) playList() {
	newYork := places()[0]
	k.study(studied{name: "first"}, newYork, false, 1000, optingOut)
	k.pass(tenInNewYork.Add(time.Hour))
	k.list(newYork.nth(1000))
	k.study(studied{name: "second"}, newYork, false, 1000, optingOut, 1001)
	k.pass(tenInNewYork.Add(2 * time.Hour))
}

// playStop has a campaign begin in the middle of a stop.
func (k *week) playStop() {
	k.stop(interview.ScopeAll, interview.StopFinish, tenInNewYork.Add(time.Hour))
	k.study(studied{name: "stopped"}, places()[0], false, 1000, 1001, 1002)
	k.pass(tenInNewYork.Add(2 * time.Hour))
}

// playZone calls people in California, some of whom say so, and in Japan, for a day and a half.
func (k *week) playZone() {
	k.study(studied{name: "west"}, places()[3], false, 1000, 1001)
	k.study(studied{name: "west, by its own zone"}, places()[3], true, 1002, 1003)
	k.study(studied{name: "east"}, places()[10], true, 1000, 1001)
	k.pass(tenInNewYork.Add(36 * time.Hour))
}

// playCap kills the program while it has as many calls as it may; another one goes on.
func (k *week) playCap() {
	k.study(studied{name: "capped", concurrent: 3}, places()[0], false, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009)
	k.at(tenInNewYork.Add(20*time.Second), func() { k.kill(1) })
	k.pass(tenInNewYork.Add(2 * time.Hour))
	if k.kills == 0 {
		k.t.Error("the program was never killed")
	}
}

// playTransaction stops everything and resumes it again and again, from another process, while people are being dialled: whether a dial
// was before a stop or after it is told by their places at the gate.
func (k *week) playTransaction() {
	numbers := make([]int, 20)
	for n := range numbers {
		numbers[n] = 1000 + n
	}
	k.study(studied{name: "stopped again and again"}, places()[0], false, numbers...)
	passed, stopped := make(chan struct{}), make(chan error, 1)
	go func() { stopped <- k.stopAgainAndAgain(passed) }()
	k.pass(tenInNewYork.Add(2 * time.Hour))
	close(passed)
	if err := <-stopped; err != nil {
		k.t.Fatal(err)
	}
	k.pass(tenInNewYork.Add(3 * time.Hour))
}

func (k *week) stopAgainAndAgain(until <-chan struct{}) error {
	between := time.NewTicker(5 * time.Millisecond) // the program has its turns
	defer between.Stop()
	for {
		stop, err := k.other.Stop(k.t.Context(), store.NewStop{Scope: interview.ScopeAll, Mode: interview.StopFinish, RequestedBy: "week", Reason: "a drill"})
		if err != nil {
			return err
		}
		<-between.C
		if _, err := k.other.Resume(k.t.Context(), stop.ID, "week", ""); err != nil {
			return err
		}
		select {
		case <-until:
			return nil
		case <-between.C:
		}
	}
}
