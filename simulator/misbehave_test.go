package simulator

import (
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// policy asks for every retry that there is.
const policy = "#rc=5&amp;rp=5xx,ct,rt&amp;rt=4500&amp;ct=2000"

// retriedAll are URLs that ask for them.
func retriedAll(a *app) func(url.Values) {
	return func(p url.Values) {
		policy := strings.ReplaceAll(policy, "&amp;", "&")
		p.Set("Url", a.url+"/voice?callId=1&step=0"+policy)
		p.Set("StatusCallback", a.url+"/status?callId=1&ask=no"+policy)
	}
}

// suffer plays some calls of people who consent under these faults.
func suffer(t *testing.T, calls int, config Config, change ...func(url.Values)) *fixture {
	t.Helper()
	if config.Pick == nil {
		config.Pick = func(string, int) Script { return Consents() }
	}
	config.OldToken = testOldToken
	r := newFixture(t, config)
	r.app.refuses, r.app.policy = true, policy
	for i := range calls {
		r.call(t, fmt.Sprintf("+1555777%04d", i), append([]func(url.Values){retriedAll(r.app)}, change...)...)
	}
	r.wait(t)
	return r
}

// unbroken checks that nothing is held against an application that did everything right.
func unbroken(t *testing.T, r *fixture) Report {
	t.Helper()
	rep := r.sim.Report()
	if len(rep.Broken) > 0 {
		t.Errorf("broken: %+v", rep.Broken)
	}
	return rep
}

func TestDroppedCallbackNeverArrives(t *testing.T) {
	r := suffer(t, 20, Config{Seed: 5, Faults: Faults{Drop: 0.2}})
	rep := unbroken(t, r)
	dropped := 0
	for _, d := range r.sim.Deliveries() {
		if d.Fault != FaultDrop || d.Kind.chained() {
			continue
		}
		dropped++
		if d.Status != 0 {
			t.Errorf("dropped, and answered: %+v", d)
		}
		if d.Kind == KindStatus && slices.ContainsFunc(r.app.seen, func(id string) bool {
			return strings.HasPrefix(id, d.CallSid+"/status") && strings.HasSuffix(id, d.Params.Get("CallStatus"))
		}) {
			t.Errorf("dropped, and seen: %s", d.short())
		}
	}
	if dropped < 10 || rep.Dropped < dropped || rep.Faults[FaultDrop] < rep.Dropped {
		t.Errorf("%d callbacks dropped, reported %d of %v", dropped, rep.Dropped, rep.Faults)
	}
}

func TestDroppedTwiMLRequestGoesToTheFallback(t *testing.T) {
	var fell []Delivery
	r := suffer(t, 20, Config{Seed: 5, Faults: Faults{Drop: 0.2}})
	for _, d := range r.sim.Deliveries() {
		if d.Kind.chained() && d.Fault == FaultDrop {
			fell = append(fell, d)
		}
	}
	if len(fell) == 0 || len(fell)%6 != 0 { // the first attempt and five retries
		t.Errorf("%d attempts at dropped TwiML requests", len(fell))
	}
	for _, e := range r.sim.Debugger() {
		if e.Fault != FaultDrop || e.Code != 11205 {
			t.Errorf("entry %+v", e)
		}
	}
	fallback := 0
	r = suffer(t, 20, Config{Seed: 5, Faults: Faults{Drop: 0.2}}, func(p url.Values) { p.Set("FallbackUrl", p.Get("Url")+"&fallback=1") })
	for _, d := range r.sim.Deliveries() {
		if d.Kind == KindFallback && d.Fault == FaultNone {
			fallback++
			expect(t, d, map[string]string{"ErrorCode": "11205"})
		}
	}
	if fallback == 0 {
		t.Error("no fallback")
	}
}

func TestLostResponseIsRetriedWithTheSameToken(t *testing.T) {
	r := suffer(t, 3, Config{Seed: 5, Faults: Faults{LostResponse: 1}})
	rep := unbroken(t, r)
	first := map[event]Delivery{}
	for _, d := range r.sim.Deliveries() {
		e := event{d.CallSid, d.Ordinal}
		if d.Attempt == 0 {
			first[e] = d
			if d.Failure != "rt" || d.Status != 200 || !slices.Contains(d.Also, FaultLostResponse) {
				t.Errorf("not lost: %+v", d)
			}
			continue
		}
		if d.Token != first[e].Token || d.Signature != first[e].Signature || d.Body != first[e].Body && d.Kind.chained() || !d.Duplicate {
			t.Errorf("the retry is another: %+v\n%+v", first[e], d)
		}
	}
	if rep.Retries != len(first)-2*len(rep.Truths) { // the URL of the two recording callbacks asks for none
		t.Errorf("%d events, %d retries", len(first), rep.Retries)
	}
	for _, truth := range rep.Truths {
		if truth.Consent != ConsentYes || truth.Status != "completed" || len(truth.Recordings) != 1 {
			t.Errorf("the call suffered: %+v", truth)
		}
	}
}

// rt and the time for all attempts are 15 s unless the URL says otherwise, so that rp=rt alone repeats nothing.
func TestSilentAttemptIsRetriedOnlyIfRTLeavesTime(t *testing.T) {
	for fragment, retries := range map[string]int{"": 0, "#rc=5&rp=rt": 0, "#rc=5&rp=rt&rt=15000": 0, "#rc=5&rp=rt&tt=4500&rt=4500": 0,
		"#rc=5&rp=rt&rt=4500": 1, "#rc=0&rp=rt&rt=4500": 0, "#rc=5&rp=5xx&rt=4500": 0, "#rc=5&rp=all&rt=14900": 1} {
		r := newFixture(t, Config{Seed: 5, Faults: Faults{LostResponse: 1}, Pick: func(string, int) Script { return Refuses() }})
		r.call(t, "+15557770001", func(p url.Values) { p.Set("Url", r.app.url+"/voice"+fragment) })
		r.wait(t)
		got := 0
		for _, d := range r.sim.Deliveries() {
			if d.Kind == KindVoice && d.Attempt > 0 {
				got++
			}
		}
		if got != retries {
			t.Errorf("%q: %d retries, want %d", fragment, got, retries)
		}
	}
}

// tracing tells of its connection as net/http's transport does.
type tracing struct{ straight }

func (s tracing) RoundTrip(r *http.Request) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(r.Context())
	trace.GetConn("h.example:443")
	trace.GotConn(httptrace.GotConnInfo{})
	trace.WroteRequest(httptrace.WroteRequestInfo{})
	response, _ := s.straight.RoundTrip(r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return response, nil
}

// An application that never answers is asked at 0, 4.5 and 9 s, and at 13.5 s for the rest of the 15 s. Then it is the
// fallback's turn, at once.
func TestReadTimeoutCountsFromTheSendingOfTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var asked []string
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, fmt.Sprintf("%s %v", r.URL.Path, time.Since(began)))
			if r.URL.Path == "/voice" {
				<-r.Context().Done()
				return
			}
			w.Header().Set("Content-Type", "text/xml")
			w.Write([]byte(`<Response><Hangup/></Response>`))
		})
		sim, _ := New(Config{AccountSid: testAccount, AuthToken: testToken, Transport: tracing{straight{handler}},
			Pick: func(string, int) Script { return Refuses() }})
		restPost(t, sim, "/Calls.json", url.Values{"To": {"+15557770001"}, "From": {testFrom},
			"Url": {"https://h.example/voice#rc=5&rp=5xx,ct,rt&rt=4500&ct=2000"}, "FallbackUrl": {"https://h.example/fallback"}})
		if err := sim.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []string{"/voice 0s", "/voice 4.5s", "/voice 9s", "/voice 13.5s", "/fallback 15s"}
		if !slices.Equal(asked, want) {
			t.Errorf("asked %q, want %q", asked, want)
		}
		if rep := sim.Report(); rep.Retries != 3 || rep.Calls["completed"] != 1 {
			t.Errorf("%+v", rep)
		}
	})
}

// With a Speed, the wait for an answer that is lost takes its part of real time, and the person waits as long.
func TestLostResponseTakesTheTimeOfRT(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var asked []time.Duration
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, time.Since(began))
			w.Header().Set("Content-Type", "text/xml")
			w.Write([]byte(`<Response><Pause length="10"/></Response>`))
		})
		sim, _ := New(Config{AccountSid: testAccount, AuthToken: testToken, Transport: straight{handler}, Speed: 10,
			Pick: func(string, int) Script { return Script{Ring: 1} }, Faults: Faults{LostResponse: 1}})
		restPost(t, sim, "/Calls.json", url.Values{"To": {"+15557770001"}, "From": {testFrom},
			"Url": {"https://h.example/voice#rc=5&rp=rt&rt=4500"}})
		if err := sim.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(asked) != 2 || asked[1]-asked[0] != 450*time.Millisecond {
			t.Errorf("asked at %v", asked)
		}
		if truth := sim.Truths()[0]; truth.Duration != 15 { // 4.5 s of waiting, 10 s of the pause
			t.Errorf("%+v", truth)
		}
	})
}

// By default, nobody asks again when an answer is lost.
func TestConsentCountsThoughItsResponseWasLost(t *testing.T) {
	r := newFixture(t, Config{Seed: 4, Faults: Faults{LostResponse: 0.5}, Pick: func(string, int) Script { return Consents() }})
	for i := range 20 {
		r.call(t, fmt.Sprintf("+1555777%04d", i))
	}
	r.wait(t)
	lost := 0
	for _, d := range r.sim.Deliveries() {
		if d.Kind != KindGather || !slices.Contains(d.Also, FaultLostResponse) {
			continue
		}
		lost++
		for _, truth := range r.sim.Truths() {
			if truth.CallSid == d.CallSid && (truth.Consent != ConsentYes || len(truth.Recordings) != 0) {
				t.Errorf("consent %q, %d recordings", truth.Consent, len(truth.Recordings))
			}
		}
	}
	if lost == 0 {
		t.Error("no answer to a consent was lost")
	}
	for _, e := range r.sim.Debugger() {
		if e.Fault != FaultLostResponse {
			t.Errorf("held against the application: %+v", e)
		}
	}
	unbroken(t, r)
}

func TestUnreachableApplicationIsTriedAgainByDefault(t *testing.T) {
	r := suffer(t, 2, Config{Faults: Faults{Unreachable: 1}}, func(p url.Values) {
		p.Set("Url", r0(p.Get("Url")))
		p.Set("StatusCallback", r0(p.Get("StatusCallback")))
	})
	rep := unbroken(t, r)
	for _, d := range r.sim.Deliveries() {
		if (d.Attempt == 0) != (d.Failure == "ct") {
			t.Errorf("attempt %d: %q %s", d.Attempt, d.Failure, d.Error)
		}
	}
	if rep.Dropped != 0 || rep.Calls["completed"] != 2 || rep.Refused != 0 {
		t.Errorf("%+v", rep)
	}
}

// r0 is a URL without its fragment: Twilio's default policy.
func r0(rawURL string) string { bare, _, _ := strings.Cut(rawURL, "#"); return bare }

func TestDelayedCallbackArrivesWhenLaterThingsHaveHappened(t *testing.T) {
	r := suffer(t, 10, Config{Seed: 2, Faults: Faults{Delay: 0.5}})
	rep := unbroken(t, r)
	late, overtaken, last := 0, 0, map[string]int{}
	for _, d := range r.sim.Deliveries() {
		if d.Fault == FaultDelay {
			late++
			if d.Kind.chained() {
				t.Errorf("TwiML cannot be late: %+v", d)
			}
			if d.Ordinal < last[d.CallSid] {
				overtaken++
			}
		}
		last[d.CallSid] = max(last[d.CallSid], d.Ordinal)
	}
	if late < 10 || overtaken < 5 || rep.Faults[FaultDelay] != late {
		t.Errorf("%d late, %d overtaken, %v", late, overtaken, rep.Faults)
	}
}

func TestSlowReaderAndSlowSenderTakeTheirTime(t *testing.T) {
	const slow = 40 * time.Millisecond
	for _, faults := range []Faults{{SlowReader: 1}, {SlowSender: 1}} {
		r := suffer(t, 1, Config{Slowness: slow, Pick: func(string, int) Script { return Refuses() }, Faults: faults})
		unbroken(t, r)
		for _, d := range r.sim.Deliveries() {
			if d.Latency < slow/2 || d.Status != 200 {
				t.Errorf("%+v: %s took %v", faults, d.short(), d.Latency)
			}
		}
	}
}

func TestStaleTokenSignsInARotationOnly(t *testing.T) {
	r := suffer(t, 2, Config{Faults: Faults{StaleToken: 1}})
	unbroken(t, r)
	for _, d := range r.sim.Deliveries() {
		if d.Signature != sign(testOldToken, d.URL, d.Params) {
			t.Errorf("not signed with the old token: %s", d.short())
		}
	}
	r = newFixture(t, Config{Faults: Faults{StaleToken: 1}, Pick: func(string, int) Script { return Consents() }})
	r.call(t, "+15557770001")
	r.wait(t)
	for _, d := range r.sim.Deliveries() {
		if d.Signature != sign(testToken, d.URL, d.Params) || len(d.Also) > 0 {
			t.Errorf("no rotation, another token: %s", d.short())
		}
	}
}

// The application asks the official validator, which takes both forms.
func TestPortAddedIsStillSigned(t *testing.T) {
	r := suffer(t, 2, Config{Faults: Faults{PortAdded: 1}})
	if rep := unbroken(t, r); rep.Refused != 0 || rep.Faults[FaultPortAdded] != rep.Webhooks {
		t.Errorf("%d refused, %v", rep.Refused, rep.Faults)
	}
	for _, test := range []struct{ signed, wire, want string }{
		{"https://h/v?a=1", "https://h/v?a=1", "https://h:443/v?a=1"},
		{"https://h/v", "https://h:8443/v", "https://h:8443/v"},
		{"http://h/v", "http://h/v", "http://h:80/v"},
		{"http://h:81/v", "http://h:81/v", "http://h/v"},
		{"http://[::1]:81/v", "http://[::1]:81/v", "http://[::1]/v"},
		{"https://[::1]/v", "https://[::1]/v", "https://[::1]:443/v"},
	} {
		if got := otherPort(test.signed, test.wire); got != test.want {
			t.Errorf("%s: %s", test.signed, got)
		}
	}
}

func TestReencodedBodyHasTheSameParameters(t *testing.T) {
	r := suffer(t, 2, Config{Faults: Faults{BodyReencoded: 1}})
	if rep := unbroken(t, r); rep.Refused != 0 || rep.Faults[FaultBodyReencoded] == 0 {
		t.Errorf("%d refused, %v", rep.Refused, rep.Faults)
	}
	params := url.Values{"To": {"+15557770001"}, "SpeechResult": {"Ja, é + 100 %"}, "Empty": {""}, "Twice": {"b", "a", "b"}}
	m := wireOptions{shuffle: func() shuffler { return seed(1).rand("body") }}
	text := m.encode(params)
	back, err := url.ParseQuery(text)
	if err != nil || asJSON(t, back) != asJSON(t, params) || text == params.Encode() {
		t.Errorf("%s: %v, %v", text, back, err)
	}
}

func TestForgeriesHaveNoValidSignature(t *testing.T) {
	r := suffer(t, 3, Config{Seed: 5, Faults: Faults{WrongToken: 1, Tampered: 1, HTTPForHTTPS: 1, QuerySorted: 1, Flood: 0.1}})
	rep := unbroken(t, r)
	for _, fault := range []Fault{FaultWrongToken, FaultTampered, FaultHTTPForHTTPS, FaultQuerySorted, FaultFlood} {
		if rep.Faults[fault] == 0 {
			t.Errorf("no %s", fault)
		}
	}
	for _, d := range r.sim.Deliveries() {
		if d.Fault.forged() != (d.Status == 403) {
			t.Errorf("%s", d.short())
		}
	}
	if rep.Refused != 0 || rep.ForgedAccepted != 0 || rep.Forged != rep.Faults[FaultWrongToken]+rep.Faults[FaultTampered]+
		rep.Faults[FaultHTTPForHTTPS]+rep.Faults[FaultQuerySorted]+rep.Faults[FaultFlood] {
		t.Errorf("%+v", rep)
	}
	if rep.Calls["completed"] != 3 || rep.Recordings != 3 {
		t.Errorf("the forgeries did harm: %+v", rep.Calls)
	}
}

func TestAnswerThatTakesTooLongBreaksARule(t *testing.T) {
	r := newFixture(t, Config{Pick: func(string, int) Script { return Refuses() }})
	r.app.broken = func(_ http.ResponseWriter, request *http.Request) bool {
		if request.URL.Path != "/voice" {
			return false
		}
		<-request.Context().Done()
		return true
	}
	r.call(t, "+15557770001", func(p url.Values) { p.Set("Url", r.app.url+"/voice#rt=100&ct=100") })
	r.wait(t)
	var broken []string
	for _, v := range r.sim.Report().Broken {
		broken = append(broken, v.Rule)
		if v.Count != 1 || len(v.Examples) != 1 || v.Meaning == "" {
			t.Errorf("%+v", v)
		}
	}
	if !slices.Equal(broken, []string{RuleUnanswered, RuleTooSlow, RuleDebuggerErrors}) {
		t.Errorf("broken %v", broken)
	}
}

func TestCopyThatTakesTooLongBreaksNoRuleWhenItsWebhookWasAnswered(t *testing.T) {
	original := Delivery{Kind: KindStatus, Status: 200}
	slow := Delivery{Kind: KindStatus, Fault: FaultEcho, TimedOut: true, Error: "nothing came in time"}
	for name, test := range map[string]struct {
		all    []Delivery
		broken bool
	}{
		"answered":     {[]Delivery{original, slow}, false},
		"not answered": {[]Delivery{{Kind: KindStatus, Status: 500}, slow}, true},
		"no copy":      {[]Delivery{{Kind: KindStatus, TimedOut: true}, {Kind: KindStatus, Fault: FaultEcho, Status: 200}}, true},
	} {
		rep := &Report{}
		rep.judge(test.all, true)
		if got := slices.ContainsFunc(rep.Broken, func(v Violation) bool { return v.Rule == RuleTooSlow }); got != test.broken {
			t.Errorf("%s: too slow is %t, want %t", name, got, test.broken)
		}
	}
}
