package store

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// recruit creates a campaign with n contacts that are due, and returns it.
func recruit(t *testing.T, s *Store, n int, change func(*interview.Campaign)) interview.Campaign {
	t.Helper()
	c := interview.Campaign{Name: "Shelves", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours(),
		Attempts: interview.AttemptPolicy{Max: 3, WaitMinutes: 10}}
	if change != nil {
		change(&c)
	}
	c, err := s.CreateCampaign(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	err = s.write(t.Context(), func(tx *Tx) error {
		var contacts []interview.Contact
		for i := range n {
			contacts = append(contacts, interview.Contact{ID: tx.newID(), CampaignID: c.ID, PhoneNumber: fmt.Sprintf("+1212736%04d", i),
				State: interview.ContactWaiting, NextAt: &tx.Now, CreatedAt: tx.Now, UpdatedAt: tx.Now})
		}
		return tx.insertContacts(t.Context(), contacts)
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *Store) pass(t *testing.T) Dispatched {
	t.Helper()
	done, err := NewDispatcher(s).Pass(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// contacts are a campaign's, in the order of their ids.
func (s *Store) contacts(t *testing.T, campaignID string) (all []interview.Contact) {
	t.Helper()
	err := collect(t.Context(), s.read(), func(r row) error {
		c, err := scanContact(r)
		all = append(all, c)
		return err
	}, selectContacts+` WHERE campaign_id = $1 ORDER BY id`, campaignID)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// end ends a call as a webhook does.
func (s *Store) end(t *testing.T, id string, status interview.CallStatus, change func(*interview.Call)) {
	t.Helper()
	err := s.write(t.Context(), func(tx *Tx) error {
		call, err := tx.lockCall(t.Context(), id)
		if err != nil {
			return err
		}
		call.Status, call.CompletedAt = status, &tx.Now
		if change != nil {
			change(&call)
		}
		return tx.saveCall(t.Context(), call)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestContactIsCalledAgainAsThePolicySaysAndEndsByName(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now, PersonCallsPerDay: -1}, func(t *testing.T, s *Store) {
		c := recruit(t, s, 1, nil)
		var calls []string
		for n, status := range []interview.CallStatus{interview.CallBusy, interview.CallNoAnswer, interview.CallFailed} {
			if done := s.pass(t); done.Queued != 1 {
				t.Fatalf("attempt %d: %+v, %+v", n+1, done, s.contacts(t, c.ID))
			}
			contact := s.contacts(t, c.ID)[0]
			call := s.mustCall(t, contact.CallID)
			if contact.State != interview.ContactCalling || call.Attempt != n+1 || call.ContactID != contact.ID || slices.Contains(calls, call.ID) {
				t.Fatalf("attempt %d: %+v of %+v", n+1, call, contact)
			}
			calls = append(calls, call.ID)
			s.dialled(t, call.ID)
			s.end(t, call.ID, status, nil)
			ended := clock.Now()
			if done := s.pass(t); done.Settled != 1 || done.Queued != 0 {
				t.Fatalf("after attempt %d: %+v", n+1, done)
			}
			contact = s.contacts(t, c.ID)[0]
			if n == 2 {
				if contact.State != interview.ContactExhausted || contact.Attempts != 3 || contact.NextAt != nil {
					t.Fatalf("at the end: %+v", contact)
				}
				break
			}
			if contact.State != interview.ContactWaiting || contact.NextAt.Sub(ended) < 10*time.Minute-time.Second {
				t.Fatalf("after attempt %d: %+v", n+1, contact)
			}
			clock.Advance(contact.NextAt.Sub(clock.Now()))
		}
		if done := s.pass(t); done != (Dispatched{}) {
			t.Errorf("nothing is left to do: %+v", done)
		}
	})
}

func TestContactThatWasReachedIsNotCalledAgain(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		c := recruit(t, s, 1, nil)
		s.pass(t)
		id := s.contacts(t, c.ID)[0].CallID
		s.dialled(t, id)
		s.end(t, id, interview.CallCompleted, func(c *interview.Call) { c.StartedAt = c.CompletedAt })
		s.pass(t)
		if got := s.contacts(t, c.ID)[0]; got.State != interview.ContactReached || got.NextAt != nil {
			t.Errorf("%+v", got)
		}
	})
}

func TestWhomTheGateRefusesWaitsOrEndsByName(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		c := recruit(t, s, 3, func(c *interview.Campaign) { c.CallingHours = interview.DefaultCallingHours() })
		clock.Advance(-3 * time.Hour) // four in the morning in New York
		all := s.contacts(t, c.ID)
		s.list(t, all[1].PhoneNumber, interview.ScopeAll)
		clock.Advance(3 * time.Hour) // seven
		if done := s.pass(t); done.Queued != 0 || done.Waiting != 2 || done.Ended != 1 {
			t.Fatalf("%+v", done)
		}
		all = s.contacts(t, c.ID)
		nine := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
		if all[0].Reason != interview.RefusalOutsideHours || !all[0].NextAt.Equal(nine) || all[0].State != interview.ContactWaiting {
			t.Errorf("outside hours: %+v", all[0])
		}
		if all[1].Reason != interview.RefusalDoNotCall || all[1].State != interview.ContactRefused || all[1].NextAt != nil {
			t.Errorf("on the list: %+v", all[1])
		}
		if s.count(t, `SELECT COUNT(*) FROM calls`) != 0 {
			t.Error("somebody is called")
		}
		// The hours are changed: nobody waits until nine any more.
		hours := interview.AllHours()
		if _, err := s.UpdateCampaign(t.Context(), c.ID, CampaignChange{CallingHours: &hours}); err != nil {
			t.Fatal(err)
		}
		if done := s.pass(t); done.Queued != 2 {
			t.Errorf("after the change: %+v", done)
		}
	})
}

func TestCampaignThatMayCallNobodyLeavesItsContactsDue(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		c := recruit(t, s, 3, func(c *interview.Campaign) { c.Status = interview.CampaignPaused })
		d := NewDispatcher(s)
		done, err := d.Pass(t.Context())
		if err != nil || done.Queued+done.Waiting+done.Ended != 0 || !done.Next.After(clock.Now()) {
			t.Fatalf("%+v %v", done, err)
		}
		active := interview.CampaignActive
		if _, err := s.UpdateCampaign(t.Context(), c.ID, CampaignChange{Status: &active}); err != nil {
			t.Fatal(err)
		}
		clock.Advance(blockedFor + time.Second)
		if done, err := d.Pass(t.Context()); err != nil || done.Queued != 3 {
			t.Fatalf("%+v %v", done, err)
		}
	})
}

func TestPassSaysWhenThereIsSomethingToDoAgain(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		c := recruit(t, s, 2, func(c *interview.Campaign) { c.MaxPerDay, c.MaxConcurrent = 1, 1 })
		d := NewDispatcher(s)
		pass := func() Dispatched {
			t.Helper()
			done, err := d.Pass(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return done
		}
		pass()
		for _, contact := range s.contacts(t, c.ID) {
			if contact.State == interview.ContactCalling {
				s.dialled(t, contact.CallID)
			}
		}
		dialled := clock.Now().Truncate(time.Microsecond)
		clock.Advance(time.Minute)
		for _, when := range []string{"first", "while the campaign is not looked at again"} {
			if next := pass().Next; !next.Equal(dialled.Add(interview.CapWindow)) {
				t.Errorf("%s: the campaign may call again at %s; want a day after %s", when, next, dialled)
			}
		}
		// Another campaign has a contact that is due before that.
		soon := clock.Now().Add(time.Hour).Truncate(time.Microsecond)
		other := recruit(t, s, 1, nil)
		if err := s.write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE contacts SET next_at = $2 WHERE campaign_id = $1`, other.ID, soon)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if next := pass().Next; !next.Equal(soon) {
			t.Errorf("the next contact is due at %s; want %s", next, soon)
		}
	})
}

func TestNoMoreCallsAreQueuedThanTheDialRateAndTheCapAllow(t *testing.T) {
	eachDatabase(t, Options{DialsPerMinute: 4}, func(t *testing.T, s *Store) {
		c := recruit(t, s, 30, nil)
		s.pass(t)
		if n := s.count(t, `SELECT COUNT(*) FROM calls`); n != queuedMinutes*4 {
			t.Errorf("%d calls are queued", n)
		}
		capped := recruit(t, s, 0, func(c *interview.Campaign) { c.MaxConcurrent = 2 })
		if err := s.write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE contacts SET campaign_id = $1 WHERE campaign_id = $2 AND state = 'WAITING'`, capped.ID, c.ID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		s.pass(t)
		ids := s.contacts(t, capped.ID)
		var called []string
		for _, contact := range ids {
			if contact.State == interview.ContactCalling {
				called = append(called, contact.CallID)
			}
		}
		if len(called) != 2 {
			t.Fatalf("%d calls of a campaign with room for two", len(called))
		}
		// A call whose end never came is ended by whoever asks Twilio, and makes room.
		for _, id := range called {
			s.dialled(t, id)
		}
		if done := s.pass(t); done.Queued != 0 {
			t.Fatalf("%+v", done)
		}
		s.end(t, called[0], interview.CallFailed, nil)
		if done := s.pass(t); done.Settled != 1 || done.Queued != 1 {
			t.Errorf("a call that is over made no room: %+v", done)
		}
	})
}

func TestTwoDispatchersMakeOneCallForEachContact(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		stores := []*Store{open(t, url, Options{DialsPerMinute: 1000}), open(t, url, Options{DialsPerMinute: 1000})}
		c := recruit(t, stores[0], 250, nil)
		var all sync.WaitGroup
		for range 2 {
			for _, s := range stores {
				all.Go(func() {
					if _, err := NewDispatcher(s).Pass(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		s := stores[0]
		if calls, contacts := s.count(t, `SELECT COUNT(*) FROM calls`), s.count(t, `SELECT COUNT(DISTINCT contact_id) FROM calls`); calls != 250 || contacts != 250 {
			t.Errorf("%d calls of %d contacts", calls, contacts)
		}
		if runs := s.count(t, `SELECT COUNT(*) FROM function_runs`); runs != 250 {
			t.Errorf("%d runs", runs)
		}
		_ = c
	})
}

func TestSameNumberInTwoCampaignsIsCalledOneAfterTheOther(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		a, b := recruit(t, s, 1, nil), recruit(t, s, 1, nil)
		if done := s.pass(t); done.Queued != 1 || done.Waiting != 1 {
			t.Fatalf("%+v", done)
		}
		waits := s.contacts(t, b.ID)[0]
		if waits.Reason != interview.RefusalLiveCall {
			t.Fatalf("%+v", waits)
		}
		first := s.contacts(t, a.ID)[0].CallID
		s.dialled(t, first)
		s.end(t, first, interview.CallCompleted, func(c *interview.Call) { c.StartedAt = c.CompletedAt })
		clock.Advance(interview.GatePoll + time.Second)
		if done := s.pass(t); done.Queued != 1 {
			t.Errorf("%+v", done)
		}
	})
}

func TestCompletedOrDecidedCampaignEndsItsWaitingContacts(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		c := recruit(t, s, 3, nil)
		tomorrow := time.Now().Add(24 * time.Hour)
		if err := s.write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE contacts SET next_at = $1`, pointedTime(&tomorrow))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		completed := interview.CampaignCompleted
		if _, err := s.UpdateCampaign(t.Context(), c.ID, CampaignChange{Status: &completed}); err != nil {
			t.Fatal(err)
		}
		for _, got := range s.contacts(t, c.ID) {
			if got.State != interview.ContactRefused || got.Reason != interview.RefusalCampaign || got.NextAt != nil {
				t.Errorf("completed: %+v", got)
			}
		}
		decided := recruit(t, s, 3, func(c *interview.Campaign) {
			c.StopWhenDecided = true
			c.Hypotheses = []interview.Hypothesis{{Question: "Is it dear?", Status: interview.HypothesisPending}}
		})
		if err := s.write(t.Context(), func(tx *Tx) error { // and further claims came since
			_, err := tx.Exec(t.Context(), `UPDATE hypotheses SET status = 'VALIDATED', evidence_revision = 4, judged_revision = 3 WHERE campaign_id = $1`, decided.ID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if done := s.pass(t); done.Ended != 3 || done.Queued != 0 {
			t.Errorf("decided: %+v", done)
		}
		for _, got := range s.contacts(t, decided.ID) {
			if got.State != interview.ContactRefused || got.Reason != interview.RefusalDecided {
				t.Errorf("decided: %+v", got)
			}
		}
	})
}

func TestCircuitBreakerOpensWhenNearlyAllCallsFailAndCloses(t *testing.T) {
	clock := newClock()
	var seen []string
	options := Options{Now: clock.Now, DialsPerMinute: 1000, PersonCallsPerDay: -1, OnMilestone: func(m interview.Milestone) {
		if strings.HasPrefix(string(m.Kind), "circuit") {
			seen = append(seen, string(m.Kind))
		}
	}}
	eachDatabase(t, options, func(t *testing.T, s *Store) {
		seen = nil
		c := recruit(t, s, interview.CircuitCalls+2, func(c *interview.Campaign) { c.Attempts.Max = 1; c.MaxConcurrent = 20 })
		for range interview.CircuitCalls {
			s.pass(t)
			for _, contact := range s.contacts(t, c.ID) {
				if contact.State == interview.ContactCalling {
					s.dialled(t, contact.CallID)
					s.end(t, contact.CallID, interview.CallFailed, func(c *interview.Call) { c.ErrorCode = 21216 })
				}
			}
			clock.Advance(time.Second)
		}
		s.pass(t)
		waiting := s.count(t, `SELECT COUNT(*) FROM contacts WHERE state = 'WAITING'`)
		if len(seen) != 1 || waiting != 2 || s.count(t, `SELECT COUNT(*) FROM audit_log WHERE action = 'circuit.open'`) != 1 {
			t.Fatalf("%v, %d wait", seen, waiting)
		}
		clock.Advance(interview.CircuitPause + time.Minute)
		if done := s.pass(t); done.Queued == 0 {
			t.Fatalf("half-open: %+v", done)
		}
		for _, contact := range s.contacts(t, c.ID) {
			if contact.State != interview.ContactCalling {
				continue
			}
			run := s.mustStart(t, interview.OrchestrateCall, contact.CallID)
			dial, err := s.BeginDial(t.Context(), run, contact.CallID)
			if _, waits := jobs.WaitUntil(err); waits {
				continue // one call at a time
			}
			if err != nil || dial.State != interview.DialProceed {
				t.Fatal(dial.State, err)
			}
			s.end(t, contact.CallID, interview.CallCompleted, func(c *interview.Call) { c.StartedAt = c.CompletedAt })
			break
		}
		s.pass(t)
		if len(seen) != 2 {
			t.Errorf("%v", seen)
		}
	})
}
