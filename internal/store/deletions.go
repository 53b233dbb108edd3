package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// noteDeleted is what a call's history says of a recording that is gone at Twilio.
const noteDeleted = "recording.deleted"

// BeginDeletion says what to know of a recording before it is deleted at Twilio, or ends the run when there is nothing to
// delete: recording unknown, or deleted already. Consent is not looked at: that was decided when the deletion was asked
// for. What was said in the recording is erased, should it have been transcribed before that.
func (s *Store) BeginDeletion(ctx context.Context, run interview.Run, callID, recordingSid string) (interview.Deletion, error) {
	deletion := interview.Deletion{Skip: true}
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.guard(ctx, run); err != nil {
			return err
		}
		if _, err := tx.lockCall(ctx, callID); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		var d interview.Deletion
		var status interview.RecordingStatus
		var transcribed bool
		err := tx.QueryRow(ctx, `SELECT recordings.status, calls.account_sid, function_runs.created_at,
			recordings.transcribed_at IS NOT NULL AND calls.consent = 'given'
			FROM recordings JOIN calls ON calls.id = recordings.call_id JOIN function_runs ON function_runs.id = $1
			WHERE recordings.sid = $2 AND recordings.call_id = $3`, run.ID, recordingSid, callID).
			Scan(&status, &d.AccountSid, &d.AskedAt, &transcribed)
		if errors.Is(err, sql.ErrNoRows) || status == interview.RecordingDeleted {
			return tx.finish(ctx, run)
		}
		if err != nil {
			return err
		}
		if transcribed {
			if err := tx.eraseSpeechOf(ctx, callID, recordingSid, run.ID); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `DELETE FROM waveforms WHERE call_id = $1 AND recording_sid = $2`, callID, recordingSid); err != nil {
			return fmt.Errorf("erasing the waveform: %w", err)
		}
		d.Running = status == interview.RecordingInProgress
		deletion = d
		return nil
	})
	if err != nil {
		return interview.Deletion{}, fmt.Errorf("beginning to delete %s: %w", recordingSid, err)
	}
	return deletion, nil
}

// RecordingDeleted makes the recording a tombstone and ends the run, in one transaction.
func (s *Store) RecordingDeleted(ctx context.Context, run interview.Run, callID, recordingSid string) error {
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.finish(ctx, run); err != nil {
			return err
		}
		if _, err := tx.lockCall(ctx, callID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE recordings SET status = $3, status_rank = $4, url = '', updated_at = $5
			WHERE sid = $1 AND call_id = $2`, recordingSid, callID, string(interview.RecordingDeleted),
			interview.RecordingDeleted.Rank(), tx.Now)
		if err != nil {
			return fmt.Errorf("marking recording %s: %w", recordingSid, err)
		}
		return tx.note(ctx, callID, noteDeleted, recordingSid)
	})
	if err != nil {
		return fmt.Errorf("keeping that %s was deleted: %w", recordingSid, err)
	}
	return nil
}

// eraseSpeechOf erases what was said in one recording and concluded from it. Of a call that has lost its consent all of it is
// gone already.
func (tx *Tx) eraseSpeechOf(ctx context.Context, callID, recordingSid, cause string) error {
	if _, err := tx.eraseEvidence(ctx, cause, callID, recordingSid); err != nil {
		return err
	}
	for _, table := range []string{"utterances", "dropped_segments"} {
		if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE call_id = $1 AND recording_sid = $2`, callID, recordingSid); err != nil {
			return fmt.Errorf("erasing %s: %w", table, err)
		}
	}
	text, err := tx.transcript(ctx, callID)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE calls SET transcript = $2 WHERE id = $1`, callID, text); err != nil {
		return fmt.Errorf("transcript of call %s: %w", callID, err)
	}
	return nil
}
