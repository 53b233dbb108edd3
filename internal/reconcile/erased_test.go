package reconcile_test

import (
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// erasedUnknown is a call that was erased while nobody knew whether Twilio had created it.
func (r *fixture) erasedUnknown(liveNumber string) string {
	r.t.Helper()
	id := r.unknown()
	r.text(`UPDATE calls SET live_number = $1 WHERE id = $2 RETURNING id`, liveNumber, id)
	_, err := r.store.ErasePersonalData(r.t.Context(), store.ErasureRequest{CallID: id, RequestedBy: "privacy desk"})
	r.must(err)
	return id
}

func TestErasedCallOfUnknownDialIsFoundAndEnded(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.erasedUnknown(theirs)
		r.fakeTwilio.has(remote{sid: sid("CA1"), to: theirs, status: "ringing", created: r.clock()})
		r.pass(30 * time.Second)
		c := r.call(id).Call
		if c.TwilioSid != sid("CA1") || c.Status != interview.CallRinging || c.PhoneNumber != "" {
			t.Errorf("%+v", c)
		}
		if n := r.text(`SELECT CAST(COUNT(*) AS TEXT) FROM function_runs WHERE function = 'cancel-call' AND key = $1`, id); n != "1" {
			t.Errorf("%s runs end it", n)
		}
	})
}

func TestErasedCallThatWasNeverCreatedIsCanceled(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.erasedUnknown(theirs)
		r.pass(5 * time.Minute)
		if c := r.call(id).Call; c.Status != interview.CallCanceled || c.LiveNumber != "" {
			t.Errorf("%+v", c)
		}
		if n := r.text(`SELECT CAST(COUNT(*) AS TEXT) FROM function_runs WHERE key LIKE '%redial%'`); n != "0" {
			t.Errorf("%s redials", n)
		}
	})
}

// A list of calls to nobody in particular has strangers in it.
func TestCallWithoutANumberIsNotLookedFor(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.erasedUnknown("")
		r.fakeTwilio.has(remote{sid: sid("CAstranger"), to: "+15550002222", status: "ringing", created: r.clock()})
		r.pass(5 * time.Minute)
		if n := r.fakeTwilio.asked(); n != 0 {
			t.Errorf("Twilio was asked %d times", n)
		}
		if c := r.call(id).Call; c.TwilioSid != "" || c.Status != interview.CallDialUnknown {
			t.Errorf("%+v", c)
		}
	})
}
