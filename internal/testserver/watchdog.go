package testserver

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// watchdog is a shell that waits for us to end. It reads the process ids of
// the server from a pipe that only we hold open; when the pipe closes, because
// we closed it or died, it stops the last one and removes the folder.
type watchdog struct {
	mu   sync.Mutex
	pipe *os.File // nil once closed
	cmd  *exec.Cmd
}

// The wait is bounded: a process that nobody reaps looks alive for ever.
const watchdogScript = `
pid=0
while read -r line; do pid=$line; done
if [ "$pid" -gt 0 ]; then
	kill -s "$2" "$pid" 2>/dev/null
	n=0
	while kill -0 "$pid" 2>/dev/null && [ "$n" -lt 50 ]; do
		sleep 0.1
		n=$((n + 1))
	done
	kill -s KILL "$pid" 2>/dev/null
fi
cd / && rm -rf "$1"
`

func startWatchdog(dir string, sig syscall.Signal, as *syscall.Credential) (*watchdog, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	cmd := exec.Command("/bin/sh", "-c", watchdogScript, "iagent-test-watchdog", dir, signalName(sig))
	cmd.Dir = "/"
	cmd.Stdin = r
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: as}
	if err := cmd.Start(); err != nil {
		w.Close()
		return nil, err
	}
	return &watchdog{pipe: w, cmd: cmd}, nil
}

// guard names the process to be stopped; 0 means that there is none.
func (d *watchdog) guard(pid int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pipe != nil {
		fmt.Fprintln(d.pipe, pid)
	}
}

// close lets the watchdog do its work now, and waits for it.
func (d *watchdog) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pipe == nil {
		return
	}
	d.pipe.Close()
	d.pipe = nil
	d.cmd.Wait()
}

func (d *watchdog) isClosed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.pipe == nil
}

func signalName(s syscall.Signal) string {
	switch s {
	case syscall.SIGQUIT:
		return "QUIT"
	case syscall.SIGKILL:
		return "KILL"
	}
	return "TERM"
}
