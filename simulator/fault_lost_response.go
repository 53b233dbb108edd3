package simulator

import (
	"context"
	"slices"
	"time"
)

// losesResponse draws whether the answer to the first attempt of a webhook is lost ([FaultLostResponse]): the application
// answers, and Twilio does not receive it.
func (s *Simulator) losesResponse(key string, ordinal int) bool {
	return s.seed.happens(s.config.Faults.LostResponse, key, ordinal, string(FaultLostResponse))
}

// loseResponse makes an answered attempt one that Twilio saw no answer to. What was answered stays in the log.
func loseResponse(d Delivery) Delivery {
	d.Also = append(d.Also, FaultLostResponse)
	d.Failure, d.Error = "rt", "the answer was lost on purpose"
	return d
}

// awaitLostResponse lets the time pass in which Twilio waits for an answer that was lost, and returns it. For TwiML the person
// waits, too; a callback holds nobody up. It returns 0 when nothing was lost.
func (s *session) awaitLostResponse(ctx context.Context, d Delivery, policy overrides, left time.Duration) time.Duration {
	if !slices.Contains(d.Also, FaultLostResponse) {
		return 0
	}
	silence := min(policy.read, left)
	if d.Kind.chained() {
		s.moveTo(ctx, s.now.Add(silence))
	} else if speed := s.sim.config.Speed; speed > 0 {
		pause(ctx, time.Duration(float64(silence)/speed))
	}
	return silence
}
