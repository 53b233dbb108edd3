package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

const selectHypotheses = `SELECT id, campaign_id, question, status, conclusion, created_at,
	CASE WHEN status <> 'PENDING' AND evidence_revision > judged_revision THEN TRUE ELSE FALSE END FROM hypotheses`

func scanHypothesis(r row) (interview.Hypothesis, error) {
	var h interview.Hypothesis
	err := r.Scan(&h.ID, &h.CampaignID, &h.Question, &h.Status, &h.Conclusion, &h.CreatedAt, &h.Reopened)
	return h, err
}

// Hypothesis returns one hypothesis. ErrNotFound when there is none.
func (s *Store) Hypothesis(ctx context.Context, id string) (interview.Hypothesis, error) {
	h, err := hypothesisOf(ctx, s.read(), id)
	if err != nil {
		return h, fmt.Errorf("hypothesis %s: %w", id, err)
	}
	return h, nil
}

func hypothesisOf(ctx context.Context, q querier, id string) (interview.Hypothesis, error) {
	h, err := scanHypothesis(q.QueryRow(ctx, selectHypotheses+` WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return h, err
}

// hypotheses loads those of some campaigns, by campaign, in the order in which they were given.
func hypotheses(ctx context.Context, q querier, campaignIDs []string) (map[string][]interview.Hypothesis, error) {
	byCampaign := map[string][]interview.Hypothesis{}
	err := collect(ctx, q, func(r row) error {
		h, err := scanHypothesis(r)
		byCampaign[h.CampaignID] = append(byCampaign[h.CampaignID], h)
		return err
	}, selectHypotheses+` WHERE campaign_id IN `+placeholders(1, len(campaignIDs))+` ORDER BY campaign_id, position`, anys(campaignIDs)...)
	if err != nil {
		return nil, fmt.Errorf("loading hypotheses: %w", err)
	}
	return byCampaign, nil
}

// insertHypotheses keeps the hypotheses of a new campaign and returns them with their ids.
func (tx *Tx) insertHypotheses(ctx context.Context, c interview.Campaign) ([]interview.Hypothesis, error) {
	if len(c.Hypotheses) == 0 {
		return nil, nil
	}
	const width = 7
	ids := tx.newIDs(len(c.Hypotheses))
	kept := make([]interview.Hypothesis, len(c.Hypotheses))
	args := make([]any, 0, width*len(kept))
	for i, h := range c.Hypotheses {
		h.ID, h.CampaignID, h.CreatedAt = ids[i], c.ID, tx.Now
		if h.Status == "" {
			h.Status = interview.HypothesisPending
		}
		kept[i] = h
		args = append(args, h.ID, h.CampaignID, i, h.Question, string(h.Status), h.Conclusion, h.CreatedAt)
	}
	_, err := tx.Exec(ctx, `INSERT INTO hypotheses (id, campaign_id, position, question, status, conclusion, created_at)
		VALUES `+values(len(kept), width), args...)
	if err != nil {
		return nil, fmt.Errorf("keeping hypotheses: %w", err)
	}
	return kept, nil
}
