package main

import (
	"context"
	"fmt"
	"time"
)

// baseline is the plainest receiver that keeps the promise: for each webhook one transaction of its own, BEGIN, four
// statements, COMMIT. It speaks no HTTP and checks no signature.
type baseline struct {
	db      database
	traffic *traffic
}

// newBaseline makes its tables; nil when it is not wanted.
func newBaseline(ctx context.Context, db database, o options) (*baseline, error) {
	if o.baseline == 0 {
		return nil, nil
	}
	b := &baseline{db: db, traffic: newTraffic(o.seed+2, o.baseline, o.duplicates)}
	bytes := "BYTEA"
	if o.database == "sqlite" {
		bytes = "BLOB"
	}
	for _, statement := range []string{
		`CREATE TABLE baseline_dedup (id TEXT PRIMARY KEY, received_at TIMESTAMP NOT NULL)`,
		`CREATE TABLE baseline_calls (id TEXT PRIMARY KEY, status TEXT NOT NULL, updated_at TIMESTAMP NOT NULL)`,
		`CREATE TABLE baseline_events (id TEXT PRIMARY KEY, call_id TEXT NOT NULL, body ` + bytes + ` NOT NULL, reply TEXT NOT NULL, received_at TIMESTAMP NOT NULL)`,
		`CREATE INDEX baseline_events_call ON baseline_events (call_id, id)`,
	} {
		if err := db.exec(ctx, statement); err != nil {
			return nil, fmt.Errorf("making the baseline's tables: %w", err)
		}
	}
	err := db.transact(ctx, func(tx transaction) error {
		for _, c := range b.traffic.calls {
			if err := tx.exec(ctx, `INSERT INTO baseline_calls (id, status, updated_at) VALUES ($1, 'queued', $2)`, c.id, time.Now().UTC()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("inserting the baseline's calls: %w", err)
	}
	return b, nil
}

// process takes one webhook.
func (b *baseline) process(ctx context.Context, lock string, r *request) error {
	id, now := r.call.sid+":status:"+r.status, time.Now().UTC()
	return b.db.transact(ctx, func(tx transaction) error {
		_, first, err := tx.text(ctx, `INSERT INTO baseline_dedup (id, received_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id`, id, now)
		if err != nil {
			return err
		}
		if !first {
			_, found, err := tx.text(ctx, `SELECT reply FROM baseline_events WHERE id = $1`, id)
			if err == nil && !found {
				err = fmt.Errorf("event %s is claimed and not there", id)
			}
			return err
		}
		status, _, err := tx.text(ctx, `SELECT status FROM baseline_calls WHERE id = $1`+lock, r.call.id)
		if err != nil {
			return err
		}
		if status != "completed" {
			status = r.status
		}
		if err := tx.exec(ctx, `UPDATE baseline_calls SET status = $1, updated_at = $2 WHERE id = $3`, status, now, r.call.id); err != nil {
			return err
		}
		return tx.exec(ctx, `INSERT INTO baseline_events (id, call_id, body, reply, received_at) VALUES ($1, $2, $3, $4, $5)`,
			id, r.call.id, []byte(r.body), `{"success":true}`, now)
	})
}

// run takes a part of its traffic with so many webhooks at a time.
func (b *baseline) run(ctx context.Context, o options, part []*request) ([]time.Duration, time.Duration, error) {
	lock := " FOR UPDATE"
	if o.database == "sqlite" {
		lock = ""
	}
	return inParallel(ctx, o.connections, len(part), func(ctx context.Context, _, i int) error {
		return b.process(ctx, lock, part[i])
	})
}
