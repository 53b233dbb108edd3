package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// DoNotCallImport is what came of a file of the do-not-call list.
type DoNotCallImport struct {
	// Rows is how many the file has: those that were added, those that were there already, and those that were refused.
	Rows, Added, Already, RefusedRows int
	// Refused are the first of those that were refused.
	Refused []DoNotCallRow
}

const (
	// importedAtOnce is how many rows one transaction adds.
	importedAtOnce = 1000
	// refusedKept bounds the rows that an import names.
	refusedKept = 1000
)

// ImportDoNotCall adds the rows of a file to the do-not-call list, part by part, as AddDoNotCall does; what a row does not say is taken
// from defaults. A row that cannot be taken is left out. An error ends the import and leaves what was added before, which the same
// file does not add twice.
func (s *Store) ImportDoNotCall(ctx context.Context, rows iter.Seq2[DoNotCallRow, error], defaults NewDoNotCall) (result DoNotCallImport, err error) {
	i := doNotCallImport{store: s, defaults: defaults, scopes: map[string]bool{}}
	defer func() {
		if i.result.Added == 0 {
			return
		}
		err = errors.Join(err, s.RecordAudit(context.WithoutCancel(ctx), interview.AuditEntry{Actor: defaults.RequestedBy,
			Action: interview.AuditImportDoNotCall, Reason: defaults.Reason, Detail: map[string]any{"rows": i.result.Rows, "added": i.result.Added,
				"already": i.result.Already, "refused": i.result.RefusedRows, "source": defaults.Source}}))
	}()
	part := make([]DoNotCallRow, 0, importedAtOnce)
	for row, err := range rows {
		if err != nil {
			return i.result, errors.Join(err, i.add(ctx, part))
		}
		if part = append(part, row); len(part) == cap(part) {
			if err := i.add(ctx, part); err != nil {
				return i.result, err
			}
			part = part[:0]
		}
	}
	err = i.add(ctx, part)
	return i.result, err
}

// doNotCallImport is an import under way.
type doNotCallImport struct {
	store    *Store
	defaults NewDoNotCall
	scopes   map[string]bool // whether a scope is one
	result   DoNotCallImport
}

// add adds a part of the rows in one transaction, and cancels calls to their numbers in others.
func (i *doNotCallImport) add(ctx context.Context, rows []DoNotCallRow) error {
	if len(rows) == 0 {
		return nil
	}
	var entries []interview.DoNotCall
	var refused []DoNotCallRow
	var fresh map[string]bool
	numbers := map[string][]string{} // by scope
	err := i.store.write(ctx, func(tx *Tx) error {
		entries, refused = nil, nil
		clear(numbers)
		for _, row := range rows {
			e, err := i.entry(ctx, tx, &row)
			switch {
			case err != nil:
				return err
			case row.Refused != "":
				refused = append(refused, row)
				continue
			case row.PhoneNumber != "":
				numbers[e.Scope] = append(numbers[e.Scope], row.PhoneNumber)
			}
			entries = append(entries, e)
		}
		if len(entries) == 0 {
			return nil
		}
		if err := tx.changeGate(ctx); err != nil {
			return err
		}
		var err error
		fresh, err = tx.insertDoNotCall(ctx, entries)
		return err
	})
	if err != nil {
		return fmt.Errorf("importing into the do-not-call list: %w", err)
	}
	i.result.Rows += len(rows)
	i.result.Added += len(fresh)
	i.result.Already += len(entries) - len(fresh)
	i.result.RefusedRows += len(refused)
	i.result.Refused = append(i.result.Refused, refused[:min(len(refused), refusedKept-len(i.result.Refused))]...)
	for scope, list := range numbers {
		if err := i.store.cancelListed(ctx, list, scope); err != nil {
			return err
		}
	}
	return nil
}

// entry is the entry that a row asks for, unless it says why there is none.
func (i *doNotCallImport) entry(ctx context.Context, tx *Tx, row *DoNotCallRow) (interview.DoNotCall, error) {
	e := interview.DoNotCall{ID: tx.newID(), Hash: row.Hash, Masked: row.Masked, Scope: cmp.Or(row.Scope, i.defaults.Scope),
		Source: cmp.Or(row.Source, i.defaults.Source), Reason: cmp.Or(row.Reason, i.defaults.Reason),
		RequestedBy: cmp.Or(row.RequestedBy, i.defaults.RequestedBy), CreatedAt: tx.Now}
	if row.Refused != "" {
		return e, nil
	}
	known, asked := i.scopes[e.Scope]
	if !asked {
		err := tx.requireScope(ctx, e.Scope)
		if err != nil && !errors.Is(err, ErrNoCampaign) {
			return e, err
		}
		known = err == nil
		i.scopes[e.Scope] = known
	}
	if !known {
		row.Value, row.Refused = truncated(e.Scope, 40), "scope is neither "+interview.ScopeAll+" nor a campaign's id"
		return e, nil
	}
	if !row.CreatedAt.IsZero() && row.CreatedAt.Before(tx.Now) {
		e.CreatedAt = row.CreatedAt.UTC().Truncate(time.Microsecond)
	}
	var err error
	if row.PhoneNumber != "" {
		e.Masked = interview.MaskPhoneNumber(row.PhoneNumber)
		if strings.ContainsAny(e.Reason, "0123456789") {
			e.Reason = withoutNumber(e.Reason, row.PhoneNumber)
		}
		e.Hash, err = tx.numberHash(ctx, row.PhoneNumber)
		return e, err
	}
	if row.Key == "" {
		return e, nil
	}
	key, err := tx.numberKeyFingerprint(ctx)
	if err == nil && row.Key != key {
		row.Refused = "the hash was made with the key of another database: it would keep nobody from being called"
	}
	return e, err
}

// numberKeyFingerprint names the key of number hashes without telling it: files with hashes have it.
func (tx *Tx) numberKeyFingerprint(ctx context.Context) (string, error) {
	key, err := tx.numberKey(ctx)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append([]byte("i-agent number-hash key "), key...))
	return hex.EncodeToString(sum[:8]), nil
}
