package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// noteEnded is what a call's history says of being hung up by us.
const noteEnded = "call.ended"

// BeginEndCall says what to say on which call before hanging up, or ends the run when there is nothing to end: the call
// is over, was never placed, or does not talk to a machine: somebody may have pressed 1 since.
func (s *Store) BeginEndCall(ctx context.Context, run interview.Run, callID string) (interview.CallEnding, error) {
	ending := interview.CallEnding{Skip: true}
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.guard(ctx, run); err != nil {
			return err
		}
		call, err := tx.lockCall(ctx, callID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err != nil || call.Status.Terminal() || call.TwilioSid == "" || !call.OnMachine() {
			return tx.finish(ctx, run)
		}
		ending = interview.EndingOf(call, call.Script.NoMessage())
		return nil
	})
	if err != nil {
		return interview.CallEnding{}, fmt.Errorf("beginning to end call %s: %w", callID, err)
	}
	return ending, nil
}

// CallEnded keeps what came of hanging up and ends the run. The call's status is Twilio's to tell.
func (s *Store) CallEnded(ctx context.Context, run interview.Run, callID, outcome string) error {
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.finish(ctx, run); err != nil {
			return err
		}
		return tx.note(ctx, callID, noteEnded, storable(truncated(outcome, 1000)))
	})
	if err != nil {
		return fmt.Errorf("keeping that call %s was ended: %w", callID, err)
	}
	return nil
}
