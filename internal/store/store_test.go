package store

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// clock is a settable time.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// eachDatabase runs a test on both databases.
func eachDatabase(t *testing.T, options Options, test func(t *testing.T, s *Store)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, url string) { test(t, open(t, url, options)) })
}

// open opens a database that goes with the test.
func open(t testing.TB, url string, options Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), url, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// seed creates an ACTIVE campaign with n QUEUED calls, each with its orchestrate-call run, and returns the calls' ids.
func seed(t testing.TB, s *Store, n int) []string {
	t.Helper()
	var ids []string
	err := s.write(t.Context(), func(tx *Tx) error {
		campaign := tx.newID()
		caller := storetest.Caller()
		_, err := tx.Exec(t.Context(), `INSERT INTO campaigns (id, name, category, prompt_template, status, created_at, updated_at, organisation,
			callback_number, purpose, calling_hours) VALUES ($1, 'Shelves', 'retail', $2, 'ACTIVE', $3, $3, $4, $5, $6, $7)`,
			campaign, "Ask:\n- What does it cost?\n- How many a week?", tx.Now, caller.Organisation, caller.CallbackNumber, caller.Purpose,
			`[{"days":"mon-sun","from":"00:00","to":"24:00"}]`)
		if err != nil {
			return err
		}
		for i := range n {
			call := interview.Call{ID: fmt.Sprintf("%s-%03d", campaign, i), CampaignID: campaign, Status: interview.CallQueued,
				PhoneNumber: fmt.Sprintf("+1555000%04d", i), Sequence: -1, CreatedAt: tx.Now}
			call.ContactID = call.ID
			if err := tx.insertCalls(t.Context(), []interview.Call{call}); err != nil {
				return err
			}
			if err := tx.insertContacts(t.Context(), contactsOf([]interview.Call{call})); err != nil {
				return err
			}
			if err := tx.enqueue(t.Context(), "api", []interview.Job{interview.NewOrchestrateCall(call.ID, time.Time{})}); err != nil {
				return err
			}
			ids = append(ids, call.ID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func (s *Store) count(t *testing.T, query string, args ...any) int {
	t.Helper()
	var n int
	if err := s.read().QueryRow(context.Background(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// mustCall loads a call.
func (s *Store) mustCall(t *testing.T, id string) interview.Call {
	t.Helper()
	call, err := scanCall(s.read().QueryRow(t.Context(), selectCalls+` WHERE calls.id = $1`, id))
	if err != nil {
		t.Fatal(err)
	}
	return call
}

// start takes the newest run of a function for its first or next attempt.
func (s *Store) mustStart(t *testing.T, function interview.Function, key string) interview.Run {
	t.Helper()
	var id string
	err := s.read().QueryRow(t.Context(), `SELECT id FROM function_runs WHERE function = $1 AND key = $2`, string(function), key).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	run, _, err := s.StartRun(t.Context(), id)
	if err != nil || run.Attempt == 0 {
		t.Fatalf("run %s did not start: %v", id, err)
	}
	return run
}
