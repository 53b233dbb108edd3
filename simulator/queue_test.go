package simulator

import (
	"fmt"
	"net/url"
	"testing"
	"time"
)

func TestCallsLeaveTheQueueAtTheAccountsRate(t *testing.T) {
	r, clock := onClock(t, Config{CallsPerSecond: 2, Pick: func(string, int) Script { return Refuses() }})
	var sids []string
	for n := range 10 {
		sids = append(sids, r.call(t, fmt.Sprintf("+1555777%04d", n)))
	}
	if _, call := r.ask(t, "GET", "/Calls/"+sids[9]+".json", nil); call["status"] != "queued" || call["queue_time"] != "4500" || call["start_time"] != nil {
		t.Errorf("the last call: %v", call)
	}
	// The last three are canceled while they are queued.
	for _, sid := range sids[7:] {
		if status, _ := r.ask(t, "POST", "/Calls/"+sid+".json", url.Values{"Status": {"canceled"}}); status != 200 {
			t.Errorf("canceling: %d", status)
		}
	}
	drive(t, r.sim, clock, func(time.Time) {})
	for n, truth := range r.sim.Truths() {
		switch {
		case n >= 7 && (truth.Status != "canceled" || truth.Ended.After(testNow)):
			t.Errorf("call %d: %+v", n, truth)
		case n < 7 && (truth.Status != "completed" || truth.Started.Sub(testNow) != time.Duration(n)*500*time.Millisecond):
			t.Errorf("call %d: %+v", n, truth)
		}
	}
	for _, d := range r.sim.Deliveries() {
		if d.CallSid == sids[9] && d.Params.Get("CallStatus") != "canceled" {
			t.Errorf("of a call that was canceled in the queue: %s", d.short())
		}
	}
}

func TestQueuedCallIsCanceledThoughNoneIsUnderWay(t *testing.T) {
	r := newFixture(t, Config{Concurrency: 1, Pick: func(string, int) Script { return Refuses() }})
	r.sim.slots <- struct{}{} // somebody else has the only slot
	sid := r.call(t, "+15557770001")
	if status, _ := r.ask(t, "POST", "/Calls/"+sid+".json", url.Values{"Status": {"canceled"}}); status != 200 {
		t.Fatalf("canceling: %d", status)
	}
	r.wait(t)
	<-r.sim.slots
	if truth := r.sim.Truths()[0]; truth.Status != "canceled" {
		t.Errorf("%+v", truth)
	}
}

func TestRequestsBeyondTheRateAreRefusedAndNotDone(t *testing.T) {
	r, clock := onClock(t, Config{RequestsPerSecond: 5, Pick: func(string, int) Script { return Refuses() }})
	counts := map[int]int{}
	for n := range 8 {
		counts[rawCreate(t, r, fmt.Sprintf("+1555777%04d", n))]++
	}
	if counts[201] != 5 || counts[429] != 3 || len(r.sim.Truths()) != 5 {
		t.Errorf("answered %v, %d calls", counts, len(r.sim.Truths()))
	}
	clock.AdvanceTo(testNow.Add(time.Second))
	if status := rawCreate(t, r, "+15557770099"); status != 201 {
		t.Errorf("in the next second: %d", status)
	}
	drive(t, r.sim, clock, func(time.Time) {})
	if rep := r.sim.Report(); rep.Faults[FaultRESTBusy] != 3 {
		t.Errorf("%v", rep.Faults)
	}
}

func TestThreeHundredLiveCallsAreEndedOverREST(t *testing.T) {
	r, clock := onClock(t, Config{RequestsPerSecond: 50, Pick: func(string, int) Script { return Consents() }})
	var sids []string
	for n := range 300 {
		if n > 0 && n%50 == 0 {
			clock.AdvanceTo(clock.Now().Add(time.Second))
		}
		sids = append(sids, r.call(t, fmt.Sprintf("+1555777%04d", n)))
	}
	var began, ended time.Time
	left := sids
	drive(t, r.sim, clock, func(now time.Time) {
		if began.IsZero() && now.Sub(testNow) < 12*time.Second {
			return
		}
		if began.IsZero() {
			began = now
		}
		for len(left) > 0 {
			status, _ := r.ask(t, "POST", "/Calls/"+left[0]+".json", url.Values{"Twiml": {"<Response><Say>Goodbye.</Say><Hangup/></Response>"}})
			if status == 429 {
				return // in a later second
			}
			if status != 200 {
				t.Fatalf("ending a call: %d", status)
			}
			left = left[1:]
		}
		if ended.IsZero() {
			ended = now
		}
	})
	if len(left) > 0 || ended.Sub(began) < 4*time.Second || ended.Sub(began) > 10*time.Second {
		t.Errorf("%d left, ended within %s", len(left), ended.Sub(began))
	}
	for _, truth := range r.sim.Truths() {
		if last := truth.Lines[len(truth.Lines)-1]; truth.Status != "completed" || last.Text != "Goodbye." || truth.Ended.Sub(began) > 10*time.Second {
			t.Fatalf("%+v", truth)
		}
	}
}

func TestOutboundCallsCarryTheirAttestation(t *testing.T) {
	r := newFixture(t, Config{Numbers: []string{testFrom, "+15550002222"}, Pick: func(string, int) Script { return Refuses() }})
	if err := r.sim.ConfigureNumber("+15550002222", func(n *Number) { n.Attestation = "B" }); err != nil {
		t.Fatal(err)
	}
	if err := r.sim.ConfigureNumber("+15550002222", func(n *Number) { n.Attestation = "D" }); err == nil {
		t.Error("there is no attestation D")
	}
	from := func(number string) func(url.Values) { return func(v url.Values) { v.Set("From", number) } }
	want := map[string]string{r.call(t, "+15557770001"): "A", r.call(t, "+15557770002", from("+15550002222")): "B"}
	abroad := r.call(t, "+4915112345678")
	r.wait(t)
	for _, d := range r.sim.Deliveries() {
		if d.Kind != KindStatus {
			if d.Params.Has("StirStatus") {
				t.Errorf("%s has StirStatus", d.short())
			}
			continue
		}
		status := d.Params.Get("CallStatus")
		got, has := d.Params["StirStatus"]
		switch {
		case status != "ringing" && status != "in-progress":
			if has {
				t.Errorf("%s has StirStatus", d.short())
			}
		case d.CallSid == abroad:
			if has && got[0] != "null" {
				t.Errorf("%s: %v", d.short(), got)
			}
		case !has || got[0] != want[d.CallSid]:
			t.Errorf("%s: %v, want %s", d.short(), got, want[d.CallSid])
		}
	}
	if status := rawCreateFrom(t, r, "+15557770003", "+15550009999"); status != 400 {
		t.Errorf("a call from somebody else's number: %d", status)
	}
}
