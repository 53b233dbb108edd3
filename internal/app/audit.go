package app

import (
	"context"
	"net/http"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// auditConsole keeps what somebody does to jobs on River's pages, which write to the database by themselves.
func (a *App) auditConsole(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions {
			err := a.store.RecordAudit(r.Context(), interview.AuditEntry{Actor: "console", Action: interview.AuditConsole,
				Detail: map[string]any{"request": r.Method + " " + strings.TrimPrefix(r.URL.Path, consoleJobsPath)}})
			if err != nil {
				a.log.ErrorContext(r.Context(), "console request refused", "error", err)
				http.Error(w, "Internal server error", http.StatusInternalServerError)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// auditReconciliation keeps that somebody had Twilio asked.
func auditReconciliation(ctx context.Context, s *store.Store, found Reconciliation) error {
	repaired := 0
	for _, n := range found.Repaired {
		repaired += n
	}
	return s.RecordAudit(ctx, interview.AuditEntry{Action: interview.AuditReconcile,
		Detail: map[string]any{"calls": found.Calls, "repaired": repaired}})
}
