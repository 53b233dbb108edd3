package simulator

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
)

// detecting asks for asynchronous machine detection, as a change of a call's parameters.
func detecting(r *fixture) func(url.Values) {
	return func(p url.Values) {
		p.Set("MachineDetection", "Enable")
		p.Set("AsyncAmd", "true")
		p.Set("AsyncAmdStatusCallback", r.app.url+"/amd")
		p.Set("StatusCallback", r.app.url+"/status")
		p["StatusCallbackEvent"] = []string{"answered", "completed"}
	}
}

func TestDetectionResultIsAlwaysInTheCompletedStatus(t *testing.T) {
	for name, faults := range map[string]Faults{"late": {AMDLate: 1}, "lost": {AMDLost: 1}, "none": {}} {
		r := newFixture(t, Config{Seed: 3, Faults: faults, Pick: func(to string, _ int) Script {
			if to == "+15557770000" {
				return Machine()
			}
			return Consents()
		}})
		for i := range 8 {
			r.call(t, fmt.Sprintf("+1555777%04d", i), detecting(r))
		}
		r.wait(t)
		told := map[string]Delivery{}
		for _, d := range r.sim.Deliveries() {
			want := "human"
			if d.To == "+15557770000" {
				want = "machine_start"
			}
			switch d.Kind {
			case KindAMD:
				told[d.To] = d
				if got := d.Params.Get("AnsweredBy"); got != want {
					t.Errorf("%s: the verdict on %s is %q", name, d.To, got)
				}
			case KindStatus:
				if got := d.Params.Get("AnsweredBy"); (got == want) != (d.Params.Get("CallStatus") == "completed") {
					t.Errorf("%s: %s of %s says %q", name, d.Params.Get("CallStatus"), d.To, got)
				}
			}
		}
		for to, d := range told {
			switch {
			case name == "lost" && (d.Fault != FaultAMDLost || d.arrived()):
				t.Errorf("the verdict on %s arrived: %+v", to, d)
			case name == "late" && d.Fault != FaultAMDLate:
				t.Errorf("the verdict on %s is in time: %+v", to, d)
			}
		}
		if len(told) != 8 {
			t.Errorf("%s: %d verdicts", name, len(told))
		}
		if n := r.sim.Report().Faults[Fault("amd-"+name)]; name != "none" && n != 8 {
			t.Errorf("%s is counted %d times", name, n)
		}
	}
}

func TestUnaskedRecordingIsVisibleOverRESTOnly(t *testing.T) {
	r := newFixture(t, Config{Faults: Faults{RecordingBefore: 1}, Pick: func(string, int) Script { return Refuses() }})
	sid := r.call(t, "+15557770001")
	r.wait(t)
	truth := r.sim.Truths()[0]
	if len(truth.Unasked) != 1 || len(truth.Recordings) != 0 {
		t.Fatalf("unasked %+v, asked %+v", truth.Unasked, truth.Recordings)
	}
	if slices.ContainsFunc(r.sim.Deliveries(), func(d Delivery) bool { return d.Kind == KindRecording || d.Params.Has("RecordingSid") }) {
		t.Error("a callback tells of it")
	}
	_, list := r.ask(t, "GET", "/Calls/"+sid+"/Recordings.json", nil)
	recordings, _ := list["recordings"].([]any)
	if len(recordings) != 1 {
		t.Fatalf("listed %v", list)
	}
	recording := recordings[0].(map[string]any)
	if recording["source"] != "OutboundAPI" || recording["status"] != "completed" {
		t.Fatalf("listed %v", recording)
	}
	if status, _ := r.ask(t, "DELETE", fmt.Sprintf("/Recordings/%s.json", recording["sid"]), nil); status != 204 {
		t.Fatalf("deleting: %d", status)
	}
	if truth := r.sim.Truths()[0]; truth.Unasked[0].Status != "deleted" {
		t.Errorf("%+v", truth.Unasked)
	}
}

func TestPersonTakenForAMachineCanSayYes(t *testing.T) {
	r := newFixture(t, Config{Pick: func(string, int) Script { return TakenForMachine() }})
	r.call(t, "+15557770001", detecting(r))
	r.wait(t)
	if truth := r.sim.Truths()[0]; truth.Consent != ConsentYes || truth.AnsweredBy != "machine_start" {
		t.Errorf("consent %q, answered by %q", truth.Consent, truth.AnsweredBy)
	}
}
