package store

import (
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

const pausedAccount = "AC00000000000000000000000000000001"

// pauseFixture is a store whose account can be paused, and its calls.
type pauseFixture struct {
	*Store
	t     *testing.T
	clock *clock
	ids   []string
}

func eachPause(t *testing.T, test func(r *pauseFixture)) {
	t.Helper()
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now, DialAccount: pausedAccount, DialFrom: "+15550009999"}, func(t *testing.T, s *Store) {
		test(&pauseFixture{s, t, clock, seed(t, s, 5)})
	})
}

// dial takes the n-th call up to its intent; false when it must wait.
func (r *pauseFixture) dial(n int) (interview.Run, bool) {
	r.t.Helper()
	run := r.mustStart(r.t, interview.OrchestrateCall, r.ids[n])
	dial, err := r.BeginDial(r.t.Context(), run, r.ids[n])
	if until, waits := jobs.WaitUntil(err); waits {
		r.must(r.PostponeRun(r.t.Context(), run, jobs.Postponement{Until: until, Reason: err.Error()}))
		return run, false
	}
	if err != nil || dial.State != interview.DialProceed {
		r.t.Fatalf("call %d: %v, %v", n, dial.State, err)
	}
	return run, true
}

// refused is what comes of a dial that Twilio refused for the account.
func (r *pauseFixture) refused(run interview.Run, n, code int) {
	r.t.Helper()
	until, err := r.DialPaused(r.t.Context(), run, r.ids[n], 401, code)
	r.must(err)
	r.must(r.PostponeRun(r.t.Context(), run, jobs.Postponement{Until: until}))
}

func (r *pauseFixture) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *pauseFixture) pauses() []DialingPause {
	r.t.Helper()
	list, err := r.DialingPauses(r.t.Context())
	r.must(err)
	return list
}

func TestRefusedAccountIsPausedForAllItsCalls(t *testing.T) {
	eachPause(t, func(r *pauseFixture) {
		first, _ := r.dial(0)
		second, _ := r.dial(1)
		r.refused(first, 0, 20003)
		r.refused(second, 1, 20003)
		for n := range r.ids {
			if call := r.mustCall(r.t, r.ids[n]); call.Status != interview.CallQueued || call.DialedAt != nil {
				r.t.Errorf("call %d: %+v", n, call)
			}
			if _, goes := r.dial(n); goes {
				r.t.Errorf("call %d is dialled", n)
			}
		}
		list := r.pauses()
		if len(list) != 1 || list[0].Account != pausedAccount || list[0].Code != 20003 || list[0].Probes != 0 {
			r.t.Errorf("%+v", list)
		}
		late, err := r.Overdue(r.t.Context(), interview.DefaultDeadlines(), 10)
		if err != nil || len(late) != 1 || late[0].What != OverdueDialingPaused || !late[0].Due.Equal(list[0].Since) {
			r.t.Errorf("overdue: %+v, %v", late, err)
		}
		if n := r.count(r.t, `SELECT COUNT(*) FROM function_runs WHERE state = 'waiting' AND attempts = 0`); n != len(r.ids) {
			r.t.Errorf("%d runs wait without having used an attempt", n)
		}
	})
}

func TestOneCallIsLetThroughWhenTwilioAnswers(t *testing.T) {
	eachPause(t, func(r *pauseFixture) {
		run, _ := r.dial(0)
		r.refused(run, 0, 21210)
		if claimed, _ := r.ClaimProbe(r.t.Context(), pausedAccount); claimed {
			r.t.Fatal("asked at once")
		}
		r.clock.Advance(firstProbe)
		claimed, err := r.ClaimProbe(r.t.Context(), pausedAccount)
		again, _ := r.ClaimProbe(r.t.Context(), pausedAccount)
		if !claimed || again || err != nil {
			r.t.Fatalf("claimed %v, twice %v, %v", claimed, again, err)
		}
		// The account answers, which does not say that its caller id is accepted.
		r.must(r.Probed(r.t.Context(), pausedAccount, ProbeAnswered))
		trial, goes := r.dial(1)
		if _, second := r.dial(2); !goes || second {
			r.t.Fatalf("one goes: %v, and another: %v", goes, second)
		}
		r.refused(trial, 1, 21210)
		if list := r.pauses(); list[0].Probes != 1 || list[0].NextProbeAt.Sub(r.clock.Now().Truncate(time.Microsecond)) != 2*firstProbe {
			r.t.Fatalf("%+v", list)
		}
		r.clock.Advance(2 * firstProbe)
		if claimed, err = r.ClaimProbe(r.t.Context(), pausedAccount); !claimed {
			r.t.Fatal(err)
		}
		r.must(r.Probed(r.t.Context(), pausedAccount, ProbeAnswered))
		// A number that cannot be called says nothing about the account: the next call is let through.
		trial, _ = r.dial(2)
		r.must(r.DialRefused(r.t.Context(), trial, r.ids[2], 21211, "invalid"))
		trial, goes = r.dial(3)
		if !goes || len(r.pauses()) != 1 {
			r.t.Fatal("nobody is let through after a number that cannot be called")
		}
		r.must(r.DialAccepted(r.t.Context(), trial, r.ids[3], interview.PlacedCall{Sid: "CA1", AccountSid: pausedAccount}))
		if list := r.pauses(); len(list) != 0 {
			r.t.Errorf("paused still: %+v", list)
		}
		if _, goes := r.dial(4); !goes {
			r.t.Error("the next call waits")
		}
	})
}

func TestCredentialsThatAreAcceptedAgainEndThePause(t *testing.T) {
	eachPause(t, func(r *pauseFixture) {
		run, _ := r.dial(0)
		r.refused(run, 0, 20003)
		wait := firstProbe
		for range 12 { // 10 s, 20 s … 15 min
			r.clock.Advance(wait)
			if claimed, err := r.ClaimProbe(r.t.Context(), pausedAccount); !claimed {
				r.t.Fatalf("not due after %s: %v", wait, err)
			}
			r.must(r.Probed(r.t.Context(), pausedAccount, ProbeRefused))
			wait = min(2*wait, maxProbe)
		}
		// A restart asks at once.
		r.must(r.ProbeSoon(r.t.Context(), pausedAccount))
		if claimed, err := r.ClaimProbe(r.t.Context(), pausedAccount); !claimed {
			r.t.Fatal(err)
		}
		r.must(r.Probed(r.t.Context(), pausedAccount, ProbeAnswered))
		if list := r.pauses(); len(list) != 0 {
			r.t.Errorf("%+v", list)
		}
	})
}

func TestPauseOfAnAccountThatNobodyHasIsForgotten(t *testing.T) {
	eachPause(t, func(r *pauseFixture) {
		run, _ := r.dial(0)
		r.refused(run, 0, 20003)
		r.clock.Advance(forgottenAfter + maxProbe)
		if list := r.pauses(); len(list) != 0 {
			r.t.Errorf("%+v", list)
		}
	})
}

func TestIntentKeepsWithWhatAndUntilWhenItIsDialled(t *testing.T) {
	eachPause(t, func(r *pauseFixture) {
		run := r.mustStart(r.t, interview.OrchestrateCall, r.ids[0])
		dial, err := r.BeginDial(r.t.Context(), run, r.ids[0])
		r.must(err)
		if dial.From != "+15550009999" || dial.Account != pausedAccount || dial.Deadline.Sub(*dial.Call.DialedAt) != dialWithin {
			r.t.Errorf("%+v", dial)
		}
		intent, ok, err := r.DialIntent(r.t.Context(), r.ids[0])
		if !ok || err != nil || intent.From != dial.From || intent.Account != dial.Account || !intent.Deadline.Equal(dial.Deadline) {
			r.t.Errorf("%+v, %v, %v", intent, ok, err)
		}
		r.must(r.DialPostponed(r.t.Context(), run, r.ids[0]))
		if _, ok, _ := r.DialIntent(r.t.Context(), r.ids[0]); ok {
			r.t.Error("an intent that was withdrawn stands")
		}
	})
}

// A process that was stopped comes back after another has taken its run over, and dialled anew.
func TestWithdrawalOfAnOldAttemptLeavesTheNewIntentAlone(t *testing.T) {
	eachPause(t, func(r *pauseFixture) {
		old, _ := r.dial(0)
		r.clock.Advance(jobs.LostAfter + time.Second)
		if _, err := r.RescueRuns(r.t.Context()); err != nil {
			r.t.Fatal(err)
		}
		taken := r.mustStart(r.t, interview.OrchestrateCall, r.ids[0])
		r.must(r.DialUnknown(r.t.Context(), taken, r.ids[0], "interrupted"))
		if err := r.DialPostponed(r.t.Context(), old, r.ids[0]); err == nil {
			r.t.Error("the old attempt withdrew")
		}
		if _, err := r.DialPaused(r.t.Context(), old, r.ids[0], 401, 20003); err == nil || len(r.pauses()) != 0 {
			r.t.Error("the old attempt paused the account")
		}
		if call := r.mustCall(r.t, r.ids[0]); call.Status != interview.CallDialUnknown || call.DialedAt == nil {
			r.t.Errorf("%+v", call)
		}
	})
}
