package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	sdk "github.com/twilio/twilio-go/client"

	"github.com/i-agent/iagent/signature"
)

// A plain receiver takes each of the same webhooks once, and does nothing else: it checks the signature, keeps id, body
// and reply, moves the call's status on, and answers. It is a process of its own, this binary run once more, so that its
// processor time can be told from that of the load.
type plain string

const (
	// oneTransaction is BEGIN, four statements, COMMIT for each webhook.
	oneTransaction plain = "one transaction each"
	// oneStatement does all of it in one statement, as only PostgreSQL can.
	oneStatement plain = "one statement each"
	// officialSDK is oneTransaction with the signature checked by Twilio's own library.
	officialSDK plain = "plain Go, official SDK"
	// sharedCommits puts all webhooks that wait into one statement, as only PostgreSQL can.
	sharedCommits plain = "shared commits"
)

// keeps says what a receiver does for each webhook.
func keeps(name string) string {
	const common = "id, body and reply; the call's status"
	switch name {
	case string(oneTransaction):
		return common + "; BEGIN, four statements, COMMIT"
	case string(officialSDK):
		return common + "; BEGIN, four statements, COMMIT; twilio-go checks the signature"
	case string(oneStatement):
		return common + "; one statement, its own transaction"
	case string(sharedCommits):
		return "the program's rows in copies of its tables with their indexes; one statement for all that wait; no decisions"
	case expressName:
		return common + "; BEGIN, four statements, COMMIT; one process of Node.js"
	case pgbenchName:
		return common + "; no HTTP, no signature, nothing repeated"
	}
	return "all of the promise: each effect once, decided, with its conflicts, jobs and audit"
}

// plainVariable is set where this binary is to be a plain receiver, and says which.
const plainVariable = "BENCH_PLAIN"

// plains are the receivers that a kind of database can run.
func plains(o options) []plain {
	switch {
	case o.database == "sqlite" && o.peers:
		return []plain{oneTransaction, officialSDK}
	case o.database == "sqlite":
		return []plain{oneTransaction}
	case o.peers:
		return []plain{oneTransaction, oneStatement, sharedCommits, officialSDK}
	}
	return []plain{oneTransaction, oneStatement, sharedCommits}
}

// plainTables are those of all plain receivers; they share no call.
func plainTables(ctx context.Context, db database) error {
	bytes := "BYTEA"
	if _, ok := db.(*sqlite); ok {
		bytes = "BLOB"
	}
	for _, statement := range []string{
		`CREATE TABLE plain_dedup (id TEXT PRIMARY KEY, received_at TIMESTAMP NOT NULL)`,
		`CREATE TABLE plain_calls (id TEXT PRIMARY KEY, status TEXT NOT NULL, updated_at TIMESTAMP NOT NULL)`,
		`CREATE TABLE plain_events (id TEXT PRIMARY KEY, call_id TEXT NOT NULL, body ` + bytes + ` NOT NULL, reply TEXT NOT NULL, received_at TIMESTAMP NOT NULL)`,
		`CREATE INDEX plain_events_call ON plain_events (call_id, id)`,
	} {
		if err := db.exec(ctx, statement); err != nil {
			return fmt.Errorf("making the tables of the plain receivers: %w", err)
		}
	}
	return nil
}

// plainCalls inserts the calls of a plain receiver.
func plainCalls(ctx context.Context, p plain, db database, calls []*call) error {
	if p == sharedCommits {
		if err := sharedTables(ctx, db); err != nil {
			return err
		}
		return insertCalls(ctx, db, "shared_calls", calls)
	}
	err := db.transact(ctx, func(tx transaction) error {
		for _, c := range calls {
			if err := tx.exec(ctx, `INSERT INTO plain_calls (id, status, updated_at) VALUES ($1, 'queued', $2)`, c.id, time.Now().UTC()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("inserting the calls of a plain receiver: %w", err)
	}
	return nil
}

// servePlain starts this binary as a plain receiver and returns once it is ready.
func servePlain(ctx context.Context, p plain, o options, databaseURL string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return start(ctx, string(p), []string{self}, func(port string) []string {
		return []string{"PATH=" + os.Getenv("PATH"), "TZ=UTC", plainVariable + "=" + string(p), "DATABASE_URL=" + databaseURL,
			"PORT=" + port, "CONNECTIONS=" + strconv.Itoa(o.connections)}
	})
}

// runPlain is the process of a plain receiver, until it is told to end.
func runPlain(p plain) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	connections, err := strconv.Atoi(os.Getenv("CONNECTIONS"))
	if err != nil {
		return err
	}
	db, err := attach(ctx, os.Getenv("DATABASE_URL"), connections)
	if err != nil {
		return err
	}
	r, err := newReceiver(ctx, p, db)
	if err != nil {
		return errors.Join(err, db.close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.Handle("POST /api/webhooks/twilio/status", r)
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		return errors.Join(err, db.close())
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(listener) }()
	select {
	case err = <-ended:
	case <-ctx.Done():
		err = s.Close()
	}
	return errors.Join(err, db.close())
}

// receiver answers the webhooks of a plain receiver.
type receiver struct {
	db     database
	lock   string // of a SELECT
	verify func(r *http.Request, body []byte, form url.Values) error
	take   func(ctx context.Context, w *hook) (first bool, reply string, err error)
}

// hook is a webhook on its way through a plain receiver.
type hook struct {
	id, call, status           string
	target, contentType, token string
	form                       url.Values
	body                       []byte
	now                        time.Time
}

const plainReply = `{"success":true}`

func newReceiver(ctx context.Context, p plain, db database) (*receiver, error) {
	verifier, err := signature.New(signature.Config{URL: publicURL, Tokens: []string{authToken}})
	if err != nil {
		return nil, err
	}
	r := &receiver{db: db, lock: " FOR UPDATE"}
	r.verify = func(request *http.Request, body []byte, _ url.Values) error {
		_, err := verifier.VerifyRequest(request, body)
		return err
	}
	if _, ok := db.(*sqlite); ok {
		r.lock = ""
	}
	switch p {
	case oneTransaction:
		r.take = r.inTransaction
	case officialSDK:
		r.take, r.verify = r.inTransaction, officially()
	case oneStatement:
		r.take = r.inStatement
	case sharedCommits:
		s, err := newSharing(ctx, db)
		if err != nil {
			return nil, err
		}
		r.take = s.take
	default:
		return nil, fmt.Errorf("no receiver is called %q", p)
	}
	return r, nil
}

// officially checks a signature with Twilio's library, as its documentation shows.
func officially() func(*http.Request, []byte, url.Values) error {
	validator := sdk.NewRequestValidator(authToken)
	return func(request *http.Request, _ []byte, form url.Values) error {
		params := make(map[string]string, len(form))
		for name := range form {
			params[name] = form.Get(name)
		}
		if !validator.Validate(publicURL+request.RequestURI, params, request.Header.Get(signature.Header)) {
			return errors.New("wrong signature")
		}
		return nil
	}
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(io.LimitReader(request.Body, 64<<10))
	if err != nil {
		http.Error(w, "no body", http.StatusBadRequest)
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, "no form", http.StatusBadRequest)
		return
	}
	if err := r.verify(request, body, form); err != nil {
		http.Error(w, "not signed", http.StatusForbidden)
		return
	}
	h := &hook{
		call: request.URL.Query().Get("callId"), status: form.Get("CallStatus"), target: request.RequestURI,
		contentType: request.Header.Get("Content-Type"), token: request.Header.Get("I-Twilio-Idempotency-Token"),
		form: form, body: body, now: time.Now().UTC(),
	}
	h.id = form.Get("CallSid") + ":status:" + h.status
	first, reply, err := r.take(request.Context(), h)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		http.Error(w, "try again", http.StatusInternalServerError)
		return
	}
	if !first {
		reply = `{"success":true,"duplicate":true}`
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(reply)))
	_, _ = io.WriteString(w, reply)
}

// inTransaction claims, looks, updates and keeps, one after the other.
func (r *receiver) inTransaction(ctx context.Context, h *hook) (first bool, reply string, err error) {
	err = r.db.transact(ctx, func(tx transaction) error {
		_, first, err = tx.text(ctx, `INSERT INTO plain_dedup (id, received_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id`, h.id, h.now)
		if err != nil {
			return err
		}
		if !first {
			reply, err = kept(ctx, tx, h.id)
			return err
		}
		status, _, err := tx.text(ctx, `SELECT status FROM plain_calls WHERE id = $1`+r.lock, h.call)
		if err != nil {
			return err
		}
		if status != "completed" {
			status = h.status
		}
		if err := tx.exec(ctx, `UPDATE plain_calls SET status = $1, updated_at = $2 WHERE id = $3`, status, h.now, h.call); err != nil {
			return err
		}
		reply = plainReply
		return tx.exec(ctx, `INSERT INTO plain_events (id, call_id, body, reply, received_at) VALUES ($1, $2, $3, $4, $5)`,
			h.id, h.call, h.body, reply, h.now)
	})
	return first, reply, err
}

// inStatement does the same in one statement, which is its own transaction.
func (r *receiver) inStatement(ctx context.Context, h *hook) (first bool, reply string, err error) {
	reply, first, err = r.db.text(ctx, `WITH claim AS (
			INSERT INTO plain_dedup (id, received_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id
		), moved AS (
			UPDATE plain_calls SET status = CASE WHEN status = 'completed' THEN status ELSE $3 END, updated_at = $2
			WHERE id = $4 AND EXISTS (SELECT FROM claim)
		)
		INSERT INTO plain_events (id, call_id, body, reply, received_at)
		SELECT id, $4, $5, $6, $2 FROM claim RETURNING reply`, h.id, h.now, h.status, h.call, h.body, plainReply)
	if err == nil && !first {
		// A statement of its own: the claim may have waited for the twin whose reply this is.
		reply, err = kept(ctx, r.db, h.id)
	}
	return first, reply, err
}

// kept is the reply to the first delivery of an event.
func kept(ctx context.Context, q querier, id string) (string, error) {
	reply, found, err := q.text(ctx, `SELECT reply FROM plain_events WHERE id = $1`, id)
	if err == nil && !found {
		err = fmt.Errorf("event %s is claimed and not there", id)
	}
	return reply, err
}
