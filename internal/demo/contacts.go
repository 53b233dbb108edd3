package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/simulator"
)

// The contacts of the demo's second campaign.
const (
	// optsOut never wants to be called again.
	optsOut = "+15550003000"
	// busyFirst is busy at the first attempt, and answers at the second.
	busyFirst = "+15550003001"
	// asleep is where it is night.
	asleep = "+15550003002"
)

// contactCount is how many contacts there are, and contactCalls how many calls they come to.
const contactCount, contactCalls = 3, 3

// contactPick is pick with the contacts.
func (s Study) contactPick(pick func(to string, n int) simulator.Script) func(to string, n int) simulator.Script {
	answers := s.People[0].Answers()
	scripts := map[string]simulator.Script{
		optsOut:   simulator.OptsOutByKey(),
		busyFirst: simulator.ConsentsByKeypad(answers...).After(simulator.LineBusy),
		asleep:    simulator.ConsentsByKeypad(answers...),
	}
	return func(to string, n int) simulator.Script {
		if script, ok := scripts[to]; ok {
			return script
		}
		return pick(to, n)
	}
}

// importContacts creates the second campaign, whose people are called by day only, and again when they were busy.
func (r *run) importContacts(ctx context.Context) error {
	body := r.study.Campaign(r.study.Name + ", by day")
	body["callingHours"] = []map[string]string{{"days": "mon-sun", "from": opens, "to": closes}}
	body["attempts"] = map[string]any{"max": 2, "on": []string{"BUSY"}, "waitMinutes": 30}
	if _, err := r.api.Do(ctx, http.MethodPost, "/api/campaigns", "", body, &r.byDay); err != nil {
		return err
	}
	contacts := []e2e.NewContact{
		{PhoneNumber: optsOut, TimeZone: daytimeZone}, {PhoneNumber: busyFirst, TimeZone: daytimeZone}, {PhoneNumber: asleep, TimeZone: nightZone},
	}
	taken, err := r.api.Import(ctx, r.byDay.ID, "", contacts)
	if err == nil && taken.Contacts != len(contacts) {
		err = fmt.Errorf("of %d contacts %d were taken", len(contacts), taken.Contacts)
	}
	return err
}

// dueContacts counts the contacts that are called, or will be at once.
func (r *run) dueContacts(ctx context.Context) (due int, err error) {
	contacts, err := r.api.Contacts(ctx, r.byDay.ID)
	now := r.clock.Now()
	for _, c := range contacts {
		if c.State == string(interview.ContactCalling) || c.NextAt != nil && !c.NextAt.After(now) {
			due++
		}
	}
	return due, err
}

// callLater asks for another call to who opted out, and moves the clock to the second attempt of who was busy.
func (r *run) callLater(ctx context.Context) error {
	taken, err := r.api.Import(ctx, r.campaign.ID, "", []e2e.NewContact{{PhoneNumber: optsOut}})
	if err != nil {
		return err
	}
	r.takenAgain = taken.Contacts
	if r.options.Samples {
		if err := r.proveNoRecordings(ctx); err != nil {
			return fmt.Errorf("proving that Twilio has no recording without consent: %w", err)
		}
	}
	contacts, err := r.api.Contacts(ctx, r.byDay.ID)
	if err != nil {
		return err
	}
	for _, c := range contacts {
		if c.PhoneNumber == busyFirst && c.NextAt != nil {
			r.clock.forwardTo(*c.NextAt)
			return nil
		}
	}
	return errors.New("who was busy does not wait for a second attempt")
}

// reached is what became of the contacts.
type reached struct {
	contacts          int
	answered, second  int // those reached, and those of them who were at the second attempt
	optedOut, waiting int
	waitsUntil        time.Time // by the clock of their zone
}

// judgeContacts holds what became of the contacts against who was called.
func (r *run) judgeContacts(ctx context.Context, to *result) error {
	contacts, err := r.api.Contacts(ctx, r.byDay.ID)
	if err != nil {
		return err
	}
	listed, err := r.listed(ctx, to.Calls)
	if err != nil {
		return err
	}
	ends := map[string][]string{} // of the calls to each number, oldest first
	for _, truth := range to.Report.Truths {
		ends[truth.To] = append(ends[truth.To], truth.Status)
	}
	return contactsSeen{contacts: contacts, ends: ends, listed: listed, takenAgain: r.takenAgain}.judge(to)
}

// contactsSeen is what is known of the contacts at the end.
type contactsSeen struct {
	contacts []e2e.Contact
	// ends are how the calls to each number ended, oldest first.
	ends map[string][]string
	// listed says that who opted out is on the do-not-call list, takenAgain how often they were taken as a contact again.
	listed     bool
	takenAgain int
}

// judge adds to a result what became of the contacts, and what of it breaks a promise.
func (s contactsSeen) judge(to *result) error {
	expect := func(ok, doubled bool, format string, args ...any) {
		if !ok {
			to.violate(doubled, fmt.Sprintf(format, args...))
		}
	}
	to.contacts = reached{contacts: len(s.contacts)}
	for _, c := range s.contacts {
		called := s.ends[c.PhoneNumber]
		switch c.PhoneNumber {
		case optsOut:
			expect(len(called) == 1, len(called) > 1, "who opted out was called %d times", len(called))
			expect(s.listed, false, "who opted out is not on the do-not-call list")
			expect(s.takenAgain == 0, false, "who opted out was taken as a contact again")
			if s.listed {
				to.contacts.optedOut++
			}
		case busyFirst:
			expect(slices.Equal(called, []string{"busy", "completed"}), len(called) > 2, "the calls to who was busy first ended as %q", called)
			expect(c.State == string(interview.ContactReached) && c.Attempts == 2, false, "who was busy first is %s after %d attempts", c.State, c.Attempts)
			if c.State == string(interview.ContactReached) && c.Attempts == 2 {
				to.contacts.second++
			}
		case asleep:
			expect(len(called) == 0, false, "who was asleep was called %d times", len(called))
			if c.State != string(interview.ContactWaiting) || c.NextAt == nil {
				to.violate(false, "who is asleep does not wait: "+c.State)
				break
			}
			until, err := inZone(*c.NextAt, nightZone)
			if err != nil {
				return err
			}
			expect(until.Format("15:04") == opens, false, "who is asleep waits until %s in %s, not %s", until.Format("15:04"), nightZone, opens)
			to.contacts.waiting++
			to.contacts.waitsUntil = until
		}
		if c.State == string(interview.ContactReached) {
			to.contacts.answered++
		}
	}
	expect(len(s.contacts) == contactCount, len(s.contacts) > contactCount, "there are %d contacts, not %d", len(s.contacts), contactCount)
	return nil
}

// listed reports whether a call to who opted out put them on the do-not-call list.
func (r *run) listed(ctx context.Context, calls []e2e.Call) (bool, error) {
	var list struct {
		Items []struct {
			CallID *string `json:"callId"`
		} `json:"items"`
	}
	err := r.api.Get(ctx, "/api/do-not-call?limit=200", &list)
	for _, entry := range list.Items {
		if entry.CallID != nil && slices.ContainsFunc(calls, func(c e2e.Call) bool { return c.ID == *entry.CallID && c.PhoneNumber == optsOut }) {
			return true, err
		}
	}
	return false, err
}

// contactCallIDs are the calls of the contacts.
func (r *run) contactCallIDs(ctx context.Context) ([]string, error) {
	return r.api.IDs(ctx, "/api/calls?campaignId="+url.QueryEscape(r.byDay.ID))
}
