package main

import (
	"os"
	"syscall"
	"testing"

	"github.com/i-agent/iagent/internal/testserver"
)

func TestExitCodeIsTheCommandsOwn(t *testing.T) {
	for script, want := range map[string]int{"exit 0": 0, "exit 7": 7, "kill -TERM $$": 143} {
		if got, err := child([]string{"sh", "-c", script}, os.Environ(), nil); got != want || err != nil {
			t.Errorf("%s: exit code %d, %v; want %d", script, got, err, want)
		}
	}
	if code, err := child([]string{"/no/such/program"}, nil, nil); code == 0 || err == nil {
		t.Errorf("a program that does not exist: exit code %d, %v", code, err)
	}
}

func TestSignalsReachTheWholeCommand(t *testing.T) {
	signals := make(chan os.Signal, 2)
	signals <- syscall.SIGTERM
	if code, err := child([]string{"sh", "-c", "sleep 60; exit 0"}, os.Environ(), signals); code != 143 || err != nil {
		t.Errorf("exit code %d, %v; want 143", code, err)
	}
}

func TestServersThatAreGivenAreUsed(t *testing.T) {
	t.Setenv("TEST_DATABASE_URL", "postgres://given/db")
	t.Setenv("TEST_REDIS_URL", "redis://given/0")
	var env []string
	var stop []func() error
	if err := start(t.Context(), testserver.Options{}, &env, &stop); err != nil {
		t.Fatal(err)
	}
	if len(env) != 0 || len(stop) != 0 {
		t.Errorf("started %d servers", len(stop))
	}
}
