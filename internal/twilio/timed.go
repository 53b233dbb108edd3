package twilio

import (
	"context"
	"errors"
	"net"
)

// timedKey is under which the context of a dial has the exchange whose request must not be sent after its time.
type timedKey struct{}

// timedConn is the connection of one request that must not be sent after its time. It asks before every write, the last
// moment at which we can know: however long it took to connect, or the process was stopped, nothing leaves too late. The
// transport writes such a request all at once (see newTransport), so it leaves whole or not at all.
type timedConn struct {
	net.Conn
	exchange *exchange
}

func (c *timedConn) Write(p []byte) (int, error) {
	if c.exchange.isLate() {
		return 0, ErrTooLate
	}
	c.exchange.written()
	return c.Conn.Write(p)
}

// dialTimed connects for the creation of a call. What was not delivered when the connection is closed is discarded: a
// request that we gave up must not reach Twilio minutes later.
func dialTimed(dialer *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			if err := tcp.SetLinger(0); err != nil {
				return nil, errors.Join(err, conn.Close())
			}
		}
		x, ok := ctx.Value(timedKey{}).(*exchange)
		if !ok {
			return conn, nil
		}
		x.mu.Lock()
		x.timed = true
		x.mu.Unlock()
		return &timedConn{conn, x}, nil
	}
}
