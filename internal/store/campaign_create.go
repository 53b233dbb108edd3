package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// NewCampaign asks for a campaign, once for its key.
type NewCampaign struct {
	Campaign interview.Campaign
	// IdempotencyKey makes the request take effect once. It is the caller's to put its scope into the key.
	IdempotencyKey string
	// RequestHash tells whether a second request with the key is the same.
	RequestHash [sha256.Size]byte
	// Answer makes the answer that is kept with the key. It may be called more than once.
	Answer func(c interview.Campaign) (Answer, error)
}

// CreateCampaign keeps a new campaign and its hypotheses, whose order stays. It returns the campaign with the ids and
// times that it got. Without an answer mode it pauses, without a language it speaks the default one.
func (s *Store) CreateCampaign(ctx context.Context, c interview.Campaign) (interview.Campaign, error) {
	err := s.write(ctx, func(tx *Tx) (err error) {
		c, err = tx.insertCampaign(ctx, c)
		return err
	})
	if err != nil {
		return interview.Campaign{}, fmt.Errorf("creating a campaign: %w", err)
	}
	return c, nil
}

// CreateCampaignOnce is CreateCampaign for a request with an idempotency key, which is kept in the same commit. A second
// request with the key gets the first answer; while the first is in flight it waits.
//
// Errors: ErrOtherRequest, ErrSameInFlight.
func (s *Store) CreateCampaignOnce(ctx context.Context, n NewCampaign) (Answer, error) {
	var answer Answer
	err := s.write(ctx, func(tx *Tx) error {
		first, err := tx.claimKey(ctx, n.IdempotencyKey, n.RequestHash, Answer{Body: []byte{}})
		if err != nil {
			return err
		}
		if !first {
			answer, err = tx.keptAnswer(ctx, n.IdempotencyKey, n.RequestHash)
			return err
		}
		c, err := tx.insertCampaign(ctx, n.Campaign)
		if err != nil {
			return err
		}
		if answer, err = n.Answer(c); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE api_idempotency SET reply_status = $2, reply_body = $3 WHERE key = $1`,
			n.IdempotencyKey, answer.Status, answer.Body)
		return err
	})
	if err != nil {
		return Answer{}, fmt.Errorf("creating a campaign once: %w", err)
	}
	return answer, nil
}

func (tx *Tx) insertCampaign(ctx context.Context, c interview.Campaign) (interview.Campaign, error) {
	c.ID, c.CreatedAt = tx.newID(), tx.Now
	c.AnswerMode = cmp.Or(c.AnswerMode, interview.AnswerPause)
	c.Language = cmp.Or(c.Language, interview.DefaultLanguage)
	var kept [3]string
	for i, v := range []any{c.CallingHours, c.Holidays, c.Attempts} {
		text, err := encoded(v)
		if err != nil {
			return c, fmt.Errorf("encoding a campaign: %w", err)
		}
		kept[i] = text
	}
	_, err := tx.Exec(ctx, `INSERT INTO campaigns (id, name, category, prompt_template, status, answer_mode, language, simulated,
		created_at, updated_at, organisation, callback_number, purpose, voice, region, calling_hours, holidays, attempts,
		max_concurrent, max_per_day, require_consent_basis, stop_when_decided)
		VALUES ($1, $2, $3, $4, $5, $6, $8, $9, $7, $7, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
		c.ID, c.Name, c.Category, c.PromptTemplate, string(c.Status), string(c.AnswerMode), tx.Now, c.Language, c.Simulated,
		c.Identity.Organisation, c.Identity.CallbackNumber, c.Identity.Purpose, c.Voice, c.Region, kept[0], kept[1], kept[2],
		c.MaxConcurrent, c.MaxPerDay, c.RequireConsentBasis, c.StopWhenDecided)
	if err != nil {
		return c, err
	}
	if c.Hypotheses, err = tx.insertHypotheses(ctx, c); err != nil {
		return c, err
	}
	detail := map[string]any{"name": c.Name, "status": c.Status, "hypotheses": len(c.Hypotheses)}
	if c.Simulated {
		detail["simulated"] = true
	}
	return c, tx.recordAudit(ctx, interview.AuditEntry{Action: interview.AuditCreateCampaign, Subject: c.ID,
		Detail: detail})
}
