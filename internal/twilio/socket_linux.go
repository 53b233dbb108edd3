package twilio

import (
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of linux/tcp.h, which package syscall lacks.
const tcpUserTimeout = 0x12

// giveUpAfter lets the kernel drop a connection whose data nobody acknowledges for so long. Without it the kernel goes on
// for about a quarter of an hour to deliver what a process wrote, even if that process is stopped meanwhile.
func giveUpAfter(d time.Duration) func(network, address string, conn syscall.RawConn) error {
	return func(_, _ string, conn syscall.RawConn) error {
		return conn.Control(func(fd uintptr) {
			// A kernel that does not know the option does without.
			_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(d/time.Millisecond))
		})
	}
}
