package simulator

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const testCaller = "+12125550123"

// callIn has a person call the application's number, which is set up with its URLs, and returns what is true of it.
func callIn(t *testing.T, config Config, script Script) (*fixture, Truth, []Delivery) {
	t.Helper()
	r := newFixture(t, config)
	r.setUp(t)
	sid, err := r.sim.CallIn(t.Context(), CallInOptions{From: testCaller, To: testFrom, Script: &script})
	if err != nil {
		t.Fatal(err)
	}
	r.wait(t)
	truth := r.sim.Truths()[0]
	if truth.CallSid != sid || truth.Direction != "inbound" {
		t.Errorf("%+v", truth)
	}
	return r, truth, r.sim.Deliveries()
}

func (r *fixture) setUp(t *testing.T) {
	t.Helper()
	if err := r.sim.ConfigureNumber(testFrom, func(n *Number) {
		n.VoiceURL, n.FallbackURL, n.StatusURL = r.app.url+"/voice?in=1#rc=2&rp=5xx,ct", r.app.url+"/fallback", r.app.url+"/status?in=1"
	}); err != nil {
		t.Fatal(err)
	}
}

func TestPersonWhoCallsInIsAnsweredByTheNumbersURL(t *testing.T) {
	_, truth, log := callIn(t, Config{}, Refuses())
	if got := kinds(log); got != "voice gather completed" {
		t.Errorf("sent %s", got)
	}
	voice := only(t, log, "voice")
	expect(t, voice, map[string]string{"Direction": "inbound", "CallStatus": "ringing", "ApiVersion": "2010-04-01", "AccountSid": testAccount,
		"From": testCaller, "Caller": testCaller, "To": testFrom, "Called": testFrom, "FromCity": "NEW YORK", "FromState": "NY", "FromCountry": "US"})
	if v := voice.Params.Get("StirVerstat"); !strings.HasPrefix(v, "TN-Validation-Passed-") || len(v) != 22 {
		t.Errorf("StirVerstat %q", v)
	}
	if token, err := url.QueryUnescape(voice.Params.Get("CallToken")); err != nil || !strings.Contains(token, "parentCallInfoToken") {
		t.Errorf("CallToken %q, %v", token, err)
	}
	gather := only(t, log, "gather")
	expect(t, gather, map[string]string{"CallStatus": "in-progress", "Direction": "inbound"})
	if gather.Params.Has("CallToken") {
		t.Error("the call's token comes with every request")
	}
	if truth.Status != "completed" || truth.Consent != ConsentNo || truth.Lines[0].Speaker != Agent {
		t.Errorf("%+v", truth)
	}
}

func TestNumberWithoutStatusCallbackTellsNobodyOfTheEnd(t *testing.T) {
	r := newFixture(t, Config{Account: Account{}, Pick: func(string, int) Script { return Silent() }})
	if _, err := r.sim.CallIn(t.Context(), CallInOptions{From: testCaller, To: testFrom}); err == nil {
		t.Error("a number without a VoiceURL was answered")
	}
	r.sim.ChangeAccount(func(a *Account) { a.VoiceURL = r.app.url + "/voice" })
	if _, err := r.sim.CallIn(t.Context(), CallInOptions{From: testCaller, To: testFrom}); err != nil {
		t.Fatal(err)
	}
	r.wait(t)
	if got := kinds(r.sim.Deliveries()); strings.Contains(got, "completed") {
		t.Errorf("sent %s", got)
	}
}

func TestCallerIsRejectedWithoutAnAnswer(t *testing.T) {
	for reason, want := range map[string]string{"": "no-answer", ` reason="busy"`: "busy"} {
		r := newFixture(t, Config{})
		r.setUp(t)
		r.app.broken = func(w http.ResponseWriter, req *http.Request) bool {
			if req.URL.Path != "/voice" {
				return false
			}
			w.Header().Set("Content-Type", "text/xml")
			_, _ = w.Write([]byte("<Response><Reject" + reason + "/><Say>Never said.</Say></Response>"))
			return true
		}
		if _, err := r.sim.CallIn(t.Context(), CallInOptions{From: testCaller, To: testFrom, Script: &Script{}}); err != nil {
			t.Fatal(err)
		}
		r.wait(t)
		if truth := r.sim.Truths()[0]; truth.Status != want || truth.Duration != 0 || len(truth.Lines) > 0 {
			t.Errorf("%+v, want %s", truth, want)
		}
	}
}

func TestFailedVoiceURLOfANumberLeadsToItsFallback(t *testing.T) {
	r := newFixture(t, Config{})
	r.setUp(t)
	r.app.broken = func(w http.ResponseWriter, req *http.Request) bool {
		if req.URL.Path == "/voice" {
			w.WriteHeader(http.StatusBadGateway)
			return true
		}
		return false
	}
	script := Silent()
	if _, err := r.sim.CallIn(t.Context(), CallInOptions{From: testCaller, To: testFrom, Script: &script}); err != nil {
		t.Fatal(err)
	}
	r.wait(t)
	if got := kinds(r.sim.Deliveries()); got != "voice voice voice fallback completed" {
		t.Errorf("sent %s: the retries are those of the URL's fragment", got)
	}
	expect(t, only(t, r.sim.Deliveries(), "fallback"), map[string]string{"CallStatus": "ringing", "ErrorCode": "11200"})
}

func TestCallerHangsUpAtAnyTime(t *testing.T) {
	script := Consents()
	script.HangUp = &HangUp{After: 2}
	_, truth, _ := callIn(t, Config{}, script)
	if truth.Duration != 2 || truth.Consent != ConsentNone {
		t.Errorf("%+v", truth)
	}
}

func TestWireFaultsMeetInboundCalls(t *testing.T) {
	hostile, _ := ParseProfile("hostile")
	hostile.SlowReader, hostile.SlowSender = 0, 0
	r := newFixture(t, Config{Seed: 3, Faults: hostile, OldToken: testOldToken})
	r.setUp(t)
	r.app.refuses = true
	for n := range 20 {
		script := Consents()
		if _, err := r.sim.CallIn(t.Context(), CallInOptions{From: "+121255501" + string(rune('0'+n/10)) + string(rune('0'+n%10)), To: testFrom, Script: &script}); err != nil {
			t.Fatal(err)
		}
	}
	r.wait(t)
	rep := r.sim.Report()
	if rep.Forged == 0 || rep.Duplicates == 0 || rep.Retries == 0 {
		t.Errorf("no faults: %v", rep.Faults)
	}
	for _, v := range rep.Broken {
		if v.Rule == RuleForgedAccepted || v.Rule == RuleAnswersDiffer {
			t.Errorf("%+v", v)
		}
	}
}

func TestNumbersAreSetUpOverREST(t *testing.T) {
	r := newFixture(t, Config{Numbers: []string{testFrom, "+15550002222"}})
	_, list := r.ask(t, "GET", "/IncomingPhoneNumbers.json?PhoneNumber="+url.QueryEscape(testFrom), nil)
	sid := list["incoming_phone_numbers"].([]any)[0].(map[string]any)["sid"].(string)
	status, number := r.ask(t, "POST", "/IncomingPhoneNumbers/"+sid+".json", url.Values{"VoiceUrl": {r.app.url + "/voice"}, "VoiceMethod": {"POST"},
		"StatusCallback": {r.app.url + "/status"}})
	if status != 200 || number["voice_url"] != r.app.url+"/voice" || number["phone_number"] != testFrom {
		t.Fatalf("%d %v", status, number)
	}
	if status, _ := r.ask(t, "POST", "/IncomingPhoneNumbers/"+sid+".json", url.Values{"VoiceUrl": {"voice"}}); status != 400 {
		t.Errorf("a relative URL: %d", status)
	}
	if _, got := r.ask(t, "GET", "/IncomingPhoneNumbers/"+sid+".json", nil); got["status_callback"] != r.app.url+"/status" {
		t.Errorf("%v", got)
	}
	if status, _ := r.ask(t, "GET", "/IncomingPhoneNumbers/PNnone.json", nil); status != 404 {
		t.Errorf("no such number: %d", status)
	}
	script := Refuses()
	if _, err := r.sim.CallIn(t.Context(), CallInOptions{From: testCaller, To: testFrom, Script: &script}); err != nil {
		t.Fatal(err)
	}
	r.wait(t)
	if got := kinds(r.sim.Deliveries()); got != "voice gather completed" {
		t.Errorf("sent %s", got)
	}
	if _, err := r.sim.CallIn(t.Context(), CallInOptions{From: testCaller, To: "+15550003333", Script: &script}); err == nil {
		t.Error("a number of somebody else was called")
	}
}

func TestPersonWhoMissedACallCallsBack(t *testing.T) {
	r := newFixture(t, Config{Pick: func(string, int) Script { return NoAnswer().CallingBack(90, Refuses()) }})
	r.setUp(t)
	r.call(t, testCaller)
	r.wait(t)
	truths := r.sim.Truths()
	if len(truths) != 2 || truths[0].Status != "no-answer" || truths[1].Direction != "inbound" || truths[1].Consent != ConsentNo {
		t.Fatalf("%+v", truths)
	}
	if after := truths[1].Started.Sub(truths[0].Ended); after != 90*time.Second {
		t.Errorf("called back after %s", after)
	}
	if truths[1].To != testCaller || truths[1].From != testFrom {
		t.Errorf("%+v", truths[1])
	}
}

func TestCallsBackOnAClockInTheirTime(t *testing.T) {
	r, clock := onClock(t, Config{Pick: func(string, int) Script { return Busy().CallingBack(3600, Refuses()) }})
	r.setUp(t)
	r.call(t, testCaller)
	drive(t, r.sim, clock, func(now time.Time) {
		for _, call := range r.listed(t) {
			if call["direction"] == "inbound" && now.Sub(testNow) < time.Hour {
				t.Fatal("a call is listed that nobody has made yet")
			}
		}
	})
	truths := r.sim.Truths()
	if len(truths) != 2 || truths[1].Started.Sub(truths[0].Ended) != time.Hour {
		t.Errorf("%+v", truths)
	}
}

func (r *fixture) listed(t *testing.T) []map[string]any {
	t.Helper()
	_, list := r.ask(t, "GET", "/Calls.json", nil)
	var calls []map[string]any
	for _, call := range list["calls"].([]any) {
		calls = append(calls, call.(map[string]any))
	}
	return calls
}

func TestCallInIsRefusedAfterTheEnd(t *testing.T) {
	r := newFixture(t, Config{})
	r.setUp(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.sim.CallIn(ended, CallInOptions{From: testCaller, To: testFrom}); err == nil {
		t.Error("called after the end")
	}
	r.sim.Close()
	if _, err := r.sim.CallIn(t.Context(), CallInOptions{From: testCaller, To: testFrom}); err == nil {
		t.Error("called a closed simulator")
	}
	if _, err := r.sim.CallIn(t.Context(), CallInOptions{From: "me", To: testFrom}); err == nil {
		t.Error("called from no number")
	}
}
