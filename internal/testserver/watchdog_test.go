package testserver_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/testserver"
)

// The servers of a process that is killed end with it. The process is this
// test again, told by the environment to start them and wait.
func TestServersEndWithAKilledProcess(t *testing.T) {
	if os.Getenv("TESTSERVER_OWNER") != "" {
		ownServersUntilKilled(t)
		return
	}
	owner := exec.Command(os.Args[0], "-test.run=^TestServersEndWithAKilledProcess$")
	owner.Env = append(os.Environ(), "TESTSERVER_OWNER=1")
	out, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var told []string
	for len(told) < 3 && lines.Scan() {
		told = append(told, lines.Text())
	}
	if len(told) < 3 {
		owner.Wait()
		t.Fatalf("the owner said only %q", told)
	}
	conn := connect(t, told[0])

	owner.Process.Kill()
	owner.Wait()

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	// Returns when the server is gone: nothing else ends the statement.
	if _, err := conn.Exec(ctx, "SELECT pg_sleep(60)"); err == nil || ctx.Err() != nil {
		t.Errorf("PostgreSQL outlived its owner: %v", err)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for _, dir := range told[1:] {
		for {
			if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
				break
			}
			select {
			case <-tick.C:
				continue
			case <-ctx.Done():
				t.Fatalf("%s is still there", dir)
			}
		}
	}
}

func ownServersUntilKilled(t *testing.T) {
	p, err := testserver.StartPostgres(t.Context(), testserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := testserver.StartRedis(t.Context(), testserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	os.Stdout.WriteString(p.URL() + "\n" + p.Dir() + "\n" + r.Dir() + "\n")
	<-t.Context().Done() // never: we are killed
}
