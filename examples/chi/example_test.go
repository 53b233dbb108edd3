// Package chi_test shows package inbox behind the chi router.
package chi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/signature"
)

const token = "12345678901234567890123456789012"

// inMemory stands in for inboxpgx or inboxsql: it accepts every event.
type inMemory struct{}

func (inMemory) Process(_ context.Context, e *inbox.Event) (inbox.Result, error) {
	fmt.Println("accepted", e.ID, "for", e.Subject)
	return inbox.Result{Outcome: inbox.Accepted}, nil
}

// Routes, groups and mounted routers change nothing that the signature covers. Middleware must not read the body: so the
// request logger is fine, and a middleware that calls ParseForm or FormValue is not.
func Example() {
	verifier, err := signature.New(signature.Config{URL: "https://example.com", Tokens: []string{token}})
	if err != nil {
		panic(err)
	}
	webhooks, err := inbox.NewHandler(inbox.Config{
		Verifier:  verifier,
		Processor: inMemory{},
		Identify: func(e *inbox.Event) (err error) {
			e.Subject = e.Query.Get("order")
			e.ID, err = inbox.ID(e.Kind, e.Form, e.Query)
			return err
		},
		OnRejected: func(_ *http.Request, _ int, err error) { fmt.Println("rejected:", err) },
	})
	if err != nil {
		panic(err)
	}

	twilio := chi.NewRouter()
	twilio.Handle("/voice", webhooks)  // the last segment of the path is the kind of the webhook
	twilio.Handle("/status", webhooks) // Handle, not Post: the inbox answers other methods itself
	root := chi.NewRouter()
	root.Use(middleware.RequestID, middleware.Recoverer)
	root.Mount("/twilio", twilio)

	deliver(root, "/twilio/status?order=17", url.Values{"CallSid": {"CA1"}, "CallStatus": {"completed"}})

	careless := chi.NewRouter()
	careless.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = r.FormValue("CallSid") // reads the body
			next.ServeHTTP(w, r)
		})
	})
	careless.Mount("/", root)
	deliver(careless, "/twilio/status?order=17", url.Values{"CallSid": {"CA1"}, "CallStatus": {"completed"}})
	// Output:
	// accepted CA1:status:completed for 17
	// 200 {"success":true}
	// rejected: middleware in front has read the body (ParseForm, FormValue): 0 bytes were left: verifying Twilio signature: wrong signature (tokens tried: 1, forms of the URL: 2)
	// 403 {"error":"Invalid signature"}
}

// deliver sends a webhook as Twilio would.
func deliver(h http.Handler, target string, form url.Values) {
	r := httptest.NewRequest("POST", target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set(signature.Header, signature.Sign(token, "https://example.com"+target, form))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
}
