package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// RejectionLimits bound what is kept of refused requests.
type RejectionLimits struct {
	// Count is how many are kept in all, and PerCause with one cause. What is beyond Count or Bytes is the oldest, and first of
	// those whose cause is not proven: a flood of forged requests displaces none of Twilio's.
	Count, PerCause int
	// Bytes bounds the sum of their sizes.
	Bytes int
	// Age is how long each is kept.
	Age time.Duration
}

// pruneAtOnce is how many rejections one statement deletes at most.
const pruneAtOnce = 200

// KeepRejections keeps refused requests, sets their ids, and deletes the oldest ones beyond the limits, all in one short
// transaction.
func (s *Store) KeepRejections(ctx context.Context, kept []*RejectionDetail, limits RejectionLimits) error {
	err := s.write(ctx, func(tx *Tx) error {
		causes := map[string]bool{}
		for _, d := range kept {
			d.ID = tx.newID()
			causes[d.Cause] = true
			if err := tx.insertRejection(ctx, d); err != nil {
				return err
			}
		}
		for cause := range causes {
			if err := tx.pruneCause(ctx, cause, limits.PerCause); err != nil {
				return err
			}
		}
		return tx.pruneRejections(ctx, limits)
	})
	if err != nil {
		return fmt.Errorf("keeping rejections: %w", err)
	}
	return nil
}

func (tx *Tx) insertRejection(ctx context.Context, d *RejectionDetail) error {
	request, explanation, err := encodeRejection(d)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO rejections (id, received_at, kind, method, path, status, client, account_sid, cause, proven,
		summary, request, explanation, size) VALUES `+placeholders(1, 14), d.ID, d.ReceivedAt.UTC(), storable(d.Kind), storable(d.Method),
		storable(d.Path), d.Status, storable(d.Client), storable(d.AccountSid), d.Cause, d.Proven, storable(d.Summary), request, explanation,
		rejectionSize(d, request, explanation))
	return err
}

func encodeRejection(d *RejectionDetail) (request, explanation string, err error) {
	encoded, err := json.Marshal(d.Request)
	if err != nil {
		return "", "", err
	}
	why, err := json.Marshal(d.Explanation)
	return string(encoded), string(why), err
}

func rejectionSize(d *RejectionDetail, request, explanation string) int {
	return len(request) + len(explanation) + len(d.Path) + len(d.Summary) + 200 // the rest of the row
}

// PruneRejections deletes those that were received before a time, few in a transaction, and returns how many in all.
func (s *Store) PruneRejections(ctx context.Context, before time.Time) (deleted int64, err error) {
	for {
		var n int64
		err := s.write(ctx, func(tx *Tx) (err error) {
			n, err = tx.pruneOldRejections(ctx, before)
			return err
		})
		deleted += n
		if err != nil {
			return deleted, fmt.Errorf("pruning rejections: %w", err)
		}
		if n < pruneAtOnce {
			return deleted, nil
		}
	}
}

func (tx *Tx) pruneCause(ctx context.Context, cause string, most int) error {
	_, err := tx.Exec(ctx, `DELETE FROM rejections WHERE id IN (SELECT id FROM rejections WHERE cause = $1 ORDER BY id DESC LIMIT $2 OFFSET $3)`,
		cause, pruneAtOnce, most)
	return err
}

func (tx *Tx) pruneRejections(ctx context.Context, limits RejectionLimits) error {
	if _, err := tx.pruneOldRejections(ctx, tx.Now.Add(-limits.Age)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM rejections WHERE id IN (SELECT id FROM rejections ORDER BY proven DESC, id DESC LIMIT $1 OFFSET $2)`,
		pruneAtOnce, limits.Count); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM rejections WHERE id IN (SELECT id FROM
		(SELECT id, SUM(size) OVER (ORDER BY proven DESC, id DESC) AS newer FROM rejections) AS sums WHERE newer > $1 LIMIT $2)`, limits.Bytes, pruneAtOnce)
	return err
}

func (tx *Tx) pruneOldRejections(ctx context.Context, before time.Time) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM rejections WHERE id IN (SELECT id FROM rejections WHERE received_at < $1 ORDER BY id LIMIT $2)`,
		before.UTC(), pruneAtOnce)
}

// ExplainRejection replaces the explanation of a rejection, and the cause that it gives.
// ErrNotFound when it is gone.
func (s *Store) ExplainRejection(ctx context.Context, d *RejectionDetail) error {
	request, explanation, err := encodeRejection(d)
	if err != nil {
		return fmt.Errorf("explaining rejection %s: %w", d.ID, err)
	}
	err = s.write(ctx, func(tx *Tx) error {
		n, err := tx.Exec(ctx, `UPDATE rejections SET cause = $2, proven = $3, summary = $4, explanation = $5, size = $6 WHERE id = $1`,
			d.ID, d.Cause, d.Proven, storable(d.Summary), explanation, rejectionSize(d, request, explanation))
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("explaining rejection %s: %w", d.ID, err)
	}
	return nil
}

// AuditCheckRejection is the action of a check in the audit log.
const AuditCheckRejection = "rejection.check"

// RejectionChecked notes that a rejection was checked again, and whether its signature fitted; nil when nobody could tell. The
// audit log keeps who did it. ErrNotFound when the rejection is gone.
func (s *Store) RejectionChecked(ctx context.Context, id string, verified *bool) (at time.Time, err error) {
	err = s.write(ctx, func(tx *Tx) error {
		at = tx.Now
		n, err := tx.Exec(ctx, `UPDATE rejections SET checked_at = $2, verified = $3 WHERE id = $1`, id, at, verified)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		return tx.recordAudit(ctx, interview.AuditEntry{Action: AuditCheckRejection, Subject: id, Detail: map[string]any{"verified": verified}})
	})
	if err != nil {
		return at, fmt.Errorf("noting a check of rejection %s: %w", id, err)
	}
	return at, nil
}
