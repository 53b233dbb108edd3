package test_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/testdb"
)

// TestSuspendedProcessDoesNotDialWhenItContinues stops a process (SIGSTOP) after its intent to dial is committed and before it
// has sent anything to Twilio. Another takes the call over. When the first wakes, the time of its intent is over: what it
// would send now could be the second call to the same person.
func TestSuspendedProcessDoesNotDialWhenItContinues(t *testing.T) {
	t.Parallel()
	const number = "+15550004000"
	database := testdb.Postgres(t)
	gate := newGate(t, database)
	twilio := e2etest.NewTwilio(t)
	stopped := twilio.Serve(t, e2etest.DefaultSettings(gate.url))
	gate.arm()
	call := stopped.Place(t, number)[0]
	e2etest.Receive(t, gate.held, "the commit of an intent to dial")
	committed := time.Now()
	stopped.Signal(syscall.SIGSTOP)
	e2etest.Eventually(t, func() error { return allStopped(stopped.PID()) }) // a thread may run on for a while beside a busy processor
	gate.release()

	other := twilio.Serve(t, e2etest.DefaultSettings(database))
	other.AwaitCall(t, call.ID, e2etest.HasStatus("DIAL_UNKNOWN"))
	e2etest.Eventually(t, func() error {
		if time.Since(committed) < 31*time.Second {
			return errors.New("the intent has not ended yet")
		}
		return nil
	})
	stopped.Signal(syscall.SIGCONT)
	e2etest.Eventually(t, func() error {
		if !strings.Contains(stopped.Log(), "taken over by another attempt") {
			return errors.New("the process that was stopped has not gone on")
		}
		return nil
	})
	if n := len(twilio.Asked(number)); n != 0 {
		t.Errorf("the process that was stopped called, %s after its intent", time.Since(committed))
	}
	if got := other.Call(t, call.ID); got.Status != "DIAL_UNKNOWN" || got.Happened()["dial.intent"] != 1 {
		t.Errorf("call is %s: %v", got.Status, got.History)
	}
}

// allStopped returns an error while a thread of a process is not stopped.
func allStopped(pid int) error {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil {
		return err
	}
	states := make([]string, 0, len(threads))
	for _, file := range threads {
		stat, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		_, rest, _ := strings.Cut(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " ") // the name before it may have anything in it
		states = append(states, rest)
	}
	if len(threads) == 0 { // not Linux
		state, err := exec.Command("ps", "-o", "state=", "-p", strconv.Itoa(pid)).Output()
		if err != nil {
			return fmt.Errorf("asking for the state of process %d: %w", pid, err)
		}
		states = append(states, strings.TrimSpace(string(state)))
	}
	for _, state := range states {
		if !strings.HasPrefix(state, "T") {
			return fmt.Errorf("process %d is not stopped yet", pid)
		}
	}
	return nil
}

// gate is a way to Postgres on which the answer to the commit of an intent to dial is held back.
type gate struct {
	url  string
	held chan struct{} // yields once the commit was made

	t    *testing.T
	to   string
	open chan struct{}

	mu    sync.Mutex
	armed bool
}

func newGate(t *testing.T, database string) *gate {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{t: t, to: u.Host, held: make(chan struct{}, 1), open: make(chan struct{})}
	u.Host = listener.Addr().String()
	g.url = u.String()
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go g.carry(conn)
		}
	}()
	return g
}

func (g *gate) arm() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.armed = true
}

func (g *gate) release() { close(g.open) }

// carry connects a client with the database.
func (g *gate) carry(client net.Conn) {
	server, err := net.Dial("tcp", g.to)
	if err != nil {
		_ = client.Close()
		return
	}
	holding := make(chan struct{})
	go func() {
		defer func() { _, _ = client.Close(), server.Close() }()
		buffer := make([]byte, 64<<10)
		for {
			n, err := server.Read(buffer)
			if err != nil {
				return
			}
			select {
			case <-holding:
				select {
				case g.held <- struct{}{}:
				default:
				}
				<-g.open
			default:
			}
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
	}()
	defer func() { _, _ = client.Close(), server.Close() }()
	intends := false
	buffer := make([]byte, 64<<10)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		said := bytes.ToLower(buffer[:n])
		intends = intends || bytes.Contains(said, []byte("dial.intent"))
		if intends && bytes.Contains(said, []byte("commit")) && g.disarm() {
			close(holding)
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// disarm reports whether this commit is the one to hold.
func (g *gate) disarm() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	armed := g.armed
	g.armed = false
	return armed
}
