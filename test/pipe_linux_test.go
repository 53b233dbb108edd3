package test_test

import (
	"os"
	"syscall"
)

// shrinkPipe makes a pipe hold 4096 bytes, the least that Linux allows: of a pipe as it comes, 64 KiB would have to be filled.
func shrinkPipe(pipe *os.File) error {
	const setPipeSize = 1031 // F_SETPIPE_SZ; see fcntl(2)
	if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, pipe.Fd(), setPipeSize, 4096); errno != 0 {
		return errno
	}
	return nil
}
