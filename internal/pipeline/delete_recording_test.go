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

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/pipeline"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/internal/twilio"
)

// deletionLedger is the least of a store: what it hands out, and how often the deletion was kept.
type deletionLedger struct {
	begin       interview.Deletion
	err, refuse error
	kept        int
}

func (s *deletionLedger) BeginDeletion(context.Context, interview.Run, string, string) (interview.Deletion, error) {
	return s.begin, s.err
}

func (s *deletionLedger) RecordingDeleted(ctx context.Context, _ interview.Run, callID, sid string) error {
	if callID != "call-1" || sid != "RE1" || ctx.Err() != nil {
		return errors.New("kept for something else, or too late")
	}
	if s.refuse == nil {
		s.kept++
	}
	return s.refuse
}

var deletionRun = interview.Run{ID: "run-1", Function: interview.DeleteRecording, Attempt: 1,
	Args: []byte(`{"callId":"call-1","recordingSid":"RE1"}`)}

func newDeletion(t *testing.T, s pipeline.DeletionStore, answer http.HandlerFunc) (*pipeline.DeleteRecording, *atomic.Int32) {
	t.Helper()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.Method != http.MethodDelete || r.URL.Path != "/2010-04-01/Accounts/"+account+"/Recordings/RE1.json" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	client, err := twilio.New(twilio.Config{AccountSid: account, AuthToken: token, APIURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return &pipeline.DeleteRecording{Store: s, Twilio: client, Now: func() time.Time { return now },
		Jitter: func() float64 { return 0 }}, &asked
}

var gone = reply(404, `{"code":20404,"message":"not found","status":404}`)

func TestRecordingIsDeletedOrIsTriedAgain(t *testing.T) {
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
			s := &deletionLedger{begin: interview.Deletion{AccountSid: account, AskedAt: now.Add(-time.Minute)}}
			f, _ := newDeletion(t, s, test.answer)
			err := f.Run(t.Context(), deletionRun)
			until, waits := jobs.WaitUntil(err)
			if test.done && (err != nil || s.kept != 1) || !test.done && (!waits || s.kept != 0 || !until.Equal(now.Add(time.Minute))) {
				t.Errorf("%v, kept %d times", err, s.kept)
			}
		})
	}
}

func TestPausesOfADeletionStopGrowingOrItGivesUp(t *testing.T) {
	for age, want := range map[time.Duration]time.Duration{
		0: 5 * time.Second, 3 * time.Second: 5 * time.Second, time.Minute: time.Minute, 100 * 24 * time.Hour: time.Hour,
	} {
		s := &deletionLedger{begin: interview.Deletion{AskedAt: now.Add(-age)}}
		f, _ := newDeletion(t, s, reply(500, ``))
		run := deletionRun
		run.Attempt = 99
		if until, waits := jobs.WaitUntil(f.Run(t.Context(), run)); !waits || until.Sub(now) != want {
			t.Errorf("after %v it waits %v, want %v", age, until.Sub(now), want)
		}
		f.Jitter = func() float64 { return 0.999 }
		if until, _ := jobs.WaitUntil(f.Run(t.Context(), run)); until.Sub(now) >= want || until.Sub(now) < want*3/4 {
			t.Errorf("after %v, spread, it waits %v", age, until.Sub(now))
		}
	}
}

func TestAnswerThatProvesNothingIsNotAskedFor(t *testing.T) {
	for name, test := range map[string]struct {
		begin interview.Deletion
		asked int32
	}{
		"still running":                {interview.Deletion{Running: true, AskedAt: now.Add(-59 * time.Minute)}, 0},
		"end never heard of":           {interview.Deletion{Running: true, AskedAt: now.Add(-time.Hour)}, 1},
		"recording of another account": {interview.Deletion{AccountSid: "ACother", AskedAt: now}, 0},
		"nothing to delete":            {interview.Deletion{Skip: true}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := &deletionLedger{begin: test.begin}
			f, asked := newDeletion(t, s, gone)
			err := f.Run(t.Context(), deletionRun)
			if _, waits := jobs.WaitUntil(err); waits != (test.asked == 0 && !test.begin.Skip) || asked.Load() != test.asked {
				t.Errorf("asked %d times: %v", asked.Load(), err)
			}
		})
	}
}

func TestStoreInTroubleEndsNoDeletion(t *testing.T) {
	trouble := errors.New("database is away")
	for _, s := range []*deletionLedger{{err: trouble}, {refuse: trouble}} {
		f, _ := newDeletion(t, s, gone)
		if _, waits := jobs.WaitUntil(f.Run(t.Context(), deletionRun)); !waits {
			t.Error("the run counts an attempt, and would be dead after four")
		}
	}
	f, _ := newDeletion(t, &deletionLedger{refuse: jobs.ErrLostRun}, gone)
	if err := f.Run(t.Context(), deletionRun); !errors.Is(err, jobs.ErrLostRun) {
		t.Errorf("taken over: %v", err)
	}
	f, _ = newDeletion(t, &deletionLedger{}, gone)
	if err := f.Run(t.Context(), interview.Run{Args: []byte(`{`)}); !jobs.IsPermanent(err) {
		t.Errorf("unreadable arguments: %v", err)
	}
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

func TestDeletionKilledHalfwayIsLost(t *testing.T) {
	for name, url := range map[string]string{"sqlite": "sqlite:" + testdb.SQLite(t), "postgres": testdb.Postgres(t)} {
		t.Run(name, func(t *testing.T) {
			at := now
			s, err := store.Open(t.Context(), url, store.Options{Now: func() time.Time { return at }})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			if err := s.MigrateUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			callID, runID := unconsented(t, s)
			exists := true
			f, asked := newDeletion(t, &crashing{Store: s}, func(w http.ResponseWriter, r *http.Request) {
				if !exists {
					gone(w, r)
					return
				}
				exists = false
				w.WriteHeader(204)
			})

			first, _, err := s.StartRun(t.Context(), runID)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Run(t.Context(), first); err == nil {
				t.Fatal("the crash was not one")
			}
			at = at.Add(jobs.LostAfter + time.Second)
			if n, err := s.RescueRuns(t.Context()); n != 1 || err != nil {
				t.Fatalf("rescued %d, %v", n, err)
			}
			second, _, err := s.StartRun(t.Context(), runID)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Run(t.Context(), second); err != nil {
				t.Fatal(err)
			}
			// And once more, after it is done.
			if _, started, err := s.StartRun(t.Context(), runID); started != jobs.RunOver || err != nil {
				t.Errorf("a run that is done starts again: %v, %v", started, err)
			}
			d, err := s.CallDetail(t.Context(), callID)
			if err != nil || len(d.Recordings) != 1 || d.Recordings[0].Status != interview.RecordingDeleted || len(d.History) != 1 {
				t.Errorf("%+v, %+v, %v", d.Recordings, d.History, err)
			}
			if asked.Load() != 2 {
				t.Errorf("Twilio was asked %d times", asked.Load())
			}
		})
	}
}

// unconsented makes a call with a recording that nobody agreed to, and returns its id and that of the run that deletes it.
func unconsented(t *testing.T, s *store.Store) (callID, runID string) {
	t.Helper()
	c, err := s.CreateCampaign(t.Context(), interview.Campaign{Name: "Shelves", Status: interview.CampaignActive})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.CreateCalls(t.Context(), store.NewCalls{CampaignID: c.ID, PhoneNumbers: []string{"+15551234567"},
		Answer: func(calls []interview.Call) (store.Answer, error) {
			callID = calls[0].ID
			return store.Answer{Status: 202}, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	p := store.NewProcessor(s, func(call interview.Call, e *inbox.Event) (interview.Change, inbox.Reply, error) {
		call.TwilioSid, call.AccountSid = e.CallSid, account
		return interview.Change{Call: call,
			Recordings: []interview.Recording{{Sid: "RE1", CallID: call.ID, Status: interview.RecordingCompleted}},
			Jobs:       []interview.Job{interview.NewDeleteRecording(call.ID, "RE1")}}, inbox.Reply{}, nil
	})
	if _, err := p.Process(t.Context(), &inbox.Event{ID: "CA1:recording:RE1", Kind: inbox.KindRecording, Subject: callID, CallSid: "CA1", ReceivedAt: now}); err != nil {
		t.Fatal(err)
	}
	const find = `SELECT id FROM function_runs WHERE function = 'delete-recording'`
	if pool := s.Postgres(); pool != nil {
		err = pool.QueryRow(t.Context(), find).Scan(&runID)
	} else {
		err = s.SQLite().QueryRowContext(t.Context(), find).Scan(&runID)
	}
	if err != nil || strings.TrimSpace(runID) == "" {
		t.Fatalf("no run deletes the recording: %v", err)
	}
	return callID, runID
}
