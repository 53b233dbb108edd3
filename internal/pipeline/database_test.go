package pipeline_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// database is a migrated database with one active campaign and a clock that the test moves. The cases of a test may share it:
// each takes a call of its own.
type database struct {
	store    *store.Store
	campaign interview.Campaign

	mu     sync.Mutex
	now    time.Time
	around func(statement func() error) error
	taken  int // numbers and sids given out
}

// onBoth runs a test on SQLite and on Postgres.
func onBoth(t *testing.T, test func(t *testing.T, db *database), options ...func(*store.Options)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, url string) { test(t, openDatabase(t, url, options...)) })
}

// onSQLite is for a test of what is done with the audio, which no database sees.
func onSQLite(t *testing.T) *database {
	t.Helper()
	return openDatabase(t, storetest.SQLite(t))
}

func openDatabase(t *testing.T, url string, options ...func(*store.Options)) *database {
	t.Helper()
	db := &database{now: now}
	o := store.Options{Now: db.clock, Around: db.statement, DialAccount: account, DialsPerMinute: 1000}
	for _, option := range options {
		option(&o)
	}
	var err error
	if db.store, err = store.Open(t.Context(), url, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.store.Close)
	db.campaign, err = db.store.CreateCampaign(t.Context(), interview.Campaign{Name: "Shelves", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours(),
		PromptTemplate: "- How many cases do you sell in a week?",
		Hypotheses:     []interview.Hypothesis{{Question: "Is it dear?"}, {Question: "Is it liked?"}}})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func (db *database) clock() time.Time {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.now
}

func (db *database) advance(by time.Duration) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.now = db.now.Add(by)
}

func (db *database) statement(statement func() error) error {
	db.mu.Lock()
	around := db.around
	db.mu.Unlock()
	if around == nil {
		return statement()
	}
	return around(statement)
}

// goAway makes every write fail; a nil error lets them succeed again.
func (db *database) goAway(err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.around = nil
	if err != nil {
		db.around = func(func() error) error { return err }
	}
}

// call queues a call to a number that no other call has.
func (db *database) call(t *testing.T) (id string) {
	t.Helper()
	db.mu.Lock()
	number := fmt.Sprintf("+1555123%04d", db.taken)
	db.taken++
	db.mu.Unlock()
	_, err := db.store.CreateCalls(t.Context(), store.NewCalls{CampaignID: db.campaign.ID, PhoneNumbers: []string{number},
		Answer: func(calls []interview.Call) (store.Answer, error) {
			id = calls[0].ID
			return store.Answer{Status: 202}, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// change applies what a webhook might decide to a call.
func (db *database) change(t *testing.T, callID string, decide func(*interview.Call) interview.Change) {
	t.Helper()
	p := store.NewProcessor(db.store, func(call interview.Call, _ *inbox.Event) (interview.Change, inbox.Reply, error) {
		change := decide(&call)
		change.Call = call
		return change, inbox.Reply{Status: 200}, nil
	})
	db.mu.Lock()
	db.taken++
	n := db.taken
	db.mu.Unlock()
	sid := cmp.Or(db.detail(t, callID).Call.TwilioSid, fmt.Sprintf("CA%032d", n))
	event := &inbox.Event{ID: fmt.Sprint(sid, ":test:", n), Kind: "test", Subject: callID, CallSid: sid, AccountSid: account, Body: []byte("x"), ReceivedAt: db.clock()}
	if _, err := p.Process(t.Context(), event); err != nil {
		t.Fatal(err)
	}
}

// detail is everything that is known of a call.
func (db *database) detail(t *testing.T, callID string) store.CallDetail {
	t.Helper()
	d, err := db.store.CallDetail(t.Context(), callID)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// scan reads one row of the database.
func (db *database) scan(query string, args []any, into ...any) error {
	if pool := db.store.Postgres(); pool != nil {
		return pool.QueryRow(context.Background(), query, args...).Scan(into...)
	}
	return db.store.SQLite().QueryRow(query, args...).Scan(into...)
}

// exec changes the database beside the store.
func (db *database) exec(t *testing.T, statement string, args ...any) {
	t.Helper()
	storetest.Exec(t, db.store, statement, args...)
}

// runState is where the run of a function stands.
func (db *database) runState(t *testing.T, function interview.Function, key string) (state interview.RunState) {
	t.Helper()
	if err := db.scan(`SELECT state FROM function_runs WHERE function = $1 AND key = $2`, []any{string(function), key}, &state); err != nil {
		t.Fatalf("run of %s %s: %v", function, key, err)
	}
	return state
}

// start takes a run for its next attempt, as a worker does.
func (db *database) start(t *testing.T, function interview.Function, key string) interview.Run {
	t.Helper()
	run, started, err := db.tryStart(t, function, key)
	if err != nil || started != jobs.RunStarted {
		t.Fatalf("run of %s %s: %v, %v", function, key, started, err)
	}
	return run
}

func (db *database) tryStart(t *testing.T, function interview.Function, key string) (interview.Run, jobs.Started, error) {
	t.Helper()
	var id string
	if err := db.scan(`SELECT id FROM function_runs WHERE function = $1 AND key = $2`, []any{string(function), key}, &id); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			t.Fatalf("there is no run of %s %s", function, key)
		}
		return interview.Run{}, 0, err
	}
	return db.store.StartRun(context.Background(), id)
}

// takeOver starts a run whose process died a while ago.
func (db *database) takeOver(t *testing.T, function interview.Function, key string) interview.Run {
	t.Helper()
	db.advance(jobs.LostAfter + time.Second)
	return db.start(t, function, key)
}

// wait puts an attempt that is to wait back to waiting, as a worker does, and starts the next one.
func (db *database) wait(t *testing.T, run interview.Run, until time.Time) interview.Run {
	t.Helper()
	if err := db.store.PostponeRun(t.Context(), run, jobs.Postponement{Until: until, Reason: "asked to wait", Waited: true}); err != nil {
		t.Fatal(err)
	}
	return db.start(t, run.Function, run.Key)
}

// recorded makes a call with a recording, and takes the run of the job that is started for it. change may set what else there
// is to know of both.
func (db *database) recorded(t *testing.T, job func(callID, sid string) interview.Job, change func(*interview.Call, *interview.Recording)) (recording interview.Recording, run interview.Run) {
	t.Helper()
	id := db.call(t)
	recording = interview.Recording{Sid: "RE" + id, CallID: id, Status: interview.RecordingCompleted}
	var started interview.Job
	db.change(t, id, func(call *interview.Call) interview.Change {
		call.AccountSid, call.Status = account, interview.CallCompleted
		change(call, &recording)
		started = job(id, recording.Sid)
		return interview.Change{Recordings: []interview.Recording{recording}, Jobs: []interview.Job{started}}
	})
	return recording, db.start(t, started.Function, started.Key)
}

// recording is the only recording of a call as it stands.
func (db *database) recording(t *testing.T, callID string) interview.Recording {
	t.Helper()
	all := db.detail(t, callID).Recordings
	if len(all) != 1 {
		t.Fatalf("%d recordings", len(all))
	}
	return all[0]
}
