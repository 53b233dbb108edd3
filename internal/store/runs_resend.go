package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

// resendBatch bounds how many events one transaction takes back.
const resendBatch = 100

// ResendRuns asks for another event for each run that waits for one which was sent before a time: now when the run is due,
// else when it is. runID, when set, names the only run that is meant; without it the time is kept, for events that are noted
// later (see EventSent). It returns how many there were.
func (s *Store) ResendRuns(ctx context.Context, runID string, before time.Time) (int, error) {
	resent, last := 0, ""
	for {
		var batch []sentRun
		err := s.write(ctx, func(tx *Tx) error {
			if runID == "" {
				_, err := tx.Exec(ctx, `UPDATE inngest_state SET events_lost_before = $1
					WHERE id = 1 AND (events_lost_before IS NULL OR events_lost_before < $1)`, nullTime(before))
				if err != nil {
					return err
				}
			}
			var err error
			batch, err = tx.takeBackEvents(ctx, runID, before, last)
			return err
		})
		if err != nil {
			return resent, fmt.Errorf("sending events again: %w", err)
		}
		resent += len(batch)
		if len(batch) < resendBatch {
			return resent, nil
		}
		last = batch[len(batch)-1].id
	}
}

// sentRun is a run whose event is out.
type sentRun struct {
	id        string
	function  interview.Function
	notBefore *time.Time
}

// takeBackEvents makes the next runs, those whose ids come after last, wait for another event, and enqueues it.
func (tx *Tx) takeBackEvents(ctx context.Context, runID string, before time.Time, last string) ([]sentRun, error) {
	var runs []sentRun
	err := collect(ctx, tx, func(r row) error {
		var run sentRun
		err := r.Scan(&run.id, &run.function, &run.notBefore)
		runs = append(runs, run)
		return err
	}, `UPDATE function_runs SET resends = resends + 1, begin_by = NULL
		WHERE state = 'waiting' AND begin_by IS NOT NULL AND id IN (
			SELECT id FROM function_runs WHERE state = 'waiting' AND begin_by IS NOT NULL AND id > $1 AND ($2 = '' OR id = $2)
				AND (event_sent_at IS NULL OR event_sent_at < $4)
			ORDER BY id LIMIT $3)
		RETURNING id, function, not_before`, last, runID, resendBatch, nullTime(before))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(runs, func(a, b sentRun) int { return cmp.Compare(a.id, b.id) })
	var again []enqueued
	for _, run := range runs {
		e := enqueued{args: jobs.RunArgs{RunID: run.id, Function: run.function}}
		if run.notBefore != nil && run.notBefore.After(tx.Now) {
			e.notBefore = *run.notBefore
		}
		again = append(again, e)
	}
	return runs, tx.insert(ctx, again)
}

// pingsKept is how long a ping is of interest to anybody.
const pingsKept = time.Hour

// PingSent notes that an event is out which asks Inngest for nothing but a call.
func (s *Store) PingSent(ctx context.Context, id string) error {
	err := s.write(ctx, func(tx *Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM inngest_pings WHERE sent_at < $1`, tx.Now.Add(-pingsKept)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO inngest_pings (id, sent_at) VALUES ($1, $2)`, id, tx.Now)
		return err
	})
	if err != nil {
		return fmt.Errorf("noting a ping of Inngest: %w", err)
	}
	return nil
}

// PingCame notes that Inngest made the call that a ping asked for. One that nobody has sent is ignored.
func (s *Store) PingCame(ctx context.Context, id string) error {
	err := s.write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `UPDATE inngest_pings SET heard_at = $2 WHERE id = $1`, id, tx.Now)
		return err
	})
	if err != nil {
		return fmt.Errorf("noting a call of Inngest: %w", err)
	}
	return nil
}

// HasPingCome reports whether Inngest made the call that a ping asked for, to whichever process.
func (s *Store) HasPingCome(ctx context.Context, id string) (bool, error) {
	var came *time.Time
	err := s.read().QueryRow(ctx, `SELECT heard_at FROM inngest_pings WHERE id = $1`, id).Scan(&came)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("loading a ping of Inngest: %w", err)
	}
	return came != nil, nil
}
