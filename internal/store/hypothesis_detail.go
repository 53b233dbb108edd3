package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// MaxDetailClaims bounds the claims of a HypothesisDetail.
const MaxDetailClaims = 1_000

// HypothesisDetail is a hypothesis with its newest evidence and verdicts, and how many there are.
type HypothesisDetail struct {
	Hypothesis interview.Hypothesis
	// Claims are its newest MaxDetailClaims, in the order in which they were made, rejected ones too; ClaimCount counts all.
	Claims     []interview.Claim
	ClaimCount int
	// Verdicts are its newest MaxVerdicts, newest first; VerdictCount counts all.
	Verdicts     []interview.Verdict
	VerdictCount int
}

// HypothesisDetail returns one hypothesis. ErrNotFound when there is none.
func (s *Store) HypothesisDetail(ctx context.Context, id string) (HypothesisDetail, error) {
	var d HypothesisDetail
	err := s.snapshot(ctx, func(q querier) (err error) {
		if d.Hypothesis, err = hypothesisOf(ctx, q, id); err != nil {
			return err
		}
		if d.Claims, err = claimsOf(ctx, q, "hypothesis_id", id, MaxDetailClaims); err != nil {
			return err
		}
		if d.Verdicts, err = verdictsOf(ctx, q, id, MaxVerdicts); err != nil {
			return err
		}
		return q.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM claims WHERE hypothesis_id = $1), (SELECT COUNT(*) FROM verdicts WHERE hypothesis_id = $1)`, id).
			Scan(&d.ClaimCount, &d.VerdictCount)
	})
	if err != nil {
		return HypothesisDetail{}, fmt.Errorf("hypothesis %s: %w", id, err)
	}
	return d, nil
}

// ClaimsOfHypothesis lists the claims of a hypothesis, rejected ones too. ErrNotFound when there is no such hypothesis.
func (s *Store) ClaimsOfHypothesis(ctx context.Context, id string, page Page) (List[interview.Claim], error) {
	return ofHypothesis(ctx, s, id, page, selectClaims, "claims", scanClaim, func(c interview.Claim) string { return c.ID })
}

// VerdictsOfHypothesis lists the verdicts on a hypothesis. ErrNotFound when there is no such hypothesis.
func (s *Store) VerdictsOfHypothesis(ctx context.Context, id string, page Page) (List[interview.Verdict], error) {
	return ofHypothesis(ctx, s, id, page, selectJudgements, "verdicts", scanJudgement, func(v interview.Verdict) string { return v.ID })
}

// ofHypothesis lists the rows of a table that belong to a hypothesis.
func ofHypothesis[T any](ctx context.Context, s *Store, id string, page Page, selection, table string, scan func(row) (T, error), idOf func(T) string) (List[T], error) {
	var out List[T]
	err := s.snapshot(ctx, func(q querier) error {
		if _, err := hypothesisOf(ctx, q, id); err != nil {
			return err
		}
		var f filter
		f.compare(table+".hypothesis_id", "=", id)
		var err error
		out, err = list(ctx, q, selection, table, f, page, scan, idOf)
		return err
	})
	if err != nil {
		return List[T]{}, fmt.Errorf("%s of hypothesis %s: %w", table, id, err)
	}
	return out, nil
}

// HypothesisOverview is what there is room for, of a hypothesis, on a page.
type HypothesisOverview struct {
	Hypothesis interview.Hypothesis
	// Claims are its newest MaxCountedClaims, in the order in which they were made, rejected ones too; without texts but the value's, and
	// without times.
	Claims []interview.EvidenceClaim
	// Verdicts are its newest MaxVerdicts, newest first.
	Verdicts []interview.Verdict
}

// MaxVerdicts bounds the verdicts of a HypothesisOverview: there is one for each interview that changed the evidence.
const MaxVerdicts = 100

// Evidence are the claims that were not rejected.
func (o HypothesisOverview) Evidence() interview.Evidence { return accepted(o.Claims) }

// HypothesisOverview loads a hypothesis, or says ErrNotFound.
func (s *Store) HypothesisOverview(ctx context.Context, id string) (HypothesisOverview, error) {
	var o HypothesisOverview
	err := s.snapshot(ctx, func(q querier) (err error) {
		if o.Hypothesis, err = hypothesisOf(ctx, q, id); err != nil {
			return err
		}
		if o.Claims, err = outlinesOf(ctx, q, id, MaxCountedClaims); err != nil {
			return err
		}
		o.Verdicts, err = verdictsOf(ctx, q, id, MaxVerdicts)
		return err
	})
	if err != nil {
		return HypothesisOverview{}, fmt.Errorf("hypothesis %s: %w", id, err)
	}
	return o, nil
}

// AddTexts loads all there is of some claims of a HypothesisOverview. A claim that was erased meanwhile stays as it is.
func (s *Store) AddTexts(ctx context.Context, claims []interview.EvidenceClaim) error {
	if len(claims) == 0 {
		return nil
	}
	return s.addTexts(ctx, s.read(), claims)
}

const selectJudgements = `SELECT verdicts.id, verdicts.hypothesis_id, verdicts.revision, verdicts.status, verdicts.conclusion, verdicts.consistency,
	verdicts.confidence, verdicts.claims, verdicts.calls, verdicts.reasons, verdicts.model, verdicts.created_at FROM verdicts`

func scanJudgement(r row) (interview.Verdict, error) {
	var v interview.Verdict
	var reasons string
	err := r.Scan(&v.ID, &v.HypothesisID, &v.Revision, &v.Status, &v.Conclusion, &v.Consistency, &v.Confidence, &v.Claims, &v.Calls,
		&reasons, &v.Model, &v.CreatedAt)
	if err == nil {
		err = json.Unmarshal([]byte(reasons), &v.Reasons)
	}
	return v, err
}

func verdictsOf(ctx context.Context, q querier, hypothesisID string, limit int) ([]interview.Verdict, error) {
	var out []interview.Verdict
	err := collect(ctx, q, func(r row) error {
		v, err := scanJudgement(r)
		out = append(out, v)
		return err
	}, selectJudgements+` WHERE hypothesis_id = $1 ORDER BY revision DESC LIMIT $2`, hypothesisID, limit)
	if err != nil {
		return nil, fmt.Errorf("loading verdicts: %w", err)
	}
	return out, nil
}
