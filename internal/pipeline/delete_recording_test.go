package pipeline_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/pipeline"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/twilio"
)

// newDeletion is the function that deletes on a database, at a Twilio that answers so, and how often that was asked.
func newDeletion(t *testing.T, db *database, answer http.HandlerFunc) (*pipeline.DeleteRecording, *atomic.Int32) {
	t.Helper()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.Method != http.MethodDelete || !strings.HasPrefix(r.URL.Path, "/2010-04-01/Accounts/"+account+"/Recordings/RE") {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	client, err := twilio.New(twilio.Config{AccountSid: account, AuthToken: token, APIURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return &pipeline.DeleteRecording{Store: db.store, Twilio: client, Now: db.clock, Jitter: func() float64 { return 0 }}, &asked
}

// unconsented makes a call with a recording that nobody agreed to, and takes the run that deletes it.
func (db *database) unconsented(t *testing.T) (interview.Recording, interview.Run) {
	t.Helper()
	return db.recorded(t, interview.NewDeleteRecording, func(*interview.Call, *interview.Recording) {})
}

var gone = reply(404, `{"code":20404,"message":"not found","status":404}`)

func TestRecordingIsDeletedOrIsTriedAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		for name, test := range map[string]struct {
			answer http.HandlerFunc
			done   bool
		}{
			"deleted":           {reply(204, ""), true},
			"gone already":      {gone, true},
			"somebody else 404": {reply(404, "<html>"), false},
			"wrong credentials": {reply(401, `{"code":20003,"message":"Authenticate","status":401}`), false},
			"still in use":      {reply(409, `{"code":20409,"message":"in use","status":409}`), false},
			"too many requests": {reply(429, `{"code":20429,"message":"slow down","status":429}`), false},
			"server error":      {reply(500, `{"code":20500,"message":"oops","status":500}`), false},
			"no answer":         {drop, false},
		} {
			t.Run(name, func(t *testing.T) {
				recording, run := db.unconsented(t)
				db.advance(time.Minute)
				f, _ := newDeletion(t, db, test.answer)
				err := f.Run(t.Context(), run)
				until, waits := jobs.WaitUntil(err)
				deleted := db.recording(t, recording.CallID).Status == interview.RecordingDeleted
				if test.done && (err != nil || !deleted) || !test.done && (!waits || deleted || !until.Equal(db.clock().Add(time.Minute))) {
					t.Errorf("%v, deleted %v", err, deleted)
				}
				if state := db.runState(t, run.Function, run.Key); (state == interview.RunDone) != test.done {
					t.Errorf("the run is %s", state)
				}
			})
		}
	})
}

func TestPausesOfADeletionGrowToABoundAndNeverEndIt(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		for age, want := range map[time.Duration]time.Duration{
			0: 5 * time.Second, 3 * time.Second: 5 * time.Second, time.Minute: time.Minute, 100 * 24 * time.Hour: time.Hour,
		} {
			_, run := db.unconsented(t)
			db.exec(t, `UPDATE function_runs SET attempts = 99 WHERE id = $1`, run.ID)
			run.Attempt = 99
			db.advance(age)
			f, _ := newDeletion(t, db, reply(500, ``))
			if until, waits := jobs.WaitUntil(f.Run(t.Context(), run)); !waits || until.Sub(db.clock()) != want {
				t.Errorf("after %v it waits %v, want %v", age, until.Sub(db.clock()), want)
			}
			f.Jitter = func() float64 { return 0.999 }
			if until, _ := jobs.WaitUntil(f.Run(t.Context(), run)); until.Sub(db.clock()) >= want || until.Sub(db.clock()) < want*3/4 {
				t.Errorf("after %v, spread, it waits %v", age, until.Sub(db.clock()))
			}
		}
	})
}

func TestAnswerThatProvesNothingIsNotAskedFor(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		for name, test := range map[string]struct {
			account string
			status  interview.RecordingStatus
			age     time.Duration
			asked   int32
		}{
			"still running":                {account, interview.RecordingInProgress, 59 * time.Minute, 0},
			"end never heard of":           {account, interview.RecordingInProgress, time.Hour, 1},
			"recording of another account": {"ACother", interview.RecordingCompleted, 0, 0},
			"nothing to delete":            {account, interview.RecordingDeleted, 0, 0},
		} {
			t.Run(name, func(t *testing.T) {
				_, run := db.recorded(t, interview.NewDeleteRecording, func(c *interview.Call, r *interview.Recording) {
					c.AccountSid, r.Status = test.account, test.status
				})
				db.advance(test.age)
				f, asked := newDeletion(t, db, gone)
				err := f.Run(t.Context(), run)
				skips := test.status == interview.RecordingDeleted
				if _, waits := jobs.WaitUntil(err); waits != (test.asked == 0 && !skips) || asked.Load() != test.asked {
					t.Errorf("asked %d times: %v", asked.Load(), err)
				}
			})
		}
	})
}

func TestFailingStoreEndsNoDeletion(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		trouble := errors.New("database is away")
		for name, answer := range map[string]http.HandlerFunc{
			"before": gone,
			"after":  func(w http.ResponseWriter, r *http.Request) { db.goAway(trouble); gone(w, r) },
		} {
			_, run := db.unconsented(t)
			if name == "before" {
				db.goAway(trouble)
			}
			f, asked := newDeletion(t, db, answer)
			if _, waits := jobs.WaitUntil(f.Run(t.Context(), run)); !waits || (asked.Load() == 1) != (name == "after") {
				t.Errorf("%s: the run counts an attempt, and would be dead after four; asked %d times", name, asked.Load())
			}
			db.goAway(nil)
		}
		_, run := db.unconsented(t)
		f, _ := newDeletion(t, db, func(w http.ResponseWriter, r *http.Request) {
			db.takeOver(t, run.Function, run.Key)
			gone(w, r)
		})
		if err := f.Run(t.Context(), run); !errors.Is(err, jobs.ErrLostRun) {
			t.Errorf("taken over: %v", err)
		}
		if err := f.Run(t.Context(), interview.Run{Args: []byte(`{`)}); !jobs.IsPermanent(err) {
			t.Errorf("unreadable arguments: %v", err)
		}
	})
}

// crashing loses the program once, after Twilio deleted and before that was kept.
type crashing struct {
	*store.Store
	crashed bool
}

func (s *crashing) RecordingDeleted(ctx context.Context, run interview.Run, callID, sid string) error {
	if !s.crashed {
		s.crashed = true
		return errors.New("killed")
	}
	return s.Store.RecordingDeleted(ctx, run, callID, sid)
}

func TestDeletionKilledHalfwayIsFinished(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		recording, first := db.unconsented(t)
		exists := true
		f, asked := newDeletion(t, db, func(w http.ResponseWriter, r *http.Request) {
			if !exists {
				gone(w, r)
				return
			}
			exists = false
			w.WriteHeader(204)
		})
		f.Store = &crashing{Store: db.store}
		if err := f.Run(t.Context(), first); err == nil {
			t.Fatal("the crash was not one")
		}
		db.advance(jobs.LostAfter + time.Second)
		if n, err := db.store.RescueRuns(t.Context()); n != 1 || err != nil {
			t.Fatalf("rescued %d, %v", n, err)
		}
		if err := f.Run(t.Context(), db.start(t, first.Function, first.Key)); err != nil {
			t.Fatal(err)
		}
		// And once more, after it is done.
		if _, started, err := db.tryStart(t, first.Function, first.Key); started != jobs.RunOver || err != nil {
			t.Errorf("a run that is done starts again: %v, %v", started, err)
		}
		if r, history := db.recording(t, recording.CallID), db.detail(t, recording.CallID).History; r.Status != interview.RecordingDeleted || len(history) != 1 {
			t.Errorf("%+v, %+v", r, history)
		}
		if asked.Load() != 2 {
			t.Errorf("Twilio was asked %d times", asked.Load())
		}
	})
}
