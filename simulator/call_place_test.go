package simulator

import (
	"context"
	"slices"
	"strings"
	"testing"
)

func placed(t *testing.T, o PlaceOptions) (*fixture, Truth, []Delivery) {
	t.Helper()
	r := newFixture(t, Config{BaseURL: "https://api.example", Pick: func(string, int) Script { return Refuses() }})
	o.To, o.From, o.URL, o.StatusURL = "+15557770001", testFrom, r.app.url+"/voice?callId=1", r.app.url+"/status?callId=1"
	if o.RecordingURL != "" {
		o.RecordingURL = r.app.url + o.RecordingURL
	}
	sid, err := r.sim.Place(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	r.wait(t)
	truth := r.sim.Truths()[0]
	if truth.CallSid != sid || truth.Status != "completed" {
		t.Errorf("%+v", truth)
	}
	return r, truth, r.sim.Deliveries()
}

func TestPlacedCallIsLikeOneMadeOverREST(t *testing.T) {
	_, truth, log := placed(t, PlaceOptions{RecordingURL: "/recording"})
	if got := kinds(log); got != "initiated ringing in-progress voice recording:in-progress gather completed recording:completed" &&
		got != "initiated ringing in-progress recording:in-progress voice gather completed recording:completed" {
		t.Errorf("sent %s", got)
	}
	expect(t, only(t, log, "voice"), map[string]string{"Direction": "outbound-api", "CallStatus": "in-progress", "From": testFrom, "To": truth.To})
	if u := only(t, log, "recording:completed").Params.Get("RecordingUrl"); !strings.HasPrefix(u, "https://api.example/2010-04-01/Accounts/") {
		t.Errorf("RecordingUrl %s", u)
	}
}

func TestInboundCallComesFromThePerson(t *testing.T) {
	r, truth, log := placed(t, PlaceOptions{Inbound: true})
	if got := kinds(log); got != "voice gather completed" {
		t.Errorf("sent %s", got)
	}
	expect(t, only(t, log, "voice"), map[string]string{"Direction": "inbound", "CallStatus": "ringing", "From": "+15557770001", "Caller": "+15557770001", "To": testFrom, "Called": testFrom})
	expect(t, only(t, log, "gather"), map[string]string{"Direction": "inbound", "CallStatus": "in-progress"})
	if truth.Duration == 0 {
		t.Error("the call took no time")
	}
	if status, call := r.ask(t, "GET", "/Calls/"+truth.CallSid+".json", nil); status != 200 || call["direction"] != "inbound" {
		t.Errorf("fetched %d %v", status, call)
	}
}

func TestPlaceRefusesWhatRESTRefuses(t *testing.T) {
	r := newFixture(t, Config{})
	good := PlaceOptions{To: "+15557770001", From: testFrom, URL: r.app.url + "/voice"}
	for name, spoil := range map[string]func(*PlaceOptions){
		"no number": func(o *PlaceOptions) { o.To = "me" }, "no URL": func(o *PlaceOptions) { o.URL = "" },
		"a relative status": func(o *PlaceOptions) { o.StatusURL = "/status" }, "a relative recording": func(o *PlaceOptions) { o.RecordingURL = "/r" },
	} {
		o := good
		spoil(&o)
		if _, err := r.sim.Place(context.Background(), o); err == nil {
			t.Errorf("%s: placed", name)
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.sim.Place(ended, good); err == nil {
		t.Error("placed after the end")
	}
	r.sim.Close()
	if _, err := r.sim.Place(context.Background(), good); err == nil {
		t.Error("placed by a closed simulator")
	}
}

func TestSameSeedPlaysSameHostileRun(t *testing.T) {
	hostile, _ := ParseProfile("hostile")
	hostile.SlowReader, hostile.SlowSender = 0, 0
	play := func(concurrency int) map[string][]string {
		r := newFixture(t, Config{Seed: 9, Concurrency: concurrency, Faults: hostile, OldToken: testOldToken})
		r.app.refuses = true
		for i := range 20 {
			if _, err := r.sim.Place(context.Background(), PlaceOptions{To: "+155577700" + string(rune('0'+i/10)) + string(rune('0'+i%10)),
				From: testFrom, URL: r.app.url + "/voice?callId=1#rc=2&rp=ct,rt", StatusURL: r.app.url + "/status?callId=1#rc=2&rp=ct,rt"}); err != nil {
				t.Fatal(err)
			}
		}
		r.wait(t)
		unbroken(t, r)
		return story(t, r)
	}
	a, b := play(2), play(16)
	for to := range a {
		if !slices.Equal(a[to], b[to]) {
			t.Fatalf("calls to %s differ:\n%s\n%s", to, strings.Join(a[to], "\n"), strings.Join(b[to], "\n"))
		}
	}
}
