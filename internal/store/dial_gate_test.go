package store

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// list puts a number on the do-not-call list as whoever writes it does: the gate is held until the commit.
func (s *Store) list(t *testing.T, number, scope string) {
	t.Helper()
	err := s.write(t.Context(), func(tx *Tx) error {
		hash, err := tx.numberHash(t.Context(), number)
		if err != nil {
			return err
		}
		if err := tx.holdGate(t.Context()); err != nil {
			return err
		}
		_, err = tx.Exec(t.Context(), `INSERT INTO do_not_call (id, number_hash, masked, scope, source, reason, requested_by, call_id, created_at)
			VALUES ($1, $2, '', $3, 'test', '', '', '', $4)`, tx.newID(), hash, scope, tx.Now)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// stop keeps everybody of a scope from being called.
func (s *Store) stop(t *testing.T, scope string) {
	t.Helper()
	err := s.write(t.Context(), func(tx *Tx) error {
		if err := tx.holdGate(t.Context()); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), `INSERT INTO stops (id, scope, mode, requested_by, reason, created_at, ended_by)
			VALUES ($1, $2, 'finish', '', '', $3, '')`, tx.newID(), scope, tx.Now)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// set changes the campaign of a call.
func (s *Store) set(t *testing.T, callID, assignment string, args ...any) {
	t.Helper()
	err := s.write(t.Context(), func(tx *Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE campaigns SET `+assignment+` WHERE id = (SELECT campaign_id FROM calls WHERE id = $1)`,
			append([]any{callID}, args...)...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// live puts the contact of a call into a time zone.
func (s *Store) live(t *testing.T, callID, zone string) {
	t.Helper()
	err := s.write(t.Context(), func(tx *Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE contacts SET time_zone = $2 WHERE id = (SELECT contact_id FROM calls WHERE id = $1)`, callID, zone)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *Store) contactOf(t *testing.T, callID string) interview.Contact {
	t.Helper()
	c, err := scanContact(s.read().QueryRow(t.Context(), selectContacts+` WHERE contacts.id = (SELECT contact_id FROM calls WHERE id = $1)`, callID))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestGateRefusesADialByNameAndKeepsItsVerdict(t *testing.T) {
	for _, test := range []struct {
		refusal interview.Refusal
		final   bool
		put     func(t *testing.T, s *Store, ids []string)
	}{
		{interview.RefusalDoNotCall, true, func(t *testing.T, s *Store, ids []string) {
			s.list(t, s.mustCall(t, ids[0]).PhoneNumber, interview.ScopeAll)
		}},
		{interview.RefusalDoNotCall, true, func(t *testing.T, s *Store, ids []string) {
			s.list(t, s.mustCall(t, ids[0]).PhoneNumber, s.mustCall(t, ids[0]).CampaignID)
		}},
		{interview.RefusalCampaign, true, func(t *testing.T, s *Store, ids []string) { s.set(t, ids[0], `status = 'COMPLETED'`) }},
		{interview.RefusalNoConsentBasis, true, func(t *testing.T, s *Store, ids []string) { s.set(t, ids[0], `require_consent_basis = TRUE`) }},
		{interview.RefusalCampaign, false, func(t *testing.T, s *Store, ids []string) { s.set(t, ids[0], `status = 'PAUSED'`) }},
		{interview.RefusalStopped, false, func(t *testing.T, s *Store, _ []string) { s.stop(t, interview.ScopeAll) }},
		{interview.RefusalStopped, false, func(t *testing.T, s *Store, ids []string) { s.stop(t, s.mustCall(t, ids[0]).CampaignID) }},
		{interview.RefusalOutsideHours, false, func(t *testing.T, s *Store, ids []string) {
			s.live(t, ids[0], "UTC")
			s.set(t, ids[0], `calling_hours = '[{"days":"sun","from":"10:00","to":"11:00"}]'`)
		}},
		{interview.RefusalCapConcurrent, false, func(t *testing.T, s *Store, ids []string) {
			s.set(t, ids[0], `max_concurrent = 1`)
			s.dialled(t, ids[1])
		}},
		{interview.RefusalCapDay, false, func(t *testing.T, s *Store, ids []string) {
			s.set(t, ids[0], `max_per_day = 1`)
			s.dialled(t, ids[1])
		}},
	} {
		t.Run(string(test.refusal), func(t *testing.T) {
			clock := newClock()
			eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
				ids := seed(t, s, 2)
				test.put(t, s, ids)
				dial, err := s.BeginDial(t.Context(), s.mustStart(t, interview.OrchestrateCall, ids[0]), ids[0])
				until, waits := jobs.WaitUntil(err)
				if dial.State == interview.DialProceed || waits == test.final || !test.final && !until.After(clock.Now()) {
					t.Fatalf("%v, %v", dial.State, err)
				}
				verdict, err := newestVerdict(t.Context(), s.read(), ids[0])
				if err != nil || verdict == nil || verdict.Refusal != test.refusal || verdict.Final != test.final || len(verdict.Facts) == 0 {
					t.Fatalf("kept: %+v, %v", verdict, err)
				}
				call, contact := s.mustCall(t, ids[0]), s.contactOf(t, ids[0])
				want := map[bool][2]string{true: {"CANCELED", "REFUSED"}, false: {"QUEUED", "CALLING"}}[test.final]
				if got := [2]string{string(call.Status), string(contact.State)}; got != want || contact.Reason != test.refusal || contact.Attempts != 0 {
					t.Errorf("%v, want %v, by %s after %d attempts", got, want, contact.Reason, contact.Attempts)
				}
				if call.DialedAt != nil || s.count(t, `SELECT COUNT(*) FROM dial_intents WHERE call_id = $1`, ids[0]) != 0 {
					t.Error("there is an intent")
				}
			})
		})
	}
}

// dialled lets a call be dialled.
func (s *Store) dialled(t *testing.T, id string) {
	t.Helper()
	run := s.mustStart(t, interview.OrchestrateCall, id)
	if dial, err := s.BeginDial(t.Context(), run, id); err != nil || dial.State != interview.DialProceed {
		t.Fatalf("call %s: %v, %v", id, dial.State, err)
	}
	placed := interview.PlacedCall{Sid: "CA" + id, AccountSid: "AC1", Status: "queued"}
	if err := s.DialAccepted(t.Context(), run, id, placed); err != nil {
		t.Fatal(err)
	}
}

func TestDialCountsAsAnAttemptUnlessItIsTakenBack(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		id := seed(t, s, 1)[0]
		run := s.mustStart(t, interview.OrchestrateCall, id)
		for range 2 {
			if _, err := s.BeginDial(t.Context(), run, id); err != nil {
				t.Fatal(err)
			}
			if c := s.contactOf(t, id); c.Attempts != 1 || c.State != interview.ContactCalling {
				t.Fatalf("dialled: %+v", c)
			}
			if err := s.DialPostponed(t.Context(), run, id); err != nil {
				t.Fatal(err)
			}
			if c := s.contactOf(t, id); c.Attempts != 0 {
				t.Fatalf("postponed: %+v", c)
			}
		}
		if n := s.count(t, `SELECT COUNT(*) FROM dial_verdicts WHERE refusal = ''`); n != 2 {
			t.Errorf("%d verdicts that let it be dialled, want 2", n)
		}
	})
}

// Whoever waits at the gate holds back nobody: its turn comes later.
func TestCallThatTheGateLetsWaitHoldsBackNoOther(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now, DialsPerMinute: 1}, func(t *testing.T, s *Store) {
		ids := seed(t, s, 2)
		s.live(t, ids[0], "Pacific/Auckland") // one in the morning
		s.live(t, ids[1], "UTC")              // noon
		s.set(t, ids[0], `calling_hours = '[{"days":"mon-sun","from":"09:00","to":"20:00"}]'`)
		run := s.mustStart(t, interview.OrchestrateCall, ids[0])
		_, err := s.BeginDial(t.Context(), run, ids[0])
		until, waits := jobs.WaitUntil(err)
		if !waits || until.Sub(clock.Now()) > longestWait {
			t.Fatal(err)
		}
		if err := s.PostponeRun(t.Context(), run, jobs.Postponement{Until: until, Reason: err.Error()}); err != nil {
			t.Fatal(err)
		}
		s.dialled(t, ids[1])
	})
}

// Two processes dial while a third puts the numbers on the list, then stops everything. What a commit forbids, nobody begins after it.
func TestAfterAnEntryOrAStopIsCommittedNobodyIsDialled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		const calls = 30
		one, two, other := open(t, url, Options{DialsPerMinute: 1000}), open(t, url, Options{DialsPerMinute: 1000}), open(t, url, Options{})
		ids := seed(t, one, calls)
		starting := func(i int) *Store { return []*Store{one, two}[i%2] }
		var dials sync.WaitGroup
		for i, id := range ids {
			run := one.mustStart(t, interview.OrchestrateCall, id)
			dials.Go(func() {
				if _, err := starting(i).BeginDial(t.Context(), run, id); err != nil {
					if _, waits := jobs.WaitUntil(err); !waits {
						t.Error(err)
					}
				}
			})
		}
		after := map[string]int{}
		const intents = `SELECT COUNT(*) FROM dial_intents JOIN calls ON calls.id = dial_intents.call_id WHERE phone_number = $1`
		for i := range 10 {
			number := fmt.Sprintf("+1555000%04d", calls-1-i)
			other.list(t, number, interview.ScopeAll)
			after[number] = other.count(t, intents, number)
		}
		other.stop(t, interview.ScopeAll)
		all := other.count(t, `SELECT COUNT(*) FROM dial_intents`)
		dials.Wait()
		for number, n := range after {
			if now := other.count(t, intents, number); now != n {
				t.Errorf("%s was dialled after its entry was committed", number)
			}
		}
		if now := other.count(t, `SELECT COUNT(*) FROM dial_intents`); now != all {
			t.Errorf("%d calls were dialled after the stop was committed", now-all)
		}
	})
}

// A simulator plays the same few numbers again and again: nobody is called.
func TestSimulatedPersonIsCalledAsOftenAsOneLikes(t *testing.T) {
	eachDatabase(t, Options{PersonCallsPerDay: 1}, func(t *testing.T, s *Store) {
		for range 3 {
			call, err := s.StartSimulation(t.Context(), interview.Campaign{Name: "Trial"}, []string{"+15550000001"})
			if err != nil {
				t.Fatal(err)
			}
			s.dialled(t, call.ID)
			s.end(t, call.ID, interview.CallCompleted, nil)
		}
	})
}

// The cap is the campaign's, whatever the number of processes.
func TestTwoProcessesDoNotExceedTheCapsOfACampaign(t *testing.T) {
	for _, limit := range []string{"max_concurrent", "max_per_day"} {
		t.Run(limit, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, url string) {
				stores := []*Store{open(t, url, Options{DialsPerMinute: 1000}), open(t, url, Options{DialsPerMinute: 1000})}
				ids := seed(t, stores[0], 20)
				stores[0].set(t, ids[0], limit+` = 3`)
				var dials sync.WaitGroup
				for i, id := range ids {
					run := stores[0].mustStart(t, interview.OrchestrateCall, id)
					dials.Go(func() { _, _ = stores[i%2].BeginDial(t.Context(), run, id) })
				}
				dials.Wait()
				if n := stores[0].count(t, `SELECT COUNT(*) FROM dial_intents`); n != 3 {
					t.Errorf("%d calls were dialled, want 3", n)
				}
			})
		})
	}
}

func TestPersonIsCalledAtMostSoOftenADayByAllCampaigns(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now, PersonCallsPerDay: 2}, func(t *testing.T, s *Store) {
		for i := range 3 {
			id := seed(t, s, 1)[0]
			run := s.mustStart(t, interview.OrchestrateCall, id)
			dial, err := s.BeginDial(t.Context(), run, id)
			if i < 2 {
				if err != nil || dial.State != interview.DialProceed {
					t.Fatal(dial.State, err)
				}
				if err := s.DialRefused(t.Context(), run, id, 21211, ""); err != nil {
					t.Fatal(err)
				}
				clock.Advance(time.Hour)
				continue
			}
			verdict, verdictErr := newestVerdict(t.Context(), s.read(), id)
			if verdictErr != nil || verdict.Refusal != interview.RefusalCapDay || !verdict.Until.Equal(clock.Now().Truncate(time.Microsecond).Add(22*time.Hour)) {
				t.Fatalf("%+v, %v", verdict, err)
			}
		}
	})
}
