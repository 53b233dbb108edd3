package reconcile_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/reconcile"
	"github.com/i-agent/iagent/internal/twilio"
)

// An answer that is not the list that was asked for neither proves that a call is absent nor that it has no recording.
func TestAnswerThatIsNoListProvesNothing(t *testing.T) {
	const jsonType = "application/json"
	for name, body := range map[string][2]string{
		"empty object":       {jsonType, `{}`},
		"null":               {jsonType, `null`},
		"maintenance":        {jsonType, `{"message":"down for maintenance","status":200}`},
		"page":               {"text/html", `<html>back soon</html>`},
		"list called HTML":   {"text/html", `{"calls":[],"recordings":[]}`},
		"truncated":          {jsonType, `{"calls":[],"recordings":[`},
		"endless":            {jsonType, `{"calls":[],"recordings":[],"next_page_uri":"/2010-04-01/Accounts/` + account + `/Calls.json?Page=1"}`},
		"rows that are none": {jsonType, `{"calls":[{}],"recordings":[{}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, r *fixture) {
				unknown := r.unknown()
				recorded := r.placed(sid("CArecorded"))
				r.consents(recorded, sid("CArecorded"))
				r.send("status", recorded, sid("CArecorded"), "CallStatus", "completed", "CallDuration", "9")
				r.fakeTwilio.has(remote{sid: sid("CArecorded"), to: theirs, status: "completed", created: r.clock()})
				r.fakeTwilio.answers(func(*http.Request) (string, string) { return body[0], body[1] })
				for range 60 {
					r.advance(time.Minute)
					_ = r.reconciler.Pass(t.Context())
				}
				if c := r.call(unknown).Call; c.Status != interview.CallDialUnknown {
					t.Errorf("%s, history %+v", c.Status, r.call(unknown).History)
				}
				if n := r.notes(recorded, "recording.none"); n != 0 {
					t.Error("it proves that there is no recording")
				}
				// Twilio answers again.
				r.fakeTwilio.answers(nil)
				r.pass(10 * time.Minute)
				if c := r.call(unknown).Call; c.Status != interview.CallQueued {
					t.Errorf("%s after Twilio answers again", c.Status)
				}
			})
		})
	}
}

// strangers is a list that was not filtered: calls to others, of which one is not bound, newest first.
func (r *fixture) strangers(to string) func(*http.Request) (string, string) {
	created := r.clock()
	return func(*http.Request) (string, string) {
		row, _ := json.Marshal(map[string]any{"sid": sid("CAstranger"), "account_sid": account, "to": to, "from": ours, "status": "ringing",
			"direction": "outbound-api", "date_created": created.Format(time.RFC1123Z)})
		return "application/json", fmt.Sprintf(`{"calls":[%s],"next_page_uri":null}`, row)
	}
}

func TestCallToAnotherNumberIsNeverBound(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.unknown()
		r.fakeTwilio.answers(r.strangers("+15550002222"))
		for range 30 {
			r.advance(20 * time.Second)
			_ = r.reconciler.Pass(t.Context())
		}
		if c := r.call(id).Call; c.TwilioSid != "" || c.Status != interview.CallDialUnknown {
			t.Fatalf("%s %q", c.Status, c.TwilioSid)
		}
		// The same row, to our number, is the call.
		r.fakeTwilio.answers(r.strangers(theirs))
		r.advance(time.Minute)
		r.must(r.reconciler.Pass(t.Context()))
		if c := r.call(id).Call; c.TwilioSid != sid("CAstranger") {
			t.Errorf("%s %q", c.Status, c.TwilioSid)
		}
	})
}

func TestCallsThatWereNotDialledByUsAreNeverBound(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		r.fakeTwilio.has(remote{sid: sid("CAbefore"), to: theirs, status: "ringing", created: r.clock().Add(-6 * time.Second)})
		id := r.unknown()
		r.fakeTwilio.has(remote{sid: sid("CAinbound"), to: theirs, status: "in-progress", created: r.clock(), direction: "inbound"})
		r.fakeTwilio.has(remote{sid: sid("CAleg"), to: theirs, status: "in-progress", created: r.clock(), direction: "outbound-dial"})
		r.fakeTwilio.has(remote{sid: sid("CAother"), to: theirs, status: "in-progress", created: r.clock(), from: "+15550007777"})
		r.pass(5 * time.Minute)
		if c := r.call(id).Call; c.TwilioSid != "" || c.Status != interview.CallQueued {
			t.Errorf("%s %q", c.Status, c.TwilioSid)
		}
	})
}

func TestAnswerAboutAnotherCallChangesNothing(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.placed(sid("CA1"))
		r.fakeTwilio.has(remote{sid: sid("CA1"), to: "+15550002222", status: "completed", created: r.clock(), ended: r.clock(), duration: "9"})
		for range 20 {
			r.advance(time.Minute)
			_ = r.reconciler.Pass(t.Context())
		}
		if c := r.call(id).Call; c.Status != interview.CallDialing {
			t.Errorf("%s", c.Status)
		}
	})
}

// The program was restarted with another TWILIO_PHONE_NUMBER between the dial and the search.
func TestCallIsSearchedWithTheCallerIdItWasDialledWith(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.unknown()
		r.fakeTwilio.has(remote{sid: sid("CAmine"), to: theirs, status: "ringing", created: r.clock()})
		r.reconciler = r.configured(r.store, "+15550008888", account, nil)
		r.pass(10 * time.Minute)
		if c := r.call(id).Call; c.TwilioSid != sid("CAmine") || c.Status != interview.CallRinging || r.notes(id, "dial.intent") != 1 {
			t.Errorf("%s %q: %+v", c.Status, c.TwilioSid, r.call(id).History)
		}
	})
}

// The program was restarted with another account: that one knows nothing of the call.
func TestCallIsSearchedInTheAccountItWasDialledWith(t *testing.T) {
	const other = "AC00000000000000000000000000000002"
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.unknown()
		r.reconciler = r.configured(r.store, ours, other, nil)
		r.pass(30 * time.Minute)
		if c := r.call(id).Call; c.Status != interview.CallDialUnknown || r.fakeTwilio.asked() != 0 || r.notes(id, "reconcile.foreign") != 1 {
			t.Fatalf("%s: %+v", c.Status, r.call(id).History)
		}
		// TWILIO_ACCOUNT_TOKENS has the token of the first.
		r.fakeTwilio.has(remote{sid: sid("CAmine"), to: theirs, status: "ringing", created: r.call(id).Call.DialedAt.Add(time.Second)})
		r.reconciler = r.configured(r.store, ours, other, func(sid string) *twilio.Client {
			if sid != account {
				return nil
			}
			return r.client
		})
		r.pass(time.Minute)
		if c := r.call(id).Call; c.TwilioSid != sid("CAmine") {
			t.Errorf("%s %q", c.Status, c.TwilioSid)
		}
	})
}

// A request that was sent in time may still be on its way: what lists lack until then proves nothing.
func TestAbsenceCountsOnlyOnceNothingCanBeSentAnyMore(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		eager := reconcile.New(reconcile.Config{Store: r.store, Twilio: r.client, Processor: r.processor, From: ours, AccountSid: account,
			Identify: nil, Deadlines: interview.DefaultDeadlines(), RequestsPerSecond: 1e6, AbsentAnswers: 1, AbsentFor: time.Nanosecond, Now: r.clock})
		id := r.unknown()
		r.reconciler = eager
		r.pass(50 * time.Second)
		if c := r.call(id).Call; c.Status != interview.CallDialUnknown {
			t.Fatalf("%s while the dial may still be sent", c.Status)
		}
		r.pass(2 * time.Minute)
		if c := r.call(id).Call; c.Status != interview.CallQueued {
			t.Errorf("%s", c.Status)
		}
	})
}
