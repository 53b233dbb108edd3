// Command inbox is a small program with a database of its own whose Twilio webhook takes effect exactly once: it counts
// the calls of each number, and greets with the count. If it is killed at any moment, or a webhook is delivered several
// times, the count is right, and a call that was greeted as the third is greeted as the third again.
//
//	APP_URL=https://your.public.host TWILIO_AUTH_TOKEN=... go run ./examples/inbox
//
// and point a number's voice webhook at APP_URL/voice. DATABASE is the file of its SQLite database, calls.db in the current directory by
// default; ADDR is where it listens, 127.0.0.1:3000 by default.
package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	_ "modernc.org/sqlite"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/inboxsql"
	"github.com/i-agent/iagent/signature"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	verifier, err := signature.New(signature.Config{URL: os.Getenv("APP_URL"), Tokens: []string{os.Getenv("TWILIO_AUTH_TOKEN")}})
	if err != nil {
		return fmt.Errorf("APP_URL or TWILIO_AUTH_TOKEN: %w", err)
	}
	db, err := open(ctx, cmp.Or(os.Getenv("DATABASE"), "calls.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	handler, err := newHandler(ctx, verifier, db)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cmp.Or(os.Getenv("ADDR"), "127.0.0.1:3000"))
	if err != nil {
		return err
	}
	log.Printf("listening on %s", listener.Addr())
	return serve(ctx, listener, handler)
}

// serve ends when ctx does, after the webhooks that it has begun to answer.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second}
	stopped := make(chan error, 1)
	context.AfterFunc(ctx, func() {
		timeout, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		stopped <- server.Shutdown(timeout)
	})
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// newHandler connects the parts: the verifier, the inbox, and what a call does.
func newHandler(ctx context.Context, verifier *signature.Verifier, db *sql.DB) (http.Handler, error) {
	processor, err := inboxsql.New(db, inboxsql.SQLite, greet)
	if err != nil {
		return nil, err
	}
	if err := processor.Migrate(ctx); err != nil {
		return nil, err
	}
	voice, err := inbox.NewHandler(inbox.Config{
		Verifier:   verifier,
		Processor:  processor,
		OnRejected: func(_ *http.Request, status int, err error) { log.Printf("rejected with %d: %v", status, err) },
		Observe: func(_ context.Context, e *inbox.Event, r inbox.Result, err error, elapsed time.Duration) {
			log.Printf("%s %s in %v: %v", e.ID, r.Outcome, elapsed, err)
		},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/voice", voice)
	return mux, nil
}
