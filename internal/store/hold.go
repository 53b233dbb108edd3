package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// ErrHeld says that the campaign has a legal hold: what is asked for would destroy something of its calls.
var ErrHeld = errors.New("the campaign has a legal hold")

// Hold is a legal hold that is set or lifted.
type Hold struct {
	// Set is false to lift it.
	Set bool
	// RequestedBy and Reason are kept in the audit log; "" for RequestedBy is the actor of the context.
	RequestedBy, Reason string
}

// setHold sets or lifts the legal hold of a campaign. It waits for transactions that prune at this moment: once it is
// committed, none removes anything of the campaign's calls. A hold that is set again keeps its date.
func (tx *Tx) setHold(ctx context.Context, campaignID string, hold Hold) error {
	if lock := tx.store.dialect.lockHold; lock != "" {
		if _, err := tx.Exec(ctx, lock); err != nil {
			return fmt.Errorf("waiting for what is being pruned: %w", err)
		}
	}
	action, statement, args := interview.AuditLiftHold, `UPDATE campaigns SET held_at = NULL WHERE id = $1 AND held_at IS NOT NULL`, []any{campaignID}
	if hold.Set {
		action, statement = interview.AuditSetHold, `UPDATE campaigns SET held_at = $2 WHERE id = $1 AND held_at IS NULL`
		args = append(args, tx.Now)
	}
	n, err := tx.Exec(ctx, statement, args...)
	if err != nil {
		return fmt.Errorf("legal hold of campaign %s: %w", campaignID, err)
	}
	if n == 0 {
		return nil // it is so already, or there is no such campaign
	}
	return tx.recordAudit(ctx, interview.AuditEntry{Actor: hold.RequestedBy, Action: action, Subject: campaignID, Reason: hold.Reason})
}

// requireNotHeld returns ErrHeld when the call's campaign has a legal hold, and keeps one from being set until the
// transaction ends.
func (tx *Tx) requireNotHeld(ctx context.Context, campaignID string) error {
	if err := tx.lockPrune(ctx); err != nil {
		return err
	}
	var since *time.Time
	if err := tx.QueryRow(ctx, `SELECT held_at FROM campaigns WHERE id = $1`, campaignID).Scan(&since); err != nil {
		return fmt.Errorf("legal hold of campaign %s: %w", campaignID, err)
	}
	if since != nil {
		return ErrHeld
	}
	return nil
}
