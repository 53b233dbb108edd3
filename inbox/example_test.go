package inbox_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/inboxsql"
	"github.com/i-agent/iagent/signature"
)

// A voice webhook that takes effect in the program's own table, once, however often it is delivered. The driver is
// registered by importing it: here modernc.org/sqlite. This module requires no driver, so the example is run where one is
// (test/interop/inboxsql). examples/inbox is a whole program of this kind.
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
		Verifier:  verifier,
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

// A menu of two steps. The action URL of each has its own attempt, so that each is an event of its own.
func ExampleHandler_menu() {
	const token = "12345678901234567890123456789012"
	menu := map[string]string{ // by attempt, "" for the voice webhook
		"":  `<Gather numDigits="1" action="/gather"><Say>1 for sales, 2 for service.</Say></Gather>`,
		"1": `<Gather numDigits="1" action="/gather?attempt=2"><Say>1 for new orders, 2 for old ones.</Say></Gather>`,
		"2": `<Say>Goodbye.</Say>`,
	}
	verifier, err := signature.New(signature.Config{URL: "https://example.com", Tokens: []string{token}})
	if err != nil {
		panic(err)
	}
	handler, err := inbox.NewHandler(inbox.Config{
		Verifier: verifier,
		Processor: process(func(_ context.Context, e *inbox.Event) (inbox.Result, error) { // see inboxsql and inboxpgx
			step := ""
			if e.Kind == inbox.KindGather {
				step = cmp.Or(e.Query.Get("attempt"), "1")
			}
			fmt.Printf("%s %q\n", e.ID, e.Form.Get("Digits"))
			body := []byte("<Response>" + menu[step] + "</Response>")
			return inbox.Result{Outcome: inbox.Accepted, Reply: inbox.Reply{ContentType: "text/xml", Body: body}}, nil
		}),
	})
	if err != nil {
		panic(err)
	}
	// As Twilio does it: what the caller enters goes to the action URL of the answer before.
	action := regexp.MustCompile(`action="(.*?)"`)
	for target, digits := "/voice", ""; target != ""; digits = "2" {
		form := url.Values{"CallSid": {"CA1"}, "Digits": {digits}}
		r := httptest.NewRequest("POST", target, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(signature.Header, signature.Sign(token, "https://example.com"+target, form))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		target = ""
		if next := action.FindStringSubmatch(w.Body.String()); next != nil {
			target = next[1]
		}
	}
	// Output:
	// CA1:voice ""
	// CA1:gather "2"
	// CA1:gather:2 "2"
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
		// Verifier, Processor …
	}
	event := &inbox.Event{CallSid: "CA1", Query: url.Values{"step": {"3"}, "callId": {"c1"}}}
	fmt.Println(config.Identify(event), event.ID, event.Subject)
	// Output: <nil> CA1:answer:3 c1
}

// Every webhook and every rejected request, in a structured log.
func ExampleConfig_observe() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "elapsed" { // another one at each run
			return slog.Attr{}
		}
		return a
	}}))
	verifier, err := signature.New(signature.Config{URL: "https://example.com", Tokens: []string{"12345678901234567890123456789012"}})
	if err != nil {
		panic(err)
	}
	handler, err := inbox.NewHandler(inbox.Config{
		Verifier: verifier,
		Processor: process(func(context.Context, *inbox.Event) (inbox.Result, error) {
			return inbox.Result{Outcome: inbox.Accepted}, nil
		}),
		Observe: func(ctx context.Context, e *inbox.Event, result inbox.Result, err error, elapsed time.Duration) {
			level := slog.LevelInfo
			if err != nil {
				level = slog.LevelError
			}
			log.Log(ctx, level, "webhook", "kind", e.Kind, "event", e.ID, "outcome", result.Outcome, "elapsed", elapsed, "error", err)
			if e.Match.Token > 0 {
				log.Log(ctx, slog.LevelWarn, "signed with a secondary token", "account", e.AccountSid)
			}
		},
		OnRejected: func(r *http.Request, status int, err error) {
			log.WarnContext(r.Context(), "rejected", "path", r.URL.Path, "status", status, "error", err)
		},
	})
	if err != nil {
		panic(err)
	}
	const target = "/message-status?MessageSid=SM1&MessageStatus=delivered" // set to GET in Twilio's console
	r := httptest.NewRequest("GET", target, nil)
	handler.ServeHTTP(httptest.NewRecorder(), r)
	r.Header.Set(signature.Header, signature.Sign("12345678901234567890123456789012", "https://example.com"+target, nil))
	handler.ServeHTTP(httptest.NewRecorder(), r)
	// Output:
	// level=WARN msg=rejected path=/message-status status=403 error="verifying Twilio signature: missing X-Twilio-Signature"
	// level=INFO msg=webhook kind=message-status event=SM1:message-status:delivered outcome=accepted error=<nil>
}
