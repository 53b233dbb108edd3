package reconcile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// Somebody who reconciles by hand should not have to do it again because Twilio was busy for a moment.
func TestBusyTwilioIsAskedAgainWithinTheRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		retryAfter string
		answers    []int
		pauses     []time.Duration
	}{
		"too many requests":     {"", []int{429, 429}, []time.Duration{time.Second, 2 * time.Second}},
		"fault of Twilio's":     {"", []int{500, 503}, []time.Duration{time.Second, 2 * time.Second}},
		"no answer":             {"", []int{0}, []time.Duration{time.Second}},
		"request timeout":       {"", []int{408}, []time.Duration{time.Second}},
		"as long as it asks to": {"7", []int{429}, []time.Duration{7 * time.Second}},
		"four times":            {"", []int{429, 500, 502, 503}, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, r *fixture) {
				id := r.placed(sid("CA1"))
				r.fakeTwilio.has(remote{sid: sid("CA1"), to: theirs, status: "no-answer", created: r.clock()})
				r.fakeTwilio.fails(test.retryAfter, test.answers...)
				calls, repaired, err := r.reconciler.Since(t.Context(), r.clock().Add(-time.Hour))
				if calls != 1 || repaired != 1 || err != nil {
					t.Fatal(calls, repaired, err)
				}
				if c := r.call(id).Call; c.Status != interview.CallNoAnswer {
					t.Errorf("%s", c.Status)
				}
				if !slices.Equal(r.pauses, test.pauses) {
					t.Errorf("pauses of %v, want %v", r.pauses, test.pauses)
				}
			})
		})
	}
}

// What is busy for longer is reported, and ends.
func TestTwilioThatStaysBusyEndsTheRun(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		const placed = 10 // as many as are dialled in a minute
		for n := range placed {
			r.placed(sid(fmt.Sprint("CA", n)))
		}
		r.fakeTwilio.fails("", slices.Repeat([]int{503}, 5*placed)...)
		since := r.clock().Add(-time.Hour)
		calls, repaired, err := r.reconciler.Since(t.Context(), since)
		if calls != placed || repaired != 0 || err == nil {
			t.Fatal(calls, repaired, err)
		}
		var all time.Duration
		for _, pause := range r.pauses {
			all += pause
		}
		if all > 2*time.Minute || len(r.pauses) < 4*8 {
			t.Errorf("%v in %d pauses", all, len(r.pauses))
		}

		// A limit on requests is respected: after its tries nobody else is asked about.
		r.fakeTwilio.fails("")
		r.fakeTwilio.setBusy(true)
		r.fakeTwilio.asked()
		if calls, _, err := r.reconciler.Since(t.Context(), since); calls != 1 || err == nil {
			t.Error(calls, err)
		}
		if n := r.fakeTwilio.asked(); n != 5 {
			t.Errorf("%d requests", n)
		}
	})
}

// A refusal is no fault that passes.
func TestRefusalOfTwilioIsNotRepeated(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		r.placed(sid("CA1"))
		r.fakeTwilio.refuse(true)
		if _, _, err := r.reconciler.Since(t.Context(), r.clock().Add(-time.Hour)); err == nil || r.fakeTwilio.asked() != 1 || len(r.pauses) != 0 {
			t.Errorf("%d requests, pauses %v: %v", r.fakeTwilio.asked(), r.pauses, err)
		}
	})
}

// Where nobody answers, as where a simulated Twilio has ended, it is said soon, and once for all calls.
func TestTwilioThatIsNotThereIsWaitedForOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		const placed = 4
		var ids []string
		for n := range placed {
			ids = append(ids, r.placed(sid(fmt.Sprint("CA", n))))
		}
		r.fakeTwilio.fails("", make([]int, 5*placed)...)
		calls, repaired, err := r.reconciler.Since(t.Context(), r.clock().Add(-time.Hour))
		if calls != placed || repaired != 0 || err == nil {
			t.Fatal(calls, repaired, err)
		}
		if want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}; !slices.Equal(r.pauses, want) {
			t.Errorf("pauses of %v, want %v", r.pauses, want)
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("more than a line for one reason:\n%v", err)
		}
		for _, id := range ids {
			if !strings.Contains(err.Error(), id) {
				t.Errorf("%s is not named: %v", id, err)
			}
		}
	})
}
