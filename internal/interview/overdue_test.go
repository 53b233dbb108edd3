package interview_test

import (
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// However short the calls of an installation are: what takes minutes to be known is not late before.
func TestClearanceIsNotOverdueBeforeItCanBeProven(t *testing.T) {
	for _, limit := range []time.Duration{10 * time.Second, time.Minute, 10 * time.Minute, interview.DefaultCallLimit, 2 * time.Hour} {
		d := interview.DeadlinesOf(limit)
		if d.Clearance < 5*time.Minute {
			t.Errorf("calls of at most %s: that there is no recording is proven late after %s", limit, d.Clearance)
		}
		if d.Verdict < 90*time.Second {
			t.Errorf("calls of at most %s: who picked up is known late after %s", limit, d.Verdict)
		}
	}
}
