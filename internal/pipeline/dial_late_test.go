package pipeline_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/pipeline"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/internal/twilio"
)

// sleeper is a store after whose commit of an intent the machine sleeps for a while.
type sleeper struct {
	*store.Store
	mu     sync.Mutex
	now    time.Time
	sleeps time.Duration
}

func (s *sleeper) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *sleeper) BeginDial(ctx context.Context, run interview.Run, callID string) (interview.Dial, error) {
	dial, err := s.Store.BeginDial(ctx, run, callID)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(s.sleeps)
	return dial, err
}

func eachSleeper(t *testing.T, test func(t *testing.T, s *sleeper)) {
	t.Helper()
	for name, url := range map[string]func() string{
		"sqlite": func() string { return "sqlite:" + testdb.SQLite(t) }, "postgres": func() string { return testdb.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s := &sleeper{now: now}
			var err error
			if s.Store, err = store.Open(t.Context(), url(), store.Options{Now: s.clock, DialFrom: "+15550009999", DialAccount: account}); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			if err := s.MigrateUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			test(t, s)
		})
	}
}

// queue creates a call and returns its id and its run.
func (s *sleeper) queue(t *testing.T) string {
	t.Helper()
	c, err := s.CreateCampaign(t.Context(), interview.Campaign{Name: "Shelves", Category: "retail", PromptTemplate: "- What does it cost?",
		Status: interview.CampaignActive})
	if err != nil {
		t.Fatal(err)
	}
	var id string
	_, err = s.CreateCalls(t.Context(), store.NewCalls{CampaignID: c.ID, PhoneNumbers: []string{"+15551234567"},
		Answer: func(calls []interview.Call) (store.Answer, error) {
			id = calls[0].ID
			return store.Answer{Status: 202, Body: []byte("{}")}, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (s *sleeper) start(t *testing.T, callID string) interview.Run {
	t.Helper()
	list, err := s.Runs(t.Context(), store.RunFilter{}, store.Page{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list.Items {
		if r.Key == callID {
			run, started, err := s.StartRun(t.Context(), r.ID)
			if err != nil || started != jobs.RunStarted {
				t.Fatal(started, err)
			}
			return run
		}
	}
	t.Fatal("the call has no run")
	return interview.Run{}
}

func TestIntentThatHasEndedIsWithdrawnUnsent(t *testing.T) {
	eachSleeper(t, func(t *testing.T, s *sleeper) {
		c := newCarrier(t)
		client, err := twilio.New(twilio.Config{AccountSid: account, AuthToken: token, APIURL: c.URL})
		if err != nil {
			t.Fatal(err)
		}
		f := &pipeline.OrchestrateCall{Store: s, Twilio: client, URLs: interview.CallbackURLs{Base: "https://app.test"},
			Now: s.clock, Jitter: func() float64 { return 0 }}
		id := s.queue(t)
		s.sleeps = 30 * time.Second
		run := s.start(t, id)
		err = f.Run(t.Context(), run) // a request would fail the test
		until, waits := jobs.WaitUntil(err)
		if !waits {
			t.Fatalf("got %v", err)
		}
		if d, err := s.CallDetail(t.Context(), id); err != nil || d.Call.Status != interview.CallQueued || d.Call.DialedAt != nil {
			t.Fatalf("%+v, %v", d.Call, err)
		}
		if err := s.PostponeRun(t.Context(), run, jobs.Postponement{Until: until, Reason: err.Error()}); err != nil {
			t.Fatal(err)
		}
		// In time it is dialled, with the caller id of the intent.
		s.sleeps = 29 * time.Second
		c.place(func(w http.ResponseWriter, r *http.Request) {
			if r.Form.Get("From") != "+15550009999" {
				t.Errorf("from %s", r.Form.Get("From"))
			}
			created(w, r)
		})
		if err := f.Run(t.Context(), s.start(t, id)); err != nil {
			t.Fatal(err)
		}
		if d, err := s.CallDetail(t.Context(), id); err != nil || d.Call.Status != interview.CallDialing {
			t.Errorf("%+v, %v", d.Call, err)
		}
	})
}
