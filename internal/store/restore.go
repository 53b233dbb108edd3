package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

const (
	// noteRestored is what a call's history says of a dial that a restored database had forgotten, at the time of the dial.
	noteRestored = "dial.restored"
	// restoredPause is how long a dial waits before it looks again whether Twilio's list was read.
	restoredPause = 15 * time.Second
	// activitySlack is how far the clocks of the processes may differ that wrote what is newest in the database.
	activitySlack = time.Minute
)

// Restore is a restoration of the database from a backup. What happened after Since is forgotten: calls may have been dialled that
// count as queued, and others that are not there at all. Nobody is called until Twilio's list of calls since then was read.
type Restore struct {
	ID        string
	At, Since time.Time
}

// MarkRestored keeps that the database was restored from a backup, and stops all dialling until Twilio's list was read; see
// RestoreListed. What is newest in the database says since when everything is forgotten.
func (s *Store) MarkRestored(ctx context.Context, actor string) (Restore, error) {
	steps, err := s.MigrateStatus(ctx)
	if err != nil {
		return Restore{}, err
	}
	var restored Restore
	err = s.write(ctx, func(tx *Tx) error {
		restored = Restore{ID: tx.newID(), At: tx.Now}
		for _, newest := range []string{
			`SELECT MAX(at) FROM call_history`, `SELECT MAX(received_at) FROM webhook_events`, `SELECT MAX(updated_at) FROM calls`,
			`SELECT MAX(created_at) FROM function_runs`, `SELECT MAX(heartbeat_at) FROM function_runs`, `SELECT MAX(updated_at) FROM campaigns`,
			`SELECT MAX(at) FROM write_probe`,
		} {
			at, err := tx.maxTime(ctx, newest)
			if err != nil {
				return err
			}
			if at.After(restored.Since) {
				restored.Since = at
			}
		}
		if restored.Since.IsZero() && len(steps) > 0 {
			restored.Since = steps[0].AppliedAt // nothing has happened since its first table was made
		}
		restored.Since = restored.Since.Add(-activitySlack)
		_, err := tx.Exec(ctx, `INSERT INTO restores (id, at, since, found, forgotten) VALUES ($1, $2, $3, 0, 0)`,
			restored.ID, restored.At, restored.Since)
		if err != nil {
			return fmt.Errorf("keeping the restoration: %w", err)
		}
		return tx.recordAudit(ctx, interview.AuditEntry{Actor: actor, Action: interview.AuditRestore,
			Detail: map[string]any{"since": restored.Since.Format(time.RFC3339)}})
	})
	if err != nil {
		return Restore{}, fmt.Errorf("marking the database as restored: %w", err)
	}
	return restored, nil
}

// maxTime reads one time, zero for none. SQLite returns the largest value of a column as text.
func (tx *Tx) maxTime(ctx context.Context, query string) (time.Time, error) {
	if tx.sql == nil {
		var at *time.Time
		if err := tx.QueryRow(ctx, query).Scan(&at); err != nil || at == nil {
			return time.Time{}, err
		}
		return at.UTC(), nil
	}
	var text *string
	if err := tx.QueryRow(ctx, query).Scan(&text); err != nil || text == nil {
		return time.Time{}, err
	}
	at, err := time.Parse("2006-01-02 15:04:05.999999999-07:00", *text)
	return at.UTC(), err
}

// OpenRestores are the restorations after which Twilio's list was not read yet, the oldest first.
func (s *Store) OpenRestores(ctx context.Context) ([]Restore, error) {
	var list []Restore
	err := collect(ctx, s.read(), func(r row) error {
		var one Restore
		err := r.Scan(&one.ID, &one.At, &one.Since)
		list = append(list, one)
		return err
	}, `SELECT id, at, since FROM restores WHERE listed_at IS NULL ORDER BY at`)
	if err != nil {
		return nil, fmt.Errorf("looking for restorations: %w", err)
	}
	return list, nil
}

// notRestored returns a jobs.Wait error while nobody may be called since the database was restored.
func (tx *Tx) notRestored(ctx context.Context) error {
	var open int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM restores WHERE listed_at IS NULL`).Scan(&open); err != nil {
		return fmt.Errorf("looking for restorations: %w", err)
	}
	if open > 0 {
		return jobs.Wait(tx.Now.Add(restoredPause), "the database was restored: nobody is called before Twilio's list of calls was read")
	}
	return nil
}

// RestoredDial says that Twilio has a call to the number of a call that counts as queued: it was dialled after the backup. It
// returns the call of ours, which is DIAL_UNKNOWN from then on, for the caller to feed what Twilio says of it; "" when there is
// none. created is when Twilio created the call.
func (s *Store) RestoredDial(ctx context.Context, restored Restore, phoneNumber string, created time.Time) (callID string, err error) {
	err = s.write(ctx, func(tx *Tx) error {
		callID = ""
		var ids []string
		err := collect(ctx, tx, func(r row) error {
			var id string
			err := r.Scan(&id)
			ids = append(ids, id)
			return err
		}, `SELECT id FROM calls WHERE phone_number <> '' AND phone_number = $1 AND status = 'QUEUED' AND dialed_at IS NULL AND twilio_sid = ''
			AND NOT simulated AND created_at < $2 ORDER BY id LIMIT 1`, phoneNumber, restored.At)
		if err != nil || len(ids) == 0 {
			return err
		}
		call, err := tx.lockCall(ctx, ids[0])
		if err != nil || call.Status != interview.CallQueued || call.DialedAt != nil || call.TwilioSid != "" {
			return err
		}
		callID = call.ID
		at := created.UTC().Truncate(time.Microsecond)
		call.Status, call.DialedAt = interview.CallDialUnknown, &at
		_, err = tx.Exec(ctx, `INSERT INTO call_history (id, call_id, at, what, detail) VALUES ($1, $2, $3, $4, $5)`,
			tx.newID(), call.ID, at, noteRestored, "dialled after the backup from which the database was restored")
		if err != nil {
			return err
		}
		if err := tx.beginOverdueChecks(ctx, call.ID, tx.Now); err != nil {
			return err
		}
		if err := tx.countAttempt(ctx, interview.Contact{ID: call.ContactID}, call.ID); err != nil {
			return err
		}
		return tx.saveCall(ctx, call)
	})
	if err != nil {
		return "", fmt.Errorf("finding a call that was dialled after the backup: %w", err)
	}
	return callID, nil
}

// ReasonRestored is why a contact is not called: Twilio called the number after the backup from which the database was restored, and
// nobody knows for which campaign, or what came of it.
const ReasonRestored interview.Refusal = "RESTORED"

// ForgottenCall keeps that Twilio placed a call of which the database knows nothing, so that its number is not called again: contacts
// that wait with it end.
// It reports whether that is news.
func (s *Store) ForgottenCall(ctx context.Context, callSid, phoneNumber string, created time.Time) (bool, error) {
	var n int64
	err := s.write(ctx, func(tx *Tx) (err error) {
		n, err = tx.Exec(ctx, `INSERT INTO forgotten_calls (call_sid, phone_number, created_at, found_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (call_sid) DO NOTHING`, storable(callSid), storable(phoneNumber), created.UTC().Truncate(time.Microsecond), tx.Now)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE contacts SET state = 'EXHAUSTED', reason = '`+string(ReasonRestored)+`', next_at = NULL, updated_at = $3
			WHERE phone_number <> '' AND phone_number = $1 AND state = 'WAITING' AND created_at < $2 AND NOT simulated`,
			storable(phoneNumber), created.UTC().Truncate(time.Microsecond), tx.Now)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("keeping a forgotten call: %w", err)
	}
	return n > 0, nil
}

// DialledFrom are the accounts and the caller ids with which calls were dialled.
func (s *Store) DialledFrom(ctx context.Context) (accounts, numbers []string, err error) {
	err = collect(ctx, s.read(), func(r row) error {
		var account, number string
		if err := r.Scan(&account, &number); err != nil {
			return err
		}
		if account != "" && !slices.Contains(accounts, account) {
			accounts = append(accounts, account)
		}
		if number != "" && !slices.Contains(numbers, number) {
			numbers = append(numbers, number)
		}
		return nil
	}, `SELECT DISTINCT account_sid, from_number FROM dial_intents`)
	if err != nil {
		return nil, nil, fmt.Errorf("looking for who dialled: %w", err)
	}
	return accounts, numbers, nil
}

// DialOpen reports whether there is a call to the number of whose dial the outcome is not known.
func (s *Store) DialOpen(ctx context.Context, phoneNumber string) (bool, error) {
	var n int
	err := s.read().QueryRow(ctx, `SELECT COUNT(*) FROM calls WHERE phone_number <> '' AND phone_number = $1 AND twilio_sid = ''
		AND dialed_at IS NOT NULL AND status IN ('QUEUED', 'DIAL_UNKNOWN')`, phoneNumber).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("looking for a dial to the number: %w", err)
	}
	return n > 0, nil
}

// RestoreListed says that Twilio's list was read after a restoration: dialling goes on.
func (s *Store) RestoreListed(ctx context.Context, id string, found, forgotten int) error {
	err := s.write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `UPDATE restores SET listed_at = $2, found = $3, forgotten = $4 WHERE id = $1 AND listed_at IS NULL`,
			id, tx.Now, found, forgotten)
		return err
	})
	if err != nil {
		return fmt.Errorf("ending a restoration: %w", err)
	}
	return nil
}

// forgottenNumbers are those of the numbers that were called after the backup from which the database was restored.
func (tx *Tx) forgottenNumbers(ctx context.Context, numbers []string, called map[string]bool) error {
	condition, args := tx.in("phone_number", 1, numbers)
	return collect(ctx, tx, func(r row) error {
		var number string
		err := r.Scan(&number)
		called[number] = true
		return err
	}, `SELECT phone_number FROM forgotten_calls WHERE `+condition, args...)
}

// ErrInUse says that a server works on the database.
var ErrInUse = errors.New("a server is using the database; stop it first")

// RequireUnused returns ErrInUse when another process is connected to the database: on Postgres one of this program's, on SQLite
// any.
func (s *Store) RequireUnused(ctx context.Context) error {
	if s.sqlite != nil {
		return nil // restoring replaces the file, which needs it alone; see RestoreSQLite
	}
	var others int
	err := s.postgres.QueryRow(ctx, `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()
		AND application_name = 'iagent' AND pid <> pg_backend_pid()`).Scan(&others)
	if err != nil {
		return fmt.Errorf("looking for other connections: %w", err)
	}
	if others > 0 {
		return ErrInUse
	}
	return nil
}
