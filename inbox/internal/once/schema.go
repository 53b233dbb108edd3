package once

import "context"

// Schema returns the statements that create the tables where they are missing. webhook_dedup is the table that programs
// of this kind share; a table that is already there keeps counting.
func Schema(d Dialect) []string {
	id, bytes, first := "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "BYTEA", []string{
		// Two processes that start at once: IF NOT EXISTS does not see a table that is being created.
		`SELECT pg_advisory_xact_lock(7214893046155402)`,
	}
	if d == SQLite {
		id, bytes, first = "INTEGER PRIMARY KEY", "BLOB", nil
	}
	return append(first,
		`CREATE TABLE IF NOT EXISTS webhook_dedup (
	"id" TEXT PRIMARY KEY,
	"receivedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
)`,
		`CREATE TABLE IF NOT EXISTS inbox_events (
	id `+id+`,
	event_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	outcome TEXT NOT NULL,
	attempt INTEGER NOT NULL,
	error TEXT NOT NULL,
	payload_hash TEXT NOT NULL,
	source TEXT NOT NULL,
	account_sid TEXT NOT NULL,
	call_sid TEXT NOT NULL,
	subject TEXT NOT NULL,
	target TEXT NOT NULL,
	content_type TEXT NOT NULL,
	body `+bytes+` NOT NULL,
	idempotency_token TEXT NOT NULL,
	received_at TIMESTAMP(3) NOT NULL,
	reply_status INTEGER,
	reply_content_type TEXT,
	reply_body `+bytes+`
)`,
		`CREATE UNIQUE INDEX IF NOT EXISTS inbox_events_accepted ON inbox_events (event_id) WHERE outcome = 'accepted'`,
		`CREATE UNIQUE INDEX IF NOT EXISTS inbox_events_conflict ON inbox_events (event_id, payload_hash) WHERE outcome = 'conflict'`,
		`CREATE UNIQUE INDEX IF NOT EXISTS inbox_events_failed ON inbox_events (event_id, payload_hash) WHERE outcome = 'failed'`,
		`CREATE INDEX IF NOT EXISTS inbox_events_received ON inbox_events (received_at)`,
	)
}

// Dialect is what a database does not understand of the other's schema.
type Dialect string

// The two dialects. All statements but the schema's are the same for both.
const (
	Postgres Dialect = "postgres"
	SQLite   Dialect = "sqlite"
)

// Migrate creates the tables, in one transaction.
func (l *Ledger[T]) Migrate(ctx context.Context, d Dialect) error {
	return l.transact(ctx, func(tx T) error {
		for _, statement := range Schema(d) {
			if err := l.backend.Exec(ctx, tx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

const eventColumns = `event_id, kind, payload_hash, source, account_sid, call_sid, subject, target, content_type, body, ` +
	`idempotency_token, received_at`

// A claim waits where another transaction holds the id, until that one is over: then it takes the id that was rolled
// back, or returns no row for one that was committed.
const claimID = `INSERT INTO webhook_dedup ("id", "receivedAt") VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING "id"`

const insertAccepted = `INSERT INTO inbox_events (` + eventColumns + `, reply_status, reply_content_type, reply_body, outcome, error, attempt)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'accepted', '',
	1 + COALESCE((SELECT SUM(attempt) FROM inbox_events WHERE event_id = $1 AND outcome = 'failed'), 0))`

const selectAccepted = `SELECT reply_status, reply_content_type, reply_body, payload_hash, source
FROM inbox_events WHERE event_id = $1 AND outcome = 'accepted'`

// One row for each payload, and no more than sixteen: who sends a thousand has made the point.
const insertConflict = `INSERT INTO inbox_events (` + eventColumns + `, outcome, error, attempt)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'conflict', '', 1
WHERE (SELECT COUNT(*) FROM inbox_events WHERE event_id = $1 AND outcome = 'conflict') < 16
ON CONFLICT (event_id, payload_hash) WHERE outcome = 'conflict' DO NOTHING`

// One row for each payload, brought up to date by every further failure: a retry storm does not fill the table.
const upsertFailed = `INSERT INTO inbox_events (` + eventColumns + `, outcome, error, attempt)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'failed', $13, 1
WHERE NOT EXISTS (SELECT 1 FROM webhook_dedup WHERE "id" = $1)
ON CONFLICT (event_id, payload_hash) WHERE outcome = 'failed'
DO UPDATE SET attempt = inbox_events.attempt + 1, error = excluded.error, source = excluded.source,
	idempotency_token = excluded.idempotency_token, received_at = excluded.received_at`
