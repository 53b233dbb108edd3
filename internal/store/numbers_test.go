package store

import (
	"errors"
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

const repeated = "+15550007777"

// legacy makes calls to one number out of seeded ones, as a version without live numbers let them in.
func legacy(t *testing.T, s *Store, ids ...string) {
	t.Helper()
	for _, id := range ids {
		s.mustExec(t, `UPDATE calls SET phone_number = $1, live_number = '' WHERE id = $2`, repeated, id)
	}
}

func (s *Store) mustExec(t *testing.T, statement string, args ...any) {
	t.Helper()
	err := s.write(t.Context(), func(tx *Tx) error {
		_, err := tx.Exec(t.Context(), statement, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestMigrationKeepsCallsThatShareANumber(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		ids := seed(t, s, 6)
		legacy(t, s, ids[:4]...)
		// The third is dialled, the fourth is over, the fifth is alone, the sixth was erased.
		s.mustExec(t, `UPDATE calls SET dialed_at = created_at, status = 'RINGING' WHERE id = $1`, ids[2])
		s.mustExec(t, `UPDATE calls SET status = 'COMPLETED' WHERE id = $1`, ids[3])
		s.mustExec(t, `UPDATE calls SET phone_number = '' WHERE id = $1`, ids[5])
		for applied := true; applied; {
			if err := s.MigrateDown(t.Context()); err != nil {
				t.Fatal(err)
			}
			list, err := s.MigrateStatus(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			applied = slices.ContainsFunc(list, func(m Migration) bool {
				return strings.Contains(m.Name, "00011_") && !m.AppliedAt.IsZero()
			})
		}
		if err := s.MigrateUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"", "", repeated, "", s.mustCall(t, ids[4]).PhoneNumber, ""} {
			if got := s.mustCall(t, ids[i]).LiveNumber; got != want {
				t.Errorf("call %d has the number %q, want %q", i, got, want)
			}
		}
		if n := s.count(t, `SELECT COUNT(*) FROM calls`); n != 6 {
			t.Errorf("%d calls are left", n)
		}
	})
}

func TestSecondCallToANumberWaitsUntilTheFirstIsOver(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		ids := seed(t, s, 3)
		legacy(t, s, ids...)
		run := s.mustStart(t, interview.OrchestrateCall, ids[0])
		if dial, err := s.BeginDial(t.Context(), run, ids[0]); err != nil || dial.State != interview.DialProceed {
			t.Fatalf("first: %v, %v", dial.State, err)
		}
		second := s.mustStart(t, interview.OrchestrateCall, ids[1])
		_, err := s.BeginDial(t.Context(), second, ids[1])
		if until, waits := jobs.WaitUntil(err); !waits || !until.After(clock.Now()) {
			t.Fatalf("second: %v", err)
		}
		if err := s.DialRefused(t.Context(), run, ids[0], 21211, "no such number"); err != nil {
			t.Fatal(err)
		}
		if dial, err := s.BeginDial(t.Context(), second, ids[1]); err != nil || dial.State != interview.DialProceed {
			t.Fatalf("second, later: %v, %v", dial.State, err)
		}
	})
}

// Two processes are about to dial the two calls to one number.
func TestConcurrentDialsToANumberLeaveOne(t *testing.T) {
	url := storetest.Postgres(t)
	a, b := open(t, url, Options{DialsPerMinute: 1000}), open(t, url, Options{DialsPerMinute: 1000})
	for range 10 {
		// Of two campaigns, whose rows they lock.
		ids := append(seed(t, a, 1), seed(t, a, 1)...)
		a.mustExec(t, `UPDATE calls SET phone_number = '', live_number = '', status = 'CANCELED' WHERE phone_number = $1`, repeated)
		legacy(t, a, ids...)
		runs := []interview.Run{a.mustStart(t, interview.OrchestrateCall, ids[0]), a.mustStart(t, interview.OrchestrateCall, ids[1])}
		proceeds := make([]bool, 2)
		var both sync.WaitGroup
		for i, s := range []*Store{a, b} {
			both.Go(func() {
				dial, err := s.BeginDial(t.Context(), runs[i], ids[i])
				proceeds[i] = err == nil && dial.State == interview.DialProceed
			})
		}
		both.Wait()
		if proceeds[0] && proceeds[1] {
			t.Fatal("both were dialled")
		}
	}
}

// A call that ends, whoever says so, frees its number in the same commit.
func TestNumberIsFreeWhenItsCallIsOver(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		campaign := activeCampaign(t, s)
		number := func(n int) string { return fmt.Sprintf("+1555000%04d", n) }
		for n, end := range []func(id string, run interview.Run) error{
			func(id string, run interview.Run) error { return s.DialRefused(t.Context(), run, id, 21211, "no") },
			func(id string, run interview.Run) error {
				if err := s.DialUnknown(t.Context(), run, id, "timeout"); err != nil {
					return err
				}
				if _, err := s.CancelCall(t.Context(), id, ""); err != nil {
					return err
				}
				clock.Advance(time.Minute) // until then the request may still arrive
				_, err := s.DialAbsent(t.Context(), id, 1, 0)
				return err
			},
			func(id string, run interview.Run) error {
				if _, err := s.CancelCall(t.Context(), id, ""); err != nil {
					return err
				}
				return s.DialPostponed(t.Context(), run, id)
			},
		} {
			answer, err := s.CreateCalls(t.Context(), newCalls(campaign, "", number(n)))
			if err != nil {
				t.Fatal(err)
			}
			id := decodeCalls(t, answer)[0].ID
			run := s.mustStart(t, interview.OrchestrateCall, id)
			if _, err := s.BeginDial(t.Context(), run, id); err != nil {
				t.Fatal(err)
			}
			again := newCalls(campaign, "", number(n))
			again.AllowRepeat = true
			var refused *RefusedNumbersError
			if _, err := s.CreateCalls(t.Context(), again); !errors.As(err, &refused) || !refused.Numbers[0].Live {
				t.Errorf("end %d: while it is live: %v", n, err)
			}
			if err := end(id, run); err != nil {
				t.Fatalf("end %d: %v", n, err)
			}
			if call := s.mustCall(t, id); !call.Status.Terminal() || call.LiveNumber != "" || call.CompletedAt == nil {
				t.Errorf("end %d: %+v", n, call)
			}
			if _, err := s.CreateCalls(t.Context(), again); err != nil {
				t.Errorf("end %d: afterwards: %v", n, err)
			}
		}
	})
}

func TestFindingCallsByNumberReadsNoWholeTable(t *testing.T) {
	s := open(t, storetest.Postgres(t), Options{})
	for _, statement := range []string{
		`SELECT phone_number FROM calls WHERE phone_number <> '' AND phone_number = ANY($1)`,
		`SELECT live_number FROM calls WHERE live_number <> '' AND live_number = ANY($1)`,
	} {
		rows, err := s.postgres.Query(t.Context(), `EXPLAIN `+statement, []string{repeated})
		if err != nil {
			t.Fatal(err)
		}
		plan := ""
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			plan += line + "\n"
		}
		if rows.Err() != nil || !strings.Contains(plan, "calls_phone_number") && !strings.Contains(plan, "calls_live_number") {
			t.Errorf("%s: %s %v", statement, plan, rows.Err())
		}
	}
}

// A call of an older version is live without having its number; another request must not call it either.
func TestLiveCallOfAnOlderVersionRefusesItsNumber(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		id := seed(t, s, 1)[0]
		legacy(t, s, id)
		request := newCalls(activeCampaign(t, s), "", repeated, "+15550000001")
		request.AllowRepeat = true
		var refused *RefusedNumbersError
		_, err := s.CreateCalls(t.Context(), request)
		if want := (RefusedNumber{PhoneNumber: repeated, Live: true}); !errors.As(err, &refused) || len(refused.Numbers) != 1 || refused.Numbers[0] != want {
			t.Fatalf("%v", err)
		}
		s.mustExec(t, `UPDATE calls SET status = 'BUSY' WHERE id = $1`, id)
		if _, err := s.CreateCalls(t.Context(), request); err != nil {
			t.Errorf("when it is over: %v", err)
		}
	})
}
