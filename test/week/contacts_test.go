package week_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
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

// TestPeopleOfTwelveZonesAreCalledWithinTheirHours lets five campaigns reach people in twelve time zones, through a rough Twilio, while the
// program is killed again and again, numbers are put on the do-not-call list, and everything is stopped. What happened is read from the
// simulator's log alone. WEEK_CONTACTS and WEEK_DAYS make it longer: `make soak` has 2,000 contacts and a week.
//
// At the end of the days nobody may be stuck: who is not over waits for what time alone cures. Then time goes on, until everybody is over
// by themselves.
func TestPeopleOfTwelveZonesAreCalledWithinTheirHours(t *testing.T) {
	contacts, days := number(t, "WEEK_CONTACTS", 60), number(t, "WEEK_DAYS", 1)
	storetest.EachAtOnce(t, func(t *testing.T, database string) {
		rough, err := simulator.ParseProfile("rough")
		if err != nil {
			t.Fatal(err)
		}
		w := newEnvironment(t, database, monday, simulator.Config{Seed: 7, Faults: rough, Pick: weekPeople().Pick(7), Model: e2etest.OneClaim}, func(c *app.Config) {
			c.DialsPerMinute = strconv.Itoa(dialsPerMinute)
		})
		k := &week{environment: w, contacts: contacts, days: days, draw: rand.New(rand.NewPCG(7, 13)), of: map[string]place{},
			listed: map[string]time.Time{}, report: map[string]int{}}
		k.play()
		k.judge()
		for _, name := range slices.Sorted(maps.Keys(k.report)) {
			t.Logf("%-50s %d", name, k.report[name])
		}
	})
}

// number is that of an environment variable, or another.
func number(t *testing.T, variable string, other int) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv(variable), strconv.Itoa(other)))
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// week is days of campaigns.
type week struct {
	*environment
	contacts, days int
	draw           *rand.Rand
	other          *store.Store // another process on the same database
	campaigns      []*studied
	of             map[string]place     // where a person is, by number
	listed         map[string]time.Time // since when a number is on the do-not-call list
	stopped        []stopped
	report         map[string]int
}

// studied is a campaign of the week.
type studied struct {
	id, name           string
	hours              hours
	attempts           int
	concurrent, perDay int
	// people are imported day by day.
	people [][]e2e.NewContact
	// late are imported in the evening of the last day, some of whom can be called that day no more.
	late []e2e.NewContact
	// completed says that the campaign is completed while people wait.
	completed bool
}

const (
	personCap      = 3
	dialsPerMinute = 20
	retryWait      = 90 * time.Minute
	// overWithin is how many days after the last import everybody is over.
	overWithin = 8
)

// play plays the days, and those after them until everybody is over.
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
	end := monday.AddDate(0, 0, k.days)
	for day := 1; ; day++ {
		now := monday.AddDate(0, 0, day)
		k.pass(now)
		t.Logf("day %d: %d calls, %d webhooks, %d kills, after %s", day, len(k.sim.Truths()), k.sim.Progress().Webhooks, k.kills, time.Since(began).Round(time.Second))
		if now.Before(end) {
			continue
		}
		left := k.judgeWaiting(now)
		if now.Equal(end) {
			k.report["contacts that are not over after the days"] = left
		}
		if left == 0 || day == k.days+overWithin {
			k.report["days until everybody was over"] = day
			break
		}
	}
	k.report["webhooks"], k.report["kills"] = k.sim.Progress().Webhooks, k.kills
	t.Logf("%d days of %d contacts, and those until everybody was over, took %s", k.days, k.contacts, time.Since(began).Round(time.Millisecond))
}

// recruit creates the campaigns, and imports their contacts of the first day. One in ten people is in two campaigns, one in six is in
// another zone than their number.
func (k *week) recruit() {
	perDay := max(k.contacts/k.days/5, 10)
	k.campaigns = []*studied{
		{name: "default", hours: defaultHours(), attempts: 3, concurrent: 5, perDay: 2 * perDay},
		{name: "halves", hours: brokenHours(), attempts: 2, concurrent: 3, perDay: perDay + perDay/2},
		{name: "one attempt", hours: defaultHours(), attempts: 1, perDay: perDay},
		{name: "basis", hours: brokenHours(), attempts: 4, concurrent: 10},
		{name: "completed", hours: defaultHours(), attempts: 4, concurrent: 2, completed: true},
	}
	all, completed := places(), k.campaigns[4]
	for _, c := range k.campaigns {
		c.people = make([][]e2e.NewContact, k.days)
	}
	for n := range k.contacts {
		p := all[n%len(all)]
		number := p.nth(100 + n)
		person := e2e.NewContact{PhoneNumber: number, ExternalID: fmt.Sprint(n), ConsentBasis: "agreed on the order form"}
		switch n % 6 { // the others are where their number is
		case 0:
			person.TimeZone = p.zone
		case 3:
			p = all[(n+5)%len(all)]
			person.TimeZone = p.zone
		}
		k.of[number] = p
		if n%25 == 0 {
			person.ConsentBasis = ""
		}
		c := k.campaigns[n%4]
		if n%20 == 19 {
			c.late = append(c.late, person)
			continue
		}
		day := n / 4 % k.days
		c.people[day] = append(c.people[day], person)
		switch n % 20 {
		case 0:
			c = k.campaigns[(n+1)%4]
			c.people[day] = append(c.people[day], person)
		case 10:
			completed.people[0] = append(completed.people[0], person)
		}
	}
	for _, c := range k.campaigns {
		for n := range max(k.contacts/400, 2) {
			zoneless := e2e.NewContact{PhoneNumber: nowhere().nth(100*len(k.of) + n), ConsentBasis: "agreed on the order form"}
			k.of[zoneless.PhoneNumber] = nowhere()
			c.people[0] = append(c.people[0], zoneless)
		}
		hours := "[]"
		if c.name == "halves" || c.name == "basis" {
			hours = brokenHoursJSON
		}
		wait := int(retryWait.Minutes())
		if c.attempts == 1 { // after which nobody waits
			wait = 0
		}
		setting := strings.Replace(string(e2etest.Campaign), `"callingHours": [{"days": "mon-sun", "from": "00:00", "to": "24:00"}]`, `"callingHours": `+hours+
			fmt.Sprintf(`, "attempts": {"max": %d, "waitMinutes": %d}, "maxConcurrent": %d, "maxPerDay": %d, "requireConsentBasis": %t`,
				c.attempts, wait, c.concurrent, c.perDay, c.name == "basis"), 1)
		var err error
		if c.id, err = k.api.CreateCampaign(k.t.Context(), c.name, json.RawMessage(setting)); err != nil {
			k.t.Fatal(err)
		}
		k.take(c, "0", c.people[0])
		k.loseZone(c)
	}
}

// take imports contacts of a campaign: all but those of whom the import says that they may never be called.
func (k *week) take(c *studied, key string, people []e2e.NewContact) {
	t := k.t
	if len(people) == 0 {
		return
	}
	done, err := k.api.Import(t.Context(), c.id, key+" of "+c.name, people)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{}
	for _, person := range people {
		_, listed := k.listed[person.PhoneNumber]
		switch {
		case listed:
			want["DO_NOT_CALL"]++
		case c.name == "basis" && person.ConsentBasis == "":
			want["NO_CONSENT_BASIS"]++
		case k.of[person.PhoneNumber].zone == "":
			want["ZONE_UNKNOWN"]++
		}
	}
	refused := 0
	for reason, n := range done.Counts.Refused {
		k.report["rows of imports REFUSED "+reason] += n
		refused += n
		// Who opted out is on the list, too.
		if n != want[reason] && (reason != "DO_NOT_CALL" || n < want[reason]) {
			t.Errorf("%s: %d rows are refused as %s, want %d", c.name, n, reason, want[reason])
		}
	}
	if done.Contacts+refused != len(people) {
		t.Errorf("%s: of %d rows %d are contacts and %d refused", c.name, len(people), done.Contacts, refused)
	}
	k.report["rows of imports"] += len(people)
	k.report["contacts"] += done.Contacts
}

// loseZone imports somebody whose own time zone is all that says what time it is where they are, and loses it before they may be called:
// they become a contact, which is refused.
func (k *week) loseZone(c *studied) {
	t := k.t
	number := nowhere().nth(90000 + len(k.of))
	k.of[number] = nowhere()
	done, err := k.api.Import(t.Context(), c.id, number, []e2e.NewContact{{PhoneNumber: number, TimeZone: "Europe/Berlin", ConsentBasis: "agreed on the order form"}})
	if err != nil || done.Contacts != 1 {
		t.Fatal(done, err)
	}
	k.report["rows of imports"]++
	k.report["contacts"]++
	storetest.Exec(t, k.other, `UPDATE contacts SET time_zone = '' WHERE phone_number = $1`, number)
}

// disturb plans kills, entries of the do-not-call list, stops, some minutes after the import of the day, and the end of a campaign.
func (k *week) disturb() {
	numbers := slices.Sorted(maps.Keys(k.of))
	for day := range k.days {
		midnight := monday.AddDate(0, 0, day)
		for range max(k.contacts/100, 4) {
			k.at(midnight.Add(time.Duration(k.draw.IntN(24*3600))*time.Second), func() { k.kill(1 + k.draw.IntN(60)) })
		}
		for range max(k.contacts/100, 3) {
			number := numbers[k.draw.IntN(len(numbers))]
			k.at(midnight.Add(time.Duration(k.draw.IntN(24*3600))*time.Second), func() { k.list(number) })
		}
		mode := []interview.StopMode{interview.StopHangUp, interview.StopFinish}[day%2]
		begin := midnight.Add(time.Duration(8+k.draw.IntN(8))*time.Hour + time.Duration(k.draw.IntN(3600))*time.Second)
		if day > 0 {
			k.at(begin.Add(-10*time.Minute), func() {
				for _, c := range k.campaigns {
					k.take(c, strconv.Itoa(day), c.people[day])
				}
			})
		}
		k.at(begin, func() { k.stopAmidCalls(interview.ScopeAll, mode, 90*time.Minute, begin.Add(4*time.Hour)) })
		of, later := k.campaigns[day%len(k.campaigns)].id, begin.Add(6*time.Hour)
		k.at(later, func() { k.stopAmidCalls(of, mode, time.Hour, later.Add(2*time.Hour)) })
	}
	k.at(monday.Add(15*time.Hour), func() {
		for _, c := range k.campaigns {
			if !c.completed {
				continue
			}
			if _, err := k.api.Client.Do(k.t.Context(), "PATCH", "/api/campaigns/"+c.id, "", map[string]any{"status": "COMPLETED"}, nil); err != nil {
				k.t.Fatal(err)
			}
		}
	})
	k.at(monday.AddDate(0, 0, k.days).Add(-4*time.Hour), func() {
		for _, c := range k.campaigns {
			k.take(c, "late", c.late)
		}
	})
}
