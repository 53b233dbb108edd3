package store

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// kindAnswer is the webhook whose payload is what a person said.
const kindAnswer inbox.Kind = "answer"

// noteErased is what a call's history says of everything that was said in it being erased.
const noteErased = "erased"

// erasedCounts counts what was erased of a call.
type erasedCounts struct{ recordings, utterances, claims int }

// eraseSpeech erases what was recorded, said and concluded in a call whose row this transaction holds. Recordings stay as
// tombstones: where the audio lies is forgotten, and a delete-recording for each deletes it at Twilio. cause says what
// asked for it. Doing it again finds nothing.
func (tx *Tx) eraseSpeech(ctx context.Context, callID, cause string) (erasedCounts, error) {
	tx.erases = true
	var n erasedCounts
	var sids []string
	err := collect(ctx, tx, func(r row) error {
		var sid string
		err := r.Scan(&sid)
		sids = append(sids, sid)
		return err
	}, `SELECT sid FROM recordings WHERE call_id = $1 AND status <> $2 ORDER BY sid`, callID, string(interview.RecordingDeleted))
	if err != nil {
		return n, fmt.Errorf("recordings of call %s: %w", callID, err)
	}
	jobs := make([]interview.Job, len(sids))
	for i, sid := range sids {
		jobs[i] = interview.NewDeleteRecording(callID, sid)
	}
	if err := tx.enqueue(ctx, cause, jobs); err != nil {
		return n, err
	}
	n.recordings = len(sids)
	if n.utterances, n.claims, err = tx.eraseWords(ctx, callID, cause); err != nil {
		return n, fmt.Errorf("erasing what was said in call %s: %w", callID, err)
	}
	// Twilio may have recordings that nobody told of.
	if err := tx.beginOverdueChecks(ctx, callID, tx.Now); err != nil {
		return n, err
	}
	detail := fmt.Sprintf("%d recordings, %d utterances, %d claims", n.recordings, n.utterances, n.claims)
	return n, tx.note(ctx, callID, noteErased, detail)
}

// eraseWords erases all text that came of a call's audio.
func (tx *Tx) eraseWords(ctx context.Context, callID, cause string) (utterances, claims int, err error) {
	if claims, err = tx.eraseEvidence(ctx, cause, callID, ""); err != nil {
		return 0, 0, err
	}
	said, err := tx.Exec(ctx, `DELETE FROM utterances WHERE call_id = $1`, callID)
	if err != nil {
		return 0, 0, err
	}
	for _, statement := range []string{
		`DELETE FROM dropped_segments WHERE call_id = $1`,
		`DELETE FROM waveforms WHERE call_id = $1`,
		`UPDATE calls SET transcript = '' WHERE id = $1`,
		`UPDATE recordings SET url = '' WHERE call_id = $1`,
		`UPDATE webhook_events SET body = NULL, ` + forgottenError + ` WHERE call_id = $1 AND kind = '` + string(kindAnswer) + `'
			AND body IS NOT NULL`,
	} {
		if _, err := tx.Exec(ctx, statement, callID); err != nil {
			return 0, 0, err
		}
	}
	return int(said), claims, tx.eraseErrors(ctx, callID)
}

// forgets reports whether the payload of a call's event must not be kept: of an erased call none, and no answer that
// was given without consent.
func forgets(call interview.Call, kind inbox.Kind) bool {
	return call.ErasedAt != nil || kind == kindAnswer && call.Consent != interview.ConsentGiven
}

// forgottenError drops the error of an event that failed, which may quote its payload. A refusal is in our words.
const forgottenError = `error = CASE WHEN outcome = 'failed' THEN '' ELSE error END`

// insertUnaccepted keeps an event that did not take effect, without the payload when its call must forget it.
func (tx *Tx) insertUnaccepted(ctx context.Context, e *storedEvent) error {
	stmts := tx.newStmtBatch()
	stmts.insertEvents([]*storedEvent{e})
	stmts.exec("noting the campaign of an event", `UPDATE webhook_events SET campaign_id = (SELECT campaign_id FROM calls
		WHERE calls.id = webhook_events.call_id) WHERE id = $1 AND EXISTS (SELECT 1 FROM calls WHERE calls.id = webhook_events.call_id)`, e.ID)
	stmts.forgetUnaccepted(e.ID)
	return stmts.run(ctx)
}

// forgetUnaccepted drops the payload of an event that did not take effect, when its call must forget it.
func (b *stmtBatch) forgetUnaccepted(id string) {
	b.exec("forgetting a payload", `UPDATE webhook_events SET body = NULL, `+forgottenError+` WHERE id = $1 AND EXISTS (SELECT 1 FROM calls
		WHERE calls.id = webhook_events.call_id AND (calls.erased_at IS NOT NULL
		OR webhook_events.kind = $2 AND calls.consent <> $3))`, id, string(kindAnswer), string(interview.ConsentGiven))
}
