package inbox_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
)

// A voice webhook as Twilio sends it, without signature and database: what the handler itself costs.
const voiceBody = "AccountSid=AC00000000000000000000000000000000&ApiVersion=2010-04-01&CallSid=CA00000000000000000000000000000000" +
	"&CallStatus=in-progress&Called=%2B15551234567&CalledCity=&CalledCountry=US&CalledState=CA&CalledZip=&Caller=%2B15557654321" +
	"&CallerCity=&CallerCountry=US&CallerState=CA&CallerZip=&Direction=outbound-api&From=%2B15557654321&FromCity=&FromCountry=US" +
	"&FromState=CA&FromZip=&To=%2B15551234567&ToCity=&ToCountry=US&ToState=CA&ToZip="

func BenchmarkHandler(b *testing.B) {
	for _, bench := range []struct {
		name   string
		result inbox.Outcome
		signed bool
	}{{"Accepted", inbox.Accepted, true}, {"Duplicate", inbox.Duplicate, true}, {"Unsigned", inbox.Accepted, false}} {
		b.Run(bench.name, func(b *testing.B) {
			h := newHandler(b, inbox.Config{Processor: outcomes(bench.result, "text/xml", twiml)})
			r := webhook("voice", "")
			if !bench.signed {
				r.Header.Del(signed)
			}
			r.ContentLength = int64(len(voiceBody))
			body := strings.NewReader(voiceBody)
			b.ReportAllocs()
			for b.Loop() {
				body.Reset(voiceBody)
				r.Body = nopCloser{body}
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}

type nopCloser struct{ *strings.Reader }

func (nopCloser) Close() error { return nil }
