package simulator

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// only is the one delivery with this short name.
func only(t *testing.T, log []Delivery, name string) Delivery {
	t.Helper()
	for _, d := range log {
		if kinds([]Delivery{d}) == name {
			return d
		}
	}
	t.Fatalf("no %s in %s", name, kinds(log))
	return Delivery{}
}

func expect(t *testing.T, d Delivery, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got, ok := d.Params[name]; !ok || got[0] != value {
			t.Errorf("%s: %s is %q, want %q", kinds([]Delivery{d}), name, got, value)
		}
	}
}

func TestVoiceRequestHasTwiliosFields(t *testing.T) {
	_, truth, log := play(t, Refuses())
	d := only(t, log, "voice")
	expect(t, d, map[string]string{"CallSid": truth.CallSid, "AccountSid": testAccount, "From": testFrom, "To": truth.To,
		"Caller": testFrom, "Called": truth.To, "CallStatus": "in-progress", "ApiVersion": "2010-04-01", "Direction": "outbound-api",
		"ToCountry": "US", "FromCity": "", "CalledZip": ""})
	if len(d.Params) != 25 {
		t.Errorf("%d fields", len(d.Params))
	}
	if strings.Contains(d.URL, "#") || !strings.HasSuffix(d.URL, "/voice?callId=1") {
		t.Errorf("requested %s", d.URL)
	}
	if len(d.Token) != 36 {
		t.Errorf("idempotency token %q", d.Token)
	}
}

func TestGatherActionHasWhatWasHeardOrPressed(t *testing.T) {
	_, _, log := play(t, Refuses())
	d := only(t, log, "gather")
	expect(t, d, map[string]string{"SpeechResult": "No, I'd rather not.", "CallStatus": "in-progress"})
	if c, err := strconv.ParseFloat(d.Params.Get("Confidence"), 64); err != nil || c < 0.8 || c > 0.98 {
		t.Errorf("Confidence %q", d.Params.Get("Confidence"))
	}
	if d.Params.Has("Digits") {
		t.Error("Digits without a key pressed")
	}
	_, _, log = play(t, ConsentsByKeypad())
	d = only(t, log, "gather")
	expect(t, d, map[string]string{"Digits": "1"})
	if d.Params.Has("SpeechResult") {
		t.Error("SpeechResult without a word said")
	}
	_, _, log = play(t, Silent())
	expect(t, only(t, log, "gather"), map[string]string{"Digits": "", "SpeechResult": ""})
}

func TestStatusCallbacksHaveTwiliosFields(t *testing.T) {
	_, truth, log := play(t, Consents())
	at := testNow
	for i, status := range []string{"initiated", "ringing", "in-progress", "completed"} {
		d := only(t, log, status)
		expect(t, d, map[string]string{"CallStatus": status, "SequenceNumber": strconv.Itoa(i), "CallbackSource": "call-progress-events",
			"CallSid": truth.CallSid, "To": truth.To})
		when, err := time.Parse(time.RFC1123Z, d.Params.Get("Timestamp"))
		if err != nil || when.Before(at) {
			t.Errorf("%s at %v, after %v: %v", status, when, at, err)
		}
		at = when
		if terminal := status == "completed"; d.Params.Has("CallDuration") != terminal || d.Params.Has("Duration") != terminal {
			t.Errorf("%s: durations in %v", status, d.Params)
		}
	}
	expect(t, only(t, log, "completed"), map[string]string{"CallDuration": strconv.Itoa(truth.Duration), "Duration": "1", "SipResponseCode": "200"})
	for script, code := range map[*Script]string{ptr(Busy()): "486", ptr(NoAnswer()): "487", ptr(Fails()): "404"} {
		_, truth, log := play(t, *script)
		d := only(t, log, truth.Status)
		expect(t, d, map[string]string{"CallDuration": "0", "SipResponseCode": code})
		if d.Params.Has("Duration") {
			t.Errorf("%s has billed minutes", truth.Status)
		}
	}
}

func TestOnlyTheEventsAskedForAreSent(t *testing.T) {
	r := newFixture(t, Config{Pick: func(string, int) Script { return Refuses() }})
	for name, events := range map[string][]string{"none": nil, "one": {"ringing"}, "joined": {"initiated ringing"}} {
		r.call(t, map[string]string{"none": "+15557770001", "one": "+15557770002", "joined": "+15557770003"}[name],
			func(p url.Values) {
				p["StatusCallbackEvent"] = events
			})
	}
	r.wait(t)
	sent := map[string]string{}
	for _, d := range r.sim.Deliveries() {
		if d.Kind == KindStatus {
			sent[d.To] += d.Params.Get("CallStatus") + d.Params.Get("SequenceNumber")
		}
	}
	if sent["+15557770001"] != "completed0" || sent["+15557770002"] != "ringing0" || sent["+15557770003"] != "" {
		t.Errorf("sent %v", sent)
	}
}

func TestRecordingCallbacksHaveTwiliosFields(t *testing.T) {
	_, truth, log := play(t, Consents())
	rec := truth.Recordings[0]
	want := map[string]string{"AccountSid": testAccount, "CallSid": truth.CallSid, "RecordingSid": rec.Sid, "RecordingChannels": "2",
		"RecordingSource": "StartCallRecordingTwiML", "RecordingTrack": "both", "ErrorCode": "0"}
	started := only(t, log, "recording:in-progress")
	expect(t, started, want)
	if started.Params.Has("RecordingDuration") {
		t.Error("a duration before the end")
	}
	want["RecordingDuration"] = strconv.Itoa(int(rec.Length.Round(time.Second).Seconds()))
	want["RecordingStartTime"] = started.Params.Get("RecordingStartTime")
	done := only(t, log, "recording:completed")
	expect(t, done, want)
	if !strings.HasSuffix(done.Params.Get("RecordingUrl"), "/Recordings/"+rec.Sid) {
		t.Errorf("RecordingUrl %s", done.Params.Get("RecordingUrl"))
	}
}

func TestWholeCallIsRecordedWhenAskedOverREST(t *testing.T) {
	r := newFixture(t, Config{Pick: func(string, int) Script { return Refuses() }})
	r.call(t, "+15557770001", func(p url.Values) {
		p.Set("Record", "true")
		p.Set("RecordingStatusCallback", r.app.url+"/recording")
	})
	r.wait(t)
	truth := r.sim.Truths()[0]
	if len(truth.Recordings) != 1 || truth.Recordings[0].Channels != 1 {
		t.Fatalf("recorded %+v", truth.Recordings)
	}
	expect(t, only(t, r.sim.Deliveries(), "completed"), map[string]string{"RecordingSid": truth.Recordings[0].Sid})
	expect(t, only(t, r.sim.Deliveries(), "recording:completed"), map[string]string{"RecordingSource": "OutboundAPI", "RecordingChannels": "1"})
}

func TestAsynchronousDetectionIsReportedDuringTheCall(t *testing.T) {
	r := newFixture(t, Config{Pick: func(to string, _ int) Script {
		if to == "+15557770001" {
			return Machine()
		}
		return Refuses()
	}})
	for _, to := range []string{"+15557770001", "+15557770002"} {
		r.call(t, to, func(p url.Values) {
			p.Set("MachineDetection", "Enable")
			p.Set("AsyncAmd", "true")
			p.Set("AsyncAmdStatusCallback", r.app.url+"/amd")
		})
	}
	r.wait(t)
	heard := map[string]string{}
	for _, d := range r.sim.Deliveries() {
		if d.Kind == KindAMD {
			heard[d.To] = d.Params.Get("AnsweredBy") + " after " + d.Params.Get("MachineDetectionDuration")
		}
	}
	if heard["+15557770001"] != "machine_start after 3000" || heard["+15557770002"] != "human after 3000" {
		t.Errorf("heard %v", heard)
	}
	if status, call := r.ask(t, "GET", "/Calls/"+r.sim.Truths()[0].CallSid+".json", nil); status != 200 || call["answered_by"] != "machine_start" {
		t.Errorf("fetched %d %v", status, call)
	}
}

// straight hands webhooks to a handler without a network, so that a bubble of fake time can hold all of it.
type straight struct{ handler http.Handler }

func (s straight) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// restPost sends a REST request to the simulator without a network.
func restPost(t *testing.T, sim *Simulator, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest("POST", "/2010-04-01/Accounts/"+testAccount+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(testAccount, testToken)
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, r)
	return w
}

func TestSpeedScalesRealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/xml")
			w.Write([]byte(`<Response><Pause length="60"/></Response>`))
		})
		sim, err := New(Config{AccountSid: testAccount, AuthToken: testToken, Speed: 2, Transport: straight{hello},
			Pick: func(string, int) Script { return Script{Ring: 9.5} }})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		restPost(t, sim, "/Calls.json", url.Values{"To": {"+15557770001"}, "From": {testFrom}, "Url": {"https://h.example/voice"}})
		if err := sim.Wait(context.Background()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 35*time.Second {
			t.Errorf("70 s at double speed took %v", took)
		}
	})
}

func TestGraceLeavesTimeToHangUpOnAMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sim *Simulator
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/amd" { // the application thinks for a while, and then changes the call
				r.ParseForm()
				sid := r.PostForm.Get("CallSid")
				time.AfterFunc(time.Second, func() {
					if w := restPost(t, sim, "/Calls/"+sid+".json", url.Values{"Status": {"completed"}}); w.Code != 200 {
						t.Errorf("hanging up: %d %s", w.Code, w.Body)
					}
				})
			}
			w.Header().Set("Content-Type", "text/xml")
			w.Write([]byte(`<Response><Pause length="60"/></Response>`))
		})
		sim, _ = New(Config{AccountSid: testAccount, AuthToken: testToken, Grace: 2 * time.Second, Transport: straight{handler},
			Pick: func(string, int) Script { return Machine() }})
		restPost(t, sim, "/Calls.json", url.Values{"To": {"+15557770001"}, "From": {testFrom}, "Url": {"https://h.example/voice"},
			"MachineDetection": {"Enable"}, "AsyncAmd": {"true"}, "AsyncAmdStatusCallback": {"https://h.example/amd"}})
		if err := sim.Wait(context.Background()); err != nil {
			t.Fatal(err)
		}
		if truth := sim.Truths()[0]; truth.Duration != 3 || truth.AnsweredBy != "machine_start" {
			t.Errorf("the call went on: %+v", truth)
		}
	})
}

func ptr[T any](v T) *T { return &v }

func TestRESTUpdateReachesCallInRealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/xml")
			w.Write([]byte(`<Response><Start><Recording recordingStatusCallback="https://h.example/recording"/></Start><Pause length="60"/></Response>`))
		})
		sim, _ := New(Config{AccountSid: testAccount, AuthToken: testToken, Speed: 1, Transport: straight{handler},
			Pick: func(string, int) Script { return Script{Ring: 9.5} }})
		post := func(path string, form url.Values) {
			if w := restPost(t, sim, path, form); w.Code/100 != 2 {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
		post("/Calls.json", url.Values{"To": {"+15557770001"}, "From": {testFrom}, "Url": {"https://h.example/voice"}})
		time.Sleep(15 * time.Second) // of the bubble
		post("/Calls/"+sim.Truths()[0].CallSid+".json", url.Values{"Twiml": {`<Response><Pause length="10"/></Response>`}})
		if err := sim.Wait(context.Background()); err != nil {
			t.Fatal(err)
		}
		if truth := sim.Truths()[0]; truth.Duration != 15 || truth.Recordings[0].Status != "completed" {
			t.Errorf("5 s, then 10 s of other TwiML: %+v", truth)
		}
	})
}
