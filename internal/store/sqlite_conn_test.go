package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store/storetest"
)

func TestParametersOfSQLiteAreNumbered(t *testing.T) {
	for text, want := range map[string]string{
		`SELECT 1`:                             `SELECT 1`,
		`VALUES ($1,$2)`:                       `VALUES (?,?)`,
		`a = $2 AND b = $1`:                    `a = ?2 AND b = ?1`,
		`a = $1 OR b = $1`:                     `a = ?1 OR b = ?1`,
		`a = $1 AND b ->> '$.x' = "$2"`:        `a = ? AND b ->> '$.x' = "$2"`,
		`a = 'it''s $1' AND b = $1`:            `a = 'it''s $1' AND b = ?`,
		"a = $1 -- it's $2\nAND b = $2":        "a = ? -- it's $2\nAND b = ?",
		`a = $1 /* $2 ' */ AND b = $2`:         `a = ? /* $2 ' */ AND b = ?`,
		`a = ?1 AND b = $2`:                    `a = ?1 AND b = $2`,
		`a = @a AND b = :b`:                    `a = @a AND b = :b`,
		`a = $12, b = $1`:                      `a = ?12, b = ?1`,
		`json_extract(args, '$.callId') = $1 `: `json_extract(args, '$.callId') = ? `,
		`a = '$1`:                              `a = '$1`,
	} {
		if got := questionMarks(text); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

func TestStatementsThatAreKept(t *testing.T) {
	for text, want := range map[string]bool{
		`SELECT 1`: true,
		"\n\tWITH a AS (SELECT 1)\nSELECT * FROM a; ":  true,
		"UPDATE\n\ta SET b = $1":                       true,
		"-- name: JobGetAvailable :many\nUPDATE a":     true,
		"/* name */ -- it's\n DELETE FROM a":           true,
		`INSERT INTO a VALUES (1); INSERT INTO b (a)`:  false,
		"-- first\nUPDATE a SET b = 1;\nDROP TABLE c;": false,
		`CREATE TABLE a (b)`:                           false,
		`PRAGMA optimize`:                              false,
		`-- nothing`:                                   false,
		``:                                             false,
	} {
		if got := worthKeeping(text); got != want {
			t.Errorf("%q is kept: %v, want %v", text, got, want)
		}
	}
}

func TestLimitOfRiverDoesNotDecideThePlan(t *testing.T) {
	for text, want := range map[string]string{
		"-- name: a\nSELECT id LIMIT ?5\n)": "-- name: a\nSELECT id LIMIT ?5 + 0\n)",
		`SELECT id LIMIT ?12 OFFSET ?1`:     `SELECT id LIMIT ?12 + 0 OFFSET ?1`,
		`SELECT id LIMIT $1`:                `SELECT id LIMIT $1`,
		`SELECT id LIMIT 5`:                 `SELECT id LIMIT 5`,
	} {
		if got := limitUnknown(text); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

// River asks for jobs several times a second: its own statements, not what this package takes them for, must be kept and must not be
// planned by a value.
func TestStatementsOfRiverAreParsedOnce(t *testing.T) {
	s := open(t, storetest.SQLite(t), Options{})
	engine, err := jobs.NewSQLite(s.SQLite(), jobs.Config{
		Ledger: s, Log: slog.New(slog.DiscardHandler), StopWithin: time.Second,
		Functions: []jobs.Function{{Name: interview.OrchestrateCall, Concurrency: 1, Run: func(context.Context, interview.Run) error { return nil }}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	byAValue := regexp.MustCompile(`(?i)\bLIMIT\s+[?@:$]\w*\s*(\)|;|$|OFFSET)`)
	for deadline := time.Now().Add(time.Minute); ; {
		asks := false
		conn, err := s.sqlite.write.Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		err = conn.Raw(func(conn any) error {
			for text := range conn.(*sqliteConn).byText {
				asks = asks || strings.Contains(text, "JobGetAvailable")
				if strings.Contains(text, ":many") && byAValue.MatchString(asPrepared(text)) {
					t.Errorf("is planned by the value of its limit:\n%s", text)
				}
			}
			return nil
		})
		if err := errors.Join(err, conn.Close()); err != nil {
			t.Fatal(err)
		}
		if asks || t.Failed() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("no statement with which River asks for jobs is kept")
		}
		<-time.After(20 * time.Millisecond)
	}
}

// A row that is read while the same statement runs again is not disturbed by it, and a statement that runs between two changes of the
// schema sees both.
func TestStatementThatIsKeptActsAsANewOne(t *testing.T) {
	s := open(t, storetest.SQLite(t), Options{})
	const count = `SELECT a.n, b.n FROM (SELECT 1 AS n UNION SELECT 2 UNION SELECT $1) a, (SELECT $1 AS n) b ORDER BY 1`
	err := s.write(t.Context(), func(tx *Tx) error {
		var seen []string
		err := collect(t.Context(), tx, func(r row) error {
			var a, b int
			if err := r.Scan(&a, &b); err != nil {
				return err
			}
			return collect(t.Context(), tx, func(r row) error {
				var c, d int
				err := r.Scan(&c, &d)
				seen = append(seen, fmt.Sprint(a, b, c, d))
				return err
			}, count, 10+a)
		}, count, 3)
		if want := "[1 3 1 11 1 3 2 11 1 3 11 11 2 3 1 12 2 3 2 12 2 3 12 12 3 3 1 13 3 3 2 13 3 3 13 13]"; fmt.Sprint(seen) != want {
			t.Errorf("read %v, want %s", seen, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		err := s.write(t.Context(), func(tx *Tx) error {
			if _, err := tx.Exec(t.Context(), `CREATE TABLE changing (`+[]string{"a", "b, a", "c, b, a"}[n]+`)`); err != nil {
				return err
			}
			if _, err := tx.Exec(t.Context(), `INSERT INTO changing (a) VALUES ($1)`, n); err != nil {
				return err
			}
			var a int
			if err := tx.QueryRow(t.Context(), `SELECT a FROM changing WHERE a = $1`, n).Scan(&a); err != nil || a != n {
				t.Errorf("read %d (%v), want %d", a, err, n)
			}
			_, err := tx.Exec(t.Context(), `DROP TABLE changing`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// More statements than are kept, some of them while their rows are being read, all give what they should.
func TestConnectionKeepsAFewStatements(t *testing.T) {
	s := open(t, storetest.SQLite(t), Options{})
	err := s.write(t.Context(), func(tx *Tx) error {
		return collect(t.Context(), tx, func(r row) error {
			for i := range keptStatements + 10 {
				var n int
				if err := tx.QueryRow(t.Context(), fmt.Sprintf(`SELECT %d + $1`, i), 1).Scan(&n); err != nil || n != i+1 {
					return fmt.Errorf("%d + 1 is %d (%w)", i, n, err)
				}
			}
			return nil
		}, `SELECT 1 UNION SELECT $1`, 2)
	})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := s.sqlite.write.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	err = conn.Raw(func(conn any) error {
		if c := conn.(*sqliteConn); len(c.byText) != keptStatements || c.used.Len() != keptStatements {
			return fmt.Errorf("%d statements are kept, %d in order, want %d", len(c.byText), c.used.Len(), keptStatements)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
