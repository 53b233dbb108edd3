package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/i-agent/iagent/internal/interview"
)

// What a call's history says about dialling.
const (
	noteIntent      = "dial.intent"
	noteAccepted    = "dial.accepted"
	noteRefused     = "dial.refused"
	noteUnknown     = "dial.unknown"
	notePostponed   = "dial.postponed"
	noteCanceled    = "dial.canceled"
	dialedElsewhere = "another call is bound to this CallSid"
)

// BeginDial guards a dial and writes its intent in one transaction. The call must be QUEUED without an intent, the gate must
// let it pass, and its campaign must be within its rate; otherwise there is nothing to do (the run ends), an earlier attempt
// was interrupted, or the run must wait (a jobs.Wait error).
func (s *Store) BeginDial(ctx context.Context, run interview.Run, callID string) (interview.Dial, error) {
	dial := interview.Dial{State: interview.DialSkip}
	var waits error
	err := s.write(ctx, func(tx *Tx) error {
		waits = nil
		if err := tx.guard(ctx, run); err != nil {
			return err
		}
		call, err := tx.lockCall(ctx, callID)
		if errors.Is(err, ErrNotFound) {
			return tx.finish(ctx, run)
		}
		if err != nil {
			return err
		}
		if call.Status != interview.CallQueued {
			return tx.finish(ctx, run)
		}
		if call.DialedAt != nil {
			dial = interview.Dial{State: interview.DialInterrupted, Call: call}
			return nil
		}
		answer, err := tx.mayDial(ctx, run, &call)
		if waits = answer.wait; err != nil || !answer.proceed {
			return err
		}
		call.DialedAt, call.Version = &tx.Now, tx.store.options.DialVersion
		if err := tx.saveCall(ctx, call); err != nil {
			return err
		}
		if err := tx.note(ctx, callID, noteIntent, fmt.Sprintf("attempt %d", run.Attempt)); err != nil {
			return err
		}
		// Whatever becomes of this process, somebody will look for the call.
		if !call.Simulated { // of a simulated one Twilio knows nothing
			if err := tx.beginOverdueChecks(ctx, callID, tx.Now.Add(interview.DefaultDeadlines().Dial)); err != nil {
				return err
			}
		}
		intent, err := tx.beginIntent(ctx, run, call)
		if err != nil {
			return err
		}
		dial = interview.Dial{State: interview.DialProceed, Call: call, From: intent.From, Account: intent.Account, Deadline: intent.Deadline}
		err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM call_history WHERE call_id = $1 AND what = $2`, callID, notePostponed).Scan(&dial.Postponed)
		return err
	})
	if err != nil {
		return interview.Dial{}, fmt.Errorf("beginning to dial call %s: %w", callID, err)
	}
	if waits != nil {
		return interview.Dial{}, fmt.Errorf("beginning to dial call %s: %w", callID, waits)
	}
	return dial, nil
}

// DialAccepted binds the call to what Twilio created and ends the run. A callback may have been faster.
func (s *Store) DialAccepted(ctx context.Context, run interview.Run, callID string, placed interview.PlacedCall) error {
	return s.endDial(ctx, run, callID, noteAccepted, placed.Sid, func(ctx context.Context, tx *Tx, call *interview.Call) error {
		if err := tx.intentSent(ctx, run, callID, placed.SentAt); err != nil {
			return err
		}
		if call.TwilioSid != "" {
			return nil
		}
		var other string
		err := tx.QueryRow(ctx, `SELECT id FROM calls WHERE twilio_sid = $1`, placed.Sid).Scan(&other)
		if err == nil {
			call.Status = interview.CallDialUnknown
			return tx.note(ctx, callID, noteUnknown, dialedElsewhere)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		call.TwilioSid, call.AccountSid = placed.Sid, placed.AccountSid
		if call.Status == interview.CallQueued {
			call.Status = interview.CallDialing
		}
		return tx.enqueueCancel(ctx, *call, run.ID)
	})
}

// DialRefused fails the call with Twilio's own code and message and ends the run. The message may name the number: it is kept
// with the call, where an erasure finds it, and not in the history.
func (s *Store) DialRefused(ctx context.Context, run interview.Run, callID string, code int, message string) error {
	return s.endDial(ctx, run, callID, noteRefused, strconv.Itoa(code), func(_ context.Context, tx *Tx, call *interview.Call) error {
		if call.Status == interview.CallQueued {
			call.Status, call.CompletedAt = interview.CallFailed, &tx.Now
			call.ErrorCode = code
			if call.ErasedAt == nil {
				call.ErrorMessage = message
			}
		}
		return nil
	})
}

// DialUnknown says that nobody knows whether Twilio created the call, and ends the run: the call is never dialled again
// blindly.
func (s *Store) DialUnknown(ctx context.Context, run interview.Run, callID string, reason string) error {
	return s.endDial(ctx, run, callID, noteUnknown, reason, func(_ context.Context, _ *Tx, call *interview.Call) error {
		if call.Status == interview.CallQueued && call.TwilioSid == "" {
			call.Status = interview.CallDialUnknown
		}
		return nil
	})
}

func (s *Store) endDial(ctx context.Context, run interview.Run, callID, what, detail string, apply func(context.Context, *Tx, *interview.Call) error) error {
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.finish(ctx, run); err != nil {
			return err
		}
		call, err := tx.lockCall(ctx, callID)
		if err != nil {
			return err
		}
		if call.ErasedAt != nil && what != noteAccepted {
			detail = noteErased // it may name the number
		}
		if err := tx.note(ctx, callID, what, storable(truncated(detail, 1000))); err != nil {
			return err
		}
		if err := apply(ctx, tx, &call); err != nil {
			return err
		}
		if what != noteUnknown {
			if err := tx.trialEnds(ctx, run, what == noteAccepted); err != nil {
				return err
			}
		}
		return tx.saveCall(ctx, call)
	})
	if err != nil {
		return fmt.Errorf("ending the dial of call %s: %w", callID, err)
	}
	return nil
}

// DialPostponed withdraws the intent of a dial that Twilio certainly did not process. The call stays QUEUED and the run
// open, unless the call was canceled meanwhile.
func (s *Store) DialPostponed(ctx context.Context, run interview.Run, callID string) error {
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.withdraw(ctx, run, callID, fmt.Sprintf("attempt %d", run.Attempt)); err != nil {
			return err
		}
		return tx.trialEnds(ctx, run, false)
	})
	if err != nil {
		return fmt.Errorf("postponing the dial of call %s: %w", callID, err)
	}
	return nil
}

// withdraw takes the run's intent back. It is the run's own: whoever took the run over has another. A call that nobody wants
// any more is canceled, and its run ended.
func (tx *Tx) withdraw(ctx context.Context, run interview.Run, callID, why string) error {
	if err := tx.guard(ctx, run); err != nil {
		return err
	}
	call, err := tx.lockCall(ctx, callID)
	if err != nil {
		return err
	}
	call.DialedAt = nil
	if err := tx.note(ctx, callID, notePostponed, why); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM dial_intents WHERE call_id = $1 AND run_id = $2`, callID, run.ID); err != nil {
		return fmt.Errorf("withdrawing the intent: %w", err)
	}
	canceled, err := tx.cancelUnwanted(ctx, &call)
	if err != nil {
		return err
	}
	if err := tx.uncountAttempt(ctx, call); err != nil {
		return err
	}
	if canceled {
		if err := tx.finish(ctx, run); err != nil {
			return err
		}
	}
	return tx.saveCall(ctx, call)
}
