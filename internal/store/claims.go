package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/i-agent/iagent/internal/interview"
)

// BeginExtraction says what to extract claims from, or ends the run when there is nothing: no consent, recording unknown
// or not transcribed, or extracted already.
func (s *Store) BeginExtraction(ctx context.Context, run interview.Run, callID, recordingSid string) (interview.Extraction, error) {
	result := interview.Extraction{Skip: true}
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.guard(ctx, run); err != nil {
			return err
		}
		call, recording, ok, err := tx.extractable(ctx, callID, recordingSid)
		if err != nil {
			return err
		}
		if !ok {
			return tx.finish(ctx, run)
		}
		e := interview.Extraction{Call: call, Recording: recording, Said: call.Script.Recorded()}
		err = collect(ctx, tx, func(r row) error {
			u, err := scanUtterance(r)
			e.Utterances = append(e.Utterances, u)
			return err
		}, selectUtterances+` WHERE utterances.call_id = $1 AND utterances.recording_sid = $2 ORDER BY utterances.position`, callID, recordingSid)
		if err != nil {
			return fmt.Errorf("utterances: %w", err)
		}
		byCampaign, err := hypotheses(ctx, tx, []string{call.CampaignID})
		e.Hypotheses = byCampaign[call.CampaignID]
		result = e
		return err
	})
	if err != nil {
		return interview.Extraction{}, fmt.Errorf("beginning to extract from %s: %w", recordingSid, err)
	}
	return result, nil
}

// extractable locks the call, then says whether the recording may and should be mined for claims.
func (tx *Tx) extractable(ctx context.Context, callID, recordingSid string) (interview.Call, interview.Recording, bool, error) {
	call, err := tx.lockCall(ctx, callID)
	if errors.Is(err, ErrNotFound) {
		return call, interview.Recording{}, false, nil
	}
	if err != nil {
		return call, interview.Recording{}, false, err
	}
	recording, err := scanRecording(tx.QueryRow(ctx, selectRecordings+` WHERE sid = $1 AND call_id = $2 AND extracted_at IS NULL`,
		recordingSid, callID))
	if errors.Is(err, sql.ErrNoRows) {
		return call, recording, false, nil
	}
	if err != nil {
		return call, recording, false, fmt.Errorf("recording %s: %w", recordingSid, err)
	}
	ok := call.Consent == interview.ConsentGiven && recording.Status == interview.RecordingCompleted && recording.TranscribedAt != nil &&
		!call.Early(recording)
	return call, recording, ok, nil
}

// startExtraction starts extract-claims for a recording that was transcribed, if its campaign has a hypothesis.
func (tx *Tx) startExtraction(ctx context.Context, run interview.Run, call interview.Call, recordingSid string) error {
	var n int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM hypotheses WHERE campaign_id = $1`, call.CampaignID).Scan(&n); err != nil {
		return fmt.Errorf("counting hypotheses: %w", err)
	}
	if n == 0 {
		return nil
	}
	return tx.enqueue(ctx, run.ID, []interview.Job{interview.NewExtractClaims(call.ID, recordingSid)})
}

// SaveClaims keeps the claims of a recording, rejected ones too, starts the validations that they call for and ends the
// run, in one transaction. No claims are an answer too. When the recording must no longer be used the claims are dropped.
func (s *Store) SaveClaims(ctx context.Context, run interview.Run, callID, recordingSid string, claims []interview.Claim) error {
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.finish(ctx, run); err != nil {
			return err
		}
		call, _, ok, err := tx.extractable(ctx, callID, recordingSid)
		if err != nil || !ok {
			return err
		}
		rejected := 0
		spoken := map[string]bool{}
		for i := range claims {
			claims[i].CallID, claims[i].RecordingSid = callID, recordingSid
			if claims[i].Rejected == "" {
				spoken[claims[i].HypothesisID] = true
			} else {
				rejected++
			}
		}
		// Hypotheses before claims, and in order: see eraseEvidence.
		for _, id := range slices.Sorted(maps.Keys(spoken)) {
			if err := tx.reviseHypothesis(ctx, run.ID, id, false); err != nil {
				return err
			}
		}
		if err := tx.insertClaims(ctx, claims); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE recordings SET extracted_at = $2, updated_at = $2 WHERE sid = $1`, recordingSid, tx.Now); err != nil {
			return fmt.Errorf("marking recording %s: %w", recordingSid, err)
		}
		tx.reach(interview.Milestone{Kind: interview.MilestoneClaims, Call: call, Recording: recordingSid, Count: len(claims), Rejected: rejected})
		return nil
	})
	if err != nil {
		return fmt.Errorf("saving the claims of %s: %w", recordingSid, err)
	}
	return nil
}

const claimColumns = `id, call_id, recording_sid, hypothesis_id, field, value_number, value_text, unit, sku_id, geo_code,
	text, raw_text, start_sec, end_sec, confidence, low_confidence, supports, validated, contradicting, rejected, model, created_at`

func (tx *Tx) insertClaims(ctx context.Context, claims []interview.Claim) error {
	const most, width = 200, 22
	ids := tx.newIDs(len(claims))
	for len(claims) > 0 {
		n := min(len(claims), most)
		args := make([]any, 0, width*n)
		for i, c := range claims[:n] {
			var hypothesis any
			if c.HypothesisID != "" {
				hypothesis = c.HypothesisID
			}
			args = append(args, ids[i], c.CallID, c.RecordingSid, hypothesis, string(c.Field), c.ValueNumber, storable(c.ValueText),
				string(c.Unit), storable(c.SkuID), storable(c.GeoCode), storable(c.Text), storable(c.RawText), c.StartSec, c.EndSec,
				c.Confidence, c.LowConfidence, c.Supports, false, false, storable(c.Rejected), storable(c.Model), tx.Now)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO claims (`+claimColumns+`) VALUES `+values(n, width), args...); err != nil {
			return fmt.Errorf("saving claims: %w", err)
		}
		claims, ids = claims[n:], ids[n:]
	}
	return nil
}

const selectClaims = `SELECT claims.id, claims.call_id, claims.recording_sid, COALESCE(claims.hypothesis_id, ''), claims.field,
	claims.value_number, claims.value_text, claims.unit, claims.sku_id, claims.geo_code, claims.text, claims.raw_text,
	claims.start_sec, claims.end_sec, claims.confidence, claims.low_confidence, claims.supports, claims.validated,
	claims.contradicting, claims.rejected, claims.model, claims.created_at, COALESCE(recordings.url, '')
	FROM claims LEFT JOIN recordings ON recordings.sid = claims.recording_sid`

func scanClaim(r row) (interview.Claim, error) {
	var c interview.Claim
	var recordingURL string
	err := r.Scan(&c.ID, &c.CallID, &c.RecordingSid, &c.HypothesisID, &c.Field, &c.ValueNumber, &c.ValueText, &c.Unit, &c.SkuID,
		&c.GeoCode, &c.Text, &c.RawText, &c.StartSec, &c.EndSec, &c.Confidence, &c.LowConfidence, &c.Supports, &c.Validated,
		&c.Contradicting, &c.Rejected, &c.Model, &c.CreatedAt, &recordingURL)
	if c.Rejected == "" {
		c.EvidenceURL = interview.EvidenceURL(recordingURL, c.StartSec, c.EndSec)
	}
	return c, err
}

// claimsOf loads the newest claims by a column of theirs, at most limit, rejected ones too, in the order in which they were made.
func claimsOf(ctx context.Context, q querier, column, id string, limit int) ([]interview.Claim, error) {
	var out []interview.Claim
	err := collect(ctx, q, func(r row) error {
		c, err := scanClaim(r)
		out = append(out, c)
		return err
	}, selectClaims+` WHERE claims.`+column+` = $1 ORDER BY claims.id DESC LIMIT $2`, id, limit)
	if err != nil {
		return nil, fmt.Errorf("loading claims: %w", err)
	}
	slices.Reverse(out)
	return out, nil
}

// eraseEvidence erases the claims that were made of a call whose row this transaction holds, and answers of models that
// may quote it; with a recording's sid, only those that were made of it. What they were evidence for is judged anew. It
// returns the number of claims.
func (tx *Tx) eraseEvidence(ctx context.Context, cause, callID, recordingSid string) (int, error) {
	var ids []string
	err := collect(ctx, tx, func(r row) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT DISTINCT hypothesis_id FROM claims WHERE call_id = $1 AND $2 IN ('', recording_sid) AND rejected = ''
		ORDER BY hypothesis_id`, callID, recordingSid)
	if err != nil {
		return 0, fmt.Errorf("hypotheses of call %s: %w", callID, err)
	}
	// Rows are locked in one order everywhere: calls, then hypotheses by id, then claims.
	for _, id := range ids {
		if err := tx.reviseHypothesis(ctx, cause, id, true); err != nil {
			return 0, err
		}
		// What a model concluded may repeat what the person said; which verdicts do, nobody can tell.
		_, err := tx.Exec(ctx, `UPDATE verdicts SET conclusion = '', reasons = '[]' WHERE hypothesis_id = $1`, id)
		if err != nil {
			return 0, fmt.Errorf("erasing verdicts' words: %w", err)
		}
		if _, err := tx.Exec(ctx, `UPDATE hypotheses SET conclusion = '' WHERE id = $1`, id); err != nil {
			return 0, fmt.Errorf("erasing a conclusion: %w", err)
		}
		_, err = tx.Exec(ctx, `DELETE FROM run_answers WHERE call_id = ''
			AND run_id IN (SELECT id FROM function_runs WHERE subject = $1)`, id)
		if err != nil {
			return 0, fmt.Errorf("erasing answers about a hypothesis: %w", err)
		}
		if err := tx.eraseErrors(ctx, id); err != nil {
			return 0, err
		}
	}
	n, err := tx.Exec(ctx, `DELETE FROM claims WHERE call_id = $1 AND $2 IN ('', recording_sid)`, callID, recordingSid)
	if err != nil {
		return 0, fmt.Errorf("erasing claims: %w", err)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM run_answers WHERE call_id = $1`, callID); err != nil {
		return 0, fmt.Errorf("erasing answers: %w", err)
	}
	return int(n), nil
}

// mayKeepAnswer holds what an erasure of the words that the answer may quote holds, and says whether there was none. A
// judgement quotes evidence of which nothing was erased between its revision and its beginning, or another run would have been asked for.
func (tx *Tx) mayKeepAnswer(ctx context.Context, run interview.Run, callID string) (bool, error) {
	if callID != "" {
		call, err := tx.lockCall(ctx, callID)
		if errors.Is(err, ErrNotFound) {
			return false, nil
		}
		return call.Consent == interview.ConsentGiven, err
	}
	var args interview.ValidateClaimArgs
	revision, err := run.Revision()
	if err != nil || run.Decode(&args) != nil || args.HypothesisID == "" {
		return false, nil // it quotes nobody knows whom
	}
	h, err := tx.lockHypothesis(ctx, args.HypothesisID)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return h.open(revision), err
}

// KeepAnswer keeps an answer of a model that could not be read, with the reason, beside the run. callID is the call that
// it may quote, "" for a judgement of all calls; without that call's consent, or when evidence was erased meanwhile, nothing is
// kept.
func (s *Store) KeepAnswer(ctx context.Context, run interview.Run, callID, answer, reason string) error {
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.guard(ctx, run); err != nil {
			return err
		}
		if keep, err := tx.mayKeepAnswer(ctx, run, callID); err != nil || !keep {
			return err
		}
		const most = 256 << 10
		_, err := tx.Exec(ctx, `INSERT INTO run_answers (id, run_id, attempt, call_id, error, answer, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, tx.newID(), run.ID, run.Attempt, callID,
			storable(truncated(reason, 1000)), storable(truncated(answer, most)), tx.Now)
		return err
	})
	if err != nil {
		return fmt.Errorf("keeping the answer of run %s: %w", run.ID, err)
	}
	return nil
}
