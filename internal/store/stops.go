package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// NewStop asks that nobody is called any more.
type NewStop struct {
	// Scope is interview.ScopeAll or a campaign's id.
	Scope string
	Mode  interview.StopMode
	// RequestedBy and Reason may be empty.
	RequestedBy, Reason string
}

// Stopped is a stop with the calls that it found.
type Stopped struct {
	interview.Stop
	// Queued counts the calls that wait for their turn: they wait on, and are dialled once no stop is in force. Live counts those that
	// were dialled and are not over, and Ends how many of them the stop ends.
	Queued, Live, Ends int
}

// Stop keeps everybody from being called: once this has returned, no process writes an intent to dial for the scope until the stop is
// ended. Calls that were dialled and nobody has answered are canceled at Twilio, with StopHangUp those under way are ended too. This
// process begins with it at once; what it leaves, when ctx ends, CarryOutStops does.
//
// Errors: ErrNoCampaign.
func (s *Store) Stop(ctx context.Context, n NewStop) (Stopped, error) {
	var stopped Stopped
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.requireScope(ctx, n.Scope); err != nil {
			return err
		}
		stopped = Stopped{Stop: interview.Stop{ID: tx.newID(), Scope: n.Scope, Mode: n.Mode, RequestedBy: auditText(n.RequestedBy),
			Reason: auditText(n.Reason), CreatedAt: tx.Now}}
		if err := tx.changeGate(ctx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO stops (id, scope, mode, requested_by, reason, created_at, ended_by, gate_seq)
			VALUES ($1, $2, $3, $4, $5, $6, '', $7)`, stopped.ID, n.Scope, string(n.Mode), stopped.RequestedBy, stopped.Reason, tx.Now, tx.gateSeq)
		if err != nil {
			return err
		}
		// Nobody dials while this transaction holds the gate.
		if err := tx.countStopped(ctx, &stopped); err != nil {
			return err
		}
		return tx.recordAudit(ctx, interview.AuditEntry{Actor: n.RequestedBy, Action: interview.AuditStop, Subject: stopped.ID, Reason: n.Reason,
			Detail: map[string]any{"scope": n.Scope, "mode": n.Mode, "queued": stopped.Queued, "live": stopped.Live, "ends": stopped.Ends}})
	})
	if err != nil {
		return Stopped{}, fmt.Errorf("stopping: %w", err)
	}
	if err := s.carryOut(ctx, stopped.Stop); err != nil && ctx.Err() == nil {
		return stopped, err
	}
	return stopped, nil
}

// inScope is the condition that a call is of the scope $1, or of any campaign.
const inScope = `($1 = '` + interview.ScopeAll + `' OR campaign_id = $1)`

// countStopped counts the calls of a stop's scope that are not over.
func (tx *Tx) countStopped(ctx context.Context, stopped *Stopped) error {
	err := collect(ctx, tx, func(r row) error {
		var c interview.Call
		var dialled bool
		var n int
		if err := r.Scan(&c.Status, &dialled, &n); err != nil {
			return err
		}
		if !dialled {
			stopped.Queued += n
			return nil
		}
		stopped.Live += n
		c.DialedAt = &tx.Now
		if stopped.Stop.Ends(c) {
			stopped.Ends += n
		}
		return nil
	}, `SELECT status, dialed_at IS NOT NULL OR twilio_sid <> '', COUNT(*) FROM calls WHERE ended_as = '' AND `+inScope+` GROUP BY 1, 2`, stopped.Scope)
	if err != nil {
		return fmt.Errorf("counting the calls that are not over: %w", err)
	}
	return nil
}

// Resume ends a stop, and returns it as it is then. Who asked, and why, is in the audit log; both may be empty. Ending it again changes
// nothing.
//
// Errors: ErrNotFound.
func (s *Store) Resume(ctx context.Context, id, requestedBy, reason string) (interview.Stop, error) {
	var stop interview.Stop
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.changeGate(ctx); err != nil {
			return err
		}
		var err error
		stop, err = scanStop(tx.QueryRow(ctx, selectStops+` WHERE id = $1`, id))
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil || !stop.InForce() {
			return err
		}
		stop.EndedAt, stop.EndedBy = &tx.Now, auditText(requestedBy)
		if _, err := tx.Exec(ctx, `UPDATE stops SET ended_at = $2, ended_by = $3, ended_gate_seq = $4 WHERE id = $1`,
			id, tx.Now, stop.EndedBy, tx.gateSeq); err != nil {
			return err
		}
		return tx.recordAudit(ctx, interview.AuditEntry{Actor: requestedBy, Action: interview.AuditResume, Subject: id, Reason: reason,
			Detail: map[string]any{"scope": stop.Scope, "mode": stop.Mode}})
	})
	if err != nil {
		return interview.Stop{}, fmt.Errorf("ending stop %s: %w", id, err)
	}
	return stop, nil
}

const selectStops = `SELECT id, scope, mode, requested_by, reason, created_at, hung_up_at, ended_at, ended_by FROM stops`

func scanStop(r row) (interview.Stop, error) {
	var s interview.Stop
	err := r.Scan(&s.ID, &s.Scope, &s.Mode, &s.RequestedBy, &s.Reason, &s.CreatedAt, &s.CarriedOutAt, &s.EndedAt, &s.EndedBy)
	return s, err
}

// Stops lists the stops, those that were ended too.
func (s *Store) Stops(ctx context.Context, page Page) (List[interview.Stop], error) {
	out, err := list(ctx, s.read(), selectStops, "stops", filter{}, page, scanStop, func(s interview.Stop) string { return s.ID })
	if err != nil {
		return out, fmt.Errorf("listing stops: %w", err)
	}
	return out, nil
}

// StopsInForce are the stops that keep somebody from being called now, the newest first.
func (s *Store) StopsInForce(ctx context.Context) ([]interview.Stop, error) {
	return stopsInForce(ctx, s.read(), ``)
}

func stopsInForceBy(and string) string {
	return selectStops + ` WHERE ended_at IS NULL` + and + ` ORDER BY id DESC`
}

func stopsInForce(ctx context.Context, q querier, and string, args ...any) ([]interview.Stop, error) {
	var stops []interview.Stop
	err := collect(ctx, q, func(r row) error {
		stop, err := scanStop(r)
		stops = append(stops, stop)
		return err
	}, stopsInForceBy(and), args...)
	if err != nil {
		return nil, fmt.Errorf("reading the stops in force: %w", err)
	}
	return stops, nil
}
