package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
)

// BeginTranscription says what to transcribe, or ends the run when there is nothing: no consent, recording unknown, not
// completed, or transcribed already.
func (s *Store) BeginTranscription(ctx context.Context, run interview.Run, callID, recordingSid string) (interview.Transcription, error) {
	result := interview.Transcription{Skip: true}
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.guard(ctx, run); err != nil {
			return err
		}
		call, recording, ok, err := tx.transcribable(ctx, run, callID, recordingSid)
		if err != nil {
			return err
		}
		if !ok {
			return tx.finish(ctx, run)
		}
		result = interview.Transcription{Call: call, Recording: recording, Said: call.Script.Recorded(), Language: call.Script.LanguageCode()}
		return nil
	})
	if err != nil {
		return interview.Transcription{}, fmt.Errorf("beginning to transcribe %s: %w", recordingSid, err)
	}
	return result, nil
}

// transcribable locks the call, then says whether the recording may and should be transcribed. One that turns out to have
// begun before the consent is deleted instead.
func (tx *Tx) transcribable(ctx context.Context, run interview.Run, callID, recordingSid string) (interview.Call, interview.Recording, bool, error) {
	call, err := tx.lockCall(ctx, callID)
	if errors.Is(err, ErrNotFound) {
		return call, interview.Recording{}, false, nil
	}
	if err != nil {
		return call, interview.Recording{}, false, err
	}
	recording, err := scanRecording(tx.QueryRow(ctx, selectRecordings+` WHERE sid = $1 AND call_id = $2`, recordingSid, callID))
	if errors.Is(err, sql.ErrNoRows) {
		return call, recording, false, nil
	}
	if err != nil {
		return call, recording, false, fmt.Errorf("recording %s: %w", recordingSid, err)
	}
	if call.Consent == interview.ConsentGiven && recording.Status != interview.RecordingDeleted && call.Early(recording) {
		err := tx.enqueue(ctx, run.ID, []interview.Job{interview.NewDeleteRecording(callID, recordingSid)})
		return call, recording, false, err
	}
	ok := call.Consent == interview.ConsentGiven && recording.Status == interview.RecordingCompleted && recording.TranscribedAt == nil
	return call, recording, ok, nil
}

// SaveTranscript keeps what was said, and aside what was written down and not said, starts extract-claims and ends the run,
// in one transaction. When the recording must no longer be transcribed all words are thrown away.
func (s *Store) SaveTranscript(ctx context.Context, run interview.Run, callID, recordingSid string, utterances []interview.Utterance,
	dropped ...interview.DroppedSegment) error {
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.finish(ctx, run); err != nil {
			return err
		}
		call, _, ok, err := tx.transcribable(ctx, run, callID, recordingSid)
		if err != nil || !ok {
			return err
		}
		for i := range utterances {
			utterances[i].CallID, utterances[i].RecordingSid, utterances[i].Position = callID, recordingSid, i
		}
		stmts := tx.newStmtBatch()
		stmts.insertUtterances(utterances)
		for i := range dropped {
			dropped[i].CallID, dropped[i].RecordingSid, dropped[i].Position = callID, recordingSid, i
		}
		stmts.insertDropped(dropped)
		stmts.exec("marking recording "+recordingSid, `UPDATE recordings SET transcribed_at = $2, updated_at = $2 WHERE sid = $1`,
			recordingSid, tx.Now)
		if err := stmts.run(ctx); err != nil {
			return err
		}
		if call.Transcript, err = tx.transcript(ctx, callID); err != nil {
			return err
		}
		if err := tx.saveCall(ctx, call); err != nil {
			return err
		}
		tx.reach(interview.Milestone{Kind: interview.MilestoneTranscribed, Call: call, Recording: recordingSid, Count: len(utterances)})
		if err := tx.startExtraction(ctx, run, call, recordingSid); err != nil {
			return err
		}
		return tx.optOutOnRecording(ctx, call, recordingSid, utterances)
	})
	if err != nil {
		return fmt.Errorf("saving the transcript of %s: %w", recordingSid, err)
	}
	return nil
}

const selectUtterances = `SELECT utterances.call_id, utterances.recording_sid, utterances.position, utterances.speaker,
	utterances.text, utterances.start_sec, utterances.end_sec, utterances.channel FROM utterances
	LEFT JOIN recordings ON recordings.sid = utterances.recording_sid`

// currentUtterances leaves out the live answers once a recording was transcribed, which has the same words and more. Until
// then, or when the recording is lost or silent, they are all there is.
const currentUtterances = ` AND (utterances.recording_sid <> '' OR NOT EXISTS
	(SELECT 1 FROM utterances other WHERE other.call_id = utterances.call_id AND other.recording_sid <> ''))`

// utteranceOrder is the order in which things were said: recordings by their start, then positions.
const utteranceOrder = ` ORDER BY COALESCE(recordings.started_at, recordings.created_at), utterances.recording_sid, utterances.position`

func scanUtterance(r row) (interview.Utterance, error) {
	var u interview.Utterance
	err := r.Scan(&u.CallID, &u.RecordingSid, &u.Position, &u.Speaker, &u.Text, &u.StartSec, &u.EndSec, &u.Channel)
	return u, err
}

// transcribeLive brings the transcripts of calls up to what was just said in them.
func (tx *Tx) transcribeLive(ctx context.Context, said []interview.Utterance) error {
	done := map[string]bool{}
	for _, u := range said {
		if done[u.CallID] {
			continue
		}
		done[u.CallID] = true
		text, err := tx.transcript(ctx, u.CallID)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE calls SET transcript = $2 WHERE id = $1`, u.CallID, text); err != nil {
			return fmt.Errorf("transcript of call %s: %w", u.CallID, err)
		}
	}
	return nil
}

// transcript is the text of a call: a line for each utterance, with its speaker where known.
func (tx *Tx) transcript(ctx context.Context, callID string) (string, error) {
	var b strings.Builder
	err := collect(ctx, tx, func(r row) error {
		u, err := scanUtterance(r)
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		if u.Speaker != interview.SpeakerUnknown {
			b.WriteString(string(u.Speaker) + ": ")
		}
		b.WriteString(u.Text)
		return err
	}, selectUtterances+` WHERE utterances.call_id = $1`+currentUtterances+utteranceOrder, callID)
	if err != nil {
		return "", fmt.Errorf("utterances of call %s: %w", callID, err)
	}
	return b.String(), nil
}

// insertDropped keeps aside what was written down and not said.
func (b *stmtBatch) insertDropped(list []interview.DroppedSegment) {
	const most = 500
	for len(list) > 0 {
		n := min(len(list), most)
		args := make([]any, 0, 9*n)
		for _, d := range list[:n] {
			args = append(args, d.CallID, d.RecordingSid, d.Position, string(d.Speaker), storable(d.Text), d.StartSec, d.EndSec,
				string(d.Reason), d.Detail)
		}
		b.exec("saving dropped segments", `INSERT INTO dropped_segments (call_id, recording_sid, position, speaker, text,
			start_sec, end_sec, reason, detail) VALUES `+values(n, 9), args...)
		list = list[n:]
	}
}

func droppedOfCall(ctx context.Context, q querier, callID string) ([]interview.DroppedSegment, error) {
	var out []interview.DroppedSegment
	err := collect(ctx, q, func(r row) error {
		var d interview.DroppedSegment
		err := r.Scan(&d.CallID, &d.RecordingSid, &d.Position, &d.Speaker, &d.Text, &d.StartSec, &d.EndSec, &d.Reason, &d.Detail)
		out = append(out, d)
		return err
	}, `SELECT call_id, recording_sid, position, speaker, text, start_sec, end_sec, reason, detail FROM dropped_segments
		WHERE call_id = $1 ORDER BY recording_sid, position`, callID)
	if err != nil {
		return nil, fmt.Errorf("loading dropped segments: %w", err)
	}
	return out, nil
}
