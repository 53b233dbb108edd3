package inboxpgx_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/internal/testinbox"
	"github.com/i-agent/iagent/signature"
)

// The database ends in the middle of a webhook. Twilio hears 500, nothing is half-written, and once the database is back
// the same delivery is processed as new, by the same program.
func TestWebhookDuringADatabaseOutageIsProcessedAfterwards(t *testing.T) {
	postgres := testdb.OwnPostgres(t)
	var outage func() error
	h := newHarness(t, postgres.URL(), pgx.QueryExecModeCacheStatement, func(*inbox.Event) (inbox.Reply, error) {
		if outage != nil {
			if err := outage(); err != nil {
				t.Error(err)
			}
		}
		return inbox.Reply{ContentType: "text/xml", Body: []byte("<Response/>")}, nil
	})
	handler, err := inbox.NewHandler(inbox.Config{Processor: h, Verifier: anybody{}})
	if err != nil {
		t.Fatal(err)
	}

	outage = func() error { return postgres.Stop(true) }
	wantAnswer(t, handler, 500, `{"error":"Internal server error"}`) // killed between two statements
	outage = nil
	wantAnswer(t, handler, 500, `{"error":"Internal server error"}`) // still down
	if err := postgres.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.DB.SetMaxIdleConns(0) // those of the test itself are lost too
	if n, err := h.Effects(t.Context(), "CA1:voice"); n != 0 || err != nil {
		t.Fatalf("%d effects, %v", n, err)
	}
	if claimed, err := h.Claimed(t.Context(), "CA1:voice"); claimed || err != nil {
		t.Fatalf("claimed %t, %v", claimed, err)
	}
	wantAnswer(t, handler, 200, "<Response/>")
	if n, err := h.Effects(t.Context(), "CA1:voice"); n != 1 || err != nil {
		t.Fatalf("%d effects, %v", n, err)
	}
}

// anybody is a Verifier that lets everybody in.
type anybody struct{}

func (anybody) VerifyRequest(*http.Request, []byte) (signature.Match, error) {
	return signature.Match{}, nil
}

func wantAnswer(t *testing.T, handler http.Handler, status int, body string) {
	t.Helper()
	r := httptest.NewRequest("POST", "/voice", strings.NewReader("CallSid=CA1"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if b, _ := io.ReadAll(w.Body); w.Code != status || string(b) != body {
		t.Errorf("answer %d %q; want %d %q", w.Code, b, status, body)
	}
}

// A handler that commits would leave an id that is claimed and an event that nobody kept.
func TestHandlerCannotEndItsTransaction(t *testing.T) {
	var errs []error
	h := newHarness(t, testdb.Postgres(t), pgx.QueryExecModeCacheStatement, func(*inbox.Event) (inbox.Reply, error) {
		return inbox.Reply{}, nil
	})
	p := h.handling(func(ctx context.Context, tx pgx.Tx) error {
		errs = append(errs, tx.Commit(ctx), tx.Rollback(ctx))
		nested, err := tx.Begin(ctx)
		if err != nil {
			return err
		}
		return nested.Commit(ctx)
	})
	if result, err := p.Process(t.Context(), testinbox.Event("CA1:voice", "")); err != nil || result.Outcome != inbox.Accepted {
		t.Fatalf("%+v, %v", result, err)
	}
	if len(errs) != 2 || errs[0] == nil || errs[1] == nil {
		t.Errorf("Commit and Rollback of a lent transaction: %v", errs)
	}
}

// The handler swallowed the error of a statement: Postgres has given the transaction up, and so must we.
func TestSwallowedErrorOfAStatementIsAFailure(t *testing.T) {
	h := newHarness(t, testdb.Postgres(t), pgx.QueryExecModeCacheStatement, nil)
	p := h.handling(func(ctx context.Context, tx pgx.Tx) error {
		_, _ = tx.Exec(ctx, "SELECT nonsense")
		return nil
	})
	if result, err := p.Process(t.Context(), testinbox.Event("CA1:voice", "")); err == nil {
		t.Fatalf("%+v", result)
	}
	all, err := h.Events(t.Context(), "CA1:voice")
	if err != nil || len(all) != 1 || all[0].Outcome != inbox.Failed {
		t.Errorf("records %+v, %v; want one failure", all, err)
	}
}
