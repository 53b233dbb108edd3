package inboxtest

import (
	"net"
	"sync/atomic"
)

// Conn returns a connection to a network database whose every write passes the FaultInjector. Clients write a statement,
// or a batch of them, at once, so that a write is a statement here; what a client writes to open a connection counts too.
// With pgx it is what the DialFunc of the connection's configuration returns. The connection must not be encrypted
// outside the one that Conn wraps.
func (f *FaultInjector) Conn(c net.Conn) net.Conn { return &faultyConn{Conn: c, faults: f} }

type faultyConn struct {
	net.Conn
	faults *FaultInjector
	lost   atomic.Bool // the answer to come is to be lost
}

// Write sends a statement. One whose answer is to be lost returns no error: Read fails then.
func (c *faultyConn) Write(p []byte) (int, error) {
	lost, err := c.faults.step()
	if err != nil {
		c.Conn.Close()
		return 0, err
	}
	if lost {
		c.lost.Store(true)
	}
	return c.Conn.Write(p)
}

// Read returns what the database answers. An answer that is to be lost is waited for first: it is the proof that the
// statement took effect.
func (c *faultyConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && (c.lost.Load() || c.faults.hasEnded()) {
		c.Conn.Close()
		return 0, ErrInjected
	}
	return n, err
}
