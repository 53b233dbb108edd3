package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// CallDetail is a call with all that belongs to it, as one state of the database has it.
type CallDetail struct {
	Call       interview.Call
	Recordings []interview.Recording
	// Utterances are in the order in which they were spoken: those of the recordings, or the live answers while there are
	// none.
	Utterances []interview.Utterance
	// Dropped is what speech-to-text wrote down and nobody said.
	Dropped []interview.DroppedSegment
	// Claims are in the order in which they were made, rejected ones too.
	Claims []interview.Claim
	// Webhooks are in order of arrival.
	Webhooks []Webhook
	// History is what happened outside of the webhooks, oldest first.
	History []HistoryEntry
	// Gate is what the gate said last about the call, nil when it was not asked.
	Gate *DialVerdict
	// Erasure says who had the personal data of the call erased, nil when nobody did.
	Erasure *Erasure
}

// HistoryEntry is one line of a call's history, such as the intent to dial.
type HistoryEntry struct {
	At           time.Time
	What, Detail string
}

// CallDetail returns one call. ErrNotFound when there is none.
func (s *Store) CallDetail(ctx context.Context, id string) (CallDetail, error) {
	var d CallDetail
	err := s.snapshot(ctx, func(q querier) (err error) {
		d.Call, err = scanCall(q.QueryRow(ctx, selectCalls+` WHERE calls.id = $1`, id))
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		if d.Recordings, err = recordingsOfCall(ctx, q, id); err != nil {
			return err
		}
		if d.Utterances, err = utterancesOfCall(ctx, q, id); err != nil {
			return err
		}
		if d.Dropped, err = droppedOfCall(ctx, q, id); err != nil {
			return err
		}
		if d.Claims, err = claimsOf(ctx, q, "call_id", id, noLimit); err != nil {
			return err
		}
		if d.Webhooks, err = webhooksOfCall(ctx, q, id); err != nil {
			return err
		}
		if d.Gate, err = newestVerdict(ctx, q, id); err != nil {
			return err
		}
		if d.History, err = historyOfCall(ctx, q, id); err != nil || d.Call.ErasedAt == nil {
			return err
		}
		erasure, err := erasureOfCall(ctx, q, id)
		d.Erasure = &erasure
		return err
	})
	if err != nil {
		return CallDetail{}, fmt.Errorf("call %s: %w", id, err)
	}
	return d, nil
}

func recordingsOfCall(ctx context.Context, q querier, callID string) ([]interview.Recording, error) {
	var out []interview.Recording
	err := collect(ctx, q, func(r row) error {
		recording, err := scanRecording(r)
		out = append(out, recording)
		return err
	}, selectRecordings+` WHERE call_id = $1 ORDER BY created_at, sid`, callID)
	if err != nil {
		return nil, fmt.Errorf("loading recordings: %w", err)
	}
	return out, nil
}

func utterancesOfCall(ctx context.Context, q querier, callID string) ([]interview.Utterance, error) {
	var out []interview.Utterance
	err := collect(ctx, q, func(r row) error {
		u, err := scanUtterance(r)
		out = append(out, u)
		return err
	}, selectUtterances+` WHERE utterances.call_id = $1`+currentUtterances+utteranceOrder, callID)
	if err != nil {
		return nil, fmt.Errorf("loading utterances: %w", err)
	}
	return out, nil
}

func historyOfCall(ctx context.Context, q querier, callID string) ([]HistoryEntry, error) {
	var out []HistoryEntry
	err := collect(ctx, q, func(r row) error {
		var e HistoryEntry
		err := r.Scan(&e.At, &e.What, &e.Detail)
		out = append(out, e)
		return err
	}, `SELECT at, what, detail FROM call_history WHERE call_id = $1 ORDER BY at, id`, callID)
	if err != nil {
		return nil, fmt.Errorf("loading history: %w", err)
	}
	return out, nil
}
