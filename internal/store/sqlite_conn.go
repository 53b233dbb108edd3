package store

import (
	lru "container/list"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"modernc.org/sqlite"
)

// sqliteConnector opens connections that keep the statements which they have prepared. SQLite would otherwise parse and plan a
// statement each time that it runs.
type sqliteConnector struct {
	driver.Connector
	// wrote, if set, is called after each transaction with how many pages it wrote into the log.
	wrote func(pages int)
}

func (c sqliteConnector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, ok := opened.(sqliteDriverConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("opening SQLite: %T lacks a method of a connection", opened), opened.Close())
	}
	return &sqliteConn{sqliteDriverConn: conn, wrote: c.wrote, byText: map[string]*lru.Element{}}, nil
}

// sqliteDriverConn is what database/sql uses of the driver's connections.
type sqliteDriverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	sqlite.DBStatus
}

// keptStatements bounds how many statements a connection keeps; the one that was used least recently goes.
const keptStatements = 256

// sqliteConn is a connection that keeps prepared statements, by their text. Like every connection, it is used by one goroutine at
// a time.
type sqliteConn struct {
	sqliteDriverConn
	wrote  func(pages int)
	byText map[string]*lru.Element
	// used are the *keptStatement, the one that was used last first.
	used lru.List
	// values are those of the statement that runs for a direct argument.
	values []driver.NamedValue
}

// keptStatement is a prepared statement.
type keptStatement struct {
	text string
	sqliteDriverStmt
	// reading says that its rows are being read: it must not be run again meanwhile.
	reading bool
	// dropped says that the connection keeps it no longer, so that it is closed with its rows.
	dropped bool
}

type sqliteDriverStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// BeginTx begins a transaction that tells how many pages it wrote.
func (c *sqliteConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	tx, err := c.sqliteDriverConn.BeginTx(ctx, options)
	if err != nil || c.wrote == nil {
		return tx, err
	}
	return sqliteTx{tx, c}, nil
}

type sqliteTx struct {
	driver.Tx
	conn *sqliteConn
}

func (t sqliteTx) Commit() error {
	if err := t.Tx.Commit(); err != nil {
		return err
	}
	if pages, _, err := t.conn.Status(sqlite.DBStatusCacheWrite, true); err == nil {
		t.conn.wrote(pages)
	}
	return nil
}

// ExecContext runs a statement without rows.
func (c *sqliteConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 1 {
		if arg, ok := args[0].Value.(direct); ok {
			return c.execDirect(ctx, text, arg)
		}
	}
	s, err := c.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteDriverConn.ExecContext(ctx, text, args)
	}
	return s.ExecContext(ctx, args)
}

// QueryContext runs a statement, which it keeps from others until its rows are closed.
func (c *sqliteConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteDriverConn.QueryContext(ctx, text, args)
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.reading = true
	return keptRows{rows, s}, nil
}

// keptRows are the rows of a statement that is kept.
type keptRows struct {
	driver.Rows
	of *keptStatement
}

func (r keptRows) Close() error {
	err := r.Rows.Close()
	r.of.reading = false
	if r.of.dropped {
		err = errors.Join(err, r.of.Close())
	}
	return err
}

// statement is the kept statement of a text, which is prepared if there is none yet; nil for one that is not worth keeping, or
// whose rows are being read.
func (c *sqliteConn) statement(ctx context.Context, text string) (*keptStatement, error) {
	if element, ok := c.byText[text]; ok {
		c.used.MoveToFront(element)
		if s := element.Value.(*keptStatement); !s.reading {
			return s, nil
		}
		return nil, nil
	}
	if !worthKeeping(text) {
		return nil, nil
	}
	s, err := c.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	c.byText[text] = c.used.PushFront(s)
	if c.used.Len() > keptStatements {
		err = c.drop(c.used.Back())
	}
	return s, err
}

// prepare prepares a statement, which is not kept yet.
func (c *sqliteConn) prepare(ctx context.Context, text string) (*keptStatement, error) {
	prepared, err := c.PrepareContext(ctx, asPrepared(text))
	if err != nil {
		return nil, err
	}
	statement, ok := prepared.(sqliteDriverStmt)
	if !ok {
		return nil, errors.Join(fmt.Errorf("preparing: %T lacks a method of a statement", prepared), prepared.Close())
	}
	return &keptStatement{text: text, sqliteDriverStmt: statement}, nil
}

// drop stops keeping a statement.
func (c *sqliteConn) drop(element *lru.Element) error {
	s := c.used.Remove(element).(*keptStatement)
	delete(c.byText, s.text)
	if s.reading {
		s.dropped = true
		return nil
	}
	return s.Close()
}

// Close closes the statements and the connection.
func (c *sqliteConn) Close() error {
	var errs []error
	for c.used.Len() > 0 {
		errs = append(errs, c.drop(c.used.Front()))
	}
	return errors.Join(append(errs, c.sqliteDriverConn.Close())...)
}

// worthKeeping says whether a text is one statement that reads or writes rows, not one that changes the schema or a setting.
// Comments may stand before it, as in River's.
func worthKeeping(text string) bool {
	if len(text) >= 16<<10 || strings.Contains(strings.TrimRight(text, "; \t\r\n"), ";") {
		return false
	}
	for text != "" {
		n := quotedOrPlain(text)
		if n == 1 && !strings.ContainsAny(text[:1], " \t\r\n") {
			break
		}
		text = text[n:]
	}
	verb := text
	if end := strings.IndexAny(text, " \t\r\n"); end >= 0 {
		verb = text[:end]
	}
	switch verb {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH":
		return true
	}
	return false
}

// asPrepared is a statement as SQLite gets it.
func asPrepared(text string) string { return questionMarks(limitUnknown(text)) }

var limitParameter = regexp.MustCompile(`\bLIMIT \?[0-9]+`)

// limitUnknown is a statement with LIMIT ?5 + 0 for LIMIT ?5. SQLite plans by the value of a limit that is nothing but a parameter, and
// parses such a statement anew each time that a value is bound. River runs one for each queue twice a second. Our own statements,
// whose parameters are $5, stay as they are: their plans are tested.
func limitUnknown(text string) string {
	return limitParameter.ReplaceAllString(text, "$0 + 0")
}

// questionMarks is a statement with ?1 instead of $1, or with ? where the parameters come in order: to SQLite $1 is a name, which
// it looks for among all names, both when it parses the statement and whenever a value is bound.
func questionMarks(text string) string {
	var numbered, plain strings.Builder
	next, inOrder := 1, true
	for rest := text; rest != ""; {
		n := quotedOrPlain(rest)
		if rest[0] != '$' || n < 2 {
			if strings.ContainsAny(rest[:1], "?@:") { // which are parameters already
				return text
			}
			numbered.WriteString(rest[:n])
			plain.WriteString(rest[:n])
			rest = rest[n:]
			continue
		}
		number := rest[1:n]
		inOrder = inOrder && number == fmt.Sprint(next)
		next++
		numbered.WriteString("?" + number)
		plain.WriteString("?")
		rest = rest[n:]
	}
	if inOrder {
		return plain.String()
	}
	return numbered.String()
}

// quotedOrPlain is the length of what a text begins with: a quoted text or name, a comment, a parameter such as $12, or one byte.
func quotedOrPlain(text string) int {
	var end string
	switch {
	case text[0] == '\'', text[0] == '"':
		end = text[:1]
	case strings.HasPrefix(text, "--"):
		end = "\n"
	case strings.HasPrefix(text, "/*"):
		end = "*/"
	case text[0] == '$':
		n := 1
		for n < len(text) && text[n] >= '0' && text[n] <= '9' {
			n++
		}
		return n
	default:
		return 1
	}
	if at := strings.Index(text[len(end):], end); at >= 0 {
		return len(end) + at + len(end)
	}
	return len(text)
}
