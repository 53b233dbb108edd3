package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/testdb"
)

// The receivers are this binary run once more.
func TestMain(m *testing.M) {
	if p := os.Getenv(plainVariable); p != "" {
		if err := runPlain(plain(p)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// A peer that loses webhooks, or takes them twice, is no measure of anything. BENCH_PEERS=1, which .ci/run sets where node is, adds
// Express, whose packages come from npm.
func TestEachReceiverTakesEveryWebhookOnce(t *testing.T) {
	for _, database := range []string{"postgres", "sqlite"} {
		t.Run(database, func(t *testing.T) {
			ctx := t.Context()
			address := "sqlite:" + t.TempDir() + "/bench.db"
			if database == "postgres" {
				address = testdb.Postgres(t)
			}
			s, err := store.Open(ctx, address, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			err = s.MigrateUp(ctx)
			s.Close()
			if err != nil {
				t.Fatal(err)
			}
			db, err := attach(ctx, address, 8)
			if err != nil {
				t.Fatal(err)
			}
			defer db.close()
			o := options{connections: 8, baseline: 400, rounds: 1, database: database, peers: true, duplicates: 0.2, seed: 1}
			r := &report{}
			defer func() {
				if err := r.close(); err != nil {
					t.Error(err)
				}
			}()
			if err := r.addPlains(ctx, o, db); err != nil {
				t.Fatal(err)
			}
			if database == "postgres" {
				if err := r.addPgbench(ctx, o, db); err != nil {
					t.Fatal(err)
				}
				if os.Getenv("BENCH_PEERS") != "" {
					if err := r.addExpress(ctx, o, db); err != nil || len(r.missing) > 0 {
						t.Fatal(err, r.missing)
					}
				}
			}
			if err := r.measure(ctx, o, db); err != nil {
				t.Fatal(err)
			}
			broken := wrongAnswers(r.receivers)
			for _, check := range othersChecks(r.receivers) {
				broken = append(broken, check.run(ctx, db))
			}
			if err := errors.Join(broken...); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMissingNodeIsSaidByName(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	r := &report{}
	if err := r.addExpress(t.Context(), options{}, nil); err != nil {
		t.Fatal(err)
	}
	if len(r.missing) != 1 || !strings.Contains(r.missing[0], "nodejs") {
		t.Errorf("%q", r.missing)
	}
}

// Where no compiler is, the benchmark says so instead.
func TestSlowDiskMakesEachFlushLonger(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		if _, _, err := buildSlowDisk(t.Context(), time.Second); err == nil || !strings.Contains(err.Error(), "gcc") {
			t.Fatal(err)
		}
		return
	}
	const each = 100 * time.Millisecond
	environment, remove, err := buildSlowDisk(t.Context(), each)
	if err != nil {
		t.Fatal(err)
	}
	defer remove()
	cmd := exec.Command("sync", "--data", t.TempDir()) // fdatasync of a folder
	cmd.Env = append(os.Environ(), environment...)
	begun := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if took := time.Since(begun); took < each {
		t.Errorf("a flush took %s", took)
	}
}
