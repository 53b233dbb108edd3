package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// ErrNoCampaign says that the scope of an entry or a stop is neither all campaigns nor one of them.
var ErrNoCampaign = errors.New("no such campaign")

// NewDoNotCall asks for an entry of the do-not-call list.
type NewDoNotCall struct {
	// PhoneNumber is E.164.
	PhoneNumber string
	// Scope is interview.ScopeAll or a campaign's id.
	Scope string
	// Source says where it comes from, such as "api".
	Source string
	// Reason and RequestedBy may be empty.
	Reason, RequestedBy string
}

// AddDoNotCall puts a number on the do-not-call list and reports whether it was not there with this scope: then nobody dials it once
// this has returned, and calls to it that wait for their turn are canceled. A call that is under way goes on. The entry that is
// there already stays as it is.
//
// Errors: ErrNoCampaign.
func (s *Store) AddDoNotCall(ctx context.Context, n NewDoNotCall) (entry interview.DoNotCall, added bool, err error) {
	err = s.write(ctx, func(tx *Tx) error {
		if err := tx.requireScope(ctx, n.Scope); err != nil {
			return err
		}
		hash, err := tx.numberHash(ctx, n.PhoneNumber)
		if err != nil {
			return err
		}
		entry = interview.DoNotCall{ID: tx.newID(), Hash: hash, Masked: interview.MaskPhoneNumber(n.PhoneNumber), Scope: n.Scope,
			Source: n.Source, Reason: withoutNumber(n.Reason, n.PhoneNumber), RequestedBy: n.RequestedBy, CreatedAt: tx.Now}
		if err := tx.changeGate(ctx); err != nil {
			return err
		}
		fresh, err := tx.insertDoNotCall(ctx, []interview.DoNotCall{entry})
		if err != nil {
			return err
		}
		if added = fresh[entry.ID]; added {
			return tx.recordAudit(ctx, interview.AuditEntry{Actor: n.RequestedBy, Action: interview.AuditAddDoNotCall, Subject: entry.ID,
				Reason: entry.Reason, Detail: map[string]any{"phoneNumber": entry.Masked, "scope": n.Scope, "source": n.Source}})
		}
		entry, err = scanDoNotCall(tx.QueryRow(ctx, selectDoNotCall+` WHERE number_hash = $1 AND scope = $2`, hash, n.Scope))
		return err
	})
	if err == nil {
		err = s.cancelListed(ctx, []string{n.PhoneNumber}, n.Scope)
	}
	if err != nil {
		return interview.DoNotCall{}, false, fmt.Errorf("adding to the do-not-call list: %w", err)
	}
	return entry, added, nil
}

// requireScope makes sure that a scope is ScopeAll or a campaign's id.
func (tx *Tx) requireScope(ctx context.Context, scope string) error {
	if scope == interview.ScopeAll {
		return nil
	}
	var there int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM campaigns WHERE id = $1`, scope).Scan(&there); err != nil {
		return fmt.Errorf("looking for campaign %s: %w", scope, err)
	}
	if there == 0 {
		return fmt.Errorf("scope %s: %w", scope, ErrNoCampaign)
	}
	return nil
}

var doNotCallInsert = newInsert("do_not_call", `ON CONFLICT (number_hash, scope) DO NOTHING`, "id text", "number_hash bytea",
	"masked text", "scope text", "source text", "reason text", "requested_by text", "call_id text", "created_at timestamptz", "gate_seq bigint")

// insertDoNotCall writes the entries that are not there yet, and returns the ids of those. This transaction holds the gate.
func (tx *Tx) insertDoNotCall(ctx context.Context, entries []interview.DoNotCall) (map[string]bool, error) {
	rows := make([][]any, len(entries))
	for i, e := range entries {
		rows[i] = []any{e.ID, e.Hash, e.Masked, e.Scope, auditText(e.Source), auditText(e.Reason), auditText(e.RequestedBy), e.CallID,
			e.CreatedAt, tx.gateSeq}
	}
	fresh := map[string]bool{}
	stmts := tx.newStmtBatch()
	doNotCallInsert.addNew(stmts, "writing to the do-not-call list", rows, func(id string) { fresh[id] = true })
	if err := stmts.run(ctx); err != nil {
		return nil, err
	}
	return fresh, nil
}

// RemoveDoNotCall takes an entry off the list: the number may be called again, unless another entry covers it.
//
// Errors: ErrNotFound.
func (s *Store) RemoveDoNotCall(ctx context.Context, id, requestedBy, reason string) error {
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.changeGate(ctx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO do_not_call_removed (id, number_hash, scope, call_id, gate_seq, removed_at, removed_gate_seq)
			SELECT id, number_hash, scope, call_id, gate_seq, $2, $3 FROM do_not_call WHERE id = $1`, id, tx.Now, tx.gateSeq)
		if err != nil {
			return fmt.Errorf("keeping that it was there: %w", err)
		}
		var masked, scope, source string
		err = tx.QueryRow(ctx, `DELETE FROM do_not_call WHERE id = $1 RETURNING masked, scope, source`, id).Scan(&masked, &scope, &source)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		return tx.recordAudit(ctx, interview.AuditEntry{Actor: requestedBy, Action: interview.AuditRemoveDoNotCall, Subject: id, Reason: reason,
			Detail: map[string]any{"phoneNumber": cmp.Or(masked, "erased"), "scope": scope, "source": source}})
	})
	if err != nil {
		return fmt.Errorf("removing entry %s of the do-not-call list: %w", id, err)
	}
	return nil
}

// DoNotCallFilter chooses entries of the do-not-call list; an empty field asks for nothing.
type DoNotCallFilter struct {
	// PhoneNumber is E.164: only entries of this number.
	PhoneNumber string
	// Scope is interview.ScopeAll or a campaign's id.
	Scope string
}

// conditions are those of a filter whose number has the hash, nil for none.
func (by DoNotCallFilter) conditions(hash []byte) filter {
	var f filter
	if hash != nil {
		f.compare("number_hash", "=", hash)
	}
	f.equal("scope", by.Scope)
	return f
}

const selectDoNotCall = `SELECT id, number_hash, masked, scope, source, reason, requested_by, call_id, created_at FROM do_not_call`

func scanDoNotCall(r row) (interview.DoNotCall, error) {
	var d interview.DoNotCall
	err := r.Scan(&d.ID, &d.Hash, &d.Masked, &d.Scope, &d.Source, &d.Reason, &d.RequestedBy, &d.CallID, &d.CreatedAt)
	return d, err
}

// DoNotCallList lists the entries of the do-not-call list.
func (s *Store) DoNotCallList(ctx context.Context, by DoNotCallFilter, page Page) (List[interview.DoNotCall], error) {
	var hash []byte
	if by.PhoneNumber != "" {
		key, err := s.keptNumberKey(ctx, s.read())
		if err != nil || key == nil { // nothing was ever listed
			return List[interview.DoNotCall]{Items: []interview.DoNotCall{}}, err
		}
		hash = hashNumber(key, by.PhoneNumber)
	}
	f := by.conditions(hash)
	out, err := list(ctx, s.read(), selectDoNotCall, "do_not_call", f, page, scanDoNotCall, func(d interview.DoNotCall) string { return d.ID })
	if err != nil {
		return out, fmt.Errorf("listing the do-not-call list: %w", err)
	}
	return out, nil
}
