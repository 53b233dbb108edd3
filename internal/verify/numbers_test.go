package verify_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/verify"
)

// queue creates calls that are not dialled.
func (w *world) queue(numbers ...string) (ids []string) {
	w.t.Helper()
	_, err := w.store.CreateCalls(w.t.Context(), store.NewCalls{CampaignID: w.campaign.ID, PhoneNumbers: numbers, AllowRepeat: true,
		Answer: func(calls []interview.Call) (store.Answer, error) {
			ids = nil
			for _, c := range calls {
				ids = append(ids, c.ID)
			}
			return store.Answer{Status: 202, Body: []byte("{}")}, nil
		}})
	w.must(err)
	return ids
}

var numberPlants = []struct {
	kind  string
	plant func(w *world) (subject string)
}{
	{"number-live-twice", func(w *world) string {
		ids := w.queue(w.nextNumber(), w.nextNumber())
		w.exec(`UPDATE calls SET live_number = '' WHERE id = $1`, ids[1])
		w.exec(`UPDATE calls SET phone_number = (SELECT phone_number FROM calls WHERE id = $1) WHERE id = $2`, ids[0], ids[1])
		return ids[1]
	}},
	{"number-dialled-twice", func(w *world) string {
		first := w.dial()
		second := w.dial()
		w.status(first, "completed", 2)
		w.status(second, "completed", 2)
		w.exec(`UPDATE calls SET phone_number = (SELECT phone_number FROM calls WHERE id = $1) WHERE id = $2`, first, second)
		return second
	}},
	{"number-not-released", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`UPDATE calls SET live_number = phone_number WHERE id = $1`, id)
		return id
	}},
	{"cancel-without-run", func(w *world) string {
		id := w.dial()
		w.exec(`UPDATE calls SET cancel_requested_at = $1 WHERE id = $2`, w.clock(), id)
		return id
	}},
	{"dialled-after-cancel", func(w *world) string {
		id := w.queue(w.nextNumber())[0]
		_, err := w.store.CancelCall(w.t.Context(), id)
		w.must(err)
		w.pass(time.Second)
		w.exec(`INSERT INTO call_history (id, call_id, at, what, detail) VALUES ('after', $1, $2, 'dial.intent', '')`, id, w.clock())
		return id
	}},
	{"queued-though-completed", func(w *world) string {
		id := w.queue(w.nextNumber())[0]
		w.exec(`UPDATE campaigns SET status = 'COMPLETED' WHERE id = $1`, w.campaign.ID)
		w.pass(time.Hour)
		return id
	}},
}

func TestCallsThatBreakTheRuleOfOneNumberAreFound(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		w.populate(2)
		if report := w.verify(); !report.OK() {
			t.Fatal(show(report))
		}
		for _, p := range numberPlants {
			subject := p.plant(w)
			if report := w.verify(); !has(report, p.kind, subject) {
				t.Errorf("%s of %s: %v", p.kind, subject, report.Breaches)
			}
		}
	})
}

// One number is called again and again, each time after the call before; calls are canceled at every stage.
func TestCanceledAndRepeatedCallsAreInOrder(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		ctx, number := t.Context(), w.nextNumber()
		for range 3 {
			w.pass(time.Second)
			id := w.queue(number)[0]
			run := w.start(interview.OrchestrateCall, id)
			_, err := w.store.BeginDial(ctx, run, id)
			w.must(err)
			w.must(w.store.DialAccepted(ctx, run, id, interview.PlacedCall{Sid: sidOf(id), AccountSid: account}))
			w.status(id, "completed", 1, "CallDuration", "3")
		}
		cancel := func(id string) {
			t.Helper()
			w.pass(time.Second)
			_, err := w.store.CancelCall(ctx, id)
			w.must(err)
			w.pass(time.Second)
		}
		cancel(w.queue(number)[0])

		id, run := w.begin() // its dial is under way
		cancel(id)
		w.must(w.store.DialPostponed(ctx, run, id))

		id, run = w.begin()
		cancel(id)
		w.must(w.store.DialUnknown(ctx, run, id, "timeout"))
		w.pass(time.Minute) // until then the request may still arrive
		_, err := w.store.DialAbsent(ctx, id, 1, 0)
		w.must(err)

		id, run = w.begin()
		cancel(id)
		w.must(w.store.DialAccepted(ctx, run, id, interview.PlacedCall{Sid: sidOf(id), AccountSid: account}))
		w.status(id, "canceled", 1)

		id, run = w.begin() // its first callback is faster than the answer
		cancel(id)
		w.status(id, "initiated", 0)
		w.must(w.store.DialAccepted(ctx, run, id, interview.PlacedCall{Sid: sidOf(id), AccountSid: account}))
		w.status(id, "canceled", 1)

		id = w.dial()
		w.status(id, "in-progress", 1)
		cancel(id)
		w.status(id, "completed", 2, "CallDuration", "7")

		for i, erase := range []func() string{
			func() string { return w.queue(w.nextNumber())[0] },
			func() string { id, _ := w.begin(); return id },
			w.dial,
		} {
			id := erase()
			_, err := w.store.ErasePersonalData(ctx, store.ErasureRequest{CallID: id, RequestedBy: fmt.Sprint("person ", i)})
			w.must(err)
			if i > 0 {
				w.pass(time.Second)
				w.status(id, "canceled", 3)
			}
		}

		completed := interview.CampaignCompleted
		w.queue(w.nextNumber(), w.nextNumber())
		_, err = w.store.UpdateCampaign(ctx, w.campaign.ID, store.CampaignChange{Status: &completed})
		w.must(err)
		if report := w.verify(func(c *verify.Config) { c.StuckAfter = -time.Minute }); !report.OK() {
			t.Error(show(report))
		}
	})
}
