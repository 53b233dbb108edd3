package week_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
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

// TestPeopleOfTwelveZonesAreCalledWithinTheirHours lets four campaigns reach people in twelve time zones, through a rough Twilio, while the
// program is killed again and again, numbers are put on the do-not-call list, and everything is stopped. What happened is read from the
// simulator's log alone. WEEK_CONTACTS and WEEK_DAYS make it longer: `make soak` has 2,000 contacts and a week.
func TestPeopleOfTwelveZonesAreCalledWithinTheirHours(t *testing.T) {
	contacts, days := 60, 1
	if n := os.Getenv("WEEK_CONTACTS"); n != "" {
		if _, err := fmt.Sscan(n, &contacts); err != nil {
			t.Fatal(err)
		}
	}
	if n := os.Getenv("WEEK_DAYS"); n != "" {
		if _, err := fmt.Sscan(n, &days); err != nil {
			t.Fatal(err)
		}
	}
	storetest.EachAtOnce(t, func(t *testing.T, database string) {
		rough, err := simulator.ParseProfile("rough")
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, database, monday, simulator.Config{Seed: 7, Faults: rough, Pick: weekPeople().Pick(7), Model: e2etest.OneClaim}, func(c *app.Config) {
			c.DialsPerMinute = "20"
		})
		k := &week{world: w, contacts: contacts, days: days, draw: rand.New(rand.NewPCG(7, 13)), of: map[string]place{}, report: map[string]int{}}
		k.play()
		k.judge()
		for _, name := range slices.Sorted(maps.Keys(k.report)) {
			t.Logf("%-44s %d", name, k.report[name])
		}
	})
}

// week is days of campaigns.
type week struct {
	*world
	contacts, days int
	draw           *rand.Rand
	other          *store.Store // another process on the same database
	campaigns      []*studied
	of             map[string]place // by number
	report         map[string]int
}

// studied is a campaign of the week.
type studied struct {
	id, name           string
	hours              hours
	attempts           int
	concurrent, perDay int
	people             []e2e.NewContact
}

const (
	personCap = 3
	// hangUpWithin is how long a call lives at most after a stop that hangs up.
	hangUpWithin = 10 * time.Second
)

// play plays the days.
func (k *week) play() {
	t := k.t
	var err error
	if k.other, err = store.Open(t.Context(), k.database, store.Options{Now: k.clock.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.other.Close)
	k.recruit()
	k.disturb()
	began := time.Now()
	k.pass(monday.AddDate(0, 0, k.days))
	// What still waits is over with its campaign.
	for _, c := range k.campaigns {
		if _, err := k.api.Client.Do(t.Context(), "PATCH", "/api/campaigns/"+c.id, "", map[string]any{"status": "COMPLETED"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	k.pass(monday.AddDate(0, 0, k.days+1))
	k.report["webhooks"], k.report["kills"] = k.sim.Progress().Webhooks, k.kills
	t.Logf("%d days of %d contacts took %s", k.days, k.contacts, time.Since(began).Round(time.Millisecond))
}

// recruit creates the campaigns and imports their contacts. One in ten people is in two campaigns.
func (k *week) recruit() {
	perDay := max(k.contacts/10, 20)
	k.campaigns = []*studied{
		{name: "default", hours: defaultHours(), attempts: 3, concurrent: 5, perDay: 3 * perDay},
		{name: "halves", hours: brokenHours(), attempts: 2, concurrent: 3, perDay: 2 * perDay},
		{name: "one attempt", hours: defaultHours(), attempts: 1, perDay: perDay},
		{name: "basis", hours: brokenHours(), attempts: 4, concurrent: 10},
	}
	all := places()
	for n := range k.contacts {
		p := all[n%len(all)]
		number := p.nth(100 + n)
		k.of[number] = p
		person := e2e.NewContact{PhoneNumber: number, ExternalID: fmt.Sprint(n), ConsentBasis: "agreed on the order form"}
		if n%3 == 0 { // the others are where their number is
			person.TimeZone = p.zone
		}
		if n%25 == 0 {
			person.ConsentBasis = ""
		}
		c := n % len(k.campaigns)
		k.campaigns[c].people = append(k.campaigns[c].people, person)
		if n%10 == 0 {
			c = (c + 1) % len(k.campaigns)
			k.campaigns[c].people = append(k.campaigns[c].people, person)
		}
	}
	for _, c := range k.campaigns {
		hours := "[]"
		if c.name == "halves" || c.name == "basis" {
			hours = brokenHoursJSON
		}
		setting := strings.Replace(string(e2etest.Campaign), `"callingHours": [{"days": "mon-sun", "from": "00:00", "to": "24:00"}]`, `"callingHours": `+hours+
			fmt.Sprintf(`, "attempts": {"max": %d, "waitMinutes": 90}, "maxConcurrent": %d, "maxPerDay": %d, "requireConsentBasis": %t`,
				c.attempts, c.concurrent, c.perDay, c.name == "basis"), 1)
		var err error
		if c.id, err = k.api.CreateCampaign(k.t.Context(), "", json.RawMessage(setting)); err != nil {
			k.t.Fatal(err)
		}
		taken, err := k.api.Import(k.t.Context(), c.id, c.people)
		if err != nil || taken != len(c.people) {
			k.t.Logf("%s: %d of %d contacts are taken: %v", c.name, taken, len(c.people), err)
		}
		k.report["contacts"] += taken
	}
}

// disturb plans kills, entries of the do-not-call list and stops.
func (k *week) disturb() {
	numbers := slices.Sorted(maps.Keys(k.of))
	for day := range k.days {
		midnight := monday.AddDate(0, 0, day)
		for range 4 {
			k.at(midnight.Add(time.Duration(k.draw.IntN(24*3600))*time.Second), func() { k.kill(1 + k.draw.IntN(60)) })
		}
		for range max(k.contacts/100, 3) {
			number := numbers[k.draw.IntN(len(numbers))]
			k.at(midnight.Add(time.Duration(k.draw.IntN(24*3600))*time.Second), func() { k.list(number) })
		}
		mode := []interview.StopMode{interview.StopHangUp, interview.StopFinish}[day%2]
		begin := midnight.Add(time.Duration(8+k.draw.IntN(8))*time.Hour + time.Duration(k.draw.IntN(3600))*time.Second)
		k.at(begin, func() { k.stop(interview.ScopeAll, mode, begin.Add(90*time.Minute)) })
		of := k.campaigns[day%len(k.campaigns)].id
		later := begin.Add(3 * time.Hour)
		k.at(later, func() { k.stop(of, mode, later.Add(time.Hour)) })
	}
}

// outbound counts the calls that Twilio was asked for, to a number or, for "", to all.
func (k *week) outbound(number string) (n int) {
	for _, truth := range k.sim.Truths() {
		if truth.Direction != "inbound" && (number == "" || truth.To == number) {
			n++
		}
	}
	return n
}

// list puts a number on the do-not-call list, and looks at the end that it was not called since.
func (k *week) list(number string) {
	_, _, err := k.other.AddDoNotCall(k.t.Context(), store.NewDoNotCall{PhoneNumber: number, Scope: interview.ScopeAll, Source: "week"})
	if err != nil {
		k.t.Fatal(err)
	}
	k.report["entries of the do-not-call list"]++
	before := k.outbound(number)
	k.t.Cleanup(func() {
		if n := k.outbound(number); n != before {
			k.t.Errorf("%s was called %d times since it is on the do-not-call list", number, n-before)
		}
	})
}

// stop stops a scope until a time.
func (k *week) stop(scope string, mode interview.StopMode, until time.Time) {
	t, now := k.t, k.clock.Now()
	stopped, err := k.other.Stop(t.Context(), store.NewStop{Scope: scope, Mode: mode, RequestedBy: "week", Reason: "a drill"})
	if err != nil {
		t.Fatal(err)
	}
	k.report["stops"]++
	called := k.called(scope)
	k.at(until, func() {
		for _, sid := range k.called(scope) {
			if !slices.Contains(called, sid) {
				t.Errorf("at %s a call of %s was dialled though stop %s is in force since %s", k.clock.Now(), scope, stopped.ID, now)
			}
		}
		for _, truth := range k.sim.Truths() {
			alive := truth.Ended.IsZero() || truth.Ended.After(now.Add(hangUpWithin))
			if mode == interview.StopHangUp && slices.Contains(called, truth.CallSid) && truth.Created.Before(now) && alive && (truth.Ended.IsZero() || truth.Ended.After(now)) {
				t.Errorf("a call lived for %s after the stop at %s that was to hang up", truth.Ended.Sub(now), now)
			}
		}
		k.report["calls that a stop found under way"] += stopped.Live
		if _, err := k.other.Resume(t.Context(), stopped.ID, "week", ""); err != nil {
			t.Fatal(err)
		}
	})
}

// called are the CallSids of a scope that Twilio knows.
func (k *week) called(scope string) (sids []string) {
	of := map[string]bool{}
	if scope != interview.ScopeAll {
		calls, err := k.api.CallsOf(k.t.Context(), scope)
		if err != nil {
			k.t.Fatal(err)
		}
		for _, c := range calls {
			of[c.TwilioSid] = true
		}
	}
	for _, truth := range k.sim.Truths() {
		if truth.Direction != "inbound" && (scope == interview.ScopeAll || of[truth.CallSid]) {
			sids = append(sids, truth.CallSid)
		}
	}
	return sids
}

// judge looks at what happened.
func (k *week) judge() {
	t := k.t
	calls := map[string][]simulator.Truth{} // by campaign
	bySid := map[string]string{}
	for _, c := range k.campaigns {
		list, err := k.api.CallsOf(t.Context(), c.id)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range list {
			bySid[call.TwilioSid] = c.id
		}
	}
	for _, truth := range k.sim.Truths() {
		if truth.Direction == "inbound" {
			continue
		}
		k.report["calls"]++
		k.report["calls that ended "+truth.Status]++
		if truth.OptedOut {
			k.report["opt-outs"]++
		}
		campaign, ok := bySid[truth.CallSid]
		if !ok {
			t.Errorf("nobody knows of the call %s", truth.CallSid)
		}
		calls[campaign] = append(calls[campaign], truth)
	}
	for _, c := range k.campaigns {
		k.judgeCampaign(c, calls[c.id])
	}
	k.judgePeople()
	for _, broken := range k.sim.Report().Broken {
		if broken.Rule != simulator.RuleUnanswered && broken.Rule != simulator.RuleFalseDuplicate {
			t.Errorf("%+v", broken)
		}
	}
	k.verified()
}

// judgeCampaign looks at hours, caps and contacts of a campaign.
func (k *week) judgeCampaign(c *studied, calls []simulator.Truth) {
	t := k.t
	for i, truth := range calls {
		p := k.of[truth.To]
		for _, at := range []time.Time{truth.Created, truth.Started} {
			if !at.IsZero() && !c.hours.open(p, at) {
				t.Errorf("%s: %s was called at %s, where it is %s", c.name, truth.To, at, p.wall(at).Format("Mon 15:04:05"))
			}
		}
		live, day := 0, 0
		for _, other := range calls[:i+1] {
			if other.Ended.IsZero() || other.Ended.After(truth.Created) {
				live++
			}
			if other.Created.After(truth.Created.Add(-24*time.Hour + time.Minute)) {
				day++
			}
		}
		if c.concurrent > 0 && live > c.concurrent {
			t.Errorf("%s: %d calls at once at %s", c.name, live, truth.Created)
		}
		if c.perDay > 0 && day > c.perDay {
			t.Errorf("%s: %d calls in the day before %s", c.name, day, truth.Created)
		}
		k.report[c.name+": most calls at once"] = max(k.report[c.name+": most calls at once"], live)
		k.report[c.name+": most calls in a day"] = max(k.report[c.name+": most calls in a day"], day)
	}
	contacts, err := k.api.Contacts(t.Context(), c.id)
	if err != nil {
		t.Fatal(err)
	}
	attempts := map[string]int{}
	for _, truth := range calls {
		attempts[truth.To]++
	}
	for _, contact := range contacts {
		name := "contacts " + contact.State
		if contact.Reason != nil {
			name += " " + *contact.Reason
		}
		k.report[name]++
		switch contact.State {
		case string(interview.ContactReached), string(interview.ContactExhausted):
		case string(interview.ContactRefused):
			if contact.Reason == nil {
				t.Errorf("contact %s is refused and nothing says why", contact.ID)
			}
		default:
			t.Errorf("contact %s is %s at the end", contact.ID, contact.State)
		}
		if n := attempts[contact.PhoneNumber]; n > c.attempts || n > contact.Attempts {
			t.Errorf("%s: contact %s was called %d times, counted %d, may be %d", c.name, contact.ID, n, contact.Attempts, c.attempts)
		}
	}
}

// judgePeople looks at what each person saw: never two calls at once, few a day, none after they opted out.
func (k *week) judgePeople() {
	for number, truths := range k.byNumber() {
		var calls []simulator.Truth
		for _, truth := range truths {
			if truth.Direction != "inbound" {
				calls = append(calls, truth)
			}
		}
		optedOut := false
		for i, truth := range calls {
			if optedOut {
				k.t.Errorf("%s was called at %s after opting out", number, truth.Created)
			}
			optedOut = optedOut || truth.OptedOut
			if i > 0 && (calls[i-1].Ended.IsZero() || calls[i-1].Ended.After(truth.Created)) {
				k.t.Errorf("%s was called twice at once at %s", number, truth.Created)
			}
			if i >= personCap && calls[i-personCap].Created.After(truth.Created.Add(-24*time.Hour+time.Minute)) {
				k.t.Errorf("%s was called %d times in the day before %s", number, personCap+1, truth.Created)
			}
		}
		k.report[fmt.Sprintf("people called %d times", len(calls))]++
	}
}
