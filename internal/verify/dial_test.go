package verify_test

import "testing"

// dialPlants are breaches of how calls are dialled and bound.
var dialPlants = []struct {
	kind  string
	plant func(w *world) (subject string)
}{
	{"dial-sent-late", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`UPDATE dial_intents SET sent_at = $2 WHERE call_id = $1`, id, w.clock())
		w.exec(`UPDATE dial_intents SET deadline = begun_at WHERE call_id = $1`, id)
		return id
	}},
	{"call-in-another-account", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`UPDATE dial_intents SET account_sid = 'AC00000000000000000000000000000009' WHERE call_id = $1`, id)
		return id
	}},
	{"event-of-another-number", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`UPDATE webhook_events SET body = $2 WHERE event_id = $1`, sidOf(id)+":status:ringing",
			[]byte("CallSid="+sidOf(id)+"&AccountSid="+account+"&CallStatus=ringing&Direction=outbound-api&To=%2B15559999999"))
		return id
	}},
	{"account-refusal-failed-call", func(w *world) string {
		id := w.take("rejected")
		w.exec(`UPDATE calls SET error_code = 20003 WHERE id = $1`, id)
		return id
	}},
}

func TestDialOfAnotherCallOrAccountIsFound(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		w.populate(4)
		if report := w.verify(); !report.OK() {
			t.Fatal(show(report))
		}
		for _, p := range dialPlants {
			subject := p.plant(w)
			if report := w.verify(); !has(report, p.kind, subject) {
				t.Errorf("%s of %s: %v", p.kind, subject, report.Breaches)
			}
		}
	})
}
