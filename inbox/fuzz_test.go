package inbox_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
)

// Whatever a signed request holds, it is no fault of ours; and whatever an unsigned one holds, it is not even looked at.
func FuzzHandler(f *testing.F) {
	f.Add("voice", "callId=c1", form, "CallSid=CA1&From=%2B15551234567", "*/*", true)
	f.Add("status", "callId=c1", form+"; charset=utf-8", "CallSid=CA1&CallStatus=completed", "application/json", true)
	f.Add("recording", "", form, "CallSid=CA1&RecordingSid=RE1&RecordingStatus=in-progress", "", false)
	f.Add("consent", "attempt=2;x", form, "CallSid=%00&%zz=\xff", "application/json;q=,;;=", true)
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
