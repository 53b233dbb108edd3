package inboxsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/inboxsql"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/internal/testinbox"
	"github.com/i-agent/iagent/signature"
)

func reply(context.Context, *sql.Tx, *inbox.Event) (inbox.Reply, error) { return inbox.Reply{}, nil }

// fails is a handler whose every event fails.
func fails(context.Context, *sql.Tx, *inbox.Event) (inbox.Reply, error) {
	return inbox.Reply{}, sql.ErrNoRows
}

func TestInboxesWithDifferentNamesShareADatabase(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		options := map[string][]inboxsql.Option{
			"webhook_dedup":     nil,
			"sms_webhook_dedup": {inboxsql.WithPrefix("sms_")},
		}
		if h.dialect == inboxsql.Postgres {
			if _, err := h.DB.Exec(`CREATE SCHEMA "My ""hooks"""`); err != nil {
				t.Fatal(err)
			}
			options[`"My ""hooks""".v2_webhook_dedup`] = []inboxsql.Option{inboxsql.WithSchema(`My "hooks"`), inboxsql.WithPrefix("v2_")}
		}
		for table, o := range options {
			p := newProcessor(t, h, reply, o...)
			broken := newProcessor(t, h, fails, o...)
			if err := p.Migrate(t.Context()); err != nil {
				t.Fatalf("%s: %v", table, err)
			}
			if _, err := broken.Process(t.Context(), testinbox.Event("CA1:voice", "a=b")); err == nil {
				t.Fatalf("%s: a failure was answered", table)
			}
			testinbox.Must(t, p, inbox.Accepted, testinbox.Event("CA1:voice", "a=b"))
			testinbox.Must(t, p, inbox.Duplicate, testinbox.Event("CA1:voice", "a=b"))
			testinbox.Must(t, p, inbox.Conflict, testinbox.Event("CA1:voice", "a=c"))
			for _, kind := range []string{table, strings.Replace(table, "webhook_dedup", "inbox_events", 1)} {
				var n int
				if err := h.DB.QueryRow(`SELECT COUNT(*) FROM ` + kind).Scan(&n); err != nil || n == 0 {
					t.Errorf("%s has %d rows, %v", kind, n, err)
				}
			}
			if err := p.Prune(t.Context(), time.Now(), time.Now().AddDate(0, 0, -30)); err != nil {
				t.Errorf("%s: %v", table, err)
			}
		}
	})
}

func newProcessor(t *testing.T, h *harness, handle inboxsql.Handle, options ...inboxsql.Option) *inboxsql.Processor {
	t.Helper()
	p, err := inboxsql.New(h.DB, h.dialect, handle, options...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNameThatADatabaseWouldNotKeepIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		dialect inboxsql.Dialect
		option  inboxsql.Option
	}{
		"quote":           {inboxsql.Postgres, inboxsql.WithPrefix(`a"; DROP TABLE x; --`)},
		"upper case":      {inboxsql.Postgres, inboxsql.WithPrefix("SMS_")},
		"digit first":     {inboxsql.Postgres, inboxsql.WithPrefix("1_")},
		"too long":        {inboxsql.SQLite, inboxsql.WithPrefix(strings.Repeat("x", 43))},
		"reserved":        {inboxsql.SQLite, inboxsql.WithPrefix("sqlite_")},
		"schema, SQLite":  {inboxsql.SQLite, inboxsql.WithSchema("hooks")},
		"schema with NUL": {inboxsql.Postgres, inboxsql.WithSchema("a\x00b")},
		"long schema":     {inboxsql.Postgres, inboxsql.WithSchema(strings.Repeat("x", 64))},
	} {
		if _, err := inboxsql.New(new(sql.DB), tc.dialect, reply, tc.option); err == nil {
			t.Errorf("%s: New took it", name)
		}
		if _, err := inboxsql.Schema(tc.dialect, tc.option); err == nil {
			t.Errorf("%s: Schema took it", name)
		}
	}
}

func TestLongestPrefixKeepsIndexesApart(t *testing.T) {
	url := testdb.Postgres(t)
	h := newHarness(t, inboxsql.Postgres, postgresConnector(t, url), nil)
	for _, last := range []string{"a", "b"} {
		p := newProcessor(t, h, reply, inboxsql.WithPrefix(strings.Repeat("x", 41)+last))
		if err := p.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var n int
	err := h.DB.QueryRow(`SELECT COUNT(*) FROM pg_indexes WHERE indexname LIKE 'xxx%inbox_events_accepted'`).Scan(&n)
	if err != nil || n != 2 {
		t.Errorf("%d indexes, %v; want one for each table", n, err)
	}
}

// More rows than one transaction prunes, of every sort.
func TestPruneRemovesManyOldRowsAndKeepsNewOnes(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) `
		for _, age := range []struct{ name, received string }{
			{"ancient", "2025-01-01 00:00:00.000"}, {"old", "2026-03-01 00:00:00.000"}, {"young", "2026-05-01 00:00:00.000"},
		} {
			for _, statement := range []string{
				numbers + `INSERT INTO webhook_dedup ("id", "receivedAt") SELECT '` + age.name + `:' || i, '` + age.received + `' FROM n`,
				numbers + `INSERT INTO inbox_events (event_id, kind, outcome, attempt, error, payload_hash, source, account_sid, call_sid,
					subject, target, content_type, body, idempotency_token, received_at, reply_status, reply_content_type, reply_body)
					SELECT '` + age.name + `:' || i, 'voice', CASE WHEN i % 3 = 0 THEN 'failed' WHEN i % 3 = 1 THEN 'conflict' ELSE 'accepted' END,
					1, '', '', 'webhook', '', '', '', '', '', 'a=b', '', '` + age.received + `', 200, '', '' FROM n`,
			} {
				if h.dialect == inboxsql.Postgres {
					statement = strings.ReplaceAll(statement, "'"+age.received+"'", "'"+age.received+"'::timestamp")
					statement = strings.ReplaceAll(statement, "'a=b'", "'a=b'::bytea")
					statement = strings.ReplaceAll(statement, "'', '' FROM", "'', ''::bytea FROM")
				} else {
					statement = strings.ReplaceAll(statement, "'a=b'", "CAST('a=b' AS BLOB)")
				}
				if _, err := h.DB.Exec(statement); err != nil {
					t.Fatal(err)
				}
			}
		}
		for range 2 { // again, with nothing left to do
			err := h.processor.Prune(t.Context(), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC))
			if err != nil {
				t.Fatal(err)
			}
			for what, want := range map[string]int{
				`webhook_dedup WHERE "id" LIKE 'ancient:%'`:                                        0,
				`webhook_dedup WHERE "id" LIKE 'old:%'`:                                            1200,
				`webhook_dedup WHERE "id" LIKE 'young:%'`:                                          1200,
				`inbox_events WHERE event_id LIKE 'ancient:%'`:                                     0,
				`inbox_events WHERE event_id LIKE 'old:%' AND outcome <> 'accepted'`:               0,
				`inbox_events WHERE event_id LIKE 'old:%' AND length(body) = 0`:                    400,
				`inbox_events WHERE event_id LIKE 'old:%' AND length(body) > 0`:                    0,
				`inbox_events WHERE event_id LIKE 'young:%' AND length(body) > 0`:                  1200,
				`inbox_events WHERE event_id LIKE 'young:%' AND outcome IN ('failed', 'conflict')`: 800,
			} {
				var n int
				if err := h.DB.QueryRow(`SELECT COUNT(*) FROM ` + what).Scan(&n); err != nil || n != want {
					t.Errorf("%s: %d rows, %v; want %d", what, n, err, want)
				}
			}
		}
	})
}

// What is to be pruned is looked for in all of both tables. Nobody who writes may wait for that.
func TestPruneLooksForOldRowsBesideAWriter(t *testing.T) {
	for dialect, tc := range map[inboxsql.Dialect]struct {
		connector func() driver.Connector
		lock      string
	}{
		inboxsql.SQLite:   {func() driver.Connector { return sqliteConnector(t, testdb.SQLite(t), "&_txlock=immediate") }, `SELECT 1`},
		inboxsql.Postgres: {func() driver.Connector { return postgresConnector(t, testdb.Postgres(t)) }, `LOCK TABLE webhook_dedup, inbox_events IN EXCLUSIVE MODE`},
	} {
		t.Run(string(dialect), func(t *testing.T) {
			h := newHarness(t, dialect, tc.connector(), func(*inbox.Event) (inbox.Reply, error) { return inbox.Reply{}, nil })
			now := time.Now()
			for i, age := range []int{40, 20, 0} { // to be forgotten, without its payload, young
				h.must(t, inbox.Accepted, sample(fmt.Sprintf("CA%d:voice", i), "", now.AddDate(0, 0, -age)))
			}
			prune := func() error {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				return h.processor.Prune(ctx, now.AddDate(0, 0, -10), now.AddDate(0, 0, -30))
			}
			if err := prune(); err != nil {
				t.Fatal(err)
			}
			writer, err := h.DB.Begin()
			if err != nil {
				t.Fatal(err)
			}
			defer writer.Rollback()
			if _, err := writer.Exec(tc.lock); err != nil {
				t.Fatal(err)
			}
			if err := prune(); err != nil {
				t.Errorf("with nothing left to prune: %v", err)
			}
		})
	}
}

// The parameters of a GET are in its target: it is stored whole, up to what package signature verifies.
func TestGetWebhookIsStoredWithItsWholeTarget(t *testing.T) {
	const token = "12345678901234567890123456789012"
	verifier, err := signature.New(signature.Config{URL: "https://example.com", Tokens: []string{token}})
	if err != nil {
		t.Fatal(err)
	}
	onBoth(t, func(t *testing.T, h *harness) {
		handler, err := inbox.NewHandler(inbox.Config{Verifier: verifier, Processor: h})
		if err != nil {
			t.Fatal(err)
		}
		target := "/message?MessageSid=SM1&From=%2B15551234567&Body=" + strings.Repeat("%C3%A9", 2500)
		for _, duplicate := range []string{"", "true"} {
			r := httptest.NewRequest("GET", target, nil)
			r.Header.Set(signature.Header, signature.Sign(token, "https://example.com"+target, nil))
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != 200 || w.Header().Get(inbox.DuplicateHeader) != duplicate || w.Body.String() != "<Response/>" {
				t.Errorf("answer %d %q, duplicate %q", w.Code, w.Body, w.Header().Get(inbox.DuplicateHeader))
			}
		}
		var stored, contentType string
		err = h.DB.QueryRow(`SELECT target, content_type FROM inbox_events WHERE event_id = 'SM1:message'`).Scan(&stored, &contentType)
		if err != nil || stored != target || contentType != "" {
			t.Errorf("%d bytes of the target are stored, want %d; content type %q, %v", len(stored), len(target), contentType, err)
		}
	})
}
