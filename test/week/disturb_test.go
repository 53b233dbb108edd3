package week_test

import (
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store"
)

// stopped is a stop that was in force, and the calls that it found under way.
type stopped struct {
	scope string
	live  []string // CallSids
}

// list puts a number on the do-not-call list.
func (k *week) list(number string) {
	_, _, err := k.other.AddDoNotCall(k.t.Context(), store.NewDoNotCall{PhoneNumber: number, Scope: interview.ScopeAll, Source: "week"})
	if err != nil {
		k.t.Fatal(err)
	}
	if _, listed := k.listed[number]; listed {
		return
	}
	k.listed[number] = k.clock.Now()
	k.report["entries of the do-not-call list"]++
	before := k.outbound(number)
	k.t.Cleanup(func() {
		if n := k.outbound(number); n != before {
			k.t.Errorf("%s was called %d times since it is on the do-not-call list", number, n-before)
		}
	})
}

// outbound counts the calls to a number that Twilio was asked for.
func (k *week) outbound(number string) (n int) {
	for _, truth := range k.sim.Truths() {
		if truth.Direction != "inbound" && truth.To == number {
			n++
		}
	}
	return n
}

// stopAmidCalls stops a scope for a while, as soon as a call of it is under way, or at a time at the latest.
func (k *week) stopAmidCalls(scope string, mode interview.StopMode, long time.Duration, latest time.Time) {
	now := k.clock.Now()
	if now.Before(latest) && len(k.live(scope)) == 0 {
		k.at(now.Add(30*time.Second), func() { k.stopAmidCalls(scope, mode, long, latest) })
		return
	}
	k.stop(scope, mode, now.Add(long))
}

// live are the CallSids of the calls of a scope that are not over.
func (k *week) live(scope string) (live []string) {
	now := k.clock.Now()
	for _, truth := range k.sim.Truths() {
		if truth.Direction != "inbound" && (truth.Ended.IsZero() || truth.Ended.After(now)) {
			live = append(live, truth.CallSid)
		}
	}
	if scope == interview.ScopeAll || len(live) == 0 {
		return live
	}
	called := k.called(scope)
	return slices.DeleteFunc(live, func(sid string) bool { return !called[sid] })
}

// stop stops a scope until a time.
func (k *week) stop(scope string, mode interview.StopMode, until time.Time) {
	t, now := k.t, k.clock.Now()
	stop, err := k.other.Stop(t.Context(), store.NewStop{Scope: scope, Mode: mode, RequestedBy: "week", Reason: "a drill"})
	if err != nil {
		t.Fatal(err)
	}
	k.report["stops"]++
	called := k.called(scope)
	this := stopped{scope: scope, live: k.live(scope)}
	k.stopped = append(k.stopped, this)
	k.at(until, func() {
		for sid := range k.called(scope) {
			if !called[sid] {
				t.Errorf("at %s a call of %s was dialled though stop %s is in force since %s", k.clock.Now(), scope, stop.ID, now)
			}
		}
		for _, truth := range k.sim.Truths() {
			if mode != interview.StopHangUp || !slices.Contains(this.live, truth.CallSid) {
				continue
			}
			if within := k.hangUpWithin(truth.CallSid); truth.Ended.IsZero() || truth.Ended.After(now.Add(within)) {
				t.Errorf("a call lived for %s and not %s after the stop at %s that was to hang up", truth.Ended.Sub(now), within, now)
			}
		}
		k.report["calls that a stop found under way"] += stop.Live
		if _, err := k.other.Resume(t.Context(), stop.ID, "week", ""); err != nil {
			t.Fatal(err)
		}
	})
}

// hangUpWithin is how long a call lives at most after a stop that hangs up: ten seconds, and the pauses after each time that
// Twilio refused to.
func (k *week) hangUpWithin(callSid string) time.Duration {
	k.t.Helper()
	ctx, within := k.t.Context(), 10*time.Second
	id, err := k.other.CallIDOf(ctx, callSid)
	if err != nil {
		k.t.Fatal(err)
	}
	runs, err := k.other.Runs(ctx, store.RunFilter{CallID: id, Function: interview.CancelCall}, store.Page{Limit: 10})
	if err != nil {
		k.t.Fatal(err)
	}
	for _, run := range runs.Items {
		for attempt := 1; attempt < run.Attempts; attempt++ {
			within += jobs.Backoff(attempt)
		}
	}
	return within
}

// called are the CallSids of a scope that Twilio knows.
func (k *week) called(scope string) map[string]bool {
	of := map[string]bool{}
	if scope != interview.ScopeAll {
		calls, err := k.api.CallsOf(k.t.Context(), scope)
		if err != nil {
			k.t.Fatal(err)
		}
		for _, c := range calls {
			of[c.TwilioSid] = true
		}
	}
	sids := map[string]bool{}
	for _, truth := range k.sim.Truths() {
		if truth.Direction != "inbound" && (scope == interview.ScopeAll || of[truth.CallSid]) {
			sids[truth.CallSid] = true
		}
	}
	return sids
}
