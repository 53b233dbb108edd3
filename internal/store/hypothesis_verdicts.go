package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
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
	result := interview.Validation{Skip: true}
	var said map[string][]interview.Utterance
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.guard(ctx, run); err != nil {
			return err
		}
		h, open, err := tx.judgeable(ctx, hypothesisID, revision)
		if err != nil {
			return err
		}
		if !open {
			return tx.finish(ctx, run)
		}
		v := interview.Validation{Hypothesis: h, Revision: revision}
		if v.Evidence, err = tx.evidence(ctx, hypothesisID); err != nil {
			return err
		}
		if v.Evidence.Enough() {
			result = v
			said, err = tx.utterancesOf(ctx, hypothesisID)
			return err
		}
		if h.Status != interview.HypothesisPending {
			if err := tx.saveVerdict(ctx, v.Judge(interview.Opinion{})); err != nil {
				return err
			}
		}
		return tx.finish(ctx, run)
	})
	if err != nil {
		return interview.Validation{}, fmt.Errorf("beginning to judge hypothesis %s: %w", hypothesisID, err)
	}
	for i, c := range result.Evidence { // outside of the transaction: to search takes a while
		result.Evidence[i].Passage = evidence.PassageOf(c.Claim, said[c.RecordingSid])
	}
	return result, nil
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

// evidence loads the claims that were not rejected, with whom they came from.
func (tx *Tx) evidence(ctx context.Context, hypothesisID string) (interview.Evidence, error) {
	claims, err := claimsOf(ctx, tx, "hypothesis_id", hypothesisID)
	if err != nil {
		return nil, err
	}
	return evidenceOf(ctx, tx, hypothesisID, claims)
}

// evidenceOf are those of a hypothesis' claims that were not rejected, with whom they came from.
func evidenceOf(ctx context.Context, q querier, hypothesisID string, claims []interview.Claim) (interview.Evidence, error) {
	numbers := map[string]string{}
	err := collect(ctx, q, func(r row) error {
		var id, number string
		err := r.Scan(&id, &number)
		numbers[id] = number
		return err
	}, `SELECT id, phone_number FROM calls WHERE id IN (SELECT call_id FROM claims WHERE hypothesis_id = $1)`, hypothesisID)
	if err != nil {
		return nil, fmt.Errorf("numbers of the evidence: %w", err)
	}
	var evidence interview.Evidence
	for _, c := range claims {
		if c.Rejected == "" {
			evidence = append(evidence, interview.EvidenceClaim{Claim: c, PhoneNumber: numbers[c.CallID]})
		}
	}
	return evidence, nil
}

// utterancesOf loads what was said in the recordings that the evidence comes from, by recording.
func (tx *Tx) utterancesOf(ctx context.Context, hypothesisID string) (map[string][]interview.Utterance, error) {
	said := map[string][]interview.Utterance{}
	err := collect(ctx, tx, func(r row) error {
		u, err := scanUtterance(r)
		said[u.RecordingSid] = append(said[u.RecordingSid], u)
		return err
	}, selectUtterances+` WHERE (utterances.call_id, utterances.recording_sid) IN
		(SELECT call_id, recording_sid FROM claims WHERE hypothesis_id = $1 AND rejected = '')
		ORDER BY utterances.recording_sid, utterances.position`, hypothesisID)
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

// HypothesisDetail is a hypothesis with its evidence and all verdicts on it.
type HypothesisDetail struct {
	Hypothesis interview.Hypothesis
	// Claims are in the order in which they were made, rejected ones too.
	Claims []interview.Claim
	// Evidence are those that were not rejected, with the numbers that they came from, and without passages.
	Evidence interview.Evidence
	// Verdicts are newest first.
	Verdicts []interview.Verdict
}

// HypothesisDetail returns one hypothesis. ErrNotFound when there is none.
func (s *Store) HypothesisDetail(ctx context.Context, id string) (HypothesisDetail, error) {
	var d HypothesisDetail
	err := s.snapshot(ctx, func(q querier) (err error) {
		d.Hypothesis, err = scanHypothesis(q.QueryRow(ctx, selectHypotheses+` WHERE id = $1`, id))
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		if d.Claims, err = claimsOf(ctx, q, "hypothesis_id", id); err != nil {
			return err
		}
		if d.Evidence, err = evidenceOf(ctx, q, id, d.Claims); err != nil {
			return err
		}
		d.Verdicts, err = verdictsOf(ctx, q, id)
		return err
	})
	if err != nil {
		return HypothesisDetail{}, fmt.Errorf("hypothesis %s: %w", id, err)
	}
	return d, nil
}

func verdictsOf(ctx context.Context, q querier, hypothesisID string) ([]interview.Verdict, error) {
	var out []interview.Verdict
	err := collect(ctx, q, func(r row) error {
		var v interview.Verdict
		var reasons string
		err := r.Scan(&v.ID, &v.HypothesisID, &v.Revision, &v.Status, &v.Conclusion, &v.Consistency, &v.Confidence, &v.Claims, &v.Calls,
			&reasons, &v.Model, &v.CreatedAt)
		if err == nil {
			err = json.Unmarshal([]byte(reasons), &v.Reasons)
		}
		out = append(out, v)
		return err
	}, `SELECT id, hypothesis_id, revision, status, conclusion, consistency, confidence, claims, calls, reasons, model, created_at
		FROM verdicts WHERE hypothesis_id = $1 ORDER BY revision DESC`, hypothesisID)
	if err != nil {
		return nil, fmt.Errorf("loading verdicts: %w", err)
	}
	return out, nil
}
