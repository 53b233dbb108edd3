package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Command is the package of the program.
const Command = "github.com/i-agent/iagent/cmd/iagent"

// Build builds a command of this module into a folder and returns the binary's path. It is built as for operators: without
// cgo and so without the race detector. Flags of go build may be added.
func Build(ctx context.Context, folder, command string, flags ...string) (binary string, err error) {
	binary = filepath.Join(folder, path.Base(command))
	cmd := exec.CommandContext(ctx, "go", append(append([]string{"build", "-o", binary}, flags...), command)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", command, err, out)
	}
	return binary, nil
}

// BuildTemporary is Build into a temporary folder that remove removes. A binary that is given is returned instead.
func BuildTemporary(ctx context.Context, given string) (binary string, remove func(), err error) {
	if given != "" {
		binary, err = filepath.Abs(given)
		return binary, func() {}, err
	}
	folder, err := os.MkdirTemp("", "iagent-build-")
	if err != nil {
		return "", nil, err
	}
	if binary, err = Build(ctx, folder, Command); err != nil {
		_ = os.RemoveAll(folder)
	}
	return binary, func() { _ = os.RemoveAll(folder) }, err
}

// Process is a server: started, killed, started again, with the same command. Its fields may be changed while it does not
// run; its methods may be called from several goroutines, but Start not twice at a time.
type Process struct {
	// Command is the binary and its arguments, Env the whole environment, Dir the working folder ("" is this process's).
	Command []string
	Env     []string
	Dir     string
	// Address is host:port where it listens. When it is "", each start is asked of its log, which then must be JSON lines.
	Address string

	mu   sync.Mutex
	runs []*processRun
}

// processRun is a process from its start to its end.
type processRun struct {
	cmd   *exec.Cmd
	log   *LogBuffer
	ended chan struct{} // closed once the process is gone
	url   string        // "" before it is ready
}

// Start starts the process and returns once it is ready.
func (p *Process) Start(ctx context.Context) error {
	r := &processRun{log: &LogBuffer{}, ended: make(chan struct{}), cmd: exec.Command(p.Command[0], p.Command[1:]...)}
	r.cmd.Dir, r.cmd.Env = p.Dir, p.Env
	r.cmd.Stdout, r.cmd.Stderr = r.log, r.log
	if err := r.cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", p.Command[0], err)
	}
	go func() {
		_ = r.cmd.Wait()
		close(r.ended)
	}()
	p.mu.Lock()
	p.runs = append(p.runs, r)
	p.mu.Unlock()
	if err := p.awaitReady(ctx, r); err != nil {
		return fmt.Errorf("starting %s: %w\n%s", strings.Join(p.Command, " "), err, tail(r.log.String(), 60))
	}
	return nil
}

// Restart starts the process and, when it does not become ready because its database is away or its port is taken, again.
func (p *Process) Restart(ctx context.Context) (err error) {
	for range 20 {
		if err = p.Start(ctx); err == nil || ctx.Err() != nil {
			return err
		}
		p.Kill()
		_ = Wait(ctx, 500*time.Millisecond)
	}
	return err
}

func (p *Process) awaitReady(ctx context.Context, r *processRun) error {
	ctx, cancel := context.WithTimeoutCause(ctx, ReadyWithin, fmt.Errorf("not ready within %s", ReadyWithin))
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		address := p.Address
		if address == "" {
			address = listening(r.log.String())
		}
		if url := "http://" + address; address != "" && ready(ctx, url) {
			p.mu.Lock()
			defer p.mu.Unlock()
			r.url = url
			return nil
		}
		select {
		case <-r.ended:
			return fmt.Errorf("it ended before it was ready: %s", r.cmd.ProcessState)
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

// listening finds the address that is served in a log of JSON lines; "" when it is not there yet.
func listening(log string) string {
	for line := range strings.Lines(log) {
		var entry struct{ Msg, Address string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "serving" {
			return entry.Address
		}
	}
	return ""
}

func ready(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return false
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode == http.StatusOK
}

// URL is where the process listens; "" before it is ready and when it is gone.
func (p *Process) URL() string {
	r := p.current()
	if r == nil {
		return ""
	}
	select {
	case <-r.ended:
		return ""
	default:
		p.mu.Lock()
		defer p.mu.Unlock()
		return r.url
	}
}

// Log is what the process wrote since its last start.
func (p *Process) Log() string {
	if r := p.current(); r != nil {
		return r.log.String()
	}
	return ""
}

// Logs are what it wrote since each of its starts.
func (p *Process) Logs() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var logs []string
	for _, r := range p.runs {
		logs = append(logs, r.log.String())
	}
	return logs
}

// Panics counts the panics and the data races in its logs.
func (p *Process) Panics() int {
	n := 0
	for _, log := range p.Logs() {
		n += strings.Count("\n"+log, "\npanic: ") + strings.Count(log, "WARNING: DATA RACE")
	}
	return n
}

// Kill ends the process as a crash would, and returns when it is gone.
func (p *Process) Kill() {
	if r := p.current(); r != nil {
		_ = r.cmd.Process.Kill()
		<-r.ended
	}
}

// Signal sends a signal to the process, if it is still there.
func (p *Process) Signal(signal os.Signal) error {
	r := p.current()
	if r == nil {
		return errors.New("signal to a process that was never started")
	}
	if err := r.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("sending %s: %w", signal, err)
	}
	return nil
}

// Ended waits for the end of a process that was asked to stop and returns its exit code.
func (p *Process) Ended() (exit int, err error) {
	r := p.current()
	waiting, cancel := context.WithTimeoutCause(context.Background(), StopsWithin, fmt.Errorf("it did not end within %s", StopsWithin))
	defer cancel()
	select {
	case <-r.ended:
		return r.cmd.ProcessState.ExitCode(), nil
	case <-waiting.Done():
		return 0, context.Cause(waiting)
	}
}

// Stop stops the process gracefully. A process that had ended by itself, or ends in another way, is an error with its log.
func (p *Process) Stop() error {
	err := errors.New("it had ended by itself")
	if p.URL() != "" {
		err = p.Signal(syscall.SIGTERM)
	}
	exit := 0
	if err == nil {
		exit, err = p.Ended()
	}
	if err == nil && exit != 0 {
		err = fmt.Errorf("exit code %d", exit)
	}
	p.Kill()
	if err != nil {
		return fmt.Errorf("stopping %s: %w\n%s", strings.Join(p.Command, " "), err, tail(p.Log(), 20))
	}
	return nil
}

// PID is the process id since the last start; 0 before it.
func (p *Process) PID() int {
	if r := p.current(); r != nil {
		return r.cmd.Process.Pid
	}
	return 0
}

// current is nil before the first start.
func (p *Process) current() *processRun {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.runs) == 0 {
		return nil
	}
	return p.runs[len(p.runs)-1]
}

// ports counts the ports that were tried by this process, from a random one on.
var ports = func() *atomic.Uint32 {
	first := &atomic.Uint32{}
	first.Store(rand.Uint32N(10000))
	return first
}()

// FreeAddress returns an address of this machine where nobody listens. Its port is below those that systems give to outgoing
// connections (32768 and up), and is not given out by this process again: so that nobody else answers there while the
// server is away.
func FreeAddress() (string, error) {
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10000+ports.Add(1)%10000))
		if err == nil {
			return l.Addr().String(), l.Close()
		}
	}
	return "", errors.New("found no free port from 10000 to 19999")
}

// tail is the end of a log.
func tail(log string, lines int) string {
	all := strings.Split(strings.TrimSpace(log), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
