package simulator

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// drive lets a clock go from one event to the next until every call is over, and returns how many stops it made.
func drive(t *testing.T, sim *Simulator, clock *Clock, at func(now time.Time)) int {
	t.Helper()
	for n := 0; ; n++ {
		if err := clock.WaitIdle(t.Context()); err != nil {
			t.Fatal(err)
		}
		at(clock.Now())
		if err := clock.WaitIdle(t.Context()); err != nil {
			t.Fatal(err)
		}
		next, some := clock.Next()
		if !some {
			return n
		}
		clock.AdvanceTo(next)
	}
}

func onClock(t *testing.T, config Config) (*fixture, *Clock) {
	t.Helper()
	clock := NewClock(testNow)
	config.Clock, config.AccountSid, config.AuthToken = clock, testAccount, testToken
	sim, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return served(t, sim), clock
}

func TestCallsOnAClockTakePlaceTogether(t *testing.T) {
	r, clock := onClock(t, Config{Pick: func(string, int) Script { return Consents() }})
	for n := range 50 {
		r.call(t, fmt.Sprintf("+1555777%04d", n))
	}
	most := 0
	drive(t, r.sim, clock, func(now time.Time) {
		live := 0
		for _, truth := range r.sim.Truths() {
			if truth.Status == "in-progress" {
				live++
			}
		}
		most = max(most, live)
	})
	if most != 50 {
		t.Errorf("%d of 50 calls were live at once", most)
	}
	took := clock.Now().Sub(testNow)
	for _, truth := range r.sim.Truths() {
		if truth.Status != "completed" || time.Duration(truth.Duration)*time.Second > took {
			t.Errorf("%+v after %s", truth, took)
		}
	}
	for _, d := range r.sim.Deliveries() {
		if d.At.After(clock.Now()) || d.At.Before(testNow) {
			t.Fatalf("%s was at %s", d.short(), d.At)
		}
	}
}

func TestClockStandsStillWhileACallIsAtWork(t *testing.T) {
	r, clock := onClock(t, Config{Pick: func(string, int) Script { return NoAnswer() }})
	answered := make(chan struct{})
	r.app.broken = func(w http.ResponseWriter, req *http.Request) bool {
		if req.Form.Get("CallStatus") == "ringing" {
			<-answered
		}
		return false
	}
	r.call(t, "+15557770001")
	if err := clock.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	next, _ := clock.Next()
	clock.AdvanceTo(next) // it rings
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := clock.WaitIdle(short); err == nil {
		t.Error("idle while a webhook is in flight")
	}
	close(answered)
	drive(t, r.sim, clock, func(time.Time) {})
	if got, want := clock.Now().Sub(testNow), time.Minute+dialling; got != want {
		t.Errorf("a call that nobody answers took %s, not %s", got, want)
	}
}

func TestChangedCallGoesOnBeforeTheClockMoves(t *testing.T) {
	r, clock := onClock(t, Config{Pick: func(string, int) Script { return Consents() }})
	var sids []string
	for n := range 30 {
		sids = append(sids, r.call(t, fmt.Sprintf("+1555777%04d", n)))
	}
	var ended time.Time
	drive(t, r.sim, clock, func(now time.Time) {
		if ended.IsZero() && now.Sub(testNow) > 10*time.Second {
			ended = now
			for _, sid := range sids {
				if status, _ := r.ask(t, "POST", "/Calls/"+sid+".json", url.Values{"Status": {"completed"}}); status != 200 {
					t.Fatalf("ending a call: %d", status)
				}
			}
		}
	})
	for _, d := range r.sim.Deliveries() {
		if d.Params.Get("CallStatus") == "completed" && !d.At.Equal(ended) {
			t.Errorf("a call that was ended at %s was over at %s", ended, d.At)
		}
	}
}

func TestClosedSimulatorLeavesItsClockIdle(t *testing.T) {
	r, clock := onClock(t, Config{Pick: func(string, int) Script { return NoAnswer() }})
	r.call(t, "+15557770001")
	if err := clock.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.sim.Close(); err != nil {
		t.Fatal(err)
	}
	if err := clock.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, some := clock.Next(); some {
		t.Error("somebody still waits")
	}
}

func TestClockTakesNoOtherTime(t *testing.T) {
	if _, err := New(Config{AccountSid: testAccount, AuthToken: testToken, Clock: NewClock(testNow), Speed: 2}); err == nil {
		t.Error("a clock and a speed")
	}
}
