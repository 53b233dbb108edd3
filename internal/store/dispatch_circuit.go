package store

import (
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// watchCircuit opens or closes the circuit breaker of a campaign whose calls ended, and keeps which.
func (s *Store) watchCircuit(ctx context.Context, campaignID string) error {
	ended, err := newestEnds(ctx, s.read(), campaignID)
	if err != nil {
		return err
	}
	now := s.now()
	// With a call under way it says so as long as it is open or half-open.
	until := interview.CircuitOpen(ended, 1, now)
	var kept *time.Time
	if err := s.read().QueryRow(ctx, `SELECT circuit_open_until FROM campaigns WHERE id = $1`, campaignID).Scan(&kept); err != nil {
		return fmt.Errorf("circuit breaker of campaign %s: %w", campaignID, err)
	}
	opens := until != nil && (kept == nil || kept.Before(now) && ended[0].At.Add(interview.CircuitPause).After(now))
	closes := until == nil && kept != nil
	if !opens && !closes {
		return nil
	}
	err = s.write(ctx, func(tx *Tx) error {
		set, detail, kind := until, map[string]any{"calls": interview.CircuitCalls}, interview.MilestoneCircuitClosed
		if opens {
			detail["until"], kind = until.Format(time.RFC3339), interview.MilestoneCircuitOpen
		}
		if _, err := tx.Exec(ctx, `UPDATE campaigns SET circuit_open_until = $2 WHERE id = $1`, campaignID, pointedTime(set)); err != nil {
			return err
		}
		tx.reach(interview.Milestone{Kind: kind, CampaignID: campaignID, Count: interview.CircuitCalls})
		return tx.recordAudit(ctx, interview.AuditEntry{Actor: byDispatcher, Action: auditCircuit[opens], Subject: campaignID, Detail: detail})
	})
	if err != nil {
		return fmt.Errorf("circuit breaker of campaign %s: %w", campaignID, err)
	}
	return nil
}

// auditCircuit is what the audit log says of a circuit breaker that opens, or does not.
var auditCircuit = map[bool]string{true: interview.AuditOpenCircuit, false: interview.AuditCloseCircuit}
