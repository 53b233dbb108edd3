package inboxsql_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/inboxsql"
	"github.com/i-agent/iagent/internal/testdb"
)

// What an event costs with its one effect, durable on disk (SQLite, synchronous=FULL).
func BenchmarkProcess(b *testing.B) {
	for _, bench := range []struct {
		name string
		id   func(i int) string
	}{
		{"Accepted", func(i int) string { return fmt.Sprint("CA", i, ":voice") }},
		{"Duplicate", func(int) string { return "CA1:voice" }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			h := newHarness(b, inboxsql.SQLite, sqliteConnector(b, testdb.SQLite(b), ""), func(*inbox.Event) (inbox.Reply, error) {
				return inbox.Reply{ContentType: "text/xml", Body: []byte("<Response/>")}, nil
			})
			now, i := time.Now(), 0
			b.ReportAllocs()
			for b.Loop() {
				i++
				if _, err := h.Process(b.Context(), sample(bench.id(i), "", now)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
