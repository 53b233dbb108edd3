package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/i-agent/iagent/internal/interview"
)

// Audited is an entry of the audit log.
type Audited struct {
	ID string
	At time.Time
	interview.AuditEntry
}

// AuditFilter chooses entries; an empty field asks for nothing.
type AuditFilter struct {
	Actor, Action, Subject string
	// Since and Until bound the time; Until itself is left out.
	Since, Until time.Time
}

// RecordAudit keeps what an operator did. What is done in a transaction of the store is recorded there, by the store.
func (s *Store) RecordAudit(ctx context.Context, entry interview.AuditEntry) error {
	return s.write(ctx, func(tx *Tx) error { return tx.recordAudit(ctx, entry) })
}

// recordAudit keeps what an operator did if the transaction commits. What may be a phone number in its texts is replaced.
func (tx *Tx) recordAudit(ctx context.Context, entry interview.AuditEntry) error {
	actor := cmp.Or(entry.Actor, interview.ActorOf(ctx))
	detail := make(map[string]any, len(entry.Detail))
	for name, value := range entry.Detail {
		if text, ok := value.(string); ok {
			value = auditText(text)
		}
		detail[name] = value
	}
	encoded, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("encoding the audit entry %s: %w", entry.Action, err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO audit_log (id, at, actor, action, subject, reason, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		tx.newID(), tx.Now, auditText(actor), entry.Action, storable(entry.Subject), auditText(entry.Reason), storable(string(encoded)))
	if err != nil {
		return fmt.Errorf("keeping the audit entry %s: %w", entry.Action, err)
	}
	return nil
}

func auditText(s string) string { return storable(truncated(interview.WithoutPhoneNumbers(s), 1000)) }

// AuditLog lists what operators did.
func (s *Store) AuditLog(ctx context.Context, by AuditFilter, page Page) (List[Audited], error) {
	var f filter
	f.equal("actor", by.Actor)
	f.equal("action", by.Action)
	f.equal("subject", by.Subject)
	if !by.Since.IsZero() {
		f.compare("audit_log.id", ">=", firstID(by.Since)) // an id begins with its time, in milliseconds
		f.compare("at", ">=", by.Since.UTC())
	}
	if !by.Until.IsZero() {
		f.compare("audit_log.id", "<", firstID(by.Until.Add(time.Millisecond)))
		f.compare("at", "<", by.Until.UTC())
	}
	out, err := list(ctx, s.read(), `SELECT audit_log.id, at, actor, action, subject, reason, detail FROM audit_log`, "audit_log", f, page,
		scanAudited, func(a Audited) string { return a.ID })
	if err != nil {
		return out, fmt.Errorf("listing the audit log: %w", err)
	}
	return out, nil
}

func scanAudited(r row) (Audited, error) {
	var a Audited
	var detail []byte
	if err := r.Scan(&a.ID, &a.At, &a.Actor, &a.Action, &a.Subject, &a.Reason, &detail); err != nil {
		return a, err
	}
	a.At = a.At.UTC()
	if err := json.Unmarshal(detail, &a.Detail); err != nil {
		return a, fmt.Errorf("detail of audit entry %s: %w", a.ID, err)
	}
	return a, nil
}

// firstID sorts before every id that is made in or after the millisecond of a time, and after all ids from before it.
func firstID(at time.Time) string {
	var id ulid.ULID
	ms := min(max(at.UnixMilli(), 0), int64(ulid.MaxTime()))
	if err := id.SetTime(uint64(ms)); err != nil {
		return "" // no such time: the bound above excludes it
	}
	return id.String()
}
