package store

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store/storetest"
)

func (s *Store) mustStop(t *testing.T, scope string, mode interview.StopMode) Stopped {
	t.Helper()
	stopped, err := s.Stop(t.Context(), NewStop{Scope: scope, Mode: mode, RequestedBy: "ann", Reason: "drill"})
	if err != nil {
		t.Fatal(err)
	}
	return stopped
}

// placed takes calls up to a status at Twilio.
func placed(t *testing.T, s *Store, ids []string, status interview.CallStatus) {
	t.Helper()
	for _, id := range ids {
		run := intent(t, s, id)
		if err := s.DialAccepted(t.Context(), run, id, interview.PlacedCall{Sid: "CA" + id, AccountSid: "AC1"}); err != nil {
			t.Fatal(err)
		}
		err := s.write(t.Context(), func(tx *Tx) error {
			call, err := tx.lockCall(t.Context(), id)
			if err != nil {
				return err
			}
			call.Status = status
			return tx.saveCall(t.Context(), call)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// One process dials while the other stops it: nobody is dialled after the stop has returned. Resumed, all others are, once each.
func TestAfterAStopNobodyIsDialledUntilItIsEnded(t *testing.T) {
	twoProcesses(t, func(t *testing.T, one, two *Store) {
		ids, _ := queued(t, one, activeCampaign(t, one), 0, 12)
		intents := func() int { return two.count(t, `SELECT COUNT(*) FROM dial_intents`) }
		var dialling sync.WaitGroup
		dialling.Go(func() { dials(t, one, ids) })
		stopped := two.mustStop(t, interview.ScopeAll, interview.StopFinish)
		before := intents()
		dialling.Wait()
		if after := intents(); after != before {
			t.Errorf("%d intents when the stop returned, %d in the end", before, after)
		}
		if stopped.Queued+stopped.Live != len(ids) || stopped.Live != before || stopped.Ends != before {
			t.Errorf("%+v, and %d were dialled", stopped, before)
		}
		waiting := []string{}
		for _, id := range ids {
			if call := one.mustCall(t, id); call.DialedAt == nil {
				waiting = append(waiting, id)
				if call.Status != interview.CallQueued {
					t.Errorf("a call that waits is %s", call.Status)
				}
			}
		}
		if in, err := one.StopsInForce(t.Context()); err != nil || len(in) != 1 || in[0].ID != stopped.ID || in[0].CarriedOutAt == nil {
			t.Errorf("%+v, %v", in, err)
		}
		for range 2 {
			if _, err := one.Resume(t.Context(), stopped.ID, "ann", "the questions are mended"); err != nil {
				t.Fatal(err)
			}
		}
		ended, err := one.AuditLog(t.Context(), AuditFilter{Action: interview.AuditResume}, Page{Limit: 10})
		if err != nil || len(ended.Items) != 1 || ended.Items[0].Actor != "ann" || ended.Items[0].Reason != "the questions are mended" || ended.Items[0].Subject != stopped.ID {
			t.Errorf("the audit log has %+v, %v", ended.Items, err)
		}
		if in, err := two.StopsInForce(t.Context()); err != nil || len(in) != 0 {
			t.Errorf("%+v, %v", in, err)
		}
		for _, id := range waiting {
			var run interview.Run
			err := one.read().QueryRow(t.Context(), `SELECT id, attempts FROM function_runs WHERE key = $1`, id).Scan(&run.ID, &run.Attempt)
			if err == nil {
				run.Function, run.Key = interview.OrchestrateCall, id
				err = one.PostponeRun(t.Context(), run, jobs.Postponement{})
			}
			if err != nil {
				t.Fatal(err)
			}
			intent(t, one, id)
		}
	})
}

func TestStopEndsTheCallsOfItsScopeThatItsModeSays(t *testing.T) {
	for _, mode := range []interview.StopMode{interview.StopFinish, interview.StopHangUp} {
		t.Run(string(mode), func(t *testing.T) {
			eachDatabase(t, Options{DialsPerMinute: 100}, func(t *testing.T, s *Store) {
				campaign := activeCampaign(t, s)
				ids, _ := queued(t, s, campaign, 0, 5)
				others, _ := queued(t, s, activeCampaign(t, s), 10, 1)
				placed(t, s, ids[:1], interview.CallInProgress)
				placed(t, s, ids[1:2], interview.CallRinging)
				placed(t, s, ids[2:3], interview.CallDialing)
				placed(t, s, others, interview.CallRinging)
				flying := intent(t, s, ids[3])
				ends := map[interview.StopMode]int{interview.StopFinish: 3, interview.StopHangUp: 4}[mode]
				stopped := s.mustStop(t, campaign, mode)
				if stopped.Queued != 1 || stopped.Live != 4 || stopped.Ends != ends {
					t.Errorf("%+v", stopped)
				}
				if n := cancelRuns(t, s); n != ends-1 { // of one Twilio has not told the CallSid
					t.Errorf("%d runs end calls, want %d", n, ends-1)
				}
				if err := s.DialAccepted(t.Context(), flying, ids[3], interview.PlacedCall{Sid: "CAflying", AccountSid: "AC1"}); err != nil {
					t.Fatal(err)
				}
				if n := cancelRuns(t, s); n != ends {
					t.Errorf("%d runs end calls, want %d", n, ends)
				}
				if call := s.mustCall(t, others[0]); call.CancelRequestedAt != nil {
					t.Error("a call of another campaign is ended")
				}
				call := s.mustCall(t, ids[0])
				if hung := call.CancelRequestedAt != nil; hung != (mode == interview.StopHangUp) {
					t.Errorf("who is talking is hung up: %t", hung)
				}
				if mode == interview.StopFinish {
					return
				}
				ending, err := s.BeginCancel(t.Context(), s.mustStart(t, interview.CancelCall, ids[0]), ids[0])
				if err != nil || ending.Words != call.Script.Stopped() || ending.Language == "" {
					t.Errorf("who is talking hears %+v, %v", ending, err)
				}
				ending, err = s.BeginCancel(t.Context(), s.mustStart(t, interview.CancelCall, ids[1]), ids[1])
				if err != nil || ending.Words != "" || ending.CallSid == "" {
					t.Errorf("whose phone rings hears %+v, %v", ending, err)
				}
			})
		})
	}
}

// The process that stops is killed as soon as its stop is committed. Whoever comes next ends the calls, each once.
func TestStopIsCarriedOutAfterACrash(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url, Options{DialsPerMinute: 100})
		ids, _ := queued(t, s, activeCampaign(t, s), 0, stoppedAtOnce+5)
		placed(t, s, ids, interview.CallInProgress)
		// What the killed process has committed: the stop, and the end of the first part of the calls.
		stop := interview.Stop{ID: "stop", Scope: interview.ScopeAll, Mode: interview.StopHangUp}
		s.mustExec(t, `INSERT INTO stops (id, scope, mode, requested_by, reason, created_at, ended_by)
			VALUES ('stop', 'all', 'hangup', '', '', '2026-11-23T12:00:00Z', '')`)
		part, err := s.callsToStop(t.Context(), stop, "")
		if err == nil {
			err = s.write(t.Context(), func(tx *Tx) error { return tx.stopCalls(t.Context(), stop, part) })
		}
		if n := cancelRuns(t, s); err != nil || n != stoppedAtOnce {
			t.Fatalf("%d calls were ended before the crash, %v", n, err)
		}
		for range 2 {
			if err := s.CarryOutStops(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := cancelRuns(t, s); n != len(ids) {
			t.Errorf("%d calls are ended, want %d", n, len(ids))
		}
		if n := s.count(t, `SELECT COUNT(*) FROM call_history WHERE what = $1`, noteCancelRequested); n != len(ids) {
			t.Errorf("%d requests are in the history, want %d", n, len(ids))
		}
		if n := s.count(t, `SELECT COUNT(*) FROM stops WHERE hung_up_at IS NULL`); n != 0 {
			t.Errorf("%d stops are not carried out", n)
		}
	})
}

func TestStopHasTheCallsThatWaitedWhileItWasInForce(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		campaign, other := activeCampaign(t, s), activeCampaign(t, s)
		before, _ := queued(t, s, campaign, 0, 3)
		elsewhere, _ := queued(t, s, other, 10, 1)
		placed(t, s, before[:1], interview.CallInProgress)
		if _, err := s.CancelCall(t.Context(), before[1], ""); err != nil {
			t.Fatal(err)
		}
		has := func(when, id string, want ...string) {
			t.Helper()
			d, err := s.StopDetail(t.Context(), id, 10)
			var got []string
			for _, call := range d.Waited {
				got = append(got, call.ID)
			}
			slices.Reverse(got)
			if err != nil || d.ID != id || !slices.Equal(got, want) {
				t.Errorf("%s: %v waited, want %v, %v", when, got, want, err)
			}
		}
		clock.Advance(time.Second)
		one, all := s.mustStop(t, campaign, interview.StopFinish), s.mustStop(t, interview.ScopeAll, interview.StopFinish)
		during, _ := queued(t, s, campaign, 20, 1)
		dials(t, s, append(slices.Clone(before[2:]), during...))
		has("in force, of a campaign", one.ID, before[2], during[0])
		has("in force, of all", all.ID, before[2], elsewhere[0], during[0])
		clock.Advance(time.Second)
		for _, id := range []string{one.ID, all.ID} {
			if _, err := s.Resume(t.Context(), id, "ann", ""); err != nil {
				t.Fatal(err)
			}
		}
		clock.Advance(time.Second)
		after, _ := queued(t, s, campaign, 30, 1)
		dials(t, s, append(after, elsewhere...))
		has("ended, of a campaign", one.ID, before[2], during[0])
		has("ended, of all", all.ID, before[2], elsewhere[0], during[0])
	})
}
