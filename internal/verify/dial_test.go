package verify_test

import "testing"

// dialBreaches are breaches of how calls are dialled and bound.
var dialBreaches = []breach{
	{"dial-sent-late", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE dial_intents SET sent_at = $2 WHERE call_id = $1`, id, fx.clock())
		fx.exec(`UPDATE dial_intents SET deadline = begun_at WHERE call_id = $1`, id)
		return id
	}},
	{"call-in-another-account", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE dial_intents SET account_sid = 'AC00000000000000000000000000000009' WHERE call_id = $1`, id)
		return id
	}},
	{"event-of-another-number", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE webhook_events SET body = $2 WHERE event_id = $1`, sidOf(id)+":status:ringing",
			[]byte("CallSid="+sidOf(id)+"&AccountSid="+account+"&CallStatus=ringing&Direction=outbound-api&To=%2B15559999999"))
		return id
	}},
	{"account-refusal-failed-call", func(fx *fixture) string {
		id := fx.take("rejected")
		fx.exec(`UPDATE calls SET error_code = 20003 WHERE id = $1`, id)
		return id
	}},
}

func TestDialOfAnotherCallOrAccountIsFound(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) { fx.findsAll(4, dialBreaches) })
}
