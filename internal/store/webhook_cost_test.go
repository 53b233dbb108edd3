package store

import (
	"encoding/binary"
	"fmt"
	"maps"
	"net"
	"net/url"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// What a batch of webhooks costs is counted, not timed. Whoever makes it dearer finds out here, and raises a number only for a
// reason.
const (
	// tripsOfABatch to Postgres: what is loaded, after BEGIN; what is saved, with COMMIT.
	tripsOfABatch = 2
	// statementsOfABatch on Postgres, however many webhooks it has: BEGIN, the bound of waits, calls, ids, stored answers; events,
	// duplicates, calls, checks of those that are over, COMMIT.
	statementsOfABatch = 10
	// fixedOnSQLite are BEGIN, calls, stored answers, duplicates, COMMIT; each webhook has its id, and each new one its event, its
	// call, and that the call is to be checked, if it is over.
	fixedOnSQLite, idOnSQLite, newOnSQLite = 5, 1, 3
	// allocationsOnSQLite and allocationsOnPostgres are how often memory is allocated for a webhook in a batch of 32: 111 and 70 times.
	allocationsOnSQLite, allocationsOnPostgres = 115, 75
)

// postgresTraffic counts what is sent to Postgres, by the type of the message.
type postgresTraffic struct {
	mu       sync.Mutex
	messages map[byte]int
}

// counts are the statements that were run and parsed, and how often an answer was waited for.
func (t *postgresTraffic) counts() (run, parsed, trips int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	run, parsed, trips = t.messages['E']+t.messages['Q'], t.messages['P'], t.messages['S']+t.messages['Q']
	clear(t.messages)
	return run, parsed, trips
}

// watchedConn reads the messages that are written to Postgres. The first of a connection has no type.
type watchedConn struct {
	net.Conn
	traffic *postgresTraffic
	begun   bool
	rest    []byte
}

func (c *watchedConn) Write(p []byte) (int, error) {
	c.rest = append(c.rest, p...)
	for {
		head := 1
		if !c.begun {
			head = 0
		}
		if len(c.rest) < head+4 {
			break
		}
		n := head + int(binary.BigEndian.Uint32(c.rest[head:]))
		if len(c.rest) < n {
			break
		}
		if c.begun {
			c.traffic.mu.Lock()
			c.traffic.messages[c.rest[0]]++
			c.traffic.mu.Unlock()
		}
		c.begun, c.rest = true, c.rest[n:]
	}
	return c.Conn.Write(p)
}

// status is a decision on a status callback: an even one ends the call, an odd one lets it ring again.
func status(call interview.Call, e *inbox.Event) (interview.Change, inbox.Reply, error) {
	call.TwilioSid, call.StartedAt, call.Sequence, call.Status = e.CallSid, &e.ReceivedAt, call.Sequence+1, interview.CallRinging
	if e.Form.Get("SequenceNumber") == "0" {
		call.Status = interview.CallCompleted
	}
	return interview.Change{Call: call}, inbox.Reply{Status: 200, ContentType: "application/json", Body: []byte(`{"success":true}`)}, nil
}

// callbacks are the n-th webhooks of calls, and behind them one that was there before, unless they are the first.
func callbacks(calls []string, n int) []*delivery {
	list := make([]*delivery, 0, len(calls)+1)
	add := func(id string, n int) {
		e := &inbox.Event{ID: fmt.Sprintf("%s:status:%d", id, n), Kind: inbox.KindStatus, Subject: id, CallSid: "CA" + id,
			Target: "/status?callId=" + id, ContentType: "application/x-www-form-urlencoded", Body: make([]byte, 600), ReceivedAt: time.Now(),
			Form: url.Values{"SequenceNumber": {strconv.Itoa(n % 2)}}}
		list = append(list, &delivery{event: e, hash: e.PayloadHash()})
	}
	for _, id := range calls {
		add(id, n)
	}
	if n > 0 {
		add(calls[0], n-1)
	}
	return list
}

// settleTogether settles webhooks as one batch, of which the first are new.
func settleTogether(t *testing.T, p *Processor, batch []*delivery, fresh int) {
	t.Helper()
	if err := p.commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	for i, d := range batch {
		want := inbox.Accepted
		if i >= fresh {
			want = inbox.Duplicate
		}
		if d.err != nil || d.result.Outcome != want {
			t.Fatalf("webhook %d of %d: %s (%v), want %s", i, len(batch), d.result.Outcome, d.err, want)
		}
	}
}

func TestBatchOnPostgresCostsTwoRoundTripsAndAFixedNumberOfStatements(t *testing.T) {
	traffic := &postgresTraffic{messages: map[byte]int{}}
	s := open(t, storetest.Postgres(t), Options{conn: func(c net.Conn) net.Conn { return &watchedConn{Conn: c, traffic: traffic} }})
	calls := seed(t, s, 40)
	p := NewProcessor(s, status, inbox.KindStatus)
	settleTogether(t, p, callbacks(calls, 0), 40) // they get their CallSids
	settleTogether(t, p, callbacks(calls, 1), 40) // the statements are new to the connection
	settleTogether(t, p, callbacks(calls, 2), 40)
	for n, size := range []int{40, 7, 2, 1} {
		settleTogether(t, p, callbacks(calls[:size], 3+2*n), size)
		traffic.counts()
		settleTogether(t, p, callbacks(calls[:size], 4+2*n), size)
		if run, parsed, trips := traffic.counts(); run != statementsOfABatch || trips != tripsOfABatch || parsed != 0 {
			t.Errorf("a batch of %d and a duplicate: %d statements in %d round trips, %d of them parsed; want %d in %d, 0", size, run, trips, parsed,
				statementsOfABatch, tripsOfABatch)
		}
	}
}

func TestBatchOnSQLiteCostsThreeStatementsForEachWebhook(t *testing.T) {
	var run atomic.Int64
	s := open(t, storetest.SQLite(t), Options{Around: func(statement func() error) error {
		run.Add(1)
		return statement()
	}})
	calls := seed(t, s, 40)
	p := NewProcessor(s, status, inbox.KindStatus)
	settleTogether(t, p, callbacks(calls, 0), 40) // they get their CallSids
	settleTogether(t, p, callbacks(calls, 1), 40)
	settleTogether(t, p, callbacks(calls[:1], 2), 1)
	settleTogether(t, p, callbacks(calls[:1], 3), 1)
	settleTogether(t, p, callbacks(calls[:1], 4), 1)
	settleTogether(t, p, callbacks(calls, 5), 40)
	settleTogether(t, p, callbacks(calls[:1], 6), 1)
	kept := keptTexts(t, s)
	for n, size := range []int{1, 2, 7, 40} {
		settleTogether(t, p, callbacks(calls, 7+2*n), 40)
		run.Store(0)
		settleTogether(t, p, callbacks(calls[:size], 8+2*n), size)
		if want := int64(fixedOnSQLite + (size+1)*idOnSQLite + size*newOnSQLite); run.Load() != want {
			t.Errorf("a batch of %d and a duplicate: %d statements, want %d", size, run.Load(), want)
		}
	}
	for text := range keptTexts(t, s) {
		if !kept[text] {
			t.Errorf("prepared for a batch of another size: %s", text)
		}
	}
}

// keptTexts are the statements that the writing connection keeps.
func keptTexts(t *testing.T, s *Store) map[string]bool {
	t.Helper()
	conn, err := s.sqlite.write.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	texts := map[string]bool{}
	err = conn.Raw(func(conn any) error {
		for text := range maps.Keys(conn.(*sqliteConn).byText) {
			texts[text] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestWebhookAllocatesNoMoreThanItDid(t *testing.T) {
	eachDatabase(t, Options{OnCallChanges: func([]CallChange) {}, OnMilestone: func(interview.Milestone) {}}, func(t *testing.T, s *Store) {
		const size, rounds = 32, 10
		calls := seed(t, s, size)
		p := NewProcessor(s, status, inbox.KindStatus)
		settleTogether(t, p, callbacks(calls, 0), size)
		settleTogether(t, p, callbacks(calls, 1), size)
		settleTogether(t, p, callbacks(calls, 2), size)
		var batches [][]*delivery
		for n := range rounds {
			batches = append(batches, callbacks(calls, 3+n))
		}
		var all uint64
		for _, batch := range batches {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := p.commit(t.Context(), batch)
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			all += after.Mallocs - before.Mallocs
		}
		limit := uint64(allocationsOnSQLite)
		if s.postgres != nil {
			limit = allocationsOnPostgres
		}
		if each := all / rounds / size; each > limit {
			t.Errorf("a webhook allocates %d times, more than %d", each, limit)
		} else {
			t.Logf("a webhook allocates %d times", each)
		}
	})
}
