package store

import (
	"context"
	"errors"

	"github.com/i-agent/iagent/internal/interview"
)

// endRest ends the waiting contacts of a campaign that is completed, part by part, unless it is active again. What is left when ctx
// ends, the dispatcher ends when it is due.
func (s *Store) endRest(ctx context.Context, campaignID string) error {
	return s.eachPart(ctx, func(tx *Tx) (int, error) {
		var notActive *NotActiveError
		err := tx.requireActive(ctx, campaignID)
		if !errors.As(err, &notActive) || notActive.Status != interview.CampaignCompleted {
			return 0, ignoreNotActive(err)
		}
		return tx.endWaiting(ctx, campaignID, interview.GateVerdict{Refusal: interview.RefusalCampaign, Final: true})
	})
}

// opensTheGate reports whether after the change people may be called that were not before.
func (change CampaignChange) opensTheGate() bool {
	return change.CallingHours != nil || change.Holidays != nil || change.MaxPerDay != nil || change.Status != nil
}

// askAgain makes the contacts of a campaign due that wait for what the gate said, part by part: it may say something else now. Those that
// wait for their next attempt do so on.
func (s *Store) askAgain(ctx context.Context, campaignID string) error {
	return s.eachPart(ctx, func(tx *Tx) (int, error) {
		n, err := tx.Exec(ctx, `UPDATE contacts SET next_at = $2, updated_at = $2 WHERE id IN (SELECT id FROM contacts WHERE campaign_id = $1
			AND next_at IS NOT NULL AND next_at > $2 AND reason <> '' ORDER BY next_at LIMIT $3`+tx.store.dialect.skipLocked+`)`, campaignID, tx.Now, endAtOnce)
		return int(n), err
	})
}

// eachPart runs a transaction again and again while it changes as many contacts as it may.
func (s *Store) eachPart(ctx context.Context, part func(tx *Tx) (int, error)) error {
	for n := endAtOnce; n == endAtOnce; {
		err := s.write(ctx, func(tx *Tx) (err error) {
			n, err = part(tx)
			return err
		})
		switch {
		case err != nil && ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}
