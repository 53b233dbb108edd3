package inbox_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/signature"
)

// Whatever a signed request holds, it is no fault of ours; and whatever an unsigned one holds, it is not even looked at.
func FuzzHandler(f *testing.F) {
	f.Add("voice", "callId=c1", form, "CallSid=CA1&From=%2B15551234567", "*/*", true)
	f.Add("status", "callId=c1", form+"; charset=utf-8", "CallSid=CA1&CallStatus=completed", "application/json", true)
	f.Add("recording", "", form, "CallSid=CA1&RecordingSid=RE1&RecordingStatus=in-progress", "", false)
	f.Add("gather", "attempt=2;x", form, "CallSid=%00&%zz=\xff", "application/json;q=,;;=", true)
	f.Add("../x", "%zz", "", "\x00", "q=0", true)
	h := newHandler(f, inbox.Config{Processor: outcomes(inbox.Duplicate, "text/xml", twiml)})
	f.Fuzz(func(t *testing.T, kind, query, contentType, body, accept string, isSigned bool) {
		r := httptest.NewRequest("POST", "/x", strings.NewReader(body))
		r.URL.Path, r.URL.RawQuery, r.RequestURI = "/"+kind, query, "/"+kind+"?"+query
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Accept", accept)
		if isSigned {
			r.Header.Set(signed, "yes")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch {
		case w.Code >= 500:
			t.Errorf("answered %d", w.Code)
		case !isSigned && w.Code != 403 && w.Code != 413 && w.Code != 415:
			t.Errorf("unsigned request answered %d", w.Code)
		case w.Code == 200 && w.Header().Get("X-Webhook-Duplicate") != "true":
			t.Error("an answer to a duplicate does not say so")
		}
	})
}

// The parameters that a handler sees are the ones that were signed, whatever the bytes: signing them again gives the same
// signature.
func FuzzVerifiedRequestIsReadAsItWasSigned(f *testing.F) {
	for _, seed := range []struct{ query, body string }{
		{"callId=c1", "CallSid=CA1&From=%2B15551234567"},
		{"callId=a;b&x=100%", "CallSid=CA1&SpeechResult=50%+off;+no"},
		{"callId=%zz&callId=2&=&&", "CallSid=CA1&a;b=%4&=x&&a&a="},
		{"callId=c1#&callId=c2", "CallSid=%u0041&b=%%41&\xff=%00"},
		{"", strings.Repeat("a=1&b=%&", 100)},
	} {
		f.Add(seed.query, seed.body)
	}
	const base = "https://h.example"
	genuine, err := signature.New(signature.Config{URL: base, Tokens: []string{"token"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, query, body string) {
		target := "/voice?" + query
		sig, err := signature.SignForm("token", base+target, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", "/voice", strings.NewReader(body))
		r.RequestURI = target
		r.Header.Set("Content-Type", form)
		r.Header.Set(signature.Header, sig)
		verified := false
		var seen *inbox.Event
		h := newHandler(t, inbox.Config{Processor: outcomes(inbox.Accepted, "text/xml", twiml),
			Verifier: verifier(func(r *http.Request, body []byte) error {
				_, err := genuine.VerifyRequest(r, body)
				verified = err == nil
				return err
			}),
			Identify: func(e *inbox.Event) error { seen, e.ID = e, "id"; return nil }})
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if !verified { // two accounts, say
			return
		}
		if w.Code != 200 || seen == nil {
			t.Fatalf("a verified request was answered %d %s", w.Code, w.Body)
		}
		params := seen.Form
		if seen.Query.Has("bodySHA256") && seen.Query.Get("bodySHA256") != "" {
			return // signed by its hash
		}
		if again := signature.Sign("token", base+target, params); again != sig {
			t.Errorf("read %q, which is not what was signed", params)
		}
	})
}
