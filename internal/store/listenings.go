package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// Playback is a recording and what decides whether it may be played.
type Playback struct {
	Call      interview.Call
	Recording interview.Recording
	// Format and Size are those of the file that was transcribed; "" and 0 when none was.
	Format string
	Size   int64
}

// Playback returns what is to be known of a recording before it is played. ErrNotFound when the call has no such recording.
func (s *Store) Playback(ctx context.Context, callID, recordingSid string) (Playback, error) {
	var p Playback
	err := s.snapshot(ctx, func(q querier) (err error) {
		if p.Call, err = scanCall(q.QueryRow(ctx, selectCalls+` WHERE calls.id = $1`, callID)); err != nil {
			return err
		}
		p.Recording, err = scanRecording(q.QueryRow(ctx, selectRecordings+` WHERE sid = $1 AND call_id = $2`, recordingSid, callID))
		if err != nil {
			return err
		}
		err = q.QueryRow(ctx, `SELECT format, size FROM waveforms WHERE call_id = $1 AND recording_sid = $2`, callID, recordingSid).
			Scan(&p.Format, &p.Size)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Playback{}, fmt.Errorf("recording %s of call %s: %w", recordingSid, callID, err)
	}
	return p, nil
}

// Playable reports whether anybody may listen: the person agreed to the recording, nothing was erased, and the audio is to be had.
func (p Playback) Playable() bool {
	return p.Call.Consent == interview.ConsentGiven && p.Call.ErasedAt == nil && !p.Call.Early(p.Recording) &&
		p.Recording.Status == interview.RecordingCompleted && p.Recording.URL != ""
}

// Listening is that somebody opened a player.
type Listening struct {
	CallID, RecordingSid string
	// Actor listens.
	Actor string
	// Opening names the opening of the player, so that it is recorded once however often audio is fetched for it; "" is one of its
	// own.
	Opening string
}

// sameOpening is how long an opening is the same one.
const sameOpening = 12 * time.Hour

// RecordListening keeps in the audit log that somebody opened a player, once.
func (s *Store) RecordListening(ctx context.Context, l Listening) error {
	detail := map[string]any{"recording": l.RecordingSid, "opening": l.Opening}
	recorded := func(q querier) (bool, error) {
		if l.Opening == "" {
			return false, nil
		}
		encoded, err := json.Marshal(detail)
		if err != nil {
			return false, err
		}
		err = q.QueryRow(ctx, `SELECT 1 FROM audit_log WHERE subject = $1 AND id >= $2 AND action = $3 AND actor = $4 AND detail = $5 LIMIT 1`,
			l.CallID, firstID(s.now().Add(-sameOpening)), interview.AuditListen, auditText(l.Actor), string(encoded)).Scan(new(int))
		if errors.Is(err, sql.ErrNoRows) {
			return false, nil
		}
		return err == nil, err
	}
	if done, err := recorded(s.read()); err != nil || done {
		return err
	}
	err := s.write(ctx, func(tx *Tx) error {
		if _, err := tx.lockCall(ctx, l.CallID); err != nil { // one at a time
			return err
		}
		if done, err := recorded(tx); err != nil || done {
			return err
		}
		return tx.recordAudit(ctx, interview.AuditEntry{Actor: l.Actor, Action: interview.AuditListen, Subject: l.CallID, Detail: detail})
	})
	if err != nil {
		return fmt.Errorf("keeping that recording %s was listened to: %w", l.RecordingSid, err)
	}
	return nil
}
