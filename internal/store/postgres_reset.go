package store

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// readOnlySession is SQLSTATE read_only_sql_transaction: also what a standby says, and so a server that was the primary when
// the session began.
const readOnlySession = "25006"

// resetEvery is the least time between two resets of the pool, so that a server that stays read-only is not connected to
// anew by every statement. Webhooks do not wait for it, see renewed.
const resetEvery = time.Second

// poolReset closes every connection to Postgres once a session turns out to be read-only. A failover or a change of settings
// may leave sessions that can never write again, while a new one could; without this the program would answer 500 until it
// is started anew. It sees all statements that go through the pool, River's too, as a tracer of pgx, and all connections,
// also those that River keeps for itself, as the pool's dialler.
type poolReset struct {
	// onReset, if set, is called after each reset.
	onReset func()
	// onFault, if set, is called when Postgres could not be reached.
	onFault func(error)
	now     func() time.Time

	mu    sync.Mutex
	pool  *pgxpool.Pool
	last  time.Time
	conns map[*trackedConn]struct{}
	// readOnly says that sessions may be left that can only read.
	readOnly bool
	// resets counts how often the connections were closed.
	resets int
}

func newPoolReset(onReset func(), onFault func(error)) *poolReset {
	return &poolReset{onReset: onReset, onFault: onFault, now: time.Now, conns: map[*trackedConn]struct{}{}}
}

// trackedConn is a connection that is known until it is closed.
type trackedConn struct {
	net.Conn
	reset *poolReset
}

// Close closes the connection.
func (c *trackedConn) Close() error {
	c.reset.mu.Lock()
	delete(c.reset.conns, c)
	c.reset.mu.Unlock()
	return c.Conn.Close()
}

// dialing wraps a dialler so that its connections are known.
func (p *poolReset) dialing(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		tracked := &trackedConn{Conn: conn, reset: p}
		p.mu.Lock()
		p.conns[tracked] = struct{}{}
		p.mu.Unlock()
		return tracked, nil
	}
}

// saw looks at the error of a statement.
func (p *poolReset) saw(err error) {
	if p.onFault != nil && unreachable(err) {
		p.onFault(err)
	}
	if !inReadOnlySession(err) {
		return
	}
	p.mu.Lock()
	now := p.now()
	p.readOnly = true
	if p.pool == nil || now.Sub(p.last) < resetEvery {
		p.mu.Unlock()
		return
	}
	p.last = now
	p.resets++
	pool, conns := p.pool, make([]*trackedConn, 0, len(p.conns))
	for conn := range p.conns {
		conns = append(conns, conn)
	}
	p.mu.Unlock()

	pool.Reset()
	for _, conn := range conns {
		_ = conn.Close()
	}
	if p.onReset != nil {
		p.onReset()
	}
}

// inReadOnlySession reports whether a statement failed because its session can only read.
func inReadOnlySession(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == readOnlySession
}

// count is how often the connections were closed so far.
func (p *poolReset) count() int {
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.resets
}

// renewed reports whether a transaction that failed may do better in a new session, which the next one gets: its session could only read,
// or was closed because another could. before is the count from before it began. Unlike saw it lets no time pass between two: who asks
// does so one after another.
func (p *poolReset) renewed(before int, err error) bool {
	switch {
	case p == nil || err == nil:
		return false
	case inReadOnlySession(err):
		p.pool.Reset()
		return true
	}
	return p.count() != before
}

// wrote takes in that something was written. If sessions were read-only before, others of them may be left that were made between the
// last reset and now: none of them is used again.
func (p *poolReset) wrote() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.readOnly {
		p.readOnly = false
		p.pool.Reset()
	}
}

// TraceQueryStart is part of pgx.QueryTracer.
func (p *poolReset) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

// TraceQueryEnd is part of pgx.QueryTracer.
func (p *poolReset) TraceQueryEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	p.saw(data.Err)
}

// TraceBatchStart is part of pgx.BatchTracer.
func (p *poolReset) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

// TraceBatchQuery is part of pgx.BatchTracer.
func (p *poolReset) TraceBatchQuery(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	p.saw(data.Err)
}

// TraceBatchEnd is part of pgx.BatchTracer.
func (p *poolReset) TraceBatchEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	p.saw(data.Err)
}

// TraceConnectStart is part of pgx.ConnectTracer.
func (p *poolReset) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	return ctx
}

// TraceConnectEnd is part of pgx.ConnectTracer.
func (p *poolReset) TraceConnectEnd(_ context.Context, data pgx.TraceConnectEndData) {
	if p.onFault != nil && data.Err != nil && !errors.Is(data.Err, context.Canceled) {
		p.onFault(data.Err)
	}
}

// unreachable says that a statement failed with its connection, or because the server is stopping or starting.
func unreachable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return strings.HasPrefix(refused.Code, "57P") || strings.HasPrefix(refused.Code, "08")
	}
	return errors.As(err, new(net.Error)) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed)
}

var (
	_ pgx.ConnectTracer = (*poolReset)(nil)
	_ pgx.QueryTracer   = (*poolReset)(nil)
	_ pgx.BatchTracer   = (*poolReset)(nil)
)
