//go:build !linux

package twilio

import (
	"syscall"
	"time"
)

// giveUpAfter is left to the system.
func giveUpAfter(time.Duration) func(network, address string, conn syscall.RawConn) error { return nil }
