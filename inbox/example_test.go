package inbox_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/inboxsql"
	"github.com/i-agent/iagent/signature"
)

// A voice webhook that takes effect in the program's own table, once, however often it is delivered. The driver is
// registered by importing it: here modernc.org/sqlite. examples/inbox is a whole program of this kind.
func ExampleHandler() {
	const token = "12345678901234567890123456789012"
	folder, err := os.MkdirTemp("", "inbox")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(folder, "app.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
	if err != nil {
		panic(err)
	}
	defer db.Close()

	processor, err := inboxsql.New(db, inboxsql.SQLite, func(ctx context.Context, tx *sql.Tx, e *inbox.Event) (inbox.Reply, error) {
		_, err := tx.ExecContext(ctx, `INSERT INTO greetings (call_sid) VALUES ($1)`, e.CallSid)
		return inbox.Reply{ContentType: "text/xml", Body: []byte(`<Response><Say>Hello.</Say></Response>`)}, err
	})
	if err != nil {
		panic(err)
	}
	if err := processor.Migrate(context.Background()); err != nil {
		panic(err)
	}
	if _, err := db.Exec(`CREATE TABLE greetings (call_sid TEXT)`); err != nil {
		panic(err)
	}

	verifier, err := signature.New(signature.Config{URL: "https://example.com", Tokens: []string{token}})
	if err != nil {
		panic(err)
	}
	handler, err := inbox.NewHandler(inbox.Config{
		Verify: func(r *http.Request, body []byte) error {
			_, err := verifier.VerifyRequest(r, body)
			return err
		},
		Processor: processor,
	})
	if err != nil {
		panic(err)
	}

	form := url.Values{"CallSid": {"CA0123456789abcdef0123456789abcdef"}, "From": {"+15551234567"}}
	deliver := func(sign bool) {
		r := httptest.NewRequest("POST", "/voice", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if sign {
			r.Header.Set(signature.Header, signature.Sign(token, "https://example.com/voice", form))
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Header().Get(inbox.DuplicateHeader), w.Body)
	}
	deliver(true)
	deliver(true)
	deliver(false)

	var greetings int
	if err := db.QueryRow(`SELECT COUNT(*) FROM greetings`).Scan(&greetings); err != nil {
		panic(err)
	}
	fmt.Println("greetings:", greetings)
	// Prints:
	// 200  <Response><Say>Hello.</Say></Response>
	// 200 true <Response><Say>Hello.</Say></Response>
	// 403  {"error":"Invalid signature"}
	// greetings: 1
}

// Two statuses of one call are two events; the same status sent again is the same event.
func ExampleID() {
	for _, status := range []string{"ringing", "completed"} {
		id, err := inbox.ID(inbox.KindStatus, url.Values{"CallSid": {"CA1"}, "CallStatus": {status}}, nil)
		fmt.Println(id, err)
	}
	_, err := inbox.ID(inbox.KindStatus, url.Values{"CallSid": {"CA1"}}, nil)
	fmt.Println(err)
	// Output:
	// CA1:status:ringing <nil>
	// CA1:status:completed <nil>
	// refused with 400: Missing CallStatus
}

// A webhook of one's own: its id tells the events of a call apart by the step that the program put into the signed URL.
func ExampleConfig_identify() {
	config := inbox.Config{
		Kind: "answer",
		Identify: func(e *inbox.Event) error {
			step := e.Query.Get("step")
			if e.CallSid == "" || step == "" {
				return inbox.Refuse(http.StatusBadRequest, "Missing CallSid or step")
			}
			e.ID = e.CallSid + ":answer:" + step
			e.Subject = e.Query.Get("callId")
			return nil
		},
		// Verify, Processor …
	}
	event := &inbox.Event{CallSid: "CA1", Query: url.Values{"step": {"3"}, "callId": {"c1"}}}
	fmt.Println(config.Identify(event), event.ID, event.Subject)
	// Output: <nil> CA1:answer:3 c1
}
