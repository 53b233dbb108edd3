package e2etest

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
)

// built is where this process's binaries are, by package. Each is made by the first test that asks.
var built = struct {
	sync.Mutex
	paths map[string]string
}{paths: map[string]string{}}

// Binary returns the path of iagent, built from the sources at hand.
func Binary(t testing.TB) string {
	t.Helper()
	return binary(t, e2e.Command)
}

func binary(t testing.TB, of string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if path, ok := built.paths[of]; ok {
		return path
	}
	if err := os.MkdirAll(folder(), 0o700); err != nil {
		t.Fatalf("making a folder for binaries: %v", err)
	}
	// The binary outlives the test that asked for it first.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	path, err := e2e.Build(ctx, folder(), of)
	if err != nil {
		t.Fatal(err)
	}
	built.paths[of] = path
	return path
}

// folder is where this process keeps its binaries.
func folder() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("iagent-e2e-%d", os.Getpid()))
}

// atOnce is how many parallel tests of a package run at a time, however few processors there are: such tests wait for
// processes and timeouts most of the time.
const atOnce = 8

// Main runs the tests of a package, then removes what they shared.
func Main(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", strconv.Itoa(max(atOnce, runtime.GOMAXPROCS(0)))); err != nil {
		fmt.Fprintln(os.Stderr, "setting -parallel:", err)
	}
	code := m.Run()
	if err := os.RemoveAll(folder()); err != nil {
		fmt.Fprintln(os.Stderr, "removing the binaries:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Result is how a command ended.
type Result struct {
	Exit           int
	Stdout, Stderr string
	CPU            time.Duration // processor time
}

// Run runs iagent with these arguments and settings in an empty folder until it ends by itself. Nothing of the test's own
// environment that iagent would read is passed on.
func Run(t testing.TB, settings Settings, args ...string) Result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), Binary(t), args...)
	cmd.Dir, cmd.Env = t.TempDir(), settings.Environ()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatalf("running iagent %q: %v", args, err)
	}
	return Result{Exit: cmd.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String(),
		CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
}

// Verified runs iagent verify, which must find nothing.
func Verified(t testing.TB, settings Settings) {
	t.Helper()
	if got := Run(t, settings, "verify"); got.Exit != 0 {
		t.Errorf("iagent verify ended with %d:\n%s%s", got.Exit, got.Stdout, got.Stderr)
	}
}
