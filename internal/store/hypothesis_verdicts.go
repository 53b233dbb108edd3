package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/evidence"
	"github.com/i-agent/iagent/internal/interview"
)

// validationDelay lets the claims of calls that end together be judged together.
const validationDelay = 5 * time.Second

// reviseHypothesis says that the evidence of a hypothesis changed and starts its validation, a little later. It must be
// called in the transaction that changes the evidence, before the claims are written; it locks the hypothesis. The last
// verdict stands until the next one.
func (tx *Tx) reviseHypothesis(ctx context.Context, cause, id string) error {
	var revision int
	err := tx.QueryRow(ctx, `UPDATE hypotheses SET evidence_revision = evidence_revision + 1 WHERE id = $1
		RETURNING evidence_revision`, id).Scan(&revision)
	if err != nil {
		return fmt.Errorf("revising hypothesis %s: %w", id, err)
	}
	return tx.enqueue(ctx, cause, []interview.Job{interview.NewValidateClaim(id, revision, tx.Now.Add(validationDelay))})
}

// BeginValidation says what to judge, or ends the run when there is nothing: the hypothesis is unknown, its evidence has
// changed since (a later run judges that), this revision was judged already, or there is too little evidence. When too
// little is left under a verdict, the hypothesis is PENDING again.
func (s *Store) BeginValidation(ctx context.Context, run interview.Run, hypothesisID string, revision int) (interview.Validation, error) {
	v, err := s.validation(ctx, hypothesisID, revision)
	skip := true
	if err == nil {
		err = s.write(ctx, func(tx *Tx) error {
			skip = true
			if err := tx.guard(ctx, run); err != nil {
				return err
			}
			h, open, err := tx.judgeable(ctx, hypothesisID, revision)
			if err != nil {
				return err
			}
			if open && v.Evidence.Enough() {
				v.Hypothesis, skip = h, false
				return nil
			}
			if open && h.Status != interview.HypothesisPending {
				if err := tx.saveVerdict(ctx, v.Judge(interview.Opinion{})); err != nil {
					return err
				}
			}
			return tx.finish(ctx, run)
		})
	}
	if err != nil {
		return interview.Validation{}, fmt.Errorf("beginning to judge hypothesis %s: %w", hypothesisID, err)
	}
	if skip {
		return interview.Validation{Skip: true}, nil
	}
	return v, nil
}

// validation reads a revision of the evidence while nobody waits for it: there may be tens of thousands of claims. It is empty when there
// is a newer revision, which stays so.
func (s *Store) validation(ctx context.Context, hypothesisID string, revision int) (interview.Validation, error) {
	v := interview.Validation{Hypothesis: interview.Hypothesis{ID: hypothesisID}, Revision: revision}
	var said map[string][]interview.Utterance
	err := s.snapshot(ctx, func(q querier) error {
		var newest int
		err := q.QueryRow(ctx, `SELECT evidence_revision FROM hypotheses WHERE id = $1`, hypothesisID).Scan(&newest)
		if errors.Is(err, sql.ErrNoRows) || err == nil && newest != revision {
			return nil
		}
		if err != nil {
			return fmt.Errorf("revision: %w", err)
		}
		outlines, err := outlinesOf(ctx, q, hypothesisID, noLimit)
		if err != nil {
			return err
		}
		v.Evidence = accepted(outlines)
		if !v.Evidence.Enough() {
			return nil
		}
		v.Shown = v.Evidence.Sample(interview.MaxShown)
		if err := s.addTexts(ctx, q, v.Shown); err != nil {
			return err
		}
		said, err = s.utterancesOf(ctx, q, v.Shown)
		return err
	})
	for i, c := range v.Shown { // outside of the transaction: to search takes a while
		v.Shown[i].Passage = evidence.PassageOf(c.Claim, said[c.RecordingSid])
	}
	return v, err
}

// judgeable locks a hypothesis and reports whether this revision of its evidence is the newest and not judged yet.
func (tx *Tx) judgeable(ctx context.Context, id string, revision int) (interview.Hypothesis, bool, error) {
	var h interview.Hypothesis
	var newest, judged int
	err := tx.QueryRow(ctx, `SELECT evidence_revision, judged_revision FROM hypotheses WHERE id = $1`+tx.store.dialect.lock, id).
		Scan(&newest, &judged)
	if err == nil {
		h, err = scanHypothesis(tx.QueryRow(ctx, selectHypotheses+` WHERE id = $1`, id))
	}
	if errors.Is(err, sql.ErrNoRows) {
		return h, false, nil
	}
	if err != nil {
		return h, false, fmt.Errorf("loading hypothesis %s: %w", id, err)
	}
	return h, revision == newest && judged < revision, nil
}

// noLimit bounds nothing.
const noLimit = math.MaxInt32

// selectOutlines has a subquery for the number: for a join Postgres reads all calls that there are.
const selectOutlines = `SELECT id, call_id, recording_sid, field, value_number, value_text, unit, confidence, supports, rejected,
	(SELECT phone_number FROM calls WHERE calls.id = claims.call_id) FROM claims WHERE hypothesis_id = $1 ORDER BY id DESC LIMIT $2`

// outlinesOf are the newest claims of a hypothesis, at most limit, in the order in which they were made, rejected ones too: what they count
// for, and with whom they came from; no texts but the value's, no times.
func outlinesOf(ctx context.Context, q querier, hypothesisID string, limit int) ([]interview.EvidenceClaim, error) {
	var outlines []interview.EvidenceClaim
	err := collect(ctx, q, func(r row) error {
		c := interview.EvidenceClaim{Claim: interview.Claim{HypothesisID: hypothesisID}}
		err := r.Scan(&c.ID, &c.CallID, &c.RecordingSid, &c.Field, &c.ValueNumber, &c.ValueText, &c.Unit, &c.Confidence, &c.Supports, &c.Rejected, &c.PhoneNumber)
		outlines = append(outlines, c)
		return err
	}, selectOutlines, hypothesisID, limit)
	if err != nil {
		return nil, fmt.Errorf("loading the claims of hypothesis %s: %w", hypothesisID, err)
	}
	slices.Reverse(outlines)
	return outlines, nil
}

// accepted are the claims that were not rejected.
func accepted(claims []interview.EvidenceClaim) interview.Evidence {
	var evidence interview.Evidence
	for _, c := range claims {
		if c.Rejected == "" {
			evidence = append(evidence, c)
		}
	}
	return evidence
}

// addTexts loads all there is of a few claims.
func (s *Store) addTexts(ctx context.Context, q querier, claims []interview.EvidenceClaim) error {
	at := make(map[string]int, len(claims))
	ids := make([]string, len(claims))
	for i, c := range claims {
		ids[i], at[c.ID] = c.ID, i
	}
	these, args := in(s.dialect, "claims.id", 1, ids)
	err := collect(ctx, q, func(r row) error {
		c, err := scanClaim(r)
		if i, ok := at[c.ID]; ok {
			claims[i].Claim = c
		}
		return err
	}, selectClaims+` WHERE `+these, args...)
	if err != nil {
		return fmt.Errorf("loading %d claims: %w", len(ids), err)
	}
	return nil
}

// utterancesOf loads what was said in the recordings that claims come from, by recording.
func (s *Store) utterancesOf(ctx context.Context, q querier, claims interview.Evidence) (map[string][]interview.Utterance, error) {
	said := map[string][]interview.Utterance{}
	var calls, recordings []string
	for _, c := range claims {
		calls, recordings = append(calls, c.CallID), append(recordings, c.RecordingSid)
	}
	ofCalls, args := in(s.dialect, "utterances.call_id", 1, calls)
	ofRecordings, more := in(s.dialect, "utterances.recording_sid", 2, recordings)
	err := collect(ctx, q, func(r row) error {
		u, err := scanUtterance(r)
		said[u.RecordingSid] = append(said[u.RecordingSid], u)
		return err
	}, selectUtterances+` WHERE `+ofCalls+` AND `+ofRecordings+`
		ORDER BY utterances.recording_sid, utterances.position`, append(args, more...)...)
	if err != nil {
		return nil, fmt.Errorf("utterances of the evidence: %w", err)
	}
	return said, nil
}

// SaveVerdict keeps a verdict, makes it the hypothesis' own, marks the claims by it and ends the run, in one transaction.
// A verdict on evidence that has changed meanwhile is dropped: a later run judges the new evidence, and the old may be
// erased.
func (s *Store) SaveVerdict(ctx context.Context, run interview.Run, verdict interview.Verdict) error {
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.finish(ctx, run); err != nil {
			return err
		}
		_, open, err := tx.judgeable(ctx, verdict.HypothesisID, verdict.Revision)
		if err != nil || !open {
			return err
		}
		return tx.saveVerdict(ctx, verdict)
	})
	if err != nil {
		return fmt.Errorf("saving the verdict on hypothesis %s: %w", verdict.HypothesisID, err)
	}
	return nil
}

// saveVerdict writes a verdict on a hypothesis whose row this transaction holds.
func (tx *Tx) saveVerdict(ctx context.Context, v interview.Verdict) error {
	if err := tx.reachJudged(ctx, v); err != nil {
		return err
	}
	reasons, err := json.Marshal(append([]string{}, v.Reasons...))
	if err != nil {
		return fmt.Errorf("reasons: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO verdicts (id, hypothesis_id, revision, status, conclusion, consistency, confidence, claims,
		calls, reasons, model, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		tx.newID(), v.HypothesisID, v.Revision, string(v.Status), storable(v.Conclusion), v.Consistency, v.Confidence, v.Claims,
		v.Calls, storable(string(reasons)), storable(v.Model), tx.Now)
	if err != nil {
		return fmt.Errorf("keeping the verdict: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE hypotheses SET status = $2, conclusion = $3, judged_revision = $4 WHERE id = $1`,
		v.HypothesisID, string(v.Status), storable(v.Conclusion), v.Revision)
	if err != nil {
		return fmt.Errorf("changing the hypothesis: %w", err)
	}
	// Most of many claims are marked already, as they were by the verdict before.
	const validated, contradicting = `CASE WHEN supports IS TRUE THEN $2 ELSE FALSE END`, `CASE WHEN supports IS FALSE THEN $3 ELSE FALSE END`
	_, err = tx.Exec(ctx, `UPDATE claims SET validated = `+validated+`, contradicting = `+contradicting+`
		WHERE hypothesis_id = $1 AND rejected = '' AND (validated <> `+validated+` OR contradicting <> `+contradicting+`)`,
		v.HypothesisID, v.Status == interview.HypothesisValidated, v.Status != interview.HypothesisPending)
	if err != nil {
		return fmt.Errorf("marking the claims: %w", err)
	}
	return nil
}
