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

const (
	// validationDelay lets the claims of calls that end together be judged together.
	validationDelay = 5 * time.Second
	// validationSpacing is how long a verdict stands, for each claim that it was given on, before the hypothesis is judged anew for further
	// claims: one interview more changes less, the more there are. maxValidationSpacing is the longest.
	validationSpacing    = 250 * time.Millisecond
	maxValidationSpacing = 5 * time.Minute
)

// reviseHypothesis says that the evidence of a hypothesis changed, and sees to its validation, a little later. A run that still waits
// judges what there is when it begins, so further claims need no other; evidence that was reduced is judged without regard to the last
// verdict, which stands until the next one. It must be called in the transaction that changes the evidence, before the claims are
// written; it locks the hypothesis.
func (tx *Tx) reviseHypothesis(ctx context.Context, cause, id string, reduced bool) error {
	var revision, last int
	err := tx.QueryRow(ctx, `UPDATE hypotheses SET evidence_revision = evidence_revision + 1,
			reduced_revision = CASE WHEN $2 THEN evidence_revision + 1 ELSE reduced_revision END WHERE id = $1
		RETURNING evidence_revision, validation_revision`, id, reduced).Scan(&revision, &last)
	if err != nil {
		return fmt.Errorf("revising hypothesis %s: %w", id, err)
	}
	due := tx.Now.Add(validationDelay)
	if !reduced {
		var waiting int
		// One that waits for longer, after attempts that failed, is overtaken.
		err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM function_runs WHERE function = $1 AND key = $2 AND state = $3
				AND (not_before IS NULL OR not_before <= $4)`, string(interview.ValidateClaim), interview.NewValidateClaim(id, last, due).Key,
			string(interview.RunWaiting), tx.Now.Add(maxValidationSpacing)).Scan(&waiting)
		if err != nil {
			return fmt.Errorf("the next validation of hypothesis %s: %w", id, err)
		}
		if waiting > 0 {
			return nil
		}
		if due, err = tx.validationDue(ctx, id); err != nil {
			return err
		}
	}
	return tx.enqueueValidation(ctx, cause, id, revision, due)
}

// validationDue is when further claims are to be judged.
func (tx *Tx) validationDue(ctx context.Context, id string) (time.Time, error) {
	due := tx.Now.Add(validationDelay)
	var claims int
	var judged time.Time
	err := firstRow(tx.QueryRow(ctx, `SELECT claims, created_at FROM verdicts WHERE hypothesis_id = $1 ORDER BY revision DESC LIMIT 1`, id), &claims, &judged)
	if err != nil {
		return due, fmt.Errorf("the last verdict on hypothesis %s: %w", id, err)
	}
	spacing := min(time.Duration(claims)*validationSpacing, maxValidationSpacing)
	if until := judged.Add(spacing); until.After(due) && !until.After(tx.Now.Add(maxValidationSpacing)) { // not where a clock was set back
		due = until
	}
	return due, nil
}

// enqueueValidation enqueues the run that judges a revision of the evidence, and what is added to it before it begins.
func (tx *Tx) enqueueValidation(ctx context.Context, cause, id string, revision int, due time.Time) error {
	if _, err := tx.Exec(ctx, `UPDATE hypotheses SET validation_revision = $2 WHERE id = $1`, id, revision); err != nil {
		return fmt.Errorf("the validation of hypothesis %s: %w", id, err)
	}
	return tx.enqueue(ctx, cause, []interview.Job{interview.NewValidateClaim(id, revision, due)})
}

// BeginValidation says what to judge, or ends the run when there is nothing: the hypothesis is unknown, another run judges its newest
// evidence, this was judged already, or it is too little. When too little is left under a verdict, the hypothesis is PENDING again.
// asked is the revision of the run; what is judged may be newer.
func (s *Store) BeginValidation(ctx context.Context, run interview.Run, hypothesisID string, asked int) (interview.Validation, error) {
	v, err := s.validation(ctx, hypothesisID, asked)
	if err == nil {
		v, err = s.beginValidation(ctx, run, v, asked)
	}
	if err != nil {
		return interview.Validation{}, fmt.Errorf("beginning to judge hypothesis %s: %w", hypothesisID, err)
	}
	return v, nil
}

// beginValidation is BeginValidation with the evidence that was read before. For claims that were added since, and whose transaction may
// have seen this run wait, there is another run then.
func (s *Store) beginValidation(ctx context.Context, run interview.Run, v interview.Validation, asked int) (interview.Validation, error) {
	skip := true
	err := s.write(ctx, func(tx *Tx) error {
		skip = true
		if err := tx.guard(ctx, run); err != nil {
			return err
		}
		h, err := tx.lockHypothesis(ctx, v.Hypothesis.ID)
		if errors.Is(err, sql.ErrNoRows) {
			return tx.finish(ctx, run)
		}
		if err != nil {
			return err
		}
		if !h.asks(asked) {
			return tx.finish(ctx, run)
		}
		if _, err := tx.Exec(ctx, `UPDATE hypotheses SET begun_revision = $2 WHERE id = $1 AND begun_revision < $2`, h.ID, v.Revision); err != nil {
			return fmt.Errorf("beginning with revision %d: %w", v.Revision, err)
		}
		if h.newest > v.Revision {
			due, err := tx.validationDue(ctx, h.ID)
			if err != nil {
				return err
			}
			if err := tx.enqueueValidation(ctx, run.ID, h.ID, h.newest, due); err != nil {
				return err
			}
		}
		open := !v.Skip && h.open(v.Revision)
		if open && v.Evidence.Enough() {
			v.Hypothesis, skip = h.Hypothesis, false
			return nil
		}
		if open && h.Status != interview.HypothesisPending {
			if err := tx.saveVerdict(ctx, v.Judge(interview.Opinion{})); err != nil {
				return err
			}
		}
		return tx.finish(ctx, run)
	})
	if err != nil || skip {
		return interview.Validation{Skip: true}, err
	}
	return v, nil
}

// validation reads the newest evidence while nobody waits for it: there may be tens of thousands of claims. Skip says that it was not
// read, since there is nothing for the run to judge.
func (s *Store) validation(ctx context.Context, hypothesisID string, asked int) (interview.Validation, error) {
	v := interview.Validation{Hypothesis: interview.Hypothesis{ID: hypothesisID}, Skip: true}
	var said map[string][]interview.Utterance
	err := s.snapshot(ctx, func(q querier) error {
		h, err := hypothesisEvidence(ctx, q, hypothesisID, "")
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		v.Revision = h.newest
		if !h.asks(asked) || !h.open(h.newest) {
			return nil
		}
		outlines, err := outlinesOf(ctx, q, hypothesisID, noLimit)
		if err != nil {
			return err
		}
		v.Evidence, v.Skip = accepted(outlines), false
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

// evidenceState is a hypothesis with the revisions of its evidence.
type evidenceState struct {
	interview.Hypothesis
	// newest is the revision now, judged that of the last verdict, reduced that of the last erasure; validation is the revision of which
	// the last run was asked for.
	newest, judged, reduced, validation int
}

// asks reports whether the run of a revision is the last that was asked for. A server of an earlier version asks for newer ones without
// saying so.
func (h evidenceState) asks(revision int) bool { return revision >= h.validation }

// open reports whether a verdict on a revision counts: a newer one has none, and nothing was erased of it. What a model concludes from
// evidence that was erased may repeat it.
func (h evidenceState) open(revision int) bool { return h.judged < revision && h.reduced <= revision }

// hypothesisEvidence reads the revisions of a hypothesis' evidence.
func hypothesisEvidence(ctx context.Context, q querier, id, lock string) (evidenceState, error) {
	h := evidenceState{Hypothesis: interview.Hypothesis{ID: id}}
	err := q.QueryRow(ctx, `SELECT evidence_revision, judged_revision, reduced_revision, validation_revision FROM hypotheses WHERE id = $1`+lock, id).
		Scan(&h.newest, &h.judged, &h.reduced, &h.validation)
	if err != nil {
		return h, fmt.Errorf("revisions of hypothesis %s: %w", id, err)
	}
	return h, nil
}

// lockHypothesis locks a hypothesis and loads it.
func (tx *Tx) lockHypothesis(ctx context.Context, id string) (evidenceState, error) {
	h, err := hypothesisEvidence(ctx, tx, id, tx.store.dialect.lock)
	if err != nil {
		return h, err
	}
	h.Hypothesis, err = scanHypothesis(tx.QueryRow(ctx, selectHypotheses+` WHERE id = $1`, id))
	if err != nil {
		return h, fmt.Errorf("loading hypothesis %s: %w", id, err)
	}
	return h, nil
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

// SaveVerdict keeps a verdict, makes it the hypothesis' own, marks the claims by it and ends the run, in one transaction. A verdict on
// evidence of which something was erased meanwhile is dropped, and so is one that is older than another. Claims that were added
// meanwhile are judged by a later run.
func (s *Store) SaveVerdict(ctx context.Context, run interview.Run, verdict interview.Verdict) error {
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.finish(ctx, run); err != nil {
			return err
		}
		h, err := tx.lockHypothesis(ctx, verdict.HypothesisID)
		if errors.Is(err, sql.ErrNoRows) || err == nil && !h.open(verdict.Revision) {
			return nil
		}
		if err != nil {
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
