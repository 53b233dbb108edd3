package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/fnv"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/oklog/ulid/v2"
)

// sharing is the receiver that shares commits: the webhooks that arrive while a transaction is under way go into the next one,
// which is a single statement with an array for each column. It writes the rows that the program writes, into copies of its
// tables, and decides nothing. All webhooks of a call have the same worker, so that no two transactions wait for each other.
type sharing struct {
	pool    *pgxpool.Pool
	workers [2]chan *waiting // as many transactions at a time as the program has
}

// waiting is a webhook whose transaction is not committed yet.
type waiting struct {
	*hook
	first bool
	err   error
	done  chan struct{}
}

// mostShared is how many webhooks a transaction takes.
const mostShared = 256

// sharedTables are those of this receiver: the program's, with all their indexes.
func sharedTables(ctx context.Context, db database) error {
	for _, statement := range []string{
		`CREATE TABLE shared_dedup (LIKE webhook_dedup INCLUDING ALL)`,
		`CREATE TABLE shared_calls (LIKE calls INCLUDING ALL) WITH (fillfactor = 70)`,
		`CREATE TABLE shared_events (LIKE webhook_events INCLUDING ALL) WITH (fillfactor = 80)`,
	} {
		if err := db.exec(ctx, statement); err != nil {
			return fmt.Errorf("making the tables of the receiver that shares commits: %w", err)
		}
	}
	return nil
}

func newSharing(ctx context.Context, db database) (*sharing, error) {
	p, ok := db.(*postgres)
	if !ok {
		return nil, errors.New("only PostgreSQL takes arrays")
	}
	// Its tables are empty when the statement is planned, and that plan is kept: it must not read whole tables.
	config := p.pool.Config()
	for _, way := range []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin"} {
		config.ConnConfig.RuntimeParams[way] = "off"
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	s := &sharing{pool: pool}
	for i := range s.workers {
		s.workers[i] = make(chan *waiting, mostShared)
		go s.work(ctx, s.workers[i])
	}
	return s, nil
}

func (s *sharing) take(_ context.Context, h *hook) (first bool, reply string, err error) {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(h.call))
	w := &waiting{hook: h, done: make(chan struct{})}
	s.workers[sum.Sum32()%uint32(len(s.workers))] <- w
	<-w.done
	return w.first, plainReply, w.err
}

// work commits what waits, again and again.
func (s *sharing) work(ctx context.Context, queue chan *waiting) {
	for {
		var batch []*waiting
		select {
		case <-ctx.Done():
			return
		case w := <-queue:
			batch = append(batch, w)
		}
		for more := true; more && len(batch) < mostShared; {
			select {
			case w := <-queue:
				batch = append(batch, w)
			default:
				more = false
			}
		}
		err := s.commit(ctx, batch)
		for _, w := range batch {
			w.err = err
			close(w.done)
		}
	}
}

// columns are the arrays of one statement.
type columns struct {
	id, event, call, sid, target, contentType, token []string
	body, hash                                       [][]byte
	duplicates                                       []int32
	received                                         []time.Time

	moved, status      []string
	sequence, duration []int32
}

// ranks are the statuses of a call as the program has them.
var ranks = map[string]string{"initiated": "DIALING", "ringing": "RINGING", "in-progress": "IN_PROGRESS", "completed": "COMPLETED"}

func (s *sharing) commit(ctx context.Context, batch []*waiting) error {
	var c columns
	events, calls := map[string]int{}, map[string]int{}
	for _, w := range batch {
		if i, twice := events[w.id]; twice {
			c.duplicates[i]++
			continue
		}
		events[w.id] = len(c.id)
		if err := c.add(w.hook, calls); err != nil {
			return err
		}
	}
	// The statement returns those that nobody had claimed.
	rows, err := s.pool.Query(ctx, `WITH input AS (
			SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::bytea[],
				$10::integer[], $11::timestamptz[]) AS t (id, event_id, call_id, call_sid, target, content_type, token, body, hash, duplicates, received_at)
		), claim AS (
			INSERT INTO shared_dedup (id, "receivedAt") SELECT event_id, received_at FROM input ON CONFLICT DO NOTHING RETURNING id
		), event AS (
			INSERT INTO shared_events (id, event_id, kind, outcome, source, call_id, call_sid, account_sid, target, content_type, body, body_hash,
				idempotency_token, reply_status, reply_type, reply_body, error, attempt, duplicates, received_at, campaign_id, verified_by, verified_url)
			SELECT id, event_id, 'status', 'accepted', 'webhook', call_id, call_sid, '`+accountSid+`', target, content_type, body, hash,
				token, 200, 'application/json', '`+plainReply+`', '', 1, duplicates, received_at, 'bench', '', '' FROM input
			WHERE event_id IN (SELECT id FROM claim)
		), again AS (
			UPDATE shared_events SET duplicates = shared_events.duplicates + input.duplicates + 1 FROM input
			WHERE shared_events.event_id = input.event_id AND outcome = 'accepted' AND NOT EXISTS (SELECT FROM claim WHERE claim.id = input.event_id)
		), moved AS (
			UPDATE shared_calls SET status = m.status, sequence = m.sequence, duration = NULLIF(m.duration, 0), updated_at = now(),
				started_at = CASE WHEN m.sequence = 2 THEN now() ELSE started_at END,
				completed_at = CASE WHEN m.sequence = 3 THEN now() ELSE completed_at END
			FROM unnest($12::text[], $13::text[], $14::integer[], $15::integer[]) AS m (id, status, sequence, duration)
			WHERE shared_calls.id = m.id AND m.sequence > shared_calls.sequence
		)
		SELECT id FROM claim`, c.id, c.event, c.call, c.sid, c.target, c.contentType, c.token, c.body, c.hash, c.duplicates, c.received,
		c.moved, c.status, c.sequence, c.duration)
	if err != nil {
		return err
	}
	defer rows.Close()
	first := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		first[id] = true
	}
	for _, w := range batch {
		w.first, first[w.id] = first[w.id], false
	}
	return rows.Err()
}

// add appends an event, and moves its call to the last of its statuses.
func (c *columns) add(h *hook, calls map[string]int) error {
	sequence, err := strconv.Atoi(h.form.Get("SequenceNumber"))
	if err != nil {
		return err
	}
	hash := sha256.Sum256(h.body)
	c.id, c.event, c.call = append(c.id, ulid.Make().String()), append(c.event, h.id), append(c.call, h.call)
	c.sid, c.target = append(c.sid, h.form.Get("CallSid")), append(c.target, h.target)
	c.contentType, c.token = append(c.contentType, h.contentType), append(c.token, h.token)
	c.body, c.hash = append(c.body, h.body), append(c.hash, hash[:])
	c.duplicates, c.received = append(c.duplicates, 0), append(c.received, h.now)
	i, known := calls[h.call]
	if !known {
		i = len(c.moved)
		calls[h.call] = i
		c.moved, c.status, c.sequence, c.duration = append(c.moved, h.call), append(c.status, ""), append(c.sequence, -1), append(c.duration, 0)
	}
	if int32(sequence) > c.sequence[i] {
		c.status[i], c.sequence[i], c.duration[i] = ranks[h.status], int32(sequence), int32(seconds(h.form))
	}
	return nil
}

// seconds is how long a completed call took, or 0.
func seconds(form url.Values) int {
	n, err := strconv.Atoi(form.Get("CallDuration"))
	if err != nil {
		return 0
	}
	return n
}
