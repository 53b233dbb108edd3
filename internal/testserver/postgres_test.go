package testserver_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/i-agent/iagent/internal/testserver"
)

func TestCommittedRowsSurviveAnImmediateStop(t *testing.T) {
	ctx := t.Context()
	p, err := testserver.StartPostgres(ctx, testserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	url := p.URL()
	mustExec(t, url, "CREATE TABLE kept (id int)")
	for _, immediate := range []bool{true, false} {
		mustExec(t, url, "INSERT INTO kept VALUES (1)")
		if err := p.Stop(immediate); err != nil {
			t.Fatal(err)
		}
		if conn, err := pgx.Connect(ctx, url); err == nil {
			conn.Close(ctx)
			t.Fatalf("a stopped server answers (immediate: %t)", immediate)
		}
		if err := p.Start(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if p.URL() != url {
		t.Errorf("the address changed across restarts")
	}
	conn := connect(t, url)
	var rows int
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM kept").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	if rows != 2 {
		t.Errorf("%d of 2 committed rows are left", rows)
	}
}

func TestCloseLeavesNothingBehind(t *testing.T) {
	p, err := testserver.StartPostgres(t.Context(), testserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(p.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("folder after Close: %v", err)
	}
	if err := p.Start(t.Context()); err == nil {
		t.Error("a closed server starts")
	}
}

func TestFsyncAndSettingsAreHonoured(t *testing.T) {
	p, err := testserver.StartPostgres(t.Context(), testserver.Options{Fsync: true, Settings: []string{"work_mem=5MB"}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for name, want := range map[string]string{"fsync": "on", "max_connections": "200", "work_mem": "5MB"} {
		var got string
		if err := connect(t, p.URL()).QueryRow(t.Context(), "SHOW "+name).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestFailedStartTellsWhy(t *testing.T) {
	_, err := testserver.StartPostgres(t.Context(), testserver.Options{Settings: []string{"no_such_setting=1"}})
	if err == nil || !strings.Contains(err.Error(), "no_such_setting") {
		t.Errorf("error does not quote the server's log: %v", err)
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p, err := testserver.StartPostgres(ctx, testserver.Options{}); !errors.Is(err, context.Canceled) {
		if err == nil {
			p.Close()
		}
		t.Errorf("got %v, want context canceled", err)
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func mustExec(t *testing.T, url, statement string) {
	t.Helper()
	conn := connect(t, url)
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
