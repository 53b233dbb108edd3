package inboxpgx_test

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/inboxpgx"
	"github.com/i-agent/iagent/signature"
)

// A status callback that closes an order in the program's own table.
func ExampleNew() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	processor, err := inboxpgx.New(pool, func(ctx context.Context, tx pgx.Tx, e *inbox.Event) (inbox.Reply, error) {
		if e.Form.Get("CallStatus") != "completed" {
			return inbox.Reply{}, nil // kept, answered, and without an effect
		}
		tag, err := tx.Exec(ctx, `UPDATE orders SET called_at = now() WHERE call_sid = $1`, e.CallSid)
		if err == nil && tag.RowsAffected() == 0 {
			err = inbox.Refuse(http.StatusNotFound, "Call not found")
		}
		return inbox.Reply{}, err
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := processor.Migrate(ctx); err != nil {
		log.Fatal(err)
	}
	verifier, err := signature.New(signature.Config{URL: os.Getenv("APP_URL"), Tokens: []string{os.Getenv("TWILIO_AUTH_TOKEN")}})
	if err != nil {
		log.Fatal(err)
	}
	handler, err := inbox.NewHandler(inbox.Config{
		Kind:      inbox.KindStatus,
		Verifier:  verifier,
		Processor: processor,
	})
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/status", handler)
}
