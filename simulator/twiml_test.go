package simulator

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// answering replaces the application's answer to /voice; other paths stay.
func answering(status int, contentType, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/voice" {
			return false
		}
		w.Header()["Content-Type"] = []string{contentType}
		if contentType == "" {
			w.Header()["Content-Type"] = nil
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
		return true
	}
}

func codes(entries []DebuggerEntry) (list []int) {
	for _, e := range entries {
		list = append(list, e.Code)
	}
	return list
}

func TestBadVoiceAnswersEndTheCallAsTwilioEndsIt(t *testing.T) {
	const hello = "<Response><Say>Hello there</Say></Response>"
	for name, test := range map[string]struct {
		status      int
		contentType string
		body        string
		codes       []int
		says        string
	}{
		"JSON":              {200, "application/json", `{"success":true}`, []int{12300}, ""},
		"not XML":           {200, "text/xml", "oops", []int{12100}, ""},
		"cut off":           {200, "text/xml", "<Response><Say>", []int{12100}, ""},
		"empty":             {200, "text/xml", "", []int{12100}, ""},
		"another root":      {200, "text/xml", "<html/>", []int{12100}, ""},
		"403":               {403, "text/xml", hello, []int{11200}, ""},
		"429":               {429, "text/xml", hello, []int{11200}, ""},
		"no type":           {200, "", hello, []int{11200}, ""},
		"unknown verb":      {200, "text/xml", "<Response><say>no</say><Say>Hello there</Say></Response>", []int{12200}, "Hello there"},
		"verb of Twilio's":  {200, "text/xml", "<Response><Dial>1</Dial><Say>Hello there</Say></Response>", []int{0}, "Hello there"},
		"application/xml":   {200, "application/xml; charset=utf-8", hello, nil, "Hello there"},
		"text/plain, TwiML": {200, "text/plain", hello, nil, "Hello there"},
		"text/plain":        {200, "text/plain", "Read me", nil, "Read me"},
		"audio":             {200, "audio/mpeg", "\xff\xfb", nil, ""},
		"hang up":           {200, "text/xml", "<Response><Hangup/><Say>Never said</Say></Response>", nil, ""},
		"relative callback": {200, "text/xml", `<Response><Start><Recording recordingStatusCallback="/recording"/></Start></Response>`, []int{11200}, ""},
	} {
		r := newFixture(t, Config{Pick: func(string, int) Script { return Script{} }})
		r.app.broken = answering(test.status, test.contentType, test.body)
		r.call(t, "+15557770001")
		r.wait(t)
		truth := r.sim.Truths()[0]
		said := ""
		for _, line := range truth.Lines {
			said += line.Text
		}
		if got := codes(r.sim.Debugger()); !slices.Equal(got, test.codes) || said != test.says || truth.Status != "completed" {
			t.Errorf("%s: Debugger %v, said %q, %s", name, r.sim.Debugger(), said, truth.Status)
		}
	}
}

func TestFallbackURLContinuesTheCall(t *testing.T) {
	r := newFixture(t, Config{Pick: func(string, int) Script { return Refuses() }})
	r.app.broken = answering(200, "text/html; charset=utf-8", "<p>Sorry")
	r.call(t, "+15557770001", func(p url.Values) { p.Set("FallbackUrl", r.app.url+"/consent?n=1") })
	r.wait(t)
	log := r.sim.Deliveries()
	if got := kinds(log); got != "initiated ringing in-progress voice fallback gather completed" {
		t.Errorf("sent %s", got)
	}
	expect(t, only(t, log, "fallback"), map[string]string{"ErrorCode": "12100", "ErrorUrl": r.app.url + "/voice?callId=1"})
}

func TestServerErrorsAreRetriedAsTheURLAsks(t *testing.T) {
	for _, test := range []struct {
		fragment string
		failing  int
		attempts int
		status   string
	}{{"", 1, 1, "completed"}, {"#rc=5&rp=5xx", 3, 4, "completed"}, {"#rc=2&rp=5xx", 9, 3, "completed"}, {"#rc=5&rp=rt,ct", 9, 1, "completed"}} {
		r := newFixture(t, Config{Pick: func(string, int) Script { return Refuses() }})
		failures := 0
		r.app.broken = func(w http.ResponseWriter, request *http.Request) bool {
			if request.URL.Path != "/voice" || failures == test.failing {
				return false
			}
			failures++
			w.WriteHeader(503)
			return true
		}
		r.call(t, "+15557770001", func(p url.Values) { p.Set("Url", r.app.url+"/voice"+test.fragment) })
		r.wait(t)
		var attempts []Delivery
		for _, d := range r.sim.Deliveries() {
			if d.Kind == KindVoice {
				attempts = append(attempts, d)
			}
		}
		if len(attempts) != test.attempts {
			t.Errorf("%q: %d attempts, want %d", test.fragment, len(attempts), test.attempts)
		}
		for i, d := range attempts {
			if d.Token != attempts[0].Token || d.Signature != attempts[0].Signature || d.Attempt != i {
				t.Errorf("%q: attempt %d is another request: %+v", test.fragment, i, d)
			}
		}
	}
}

func TestUnreachableApplicationIsTriedTwiceAndNotedAs11205(t *testing.T) {
	r := newFixture(t, Config{Pick: func(string, int) Script { return Refuses() }})
	r.call(t, "+15557770001", func(p url.Values) { p.Set("Url", "http://127.0.0.1:1/voice") })
	r.wait(t)
	d := only(t, r.sim.Deliveries(), "voice")
	if d.Failure != "ct" || d.Status != 0 || !slices.Equal(codes(r.sim.Debugger()), []int{11205}) {
		t.Errorf("%+v, Debugger %v", d, r.sim.Debugger())
	}
	if rep := r.sim.Report(); rep.Retries != 1 || rep.Refused != 2 {
		t.Errorf("by default one retry of a failed connection: %+v", rep)
	}
}

func TestRedirectsAreFollowedAndSignedAnew(t *testing.T) {
	r := newFixture(t, Config{Pick: func(string, int) Script { return Refuses() }})
	hops := 0
	r.app.broken = func(w http.ResponseWriter, request *http.Request) bool {
		if request.URL.Path != "/voice" || request.URL.Query().Get("hop") == "3" {
			return false
		}
		hops++
		w.Header().Set("Location", fmt.Sprintf("/voice?hop=%d", hops))
		w.WriteHeader(307)
		return true
	}
	r.call(t, "+15557770001") // the application checks every signature
	r.wait(t)
	if d := only(t, r.sim.Deliveries(), "voice"); d.Status != 200 || !strings.HasSuffix(d.URL, "hop=3") || hops != 3 {
		t.Errorf("after %d hops: %+v", hops, d)
	}
	r = newFixture(t, Config{Pick: func(string, int) Script { return Refuses() }})
	r.app.broken = func(w http.ResponseWriter, request *http.Request) bool {
		http.Redirect(w, request, "/voice", http.StatusFound)
		return request.URL.Path == "/voice"
	}
	r.call(t, "+15557770001")
	r.wait(t)
	if got := codes(r.sim.Debugger()); !slices.Contains(got, 11215) {
		t.Errorf("an endless redirect: %v", got)
	}
}

func TestCircleOfRedirectVerbsEnds(t *testing.T) {
	r := newFixture(t, Config{Pick: func(string, int) Script { return Script{} }})
	r.app.broken = answering(200, "text/xml", "<Response><Redirect>/voice</Redirect></Response>")
	r.call(t, "+15557770001")
	r.wait(t)
	if n := len(r.sim.Deliveries()); n > maxDocuments+8 {
		t.Errorf("%d requests", n)
	}
}

func TestCredentialsInTheURLAreSentOnlyAfter401(t *testing.T) {
	r := newFixture(t, Config{Pick: func(string, int) Script { return Script{} }})
	var sent []string
	r.app.broken = func(w http.ResponseWriter, request *http.Request) bool {
		if request.URL.Path != "/voice" {
			return false
		}
		user, password, _ := request.BasicAuth()
		sent = append(sent, user+":"+password)
		if user == "" {
			w.WriteHeader(401)
			return true
		}
		return false
	}
	withUser := strings.Replace(r.app.url, "http://", "http://me:secret@", 1)
	r.call(t, "+15557770001", func(p url.Values) { p.Set("Url", withUser+"/voice") })
	r.wait(t)
	if !slices.Equal(sent, []string{":", "me:secret"}) {
		t.Errorf("sent %v", sent)
	}
}

func FuzzParseTwiML(f *testing.F) {
	f.Add("<Response><Gather input='speech'><Say>Hi</Say></Gather></Response>")
	f.Add("<?xml version='1.0'?><!DOCTYPE x><Response/>")
	f.Add("<Response>")
	f.Fuzz(func(t *testing.T, text string) {
		verbs, err := parseTwiML(text)
		if err == nil && len(verbs) > 0 && !strings.Contains(text, "Response") {
			t.Errorf("%q has verbs", text)
		}
	})
}
