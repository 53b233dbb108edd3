package jobs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/openai"
	"github.com/i-agent/iagent/internal/pipeline"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/twilio"
)

const account = "AC00000000000000000000000000000001"

// service is a server that can go away and come back at the same address.
type service struct {
	t       *testing.T
	address string
	handler http.Handler

	mu     sync.Mutex
	server *httptest.Server
}

func newService(t *testing.T, handler http.Handler) *service {
	t.Helper()
	address, err := e2e.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	s := &service{t: t, address: address, handler: handler}
	t.Cleanup(s.away)
	return s
}

// away closes the address: connections are refused.
func (s *service) away() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server != nil {
		s.server.Close()
		s.server = nil
	}
}

// answer serves the address.
func (s *service) answer(handler http.Handler) {
	s.t.Helper()
	s.away()
	s.mu.Lock()
	defer s.mu.Unlock()
	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}}
	s.server.Start()
}

func (s *service) back() { s.t.Helper(); s.answer(s.handler) }

func answerWith(status int, header, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if name, value, ok := strings.Cut(header, ": "); ok {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// pipelineFixture is a database in which every function has one run to do, and the engine that does them when it is told to.
type pipelineFixture struct {
	*fixture
	twilio, models *service
	engine         *jobs.Engine
	results        []jobs.Result
}

func newPipelineFixture(t *testing.T, url string) *pipelineFixture {
	t.Helper()
	w := &pipelineFixture{fixture: open(t, url)}
	w.twilio, w.models = newService(t, http.HandlerFunc(serveTwilio)), newService(t, http.HandlerFunc(serveModels))
	rest, err := twilio.New(twilio.Config{AccountSid: account, AuthToken: "token", APIURL: "http://" + w.twilio.address})
	if err != nil {
		t.Fatal(err)
	}
	models, err := openai.New(openai.Config{BaseURL: "http://" + w.models.address + "/v1"})
	if err != nil {
		t.Fatal(err)
	}
	s, now := w.store, w.clock.Now
	dial := &pipeline.OrchestrateCall{Store: s, Twilio: rest, URLs: interview.CallbackURLs{Base: "https://calls.example.com"}, From: "+15550009999", Now: now}
	end := &pipeline.EndCall{Store: s, Twilio: rest}
	remove := &pipeline.DeleteRecording{Store: s, Twilio: rest, Now: now}
	transcribe := &pipeline.TranscribeRecording{Store: s, Twilio: rest, Models: models, Now: now}
	extract := &pipeline.ExtractClaims{Store: s, Models: models}
	validate := &pipeline.ValidateClaim{Store: s, Models: models, Model: "test"}
	config := jobs.Config{
		Ledger: s, Now: now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		OnAttempt: func(_ interview.Run, r jobs.Result, _ time.Duration) { w.results = append(w.results, r) },
		Functions: []jobs.Function{
			{Name: interview.OrchestrateCall, Concurrency: 1, Run: dial.Run}, {Name: interview.EndCall, Concurrency: 1, Run: end.Run},
			{Name: interview.DeleteRecording, Concurrency: 1, Run: remove.Run},
			{Name: interview.TranscribeRecording, Concurrency: 1, Run: transcribe.Run},
			{Name: interview.ExtractClaims, Concurrency: 1, Run: extract.Run}, {Name: interview.ValidateClaim, Concurrency: 1, Run: validate.Run},
		},
	}
	w.engine = w.newEngine(config)
	w.fill()
	return w
}

func serveTwilio(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Calls.json"):
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"sid":"CA%032d","account_sid":%q,"status":"queued"}`, 99, account)
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodGet:
		_, _ = io.WriteString(w, "ID3 audio")
	default:
		_, _ = fmt.Fprintf(w, `{"sid":"CA%032d"}`, 1)
	}
}

func serveModels(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if strings.HasSuffix(r.URL.Path, "/transcriptions") {
		_, _ = io.WriteString(w, `{"text":"We pay five dollars a case","duration":3,"segments":[{"start":0,"end":3,"text":"We pay five dollars a case"}]}`)
		return
	}
	body, _ := io.ReadAll(r.Body)
	answer := `{"claims":[]}`
	if strings.Contains(string(body), "INCONCLUSIVE") {
		answer = `{"verdict":"INCONCLUSIVE","conclusion":"Nobody knows.","reasons":[]}`
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"choices": []any{map[string]any{"message": map[string]any{"role": "assistant", "content": answer}}}})
}

// fill makes the calls: one is queued, one answered by a machine, one refused with a recording, one recorded, one
// transcribed, and three made the claims that a hypothesis is judged by.
func (w *pipelineFixture) fill() {
	w.t.Helper()
	ctx := w.t.Context()
	campaign, err := w.store.CreateCampaign(ctx, interview.Campaign{Name: "Shelves", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours(),
		PromptTemplate: "- What do you pay?", Hypotheses: []interview.Hypothesis{{Question: "Is it dear?"}}})
	if err != nil {
		w.t.Fatal(err)
	}
	var numbers []string
	for i := range 8 {
		numbers = append(numbers, fmt.Sprintf("+1555100%04d", i))
	}
	var calls []interview.Call
	_, err = w.store.CreateCalls(ctx, store.NewCalls{CampaignID: campaign.ID, PhoneNumbers: numbers, Answer: func(created []interview.Call) (store.Answer, error) {
		calls = created
		return store.Answer{Status: 202}, nil
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	change := interview.Change{}
	processor := store.NewProcessor(w.store, func(call interview.Call, _ *inbox.Event) (interview.Change, inbox.Reply, error) {
		change.Call.ID, change.Call.CampaignID, change.Call.PhoneNumber, change.Call.CreatedAt = call.ID, call.CampaignID, call.PhoneNumber, call.CreatedAt
		return change, inbox.Reply{Status: 200, ContentType: "application/json", Body: []byte(`{}`)}, nil
	})
	send := func(n int, c interview.Change) {
		w.t.Helper()
		sid := fmt.Sprintf("CA%032d", n)
		c.Call.TwilioSid, c.Call.AccountSid = sid, account
		change = c
		if _, err := processor.Process(ctx, &inbox.Event{ID: sid, Kind: inbox.KindStatus, Subject: calls[n].ID, CallSid: sid, AccountSid: account,
			Body: []byte("x"), ReceivedAt: w.clock.Now()}); err != nil {
			w.t.Fatal(err)
		}
	}
	send(1, interview.Change{Call: interview.Call{Status: interview.CallInProgress, AnsweredBy: "machine_start"}, Jobs: []interview.Job{interview.NewEndCall(calls[1].ID)}})
	recording := func(n int) interview.Recording {
		sid := fmt.Sprintf("RE%032d", n)
		return interview.Recording{Sid: sid, CallID: calls[n].ID, Status: interview.RecordingCompleted, Channels: 1,
			URL: "http://" + w.twilio.address + "/2010-04-01/Accounts/" + account + "/Recordings/" + sid}
	}
	send(2, interview.Change{Call: interview.Call{Status: interview.CallCompleted, Consent: interview.ConsentRefused},
		Recordings: []interview.Recording{recording(2)}, Jobs: []interview.Job{interview.NewDeleteRecording(calls[2].ID, recording(2).Sid)}})
	for n := 3; n < 8; n++ {
		r := recording(n)
		send(n, interview.Change{Call: interview.Call{Status: interview.CallCompleted, Consent: interview.ConsentGiven},
			Recordings: []interview.Recording{r}, Jobs: []interview.Job{interview.NewTranscribeRecording(calls[n].ID, r.Sid, r.URL)}})
		if n == 3 {
			continue
		}
		run := w.take(interview.TranscribeRecording, calls[n].ID+":"+r.Sid)
		if err := w.store.SaveTranscript(ctx, run, calls[n].ID, r.Sid, []interview.Utterance{
			{Speaker: interview.SpeakerCallee, Text: "We pay five dollars a case", EndSec: 3}}); err != nil {
			w.t.Fatal(err)
		}
		if n == 4 {
			continue
		}
		run = w.take(interview.ExtractClaims, calls[n].ID+":"+r.Sid)
		claim := interview.Claim{HypothesisID: campaign.Hypotheses[0].ID, Field: "OTHER", Unit: "NONE", Text: "Five dollars.", RawText: "five dollars", Confidence: .9}
		if err := w.store.SaveClaims(ctx, run, calls[n].ID, r.Sid, []interview.Claim{claim}); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *pipelineFixture) take(function interview.Function, key string) interview.Run {
	w.t.Helper()
	for _, l := range w.list("") {
		if l.Function == function && l.Key == key {
			run, _, err := w.store.StartRun(w.t.Context(), l.ID)
			if err != nil {
				w.t.Fatal(err)
			}
			return run
		}
	}
	w.t.Fatalf("no run of %s %s", function, key)
	return interview.Run{}
}

func (w *pipelineFixture) list(state interview.RunState) []store.LedgerRun {
	w.t.Helper()
	runs, err := w.store.Runs(context.Background(), store.RunFilter{State: state}, store.Page{Limit: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	return runs.Items
}

// work makes every attempt that is due within a time, at the moment it is due; the clock is then at the end of it.
func (w *pipelineFixture) work(within time.Duration) {
	w.t.Helper()
	end := w.clock.Now().Add(within)
	due := func(l store.LedgerRun) time.Time {
		if l.NotBefore != nil {
			return *l.NotBefore
		}
		return l.CreatedAt
	}
	for {
		waiting := w.list(interview.RunWaiting)
		if len(waiting) == 0 {
			break
		}
		next := slices.MinFunc(waiting, func(a, b store.LedgerRun) int { return due(a).Compare(due(b)) })
		if due(next).After(end) {
			break
		}
		w.clock.Advance(max(due(next).Sub(w.clock.Now()), 0))
		if err := w.engine.Attempt(w.t.Context(), next.ID); err != nil {
			w.t.Fatal(err)
		}
	}
	w.clock.Advance(max(end.Sub(w.clock.Now()), 0))
}

// eachPipeline runs a test on both databases.
func eachPipeline(t *testing.T, test func(t *testing.T, w *pipelineFixture)) {
	t.Helper()
	storetest.EachAtOnce(t, func(t *testing.T, url string) { test(t, newPipelineFixture(t, url)) })
}

// Twilio and the model server are away for six hours, in any of the ways in which servers are. Every function is tried at
// least every four minutes all the time, and is done soon after they are back; audio that must be deleted within the hour.
func TestOutageOfSixHoursKillsNoRun(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]http.Handler{
		"refused":      nil,
		"503":          answerWith(503, "Retry-After: 86400", `{"error":{"message":"overloaded"}}`),
		"429":          answerWith(429, "Retry-After: 30", `{"code":20429,"message":"Too many requests","status":429}`),
		"page of 200":  answerWith(200, "Content-Type: text/html", `<html>We are doing maintenance</html>`),
		"408":          answerWith(408, "", ``),
		"cut off":      answerWith(200, "Content-Length: 100", `{"choices"`),
		"page of 502":  answerWith(502, "Content-Type: text/html", `<html>Bad gateway</html>`),
		"525 of proxy": answerWith(525, "", ``),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachPipeline(t, func(t *testing.T, w *pipelineFixture) {
				if fails == nil {
					w.twilio.away()
					w.models.away()
				} else {
					w.twilio.answer(fails)
					w.models.answer(fails)
				}
				w.work(6 * time.Hour)
				if dead := w.list(interview.RunFailed); len(dead) > 0 {
					t.Fatalf("died: %+v", dead[0])
				}
				open := w.list(interview.RunWaiting)
				if len(open) < 4 {
					t.Fatalf("only %d runs were affected", len(open))
				}
				for _, run := range open {
					if pause := run.NotBefore.Sub(w.clock.Now()); run.Function != interview.DeleteRecording && pause > 10*time.Minute {
						t.Errorf("%s waits %s", run.Function, pause)
					}
				}
				w.twilio.back()
				w.models.back()
				w.work(11 * time.Minute)
				for _, run := range w.list(interview.RunWaiting) {
					if run.Function != interview.DeleteRecording {
						t.Errorf("not done after the return: %+v", run)
					}
				}
				w.work(time.Hour)
				if left := len(w.list(interview.RunWaiting)) + len(w.list(interview.RunFailed)); left > 0 {
					t.Errorf("%d runs are not done", left)
				}
			})
		})
	}
}

// When a server that refuses connections is back, nobody waits longer than five minutes.
func TestRunIsDoneWithinMinutesOfTheReturn(t *testing.T) {
	t.Parallel()
	eachPipeline(t, func(t *testing.T, w *pipelineFixture) {
		w.twilio.back()
		w.work(30 * time.Minute)
		if len(w.list(interview.RunWaiting)) < 3 {
			t.Fatal("the model server was not missed")
		}
		w.models.back()
		w.work(5 * time.Minute)
		if left := w.list(interview.RunWaiting); len(left) > 0 {
			t.Errorf("%d left: %+v", len(left), left[0])
		}
	})
}

// After a day of failing a run is dead and listed; long before that it counts as late. Somebody who retries it gives it
// another day.
func TestRunThatFailsForADayIsDeadAndListed(t *testing.T) {
	t.Parallel()
	eachPipeline(t, func(t *testing.T, w *pipelineFixture) {
		w.twilio.back()
		w.work(23 * time.Hour)
		late, err := w.store.Overdue(t.Context(), interview.DefaultDeadlines(), 100)
		if err != nil {
			t.Fatal(err)
		}
		whats := map[string]bool{}
		for _, l := range late {
			whats[l.What] = true
		}
		if !whats["run:extract-claims"] || !whats["run:validate-claim"] || !whats["run:transcribe-recording"] {
			t.Errorf("late: %v", whats)
		}
		if dead := w.list(interview.RunFailed); len(dead) > 0 {
			t.Fatalf("died early: %+v", dead[0])
		}
		w.work(2 * time.Hour)
		dead := w.list(interview.RunFailed)
		if len(dead) != 3 || len(w.list(interview.RunWaiting)) != 0 {
			t.Fatalf("%d dead", len(dead))
		}
		for _, run := range dead {
			if run.Attempts < 24*15 || run.Attempts > 24*15*2 || !strings.HasPrefix(run.LastError, "transient: model: ") {
				t.Errorf("%s after %d attempts: %s", run.Function, run.Attempts, run.LastError)
			}
		}
		if _, err := w.store.RetryRun(t.Context(), dead[0].ID); err != nil {
			t.Fatal(err)
		}
		w.work(6 * time.Hour)
		if again, err := w.store.LedgerRun(t.Context(), dead[0].ID); err != nil || again.State != interview.RunWaiting {
			t.Errorf("retried: %+v, %v", again, err)
		}
	})
}

// What no repetition cures dies at its first attempt: a file or a request that is refused. A key that is refused is an
// operator's to mend: see TestRefusedKeyKillsNoRun.
func TestPermanentErrorEndsTheRunAtItsFirstAttempt(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 413, 422} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			w := newPipelineFixture(t, storetest.SQLite(t))
			w.twilio.back()
			w.models.answer(answerWith(status, "", `{"error":{"message":"no","code":"refused_by_test"}}`))
			w.work(time.Minute)
			dead := w.list(interview.RunFailed)
			if len(dead) != 3 {
				t.Fatalf("%d dead", len(dead))
			}
			for _, run := range dead {
				want := fmt.Sprintf(": %d %s: code refused_by_test", status, http.StatusText(status))
				if run.Attempts != 1 || !strings.HasSuffix(run.LastError, want) {
					t.Errorf("%s after %d attempts: %s", run.Function, run.Attempts, run.LastError)
				}
			}
		})
	}
}

// A model server refuses the key for half an hour, until somebody sets the right one.
func TestRefusedKeyKillsNoRun(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 403} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			w := newPipelineFixture(t, storetest.SQLite(t))
			w.twilio.back()
			w.models.answer(answerWith(status, "", `{"error":{"message":"no","code":"invalid_api_key"}}`))
			w.work(30 * time.Minute)
			if dead := w.list(interview.RunFailed); len(dead) > 0 {
				t.Fatalf("%d runs are dead: %s", len(dead), dead[0].LastError)
			}
			waiting := w.list(interview.RunWaiting)
			want := fmt.Sprintf("%d %s: code invalid_api_key: the key is refused", status, http.StatusText(status))
			if len(waiting) < 3 || !strings.HasSuffix(waiting[0].LastError, want) {
				t.Fatalf("%d runs wait: %+v", len(waiting), waiting)
			}
			w.models.back()
			w.work(5 * time.Minute)
			if left := w.list(interview.RunWaiting); len(left) > 0 {
				t.Errorf("%d left: %+v", len(left), left[0])
			}
		})
	}
}

// An error that nobody can classify, or a panic, is tried four times, however long the run failed for an outage before.
func TestUnclearErrorIsTriedABoundedNumberOfTimes(t *testing.T) {
	t.Parallel()
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		r := open(t, url)
		outage := true
		config := jobs.Config{Ledger: r.store, Now: r.clock.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
			Functions: []jobs.Function{{Name: interview.OrchestrateCall, Concurrency: 1, Run: func(context.Context, interview.Run) error {
				if outage {
					return context.DeadlineExceeded
				}
				panic("what was said: +15551234567")
			}}}}
		engine := r.newEngine(config)
		r.enqueue(1)
		attempt := func() store.LedgerRun {
			t.Helper()
			if err := engine.Attempt(t.Context(), r.only().ID); err != nil {
				t.Fatal(err)
			}
			r.clock.Advance(5 * time.Minute)
			return r.only()
		}
		for range 10 {
			if run := attempt(); run.State != interview.RunWaiting {
				t.Fatalf("%+v", run)
			}
		}
		outage = false
		for n := 1; n <= jobs.MaxAttempts; n++ {
			run := attempt()
			if (run.State == interview.RunFailed) != (n == jobs.MaxAttempts) {
				t.Fatalf("panic %d: %+v", n, run)
			}
			if strings.Contains(run.LastError, "said") || !strings.Contains(run.LastError, "panic with a string at outage_test.go:") {
				t.Errorf("last error %q", run.LastError)
			}
		}
	})
}
