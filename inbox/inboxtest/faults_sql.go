package inboxtest

import (
	"context"
	"database/sql/driver"
	"errors"
)

// Connector returns a database/sql connector whose every statement passes the FaultInjector, BEGIN, COMMIT and
// ROLLBACK included:
//
//	db := sql.OpenDB(faults.Connector(connector))
//
// A connection that a fault ends is closed, so that the database rolls its transaction back.
func (f *FaultInjector) Connector(c driver.Connector) driver.Connector { return &faultyConnector{c, f} }

// DriverConnector returns the connector of a driver that has none of its own, such as modernc's SQLite.
func DriverConnector(d driver.Driver, dsn string) driver.Connector { return dsnConnector{d, dsn} }

type dsnConnector struct {
	driver driver.Driver
	dsn    string
}

func (c dsnConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c dsnConnector) Driver() driver.Driver                        { return c.driver }

type faultyConnector struct {
	driver.Connector
	faults *FaultInjector
}

func (c *faultyConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &faultySQL{conn: conn, faults: c.faults}, nil
}

// faultySQL is one connection. database/sql uses it from one goroutine at a time.
type faultySQL struct {
	conn   driver.Conn
	faults *FaultInjector
	broken bool
}

// do runs one statement. After a fault the connection is closed for good.
func (c *faultySQL) do(statement func() error) error {
	err := c.pass(statement)
	if errors.Is(err, ErrInjected) {
		c.end()
	}
	return err
}

// query is do for a statement that returns rows. Rows are closed before their connection is.
func (c *faultySQL) query(statement func() (driver.Rows, error)) (rows driver.Rows, err error) {
	err = c.pass(func() (err error) { rows, err = statement(); return })
	if err == nil {
		return rows, nil
	}
	if rows != nil {
		rows.Close()
	}
	if errors.Is(err, ErrInjected) {
		c.end()
	}
	return nil, err
}

func (c *faultySQL) pass(statement func() error) error {
	if c.broken {
		return ErrInjected
	}
	return c.faults.Do(statement)
}

func (c *faultySQL) end() {
	if !c.broken {
		c.broken = true
		c.conn.Close()
	}
}

func (c *faultySQL) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (r driver.Result, err error) {
	conn, ok := c.conn.(driver.ExecerContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	err = c.do(func() (err error) { r, err = conn.ExecContext(ctx, query, args); return })
	return r, err
}

func (c *faultySQL) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	conn, ok := c.conn.(driver.QueryerContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	return c.query(func() (driver.Rows, error) { return conn.QueryContext(ctx, query, args) })
}

func (c *faultySQL) BeginTx(ctx context.Context, o driver.TxOptions) (tx driver.Tx, err error) {
	conn, ok := c.conn.(driver.ConnBeginTx)
	if !ok {
		return nil, errors.New("driver without BeginTx")
	}
	if err := c.do(func() (err error) { tx, err = conn.BeginTx(ctx, o); return }); err != nil {
		return nil, err
	}
	return faultyTx{tx, c}, nil
}

func (c *faultySQL) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// Prepare does not pass the faults: a prepared statement has done nothing yet.
func (c *faultySQL) Prepare(query string) (driver.Stmt, error) {
	if c.broken {
		return nil, ErrInjected
	}
	stmt, err := c.conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	return &faultyStmt{stmt, c}, nil
}

func (c *faultySQL) Close() error {
	if c.broken {
		return nil
	}
	return c.conn.Close()
}

func (c *faultySQL) Ping(ctx context.Context) error {
	if p, ok := c.conn.(driver.Pinger); ok && !c.broken {
		return p.Ping(ctx)
	}
	return nil
}

func (c *faultySQL) IsValid() bool {
	if v, ok := c.conn.(driver.Validator); ok && !c.broken {
		return v.IsValid()
	}
	return !c.broken
}

func (c *faultySQL) ResetSession(ctx context.Context) error {
	if c.broken {
		return driver.ErrBadConn
	}
	if r, ok := c.conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

func (c *faultySQL) CheckNamedValue(v *driver.NamedValue) error {
	if n, ok := c.conn.(driver.NamedValueChecker); ok {
		return n.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type faultyTx struct {
	tx   driver.Tx
	conn *faultySQL
}

func (t faultyTx) Commit() error   { return t.conn.do(t.tx.Commit) }
func (t faultyTx) Rollback() error { return t.conn.do(t.tx.Rollback) }

type faultyStmt struct {
	driver.Stmt
	conn *faultySQL
}

func (s *faultyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (r driver.Result, err error) {
	stmt, ok := s.Stmt.(driver.StmtExecContext)
	if !ok {
		return nil, errors.New("driver without StmtExecContext")
	}
	err = s.conn.do(func() (err error) { r, err = stmt.ExecContext(ctx, args); return })
	return r, err
}

func (s *faultyStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	stmt, ok := s.Stmt.(driver.StmtQueryContext)
	if !ok {
		return nil, errors.New("driver without StmtQueryContext")
	}
	return s.conn.query(func() (driver.Rows, error) { return stmt.QueryContext(ctx, args) })
}
