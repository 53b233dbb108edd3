package store

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/i-agent/iagent/internal/jobs"
)

// dialect is what differs between the databases inside the shared statements.
type dialect struct {
	// name is goose's and River's word for the database.
	name string
	// lockCalls is appended to a SELECT of calls to lock them: SQLite has a single writer and needs none.
	lockCalls string
	// lock is the same for a SELECT of one table.
	lock string
	// lockShared is appended to a SELECT of a row that must stay as it is until the end of the transaction.
	lockShared string
	// skipLockedShared is lockShared that leaves out rows that somebody holds; "" where nobody can.
	skipLockedShared string
	// skipLocked is appended to a subselect of rows to take, so that two processes take different ones.
	skipLocked string
	// boundWaits bounds, for the rest of a transaction of webhooks, how long it waits for a lock: a batch that one call's row
	// holds up is given up early enough for its other webhooks to be settled alone. SQLite has no rows to wait for.
	boundWaits string
	// lockEvent is the statement that lets one transaction at a time keep what did not take effect of an event id, $1: there
	// may be no row of it yet that could be locked.
	lockEvent string
	// lockPrune keeps lockHold waiting until the transaction ends, and the other way round; many may have lockPrune at once.
	lockPrune, lockHold string
	// keepsCounts says that triggers count the calls and contacts of campaigns in call_counts and contact_counts.
	keepsCounts bool
	// batchers is how many transactions of webhooks may run at once.
	batchers int
}

var postgresDialect = dialect{name: "postgres", lockCalls: " FOR UPDATE OF calls", lock: " FOR UPDATE", lockShared: " FOR SHARE", skipLockedShared: " FOR SHARE SKIP LOCKED", skipLocked: " FOR UPDATE SKIP LOCKED",
	boundWaits: "SET LOCAL lock_timeout = 1500", lockEvent: "SELECT pg_advisory_xact_lock(1768842597, hashtext($1))", batchers: 2,
	lockPrune: "SELECT pg_advisory_xact_lock_shared(1768842598, 1)", lockHold: "SELECT pg_advisory_xact_lock(1768842598, 1)"}

func (s *Store) openPostgres(ctx context.Context, url string) error {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	// pgx's default of four connections is less than the functions and webhooks of one process need.
	config.MaxConns = max(config.MaxConns, 20)
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "iagent"
	}
	config.ConnConfig.StatementCacheCapacity = 1024
	set, values := sessionSettings(config.ConnConfig.RuntimeParams)
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		conn.TypeMap().RegisterType(&pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID,
			Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}})
		registerColumns(conn)
		if len(values) == 0 {
			return nil
		}
		if _, err := conn.Exec(ctx, set, append([]any{pgx.QueryExecModeExec}, values...)...); err != nil {
			return fmt.Errorf("setting what a session needs: %w", err)
		}
		return nil
	}
	if through := s.options.conn; through != nil {
		dial := config.ConnConfig.DialFunc
		config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return through(c), nil
		}
	}
	reset := newPoolReset(s.options.OnReset, s.options.OnFault)
	config.ConnConfig.DialFunc, config.ConnConfig.Tracer = reset.dialing(config.ConnConfig.DialFunc), reset
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("opening Postgres: %w", err)
	}
	reset.mu.Lock()
	reset.pool = pool
	reset.mu.Unlock()
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{})
	if err != nil {
		pool.Close()
		return fmt.Errorf("opening River: %w", err)
	}
	s.postgres, s.reset, s.dialect, s.inserter = pool, reset, postgresDialect, postgresInserter{client}
	return nil
}

// sessionSettings is the statement that sets what each session needs and DATABASE_URL does not set otherwise. It is no part of the startup
// message, as DATABASE_URL's own settings are: PgBouncer refuses a connection for any of these.
func sessionSettings(given map[string]string) (set string, values []any) {
	settings := [][2]string{
		// Nothing waits for ever, and a stuck transaction ends by itself.
		{"lock_timeout", "8000"},
		{"idle_in_transaction_session_timeout", "15000"},
		// Rows are found by keys, always by the same plan. A plan that Postgres makes while a table is small reads all of the table,
		// and is kept, however much the table grows, until its statistics are renewed: so reading a whole table must look dear. A
		// statement without a key to go by reads the whole table nevertheless. The checks of package verify, which read everything,
		// are not slower for it: 20,000 calls with 120,000 events took 2.1 s with and without. Nothing is compiled first.
		{"plan_cache_mode", "force_generic_plan"},
		{"enable_seqscan", "off"},
		{"jit", "off"},
		// In a plan for any values a LIMIT counts as a tenth of the table: for the 50 newest of 100,000 calls, which take 2 ms, Postgres
		// would start two processes, which take 15.
		{"max_parallel_workers_per_gather", "0"},
	}
	parts := make([]string, 0, len(settings))
	for _, s := range settings {
		if _, ok := given[s[0]]; !ok {
			values = append(values, s[1])
			parts = append(parts, fmt.Sprintf("set_config('%s', $%d, FALSE)", s[0], len(values)))
		}
	}
	return "SELECT " + strings.Join(parts, ", "), values
}

func (s *Store) writePostgres(ctx context.Context, f func(tx *Tx) error) error {
	conn, err := s.postgres.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connecting to Postgres: %w", err)
	}
	defer conn.Release() // which closes a connection whose transaction could not be ended
	begun := &postgresTx{conn: conn}
	defer begun.rollback(ctx)
	tx := s.newTx(ctx, pgxQuerier{begun})
	tx.pgx = begun
	if err := f(tx); err != nil {
		return err
	}
	if !begun.begun() { // committed with its last statements, or empty
		tx.committed()
		return nil
	}
	err = s.span(ctx, func(ctx context.Context) error { return s.around(func() error { return begun.commit(ctx) }) }, "COMMIT")
	if err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	tx.committed()
	return nil
}

// postgresInserter enqueues in the transaction of pgx.
type postgresInserter struct{ client *river.Client[pgx.Tx] }

func (i postgresInserter) insert(ctx context.Context, tx *Tx, runs []enqueued) error {
	begun, err := tx.pgx.asPGX(ctx)
	if err != nil {
		return err
	}
	_, err = i.client.InsertManyFastTx(ctx, begun, insertParams(runs))
	return err
}

// riverAttempts is the largest number of attempts that River can count. The ledger counts them; River's limit must not come
// first, also not for a run whose long attempts it takes for dead workers.
const riverAttempts = 1<<15 - 1

// insertParams are River's words for runs.
func insertParams(runs []enqueued) []river.InsertManyParams {
	params := make([]river.InsertManyParams, len(runs))
	for i, run := range runs {
		params[i] = river.InsertManyParams{Args: run.args, InsertOpts: &river.InsertOpts{
			Queue: jobs.Queue(run.args.Function), MaxAttempts: riverAttempts, ScheduledAt: run.notBefore,
		}}
	}
	return params
}
