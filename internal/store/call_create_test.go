package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
)

func TestQueuedCallsHaveRunsAndKeepTheirOrder(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		campaign := activeCampaign(t, s)
		var numbers []string
		for i := range 1000 {
			numbers = append(numbers, fmt.Sprintf("+1555%07d", 9999-i))
		}
		answer, err := s.CreateCalls(t.Context(), newCalls(campaign, "", numbers...))
		if err != nil || answer.Status != 202 || answer.Replayed {
			t.Fatalf("%+v, %v", answer, err)
		}
		calls := decodeCalls(t, answer)
		var ids, answered []string
		for _, c := range calls {
			ids, answered = append(ids, c.ID), append(answered, c.PhoneNumber)
		}
		if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != 1000 || !slices.Equal(answered, numbers) {
			t.Errorf("ids do not ascend in the order of the numbers")
		}
		for _, i := range []int{0, 99, 100, 999} {
			c := s.mustCall(t, ids[i])
			if c.PhoneNumber != numbers[i] || c.Status != interview.CallQueued || c.Sequence != interview.NoSequence || c.CampaignID != campaign {
				t.Errorf("call %d: %+v", i, c)
			}
			run := s.mustStart(t, interview.OrchestrateCall, ids[i])
			var args interview.OrchestrateCallArgs
			if err := run.Decode(&args); err != nil || args.CallID != ids[i] {
				t.Errorf("run of call %d: %s, %v", i, run.Args, err)
			}
		}
		if n := s.count(t, `SELECT COUNT(*) FROM river_job`); n != 1000 {
			t.Errorf("%d jobs of River for 1000 calls", n)
		}
	})
}

func TestRefusedRequestLeavesNothingBehind(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		campaign := activeCampaign(t, s)
		paused, active := interview.CampaignPaused, interview.CampaignActive
		if _, err := s.UpdateCampaign(t.Context(), campaign, CampaignChange{Status: &paused}); err != nil {
			t.Fatal(err)
		}
		var notActive *NotActiveError
		if _, err := s.CreateCalls(t.Context(), newCalls(campaign, "key", "+15550000001")); !errors.As(err, &notActive) || notActive.Status != paused {
			t.Fatalf("paused campaign: %v", err)
		}
		if _, err := s.CreateCalls(t.Context(), newCalls("none", "key", "+15550000001")); !errors.Is(err, ErrNotFound) {
			t.Fatalf("unknown campaign: %v", err)
		}
		for _, table := range []string{"calls", "function_runs", "river_job", "api_idempotency"} {
			if n := s.count(t, `SELECT COUNT(*) FROM `+table); n != 0 {
				t.Errorf("%d rows in %s", n, table)
			}
		}
		if _, err := s.UpdateCampaign(t.Context(), campaign, CampaignChange{Status: &active}); err != nil {
			t.Fatal(err)
		}
		answer, err := s.CreateCalls(t.Context(), newCalls(campaign, "key", "+15550000001"))
		if err != nil || answer.Replayed {
			t.Errorf("the key of a refused request is burnt: %+v, %v", answer, err)
		}
	})
}

func TestConcurrentRepeatsCallNobodyTwice(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		campaign := activeCampaign(t, s)
		const twins = 16
		answers, errs := make([]Answer, twins), make([]error, twins)
		var wg sync.WaitGroup
		for i := range twins {
			wg.Go(func() {
				answers[i], errs[i] = s.CreateCalls(t.Context(), newCalls(campaign, "key", "+15550000001", "+15550000002"))
			})
		}
		wg.Wait()
		firsts := 0
		for i := range twins {
			if errs[i] != nil {
				t.Fatal(errs[i])
			}
			if !answers[i].Replayed {
				firsts++
			}
			if answers[i].Status != answers[0].Status || !bytes.Equal(answers[i].Body, answers[0].Body) {
				t.Errorf("twin %d is answered %s, twin 0 %s", i, answers[i].Body, answers[0].Body)
			}
		}
		if firsts != 1 {
			t.Errorf("%d of %d twins took effect", firsts, twins)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM calls`); n != 2 {
			t.Errorf("%d calls", n)
		}
	})
}

func TestRepeatedRequestGetsItsAnswerAfterTheCampaignWasPaused(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		campaign := activeCampaign(t, s)
		first, err := s.CreateCalls(t.Context(), newCalls(campaign, "key", "+15550000001"))
		if err != nil {
			t.Fatal(err)
		}
		paused := interview.CampaignPaused
		if _, err := s.UpdateCampaign(t.Context(), campaign, CampaignChange{Status: &paused}); err != nil {
			t.Fatal(err)
		}
		again, err := s.CreateCalls(t.Context(), newCalls(campaign, "key", "+15550000001"))
		if err != nil || !again.Replayed || again.Status != first.Status || !bytes.Equal(again.Body, first.Body) {
			t.Errorf("answered %+v, %v; first %+v", again, err, first)
		}
		if _, err := s.CreateCalls(t.Context(), newCalls(campaign, "key", "+15550000002")); !errors.Is(err, ErrOtherRequest) {
			t.Errorf("another request with the key: %v", err)
		}
	})
}

func TestCrashBetweenStatementsCreatesAllCallsOrNone(t *testing.T) {
	crash := errors.New("crash")
	for _, ran := range []bool{false, true} {
		for at := 1; ; at++ {
			seen, armed := 0, false
			// The crash comes before the statement numbered at, or, when ran is set, right after it.
			around := func(statement func() error) error {
				if armed {
					seen++
				}
				if !armed || seen != at {
					return statement()
				}
				if ran {
					_ = statement()
				}
				return crash
			}
			s := open(t, storetest.SQLite(t), Options{Around: around})
			request := newCalls(activeCampaign(t, s), "key", "+15550000001", "+15550000002")
			armed = true
			_, err := s.CreateCalls(t.Context(), request)
			armed = false
			if err == nil {
				if at < 6 {
					t.Fatalf("only %d statements", at)
				}
				break
			}
			committed := s.count(t, `SELECT COUNT(*) FROM calls`)
			if committed != 0 && committed != 2 {
				t.Errorf("crash at %d (ran %v): %d calls", at, ran, committed)
			}
			again, err := s.CreateCalls(t.Context(), request)
			if err != nil || again.Replayed != (committed == 2) {
				t.Errorf("crash at %d (ran %v), then again: %+v, %v", at, ran, again, err)
			}
			for _, table := range []string{"calls", "function_runs", "river_job"} {
				if n := s.count(t, `SELECT COUNT(*) FROM `+table); n != 2 {
					t.Errorf("crash at %d (ran %v), then again: %d rows in %s", at, ran, n, table)
				}
			}
		}
	}
}

func TestRepeatOfAnOpenRequestWaitsForABoundedTime(t *testing.T) {
	u := storetest.Postgres(t)
	separator := "?"
	if strings.Contains(u, "?") {
		separator = "&"
	}
	s := open(t, u+separator+"lock_timeout=100", Options{})
	campaign := activeCampaign(t, s)
	request := newCalls(campaign, "key", "+15550000001")
	err := s.write(t.Context(), func(tx *Tx) error {
		if _, err := tx.claimKey(t.Context(), request.IdempotencyKey, request.RequestHash, Answer{Status: 202, Body: []byte("{}")}); err != nil {
			return err
		}
		if _, err := s.CreateCalls(t.Context(), request); !errors.Is(err, ErrSameInFlight) {
			t.Errorf("twin: %v", err)
		}
		return errors.New("rolled back")
	})
	if err == nil {
		t.Fatal("committed")
	}
	if answer, err := s.CreateCalls(t.Context(), request); err != nil || answer.Replayed {
		t.Errorf("after the first gave up: %+v, %v", answer, err)
	}
}

func activeCampaign(t *testing.T, s *Store) string {
	t.Helper()
	c, err := s.CreateCampaign(context.Background(), interview.Campaign{Name: "Shelves", Category: "retail", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours()})
	if err != nil {
		t.Fatal(err)
	}
	return c.ID
}

func newCalls(campaignID, key string, numbers ...string) NewCalls {
	return NewCalls{
		CampaignID: campaignID, PhoneNumbers: numbers, IdempotencyKey: key,
		RequestHash: sha256.Sum256([]byte(strings.Join(numbers, " "))),
		Answer: func(calls []interview.Call) (Answer, error) {
			body, err := json.Marshal(calls)
			return Answer{Status: 202, Body: body}, err
		},
	}
}

func decodeCalls(t *testing.T, a Answer) []interview.Call {
	t.Helper()
	var calls []interview.Call
	if err := json.Unmarshal(a.Body, &calls); err != nil {
		t.Fatal(err)
	}
	return calls
}
