package dedup

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/inbox"
)

// Dialect names the database whose types the schema is written for.
type Dialect string

// The two dialects. All statements but the schema's are the same for both.
const (
	Postgres Dialect = "postgres"
	SQLite   Dialect = "sqlite"
)

// Schema returns the statements that create the tables where they are missing. A webhook_dedup that is already there keeps
// its ids.
func Schema(d Dialect, options []Option) ([]string, error) {
	t := tablesOf(options)
	if err := t.check(d); err != nil {
		return nil, err
	}
	id, bytes, all := "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "BYTEA", []string{
		// Two processes that start at once: IF NOT EXISTS does not see a table that is being created.
		`SELECT pg_advisory_xact_lock(7214893046155402)`,
	}
	if d == SQLite {
		id, bytes, all = "INTEGER PRIMARY KEY", "BLOB", nil
	}
	all = append(all,
		`CREATE TABLE IF NOT EXISTS {dedup} (
	"id" TEXT PRIMARY KEY,
	"receivedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
)`,
		`CREATE TABLE IF NOT EXISTS {events} (
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
		`CREATE UNIQUE INDEX IF NOT EXISTS {prefix}inbox_events_accepted ON {events} (event_id) WHERE outcome = 'accepted'`,
		`CREATE UNIQUE INDEX IF NOT EXISTS {prefix}inbox_events_conflict ON {events} (event_id, payload_hash) WHERE outcome = 'conflict'`,
		`CREATE UNIQUE INDEX IF NOT EXISTS {prefix}inbox_events_failed ON {events} (event_id, payload_hash) WHERE outcome = 'failed'`,
		`CREATE INDEX IF NOT EXISTS {prefix}inbox_events_received ON {events} (received_at)`,
	)
	for i, statement := range all {
		all[i] = t.named(statement)
	}
	return all, nil
}

// Migrate creates the tables, in one transaction.
func (p *Processor[T]) Migrate(ctx context.Context) error {
	all, err := Schema(p.dialect, p.options)
	if err != nil {
		return err
	}
	err = p.transact(ctx, func(tx T) error {
		for _, statement := range all {
			if err := p.backend.Exec(ctx, tx, statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("creating the tables of the inbox: %w", err)
	}
	return nil
}

const eventColumns = `event_id, kind, payload_hash, source, account_sid, call_sid, subject, target, content_type, body, ` +
	`idempotency_token, received_at`

// statements are the texts of the Processor's statements, with the names of its tables. The placeholders of each first
// appear in the order of their numbers, which is what some SQLite drivers count by.
type statements struct {
	claim, insertAccepted, selectAccepted, insertConflict, upsertFailed string
	pageOfEvents, deleteEvents, emptyBodies, emptyTargets               string
	pageOfIDs, deleteIDs                                                string // the deletes, and emptyBodies, go on with a list of keys
}

func newStatements(t Tables) statements {
	return statements{
		// It waits where another transaction holds the id, until that one is over: then it takes the id if it was rolled
		// back, or returns no row if it was committed.
		claim: t.named(`INSERT INTO {dedup} ("id", "receivedAt") VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING "id"`),

		insertAccepted: t.named(`INSERT INTO {events} (` + eventColumns + `, reply_status, reply_content_type, reply_body, outcome, error, attempt)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'accepted', '',
	1 + COALESCE((SELECT SUM(attempt) FROM {events} WHERE event_id = $1 AND outcome = 'failed'), 0))`),

		selectAccepted: t.named(`SELECT reply_status, reply_content_type, reply_body, payload_hash, source
FROM {events} WHERE event_id = $1 AND outcome = 'accepted'`),

		insertConflict: t.named(`INSERT INTO {events} (` + eventColumns + `, outcome, error, attempt)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'conflict', '', 1
WHERE (SELECT COUNT(*) FROM {events} WHERE event_id = $1 AND outcome = 'conflict') < ` + fmt.Sprint(inbox.MaxConflicts) + `
ON CONFLICT (event_id, payload_hash) WHERE outcome = 'conflict' DO NOTHING`),

		// One row for each payload, however often it fails: many retries do not fill the table.
		upsertFailed: t.named(`INSERT INTO {events} AS kept (` + eventColumns + `, outcome, error, attempt)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'failed', $13, 1
WHERE NOT EXISTS (SELECT 1 FROM {dedup} WHERE "id" = $1)
ON CONFLICT (event_id, payload_hash) WHERE outcome = 'failed'
DO UPDATE SET attempt = kept.attempt + 1, error = excluded.error, source = excluded.source,
	idempotency_token = excluded.idempotency_token, received_at = excluded.received_at`),

		pageOfEvents: t.named(`SELECT id FROM {events} WHERE id > $1 AND received_at < $2
	AND (outcome <> 'accepted' OR length(body) > 0 OR content_type = '' AND target <> '' OR received_at < $3) ORDER BY id LIMIT ` + fmt.Sprint(pruneBatch)),
		deleteEvents: t.named(`DELETE FROM {events} WHERE (received_at < $1 AND outcome <> 'accepted' OR received_at < $2) AND id IN `),
		emptyBodies:  t.named(`UPDATE {events} SET body = $1 WHERE received_at < $2 AND length(body) > 0 AND id IN `),
		// The parameters of a GET are in its target; it has no content type.
		emptyTargets: t.named(`UPDATE {events} SET target = '' WHERE received_at < $1 AND content_type = '' AND target <> '' AND id IN `),

		pageOfIDs: t.named(`SELECT "id" FROM {dedup} WHERE "id" > $1 AND "receivedAt" < $2 ORDER BY "id" LIMIT ` + fmt.Sprint(pruneBatch)),
		deleteIDs: t.named(`DELETE FROM {dedup} WHERE "receivedAt" < $1 AND "id" IN `),
	}
}
