package app

import (
	"context"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// auditReconciliation keeps that somebody had Twilio asked.
func auditReconciliation(ctx context.Context, s *store.Store, found Reconciliation) error {
	repaired := 0
	for _, n := range found.Repaired {
		repaired += n
	}
	return s.RecordAudit(ctx, interview.AuditEntry{Action: interview.AuditReconcile,
		Detail: map[string]any{"calls": found.Calls, "repaired": repaired}})
}
