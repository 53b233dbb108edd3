package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
)

// direct is the only argument of a statement of the inbox on SQLite. It reaches the connection as it is, within the transaction, and runs the
// statement there: database/sql would lock, copy and convert for each row that is written, and ask by reflection for each value that is read.
type direct interface {
	run(ctx context.Context, c *sqliteConn, s *keptStatement) (driver.Result, error)
}

// CheckNamedValue lets a direct argument through.
func (c *sqliteConn) CheckNamedValue(v *driver.NamedValue) error {
	if _, ok := v.Value.(direct); ok {
		return nil
	}
	return driver.ErrSkip
}

// execDirect runs the prepared statement of a text for a direct argument.
func (c *sqliteConn) execDirect(ctx context.Context, text string, arg direct) (driver.Result, error) {
	s, err := c.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	if s != nil {
		return arg.run(ctx, c, s)
	}
	if s, err = c.prepare(ctx, text); err != nil {
		return nil, err
	}
	result, err := arg.run(ctx, c, s)
	return result, errors.Join(err, s.Close())
}

// named are the values of a row as the driver takes them, valid until the next call.
func (c *sqliteConn) named(row []any) ([]driver.NamedValue, error) {
	c.values = c.values[:0]
	for i, v := range row {
		value, err := driverValue(v)
		if err != nil {
			return nil, err
		}
		c.values = append(c.values, driver.NamedValue{Ordinal: i + 1, Value: value})
	}
	return c.values, nil
}

// eachRow runs a statement once for each of rows, and calls wrote, if it is set, with those by which a row was written.
type eachRow struct {
	rows  [][]any
	wrote func(row []any)
}

func (e *eachRow) run(ctx context.Context, c *sqliteConn, s *keptStatement) (driver.Result, error) {
	// None takes long: there is no need for the driver to wait, each time, for the end of ctx as well.
	unwatched := context.WithoutCancel(ctx)
	var all int64
	for _, row := range e.rows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		values, err := c.named(row)
		if err != nil {
			return nil, err
		}
		result, err := s.ExecContext(unwatched, values)
		if err != nil {
			return nil, err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return nil, err
		}
		if all += n; n > 0 && e.wrote != nil {
			e.wrote(row)
		}
	}
	return driver.RowsAffected(all), nil
}

// readRows runs a statement that reads, and calls scan for each of its rows.
type readRows struct {
	args []any
	scan func(row) error
}

func (r *readRows) run(ctx context.Context, c *sqliteConn, s *keptStatement) (_ driver.Result, err error) {
	args, err := c.named(r.args)
	if err != nil {
		return nil, err
	}
	found, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.reading = true
	defer func() { err = errors.Join(err, keptRows{found, s}.Close()) }()
	values := make(sqliteRow, len(found.Columns()))
	for {
		switch err := found.Next(values); {
		case errors.Is(err, io.EOF):
			return driver.RowsAffected(0), nil
		case err != nil:
			return nil, err
		}
		if err := r.scan(values); err != nil {
			return nil, err
		}
	}
}
