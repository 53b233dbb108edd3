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
func (fx *fixture) queue(numbers ...string) (ids []string) {
	fx.t.Helper()
	_, err := fx.store.CreateCalls(fx.t.Context(), store.NewCalls{CampaignID: fx.campaign.ID, PhoneNumbers: numbers, AllowRepeat: true,
		Answer: func(calls []interview.Call) (store.Answer, error) {
			ids = nil
			for _, c := range calls {
				ids = append(ids, c.ID)
			}
			return store.Answer{Status: 202, Body: []byte("{}")}, nil
		}})
	fx.must(err)
	return ids
}

var numberBreaches = []breach{
	{"number-live-twice", func(fx *fixture) string {
		ids := fx.queue(fx.nextNumber(), fx.nextNumber())
		fx.exec(`UPDATE calls SET live_number = '' WHERE id = $1`, ids[1])
		fx.exec(`UPDATE calls SET phone_number = (SELECT phone_number FROM calls WHERE id = $1) WHERE id = $2`, ids[0], ids[1])
		return ids[1]
	}},
	{"number-dialled-twice", func(fx *fixture) string {
		first := fx.dial()
		second := fx.dial()
		fx.pass(5 * time.Second) // more than clocks may differ
		fx.status(first, "completed", 2)
		fx.status(second, "completed", 2)
		fx.exec(`UPDATE calls SET phone_number = (SELECT phone_number FROM calls WHERE id = $1) WHERE id = $2`, first, second)
		return second
	}},
	{"number-not-released", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE calls SET live_number = phone_number WHERE id = $1`, id)
		return id
	}},
	{"cancel-without-run", func(fx *fixture) string {
		id := fx.dial()
		fx.exec(`UPDATE calls SET cancel_requested_at = $1 WHERE id = $2`, fx.clock(), id)
		return id
	}},
	{"dialled-after-cancel", func(fx *fixture) string {
		id := fx.queue(fx.nextNumber())[0]
		_, err := fx.store.CancelCall(fx.t.Context(), id, "")
		fx.must(err)
		fx.pass(time.Second)
		fx.exec(`INSERT INTO call_history (id, call_id, at, what, detail) VALUES ('after', $1, $2, 'dial.intent', '')`, id, fx.clock())
		return id
	}},
	{"queued-though-completed", func(fx *fixture) string {
		id := fx.queue(fx.nextNumber())[0]
		fx.exec(`UPDATE campaigns SET status = 'COMPLETED' WHERE id = $1`, fx.campaign.ID)
		fx.pass(time.Hour)
		return id
	}},
}

func TestCallsThatBreakTheRuleOfOneNumberAreFound(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) { fx.findsAll(2, numberBreaches) })
}

// The process that hears of the end of a call may have a clock that is ahead of that of the process which dials next.
func TestClocksThatDifferAreNoSecondDial(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) {
		number := fx.nextNumber()
		for _, ahead := range []time.Duration{3 * time.Second, 0, 3 * time.Second} {
			id := fx.queue(number)[0]
			run := fx.start(interview.OrchestrateCall, id)
			_, err := fx.store.BeginDial(t.Context(), run, id)
			fx.must(err)
			fx.must(fx.store.DialAccepted(t.Context(), run, id, interview.PlacedCall{Sid: sidOf(id), AccountSid: account}))
			fx.pass(ahead)
			fx.status(id, "completed", 1, "CallDuration", "1")
			fx.pass(-ahead - 500*time.Millisecond)
		}
		if report := fx.verify(); !report.OK() {
			t.Error(show(report))
		}
	})
}

// One number is called again and again, each time after the call before; calls are canceled at every stage.
func TestCanceledAndRepeatedCallsAreInOrder(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) {
		ctx, number := t.Context(), fx.nextNumber()
		for range 3 {
			fx.pass(time.Second)
			id := fx.queue(number)[0]
			run := fx.start(interview.OrchestrateCall, id)
			_, err := fx.store.BeginDial(ctx, run, id)
			fx.must(err)
			fx.must(fx.store.DialAccepted(ctx, run, id, interview.PlacedCall{Sid: sidOf(id), AccountSid: account}))
			fx.status(id, "completed", 1, "CallDuration", "3")
		}
		cancel := func(id string) {
			t.Helper()
			fx.pass(time.Second)
			_, err := fx.store.CancelCall(ctx, id, "")
			fx.must(err)
			fx.pass(time.Second)
		}
		cancel(fx.queue(number)[0])

		id, run := fx.begin() // its dial is under way
		cancel(id)
		fx.must(fx.store.DialPostponed(ctx, run, id))

		id, run = fx.begin()
		cancel(id)
		fx.must(fx.store.DialUnknown(ctx, run, id, "timeout"))
		fx.pass(time.Minute) // until then the request may still arrive
		_, err := fx.store.DialAbsent(ctx, id, 1, 0)
		fx.must(err)

		id, run = fx.begin()
		cancel(id)
		fx.must(fx.store.DialAccepted(ctx, run, id, interview.PlacedCall{Sid: sidOf(id), AccountSid: account}))
		fx.status(id, "canceled", 1)

		id, run = fx.begin() // its first callback is faster than the answer
		cancel(id)
		fx.status(id, "initiated", 0)
		fx.must(fx.store.DialAccepted(ctx, run, id, interview.PlacedCall{Sid: sidOf(id), AccountSid: account}))
		fx.status(id, "canceled", 1)

		id = fx.dial()
		fx.status(id, "in-progress", 1)
		cancel(id)
		fx.status(id, "completed", 2, "CallDuration", "7")

		for i, erase := range []func() string{
			func() string { return fx.queue(fx.nextNumber())[0] },
			func() string { id, _ := fx.begin(); return id },
			fx.dial,
		} {
			id := erase()
			_, err := fx.store.ErasePersonalData(ctx, store.ErasureRequest{CallID: id, RequestedBy: fmt.Sprint("person ", i)})
			fx.must(err)
			if i > 0 {
				fx.pass(time.Second)
				fx.status(id, "canceled", 3)
			}
		}

		completed := interview.CampaignCompleted
		fx.queue(fx.nextNumber(), fx.nextNumber())
		_, err = fx.store.UpdateCampaign(ctx, fx.campaign.ID, store.CampaignChange{Status: &completed})
		fx.must(err)
		if report := fx.verify(func(c *verify.Config) { c.StuckAfter = -time.Minute }); !report.OK() {
			t.Error(show(report))
		}
	})
}
