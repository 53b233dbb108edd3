package inboxpgx_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/internal/testinbox"
)

// A pooler in transaction mode knows no prepared statements, and each mode types its parameters in its own way.
func TestEveryQueryModeOfPgxKeepsTheEvent(t *testing.T) {
	for _, mode := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec,
		pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
	} {
		t.Run(mode.String(), func(t *testing.T) {
			fail := true
			h := newHarness(t, testdb.Postgres(t), mode, func(*inbox.Event) (inbox.Reply, error) {
				if fail {
					panic("once")
				}
				return inbox.Reply{ContentType: "text/xml", Body: []byte("<Response/>\x00")}, nil
			})
			if _, err := h.Process(t.Context(), testinbox.Event("CA1:voice", "")); err == nil {
				t.Fatal("a panic was answered")
			}
			fail = false
			for i, want := range []inbox.Outcome{inbox.Accepted, inbox.Duplicate, inbox.Conflict} {
				body := ""
				if want == inbox.Conflict {
					body = "\x00\xff"
				}
				result, err := h.Process(t.Context(), testinbox.Event("CA1:voice", body))
				if err != nil || result.Outcome != want || string(result.Reply.Body) != "<Response/>\x00" {
					t.Fatalf("delivery %d: %+v, %v; want %s", i+1, result, err, want)
				}
			}
			all, err := h.Events(t.Context(), "CA1:voice")
			if err != nil || len(all) != 3 {
				t.Fatalf("records %+v, %v; want failed, accepted and conflict", all, err)
			}
		})
	}
}
