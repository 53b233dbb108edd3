package store

import "context"

// around runs one round trip of a write transaction.
func (s *Store) around(roundTrip func() error) error {
	if s.options.Around == nil {
		return roundTrip()
	}
	return s.options.Around(roundTrip)
}

// hookedQuerier passes every statement through Options.Around.
type hookedQuerier struct {
	querier
	around func(statement func() error) error
}

func (q hookedQuerier) Exec(ctx context.Context, sql string, args ...any) (n int64, err error) {
	err = q.around(func() error {
		n, err = q.querier.Exec(ctx, sql, args...)
		return err
	})
	return n, err
}

func (q hookedQuerier) Query(ctx context.Context, sql string, args ...any) (r rows, err error) {
	if err := q.around(func() error {
		r, err = q.querier.Query(ctx, sql, args...)
		return err
	}); err != nil {
		if r != nil {
			r.Close()
		}
		return nil, err
	}
	return r, nil
}

func (q hookedQuerier) QueryRow(ctx context.Context, sql string, args ...any) row {
	return hookedRow{q, ctx, sql, args}
}

// hookedRow runs its statement when it is scanned, so that the statement is over when around returns.
type hookedRow struct {
	q    hookedQuerier
	ctx  context.Context
	sql  string
	args []any
}

func (r hookedRow) Scan(dest ...any) error {
	return r.q.around(func() error { return r.q.querier.QueryRow(r.ctx, r.sql, r.args...).Scan(dest...) })
}
