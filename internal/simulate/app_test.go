package simulate

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/inboxsql"
	"github.com/i-agent/iagent/signature"
)

const (
	account  = "AC0123456789abcdef0123456789abcdef"
	token    = "0123456789abcdef0123456789abcdef"
	oldToken = "fedcba9876543210fedcba9876543210"
	retried  = "#rc=5&rp=5xx,ct,rt"
)

// decide is what the small application does with a webhook: it asks, and says goodbye.
func decide(kind inbox.Kind) inbox.Reply {
	switch kind {
	case inbox.KindVoice:
		return inbox.Reply{ContentType: "text/xml", Body: []byte(`<Response><Gather input="dtmf speech" action="/gather?attempt=1&amp;ask=yes" actionOnEmptyResult="true"><Say>May we ask you something?</Say></Gather></Response>`)}
	case inbox.KindGather:
		return inbox.Reply{ContentType: "text/xml", Body: []byte(`<Response><Say>Thank you, goodbye.</Say></Response>`)}
	case inbox.KindMessage:
		return inbox.Reply{ContentType: "text/xml", Body: []byte(`<Response><Message action="/message-status` + strings.ReplaceAll(retried, "&", "&amp;") + `">What do you pay for a case?</Message></Response>`)}
	default:
		return inbox.Reply{}
	}
}

// correct is an application as our packages make it: the signature first, then exactly once.
func correct(t *testing.T) string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "app.db")+
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	processor, err := inboxsql.New(db, inboxsql.SQLite, func(_ context.Context, _ *sql.Tx, e *inbox.Event) (inbox.Reply, error) {
		return decide(e.Kind), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := processor.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	verifier, err := signature.New(signature.Config{URL: server.URL, Tokens: []string{token, oldToken}})
	if err != nil {
		t.Fatal(err)
	}
	handler, err = inbox.NewHandler(inbox.Config{Processor: processor, Verifier: verifier})
	if err != nil {
		t.Fatal(err)
	}
	return server.URL
}

// careless is an application without any of our packages. What it leaves out is up to the test.
type careless struct {
	checks  bool // signatures
	answers func(n int64, w http.ResponseWriter, r *http.Request)
	count   atomic.Int64
}

func (c *careless) serve(t *testing.T) string {
	t.Helper()
	var verifier *signature.Verifier
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handle := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.answers(c.count.Add(1), w, r) }))
		if c.checks {
			handle = verifier.Middleware(handle)
		}
		handle.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	var err error
	if verifier, err = signature.New(signature.Config{URL: server.URL, Tokens: []string{token, oldToken}}); err != nil {
		t.Fatal(err)
	}
	return server.URL
}

func say(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, "<Response><Say>%s</Say></Response>", text)
}
