package program

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
)

// command is what is built.
const command = "github.com/i-agent/iagent/cmd/iagent"

// built is where this process's binaries are, by package. Each is made by the first test that asks.
var built = struct {
	sync.Mutex
	paths map[string]string
}{paths: map[string]string{}}

// Binary returns the path of iagent, built from the sources at hand as it is for operators: without the race detector,
// also where the test has it.
func Binary(t testing.TB) string {
	t.Helper()
	return binary(t, command)
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
	file := filepath.Join(folder(), path.Base(of))
	if out, err := exec.Command("go", "build", "-o", file, of).CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", of, err, out)
	}
	built.paths[of] = file
	return file
}

// folder is where this process keeps its binaries.
func folder() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("iagent-program-%d", os.Getpid()))
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
	if err := os.RemoveAll(folder()); err != nil && !errors.Is(err, os.ErrNotExist) {
		fmt.Fprintln(os.Stderr, "removing the binary:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Command is a run of the binary that ends by itself.
type Command struct {
	Exit           int
	Stdout, Stderr string
}

// Run runs iagent with these arguments and settings in an empty folder and returns how it ended. Nothing of the test's
// own environment that iagent would read is passed on.
func Run(t testing.TB, settings Settings, args ...string) Command {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), Binary(t), args...)
	cmd.Dir, cmd.Env = t.TempDir(), settings.environ()
	var stdout, stderr buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatalf("running iagent %q: %v", args, err)
	}
	return Command{Exit: cmd.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
}
