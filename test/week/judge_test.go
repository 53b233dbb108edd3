package week_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/simulator"
)

// calls are the calls of each campaign, by its id, as the simulator knows them, and what the program lists of them.
func (k *week) calls() (truths map[string][]simulator.Truth, listed map[string][]e2e.Call) {
	t := k.t
	truths, listed = map[string][]simulator.Truth{}, map[string][]e2e.Call{}
	bySid := map[string]string{}
	for _, c := range k.campaigns {
		calls, err := k.api.CallsOf(t.Context(), c.id)
		if err != nil {
			t.Fatal(err)
		}
		listed[c.id] = calls
		for _, call := range calls {
			bySid[call.TwilioSid] = c.id
		}
	}
	for _, truth := range k.sim.Truths() {
		if truth.Direction == "inbound" {
			continue
		}
		campaign, ok := bySid[truth.CallSid]
		if !ok {
			t.Errorf("nobody knows of the call %s", truth.CallSid)
		}
		truths[campaign] = append(truths[campaign], truth)
	}
	return truths, listed
}

// judgeWaiting looks at the contacts that are not over, and returns how many there are. It does not ask the gate: what keeps each of them
// is computed anew from the log of the simulator and the test's own reading of the hours.
func (k *week) judgeWaiting(now time.Time) (left int) {
	t := k.t
	truths, listed := k.calls()
	toPerson := map[string][]time.Time{}
	live := map[string]int{} // by number
	for _, c := range k.campaigns {
		for _, truth := range truths[c.id] {
			toPerson[truth.To] = append(toPerson[truth.To], truth.Created)
			if truth.Ended.IsZero() || truth.Ended.After(now) {
				live[truth.To]++
			}
		}
	}
	for _, c := range k.campaigns {
		contacts, err := k.api.Contacts(t.Context(), c.id)
		if err != nil {
			t.Fatal(err)
		}
		one := waiting{hours: c.hours, now: now, concurrent: c.concurrent, perDay: c.perDay}
		if one.concurrent == 0 {
			one.concurrent = 2 * dialsPerMinute // of whom it has queued calls
		}
		ended := map[string]time.Time{}
		for _, truth := range truths[c.id] {
			one.dialled = append(one.dialled, truth.Created)
			ended[truth.To] = truth.Ended
		}
		for _, call := range listed[c.id] {
			if !interview.CallStatus(call.Status).Terminal() {
				one.live++
			}
		}
		for _, contact := range contacts {
			if interview.ContactState(contact.State).Terminal() {
				continue
			}
			left++
			w := one
			w.contact, w.place, w.toPerson, w.liveHere = contact, k.of[contact.PhoneNumber], toPerson[contact.PhoneNumber], live[contact.PhoneNumber]
			if last, called := ended[contact.PhoneNumber]; called && contact.Attempts > 0 {
				w.retryFrom = last.Add(retryWait)
			}
			if contact.NextAt != nil && contact.Reason != nil {
				k.report["seen waiting for "+*contact.Reason]++
			} else {
				k.report["seen "+contact.State]++
			}
			if fault := w.fault(); fault != "" {
				t.Errorf("%s: at %s contact %s of %s is stuck: %s", c.name, now, contact.ID, contact.PhoneNumber, fault)
			}
		}
	}
	return left
}

// judge looks at what happened.
func (k *week) judge() {
	t := k.t
	truths, _ := k.calls()
	for _, of := range truths {
		for _, truth := range of {
			k.report["calls"]++
			k.report["calls that ended "+truth.Status]++
			if truth.OptedOut {
				k.report["opt-outs"]++
			}
		}
	}
	over := 0
	for _, c := range k.campaigns {
		k.judgeCalls(c, truths[c.id])
		over += k.judgeContacts(c, truths[c.id])
	}
	if over != k.report["contacts"] {
		t.Errorf("%d of %d contacts are over", over, k.report["contacts"])
	}
	k.judgePeople()
	for _, broken := range k.sim.Report().Broken {
		if broken.Rule != simulator.RuleUnanswered && broken.Rule != simulator.RuleFalseDuplicate {
			t.Errorf("%+v", broken)
		}
	}
	k.verified()
}

// judgeCalls looks at hours and caps of a campaign.
func (k *week) judgeCalls(c *studied, calls []simulator.Truth) {
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
			if other.Created.After(truth.Created.Add(-capWindow + time.Minute)) {
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
}

// judgeContacts looks at how each contact of a campaign ended, and returns how many did. What the program counts is the same.
func (k *week) judgeContacts(c *studied, calls []simulator.Truth) (over int) {
	t := k.t
	contacts, err := k.api.Contacts(t.Context(), c.id)
	if err != nil {
		t.Fatal(err)
	}
	byNumber, optedOut := map[string][]simulator.Truth{}, map[string]bool{}
	for _, truth := range calls {
		byNumber[truth.To] = append(byNumber[truth.To], truth)
	}
	for _, truth := range k.sim.Truths() {
		optedOut[truth.To] = optedOut[truth.To] || truth.OptedOut || saidNeverAgain(truth)
	}
	tally := map[string]int{}
	for _, contact := range contacts {
		number := contact.PhoneNumber
		_, listed := k.listed[number]
		e := ended{contact: contact, calls: byNumber[number], attempts: c.attempts, listed: listed || optedOut[number],
			zoneless: k.of[number].zone == "", completed: c.completed, stopped: k.wasStopped(c.id, byNumber[number])}
		if fault := e.fault(); fault != "" {
			t.Errorf("%s: contact %s of %s: %s", c.name, contact.ID, number, fault)
		}
		if interview.ContactState(contact.State).Terminal() {
			over++
		}
		name := contact.State
		if contact.Reason != nil {
			name += " " + *contact.Reason
		}
		k.report["contacts "+name]++
		tally[name]++
	}
	if counted := k.counted(c.id); !maps.Equal(counted, tally) {
		t.Errorf("%s: the program counts %v, its contacts are %v", c.name, counted, tally)
	}
	return over
}

// wasStopped reports whether a stop found one of the calls under way.
func (k *week) wasStopped(campaignID string, calls []simulator.Truth) bool {
	for _, s := range k.stopped {
		for _, truth := range calls {
			if (s.scope == interview.ScopeAll || s.scope == campaignID) && slices.Contains(s.live, truth.CallSid) {
				return true
			}
		}
	}
	return false
}

// counted are the contacts of a campaign that are over as the program's report counts them, by state and reason.
func (k *week) counted(campaignID string) map[string]int {
	var campaign struct {
		Contacts struct {
			States  map[string]int `json:"states"`
			Reasons map[string]map[string]struct {
				Count int `json:"count"`
			} `json:"reasons"`
		} `json:"contacts"`
	}
	if err := k.api.Client.Get(k.t.Context(), "/api/campaigns/"+campaignID, &campaign); err != nil {
		k.t.Fatal(err)
	}
	counted := map[string]int{}
	for state, n := range campaign.Contacts.States {
		for reason, of := range campaign.Contacts.Reasons[state] {
			counted[state+" "+reason] += of.Count
			n -= of.Count
		}
		if n != 0 {
			counted[state] = n
		}
	}
	return counted
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
			if i >= personCap && calls[i-personCap].Created.After(truth.Created.Add(-capWindow+time.Minute)) {
				k.t.Errorf("%s was called %d times in the day before %s", number, personCap+1, truth.Created)
			}
		}
		k.report[fmt.Sprintf("people called %d times", len(calls))]++
	}
}
