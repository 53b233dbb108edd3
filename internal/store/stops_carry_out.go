package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// stoppedAtOnce is how many calls one transaction of a stop asks to end: their webhooks wait for it.
const stoppedAtOnce = 50

const notCarriedOut = ` AND hung_up_at IS NULL`

// CarryOutStops asks for the end of the calls that the stops in force are to end and that were not asked yet, as after a process
// was killed that had begun with it.
func (s *Store) CarryOutStops(ctx context.Context) error {
	stops, err := stopsInForce(ctx, s.read(), notCarriedOut)
	if err != nil {
		return err
	}
	for i := range stops {
		err = errors.Join(err, s.carryOut(ctx, stops[len(stops)-1-i]))
	}
	return err
}

// carryOut asks for the end of a stop's calls, part by part, each in a transaction of its own. Once it is through, no call is left:
// since the stop was committed, nobody was dialled.
func (s *Store) carryOut(ctx context.Context, stop interview.Stop) error {
	for after := ""; ; {
		ids, err := s.callsToStop(ctx, stop, after)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			break
		}
		after = ids[len(ids)-1]
		if err := s.write(ctx, func(tx *Tx) error { return tx.stopCalls(ctx, stop, ids) }); err != nil {
			return fmt.Errorf("ending the calls of stop %s: %w", stop.ID, err)
		}
	}
	return s.write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `UPDATE stops SET hung_up_at = $2 WHERE id = $1 AND hung_up_at IS NULL`, stop.ID, tx.Now)
		if err != nil {
			return fmt.Errorf("keeping that stop %s was carried out: %w", stop.ID, err)
		}
		return nil
	})
}

// callsToStop are the ids of some calls of a stop's scope that are not over and were dialled, in order. One that is dialled
// later than this is read does not exist.
func (s *Store) callsToStop(ctx context.Context, stop interview.Stop, after string) ([]string, error) {
	var ids []string
	err := collect(ctx, s.read(), func(r row) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM calls WHERE ended_as = '' AND id > $2 AND (dialed_at IS NOT NULL OR twilio_sid <> '') AND `+inScope+`
		ORDER BY id LIMIT $3`, stop.Scope, after, stoppedAtOnce)
	if err != nil {
		return nil, fmt.Errorf("looking for the calls of stop %s: %w", stop.ID, err)
	}
	return ids, nil
}

// stopCalls asks for the end of those of the calls that the stop ends and that were not asked to end already, unless the stop was
// ended meanwhile.
func (tx *Tx) stopCalls(ctx context.Context, stop interview.Stop, ids []string) error {
	stmts := tx.newStmtBatch()
	calls := stmts.lockCalls(ids, false)
	if err := stmts.run(ctx); err != nil {
		return err
	}
	var inForce int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM stops WHERE id = $1 AND ended_at IS NULL`, stop.ID).Scan(&inForce)
	if err != nil || inForce == 0 {
		return err
	}
	for _, id := range ids {
		call, ok := calls[id]
		if !ok || call.CancelRequestedAt != nil || !stop.Ends(call) {
			continue
		}
		tx.hold(call)
		if err := tx.cancel(ctx, &call, byStop); err != nil {
			return err
		}
		if err := tx.saveCall(ctx, call); err != nil {
			return err
		}
	}
	return nil
}
