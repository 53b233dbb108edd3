package inboxtest

import (
	"net"
	"sync/atomic"
)

// Conn returns a connection to a network database whose every write passes the fuse. Clients write a statement, or a
// batch of them, at once, so that a write is a statement here; what a client writes to open a connection counts too.
// With pgx it is what the DialFunc of the connection's configuration returns. The connection must not be encrypted
// outside the one that Conn wraps.
func (f *Fuse) Conn(c net.Conn) net.Conn { return &fusedConn{Conn: c, fuse: f} }

type fusedConn struct {
	net.Conn
	fuse *Fuse
	lost atomic.Bool // the answer to come is to be lost
}

// Write sends a statement. One whose answer is to be lost returns as if it was well: the answer is what fails.
func (c *fusedConn) Write(p []byte) (int, error) {
	lost, err := c.fuse.step()
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
func (c *fusedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && (c.lost.Load() || c.fuse.isDead()) {
		c.Conn.Close()
		return 0, ErrBlown
	}
	return n, err
}
