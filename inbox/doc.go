// Package inbox makes a Twilio webhook take effect exactly once, and answers it in time. It imports the standard library
// and package signature only.
//
//	processor, err := inboxsql.New(db, inboxsql.SQLite, handle) // or inboxpgx.New(pool, handle)
//	err = processor.Migrate(ctx)
//	verifier, err := signature.New(signature.Config{URL: "https://example.com", Tokens: []string{token}})
//	handler, err := inbox.NewHandler(inbox.Config{Verifier: verifier, Processor: processor})
//	mux.Handle("/voice", handler)
//	mux.Handle("/status", handler)
//
// # What happens to a webhook
//
// The [Handler] lets only those requests through that Twilio signed, and makes an [Event] of each. [ID] gives the event
// its deduplication key; the webhooks that it has a rule for are listed there, and [Config].Identify does it for others.
// A [Processor] commits the key, the effects of the event and its [Reply] in one transaction, so that a failure leaves
// nothing behind and a duplicate gets the first answer again.
//
// Ready Processors, which run your function in your own transaction, are in inboxpgx (pgx) and inboxsql (database/sql).
// Package inboxtest tests any Processor.
//
// # Several steps in one call
//
// Each step needs an action URL of its own, or it counts as the first one again: <Gather action="/gather">, then <Gather
// action="/gather?attempt=2">, and so on. A <Redirect> needs such a URL as well. See [KindGather] and the example Menu of
// [Handler].
//
// # In front of the handler
//
// The signature covers the bytes of the request line and of the body. Routers are no problem, chi and [http.StripPrefix]
// included: the handler reads [http.Request.RequestURI], which they leave alone. Behind a reverse proxy that cuts a path
// prefix off, the prefix belongs into [signature.Config].URL. Middleware that calls ParseForm or FormValue consumes the
// body; such a request cannot be verified any more, and its error is an [ErrBodyRead].
//
// # Logs, metrics, traces
//
// [Config].Observe is called for every verified webhook, [Config].OnRejected for every other request; [Config].OnRejection also has
// what was sent, so that it can be explained with [signature.Verifier.Explain]. Examples for log/slog
// are below, one for OpenTelemetry is examples/observe in the repository, beside one for chi and one for a reverse proxy.
package inbox
