package testserver

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

const (
	sharedMemory = "/dev/shm"
	// roomInMemory is how much must be free there, and in the machine's memory, for the databases of a whole `make test`.
	roomInMemory = 4 << 30
)

// MemoryFolder makes a folder in memory and returns it, or "" when this machine has no room for one or lets nothing be run from
// it. Tests wait there for no disk: a commit to SQLite, or the copy of a database, takes a fraction of the time. What was
// committed outlives a process that is killed, as on a disk.
func MemoryFolder() (dir string, err error) {
	const tmpfs, noexec = 0x01021994, 0x8 // TMPFS_MAGIC, ST_NOEXEC
	var fs syscall.Statfs_t
	if syscall.Statfs(sharedMemory, &fs) != nil || fs.Type != tmpfs || fs.Flags&noexec != 0 {
		return "", nil
	}
	if fs.Bavail*uint64(fs.Bsize) < roomInMemory || availableMemory() < roomInMemory {
		return "", nil
	}
	if dir, err = os.MkdirTemp(sharedMemory, "iagent-test-"); err != nil {
		return "", err
	}
	// Servers run as another account when we are root. As in /tmp, each may remove what it made, and nothing else.
	return dir, os.Chmod(dir, 0o777|os.ModeSticky)
}

// availableMemory is what processes can still take, in bytes; 0 where that is not known.
func availableMemory() uint64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		var kib uint64
		if n, _ := fmt.Sscanf(line, "MemAvailable: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return 0
}
