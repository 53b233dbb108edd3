package inboxtest

import (
	"context"
	"database/sql/driver"
	"errors"
)

// Connector returns a database/sql connector whose every statement passes the fuse, BEGIN, COMMIT and ROLLBACK included:
//
//	db := sql.OpenDB(fuse.Connector(connector))
//
// A connection that the fuse ends is closed, so that the database rolls its transaction back.
func (f *Fuse) Connector(c driver.Connector) driver.Connector { return &fusedConnector{c, f} }

// DriverConnector returns the connector of a driver that has none of its own, such as modernc's SQLite.
func DriverConnector(d driver.Driver, dsn string) driver.Connector { return dsnConnector{d, dsn} }

type dsnConnector struct {
	driver driver.Driver
	dsn    string
}

func (c dsnConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c dsnConnector) Driver() driver.Driver                        { return c.driver }

type fusedConnector struct {
	driver.Connector
	fuse *Fuse
}

func (c *fusedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &fusedSQL{conn: conn, fuse: c.fuse}, nil
}

// fusedSQL is one connection. database/sql uses it from one goroutine at a time.
type fusedSQL struct {
	conn   driver.Conn
	fuse   *Fuse
	broken bool
}

// do runs one statement. After a blown fuse the connection is closed for good.
func (c *fusedSQL) do(statement func() error) error {
	err := c.pass(statement)
	if errors.Is(err, ErrBlown) {
		c.end()
	}
	return err
}

// query is do for a statement that returns rows. Rows are closed before their connection is.
func (c *fusedSQL) query(statement func() (driver.Rows, error)) (rows driver.Rows, err error) {
	err = c.pass(func() (err error) { rows, err = statement(); return })
	if err == nil {
		return rows, nil
	}
	if rows != nil {
		rows.Close()
	}
	if errors.Is(err, ErrBlown) {
		c.end()
	}
	return nil, err
}

func (c *fusedSQL) pass(statement func() error) error {
	if c.broken {
		return ErrBlown
	}
	return c.fuse.Do(statement)
}

func (c *fusedSQL) end() {
	if !c.broken {
		c.broken = true
		c.conn.Close()
	}
}

func (c *fusedSQL) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (r driver.Result, err error) {
	conn, ok := c.conn.(driver.ExecerContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	err = c.do(func() (err error) { r, err = conn.ExecContext(ctx, query, args); return })
	return r, err
}

func (c *fusedSQL) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	conn, ok := c.conn.(driver.QueryerContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	return c.query(func() (driver.Rows, error) { return conn.QueryContext(ctx, query, args) })
}

func (c *fusedSQL) BeginTx(ctx context.Context, o driver.TxOptions) (tx driver.Tx, err error) {
	conn, ok := c.conn.(driver.ConnBeginTx)
	if !ok {
		return nil, errors.New("driver without BeginTx")
	}
	if err := c.do(func() (err error) { tx, err = conn.BeginTx(ctx, o); return }); err != nil {
		return nil, err
	}
	return fusedTx{tx, c}, nil
}

func (c *fusedSQL) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// Prepare does not pass the fuse: a prepared statement has done nothing yet.
func (c *fusedSQL) Prepare(query string) (driver.Stmt, error) {
	if c.broken {
		return nil, ErrBlown
	}
	stmt, err := c.conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	return &fusedStmt{stmt, c}, nil
}

func (c *fusedSQL) Close() error {
	if c.broken {
		return nil
	}
	return c.conn.Close()
}

func (c *fusedSQL) Ping(ctx context.Context) error {
	if p, ok := c.conn.(driver.Pinger); ok && !c.broken {
		return p.Ping(ctx)
	}
	return nil
}

func (c *fusedSQL) IsValid() bool {
	if v, ok := c.conn.(driver.Validator); ok && !c.broken {
		return v.IsValid()
	}
	return !c.broken
}

func (c *fusedSQL) ResetSession(ctx context.Context) error {
	if c.broken {
		return driver.ErrBadConn
	}
	if r, ok := c.conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

func (c *fusedSQL) CheckNamedValue(v *driver.NamedValue) error {
	if n, ok := c.conn.(driver.NamedValueChecker); ok {
		return n.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type fusedTx struct {
	tx   driver.Tx
	conn *fusedSQL
}

func (t fusedTx) Commit() error   { return t.conn.do(t.tx.Commit) }
func (t fusedTx) Rollback() error { return t.conn.do(t.tx.Rollback) }

type fusedStmt struct {
	driver.Stmt
	conn *fusedSQL
}

func (s *fusedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (r driver.Result, err error) {
	stmt, ok := s.Stmt.(driver.StmtExecContext)
	if !ok {
		return nil, errors.New("driver without StmtExecContext")
	}
	err = s.conn.do(func() (err error) { r, err = stmt.ExecContext(ctx, args); return })
	return r, err
}

func (s *fusedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	stmt, ok := s.Stmt.(driver.StmtQueryContext)
	if !ok {
		return nil, errors.New("driver without StmtQueryContext")
	}
	return s.conn.query(func() (driver.Rows, error) { return stmt.QueryContext(ctx, args) })
}
