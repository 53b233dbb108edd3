package reconcile_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/reconcile"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/twilio"
	"github.com/i-agent/iagent/internal/webhook"
)

const (
	account = "AC00000000000000000000000000000001"
	token   = "0123456789abcdef0123456789abcdef"
	ours    = "+15550009999"
	theirs  = "+15550001111"
)

// fixture is a reconciler between a real database and a stand-in for Twilio, on a clock of its own.
type fixture struct {
	t          *testing.T
	url        string
	store      *store.Store
	processor  *store.Processor
	fakeTwilio *fakeTwilio
	client     *twilio.Client
	reconciler *reconcile.Reconciler
	campaign   string
	numbers    int

	mu       sync.Mutex
	now      time.Time
	repaired []inbox.Kind
	traced   []string // call and what is overdue, when Twilio is asked, and how that ended
	pauses   []time.Duration
}

func eachDatabase(t *testing.T, test func(t *testing.T, r *fixture)) {
	t.Helper()
	storetest.EachAtOnce(t, func(t *testing.T, url string) { test(t, newFixture(t, url)) })
}

func newFixture(t *testing.T, url string) *fixture {
	t.Helper()
	r := &fixture{t: t, url: url, fakeTwilio: newFakeTwilio(t), now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	r.store = r.open()
	r.processor = store.NewProcessor(r.store, webhook.New(webhook.Config{}).Decide)
	var err error
	r.client, err = twilio.New(twilio.Config{AccountSid: account, AuthToken: token, APIURL: r.fakeTwilio.URL})
	r.must(err)
	r.reconciler = r.another(r.store)
	c, err := r.store.CreateCampaign(t.Context(), interview.Campaign{Name: "Shelves", Category: "retail",
		PromptTemplate: "- What does it cost?", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours()})
	r.must(err)
	r.campaign = c.ID
	return r
}

func (r *fixture) open() *store.Store {
	r.t.Helper()
	s, err := store.Open(r.t.Context(), r.url, store.Options{Now: r.clock, DialFrom: ours, DialAccount: account})
	r.must(err)
	r.t.Cleanup(s.Close)
	if db := s.SQLite(); db != nil {
		// These tests kill no machine, so they need not wait for the disk at every commit.
		_, err := db.ExecContext(r.t.Context(), "PRAGMA synchronous = OFF")
		r.must(err)
	}
	return s
}

// another is a reconciler as another process has one.
func (r *fixture) another(s *store.Store) *reconcile.Reconciler {
	return r.configured(s, ours, account, nil)
}

// configured is a reconciler of a process with this caller id and account.
func (r *fixture) configured(s *store.Store, from, accountSid string, accounts func(string) *twilio.Client) *reconcile.Reconciler {
	return reconcile.New(reconcile.Config{
		Store: s, Twilio: r.client, Processor: r.processor, Identify: webhook.Identify, From: from, AccountSid: accountSid, Accounts: accounts,
		Deadlines: interview.DefaultDeadlines(), RequestsPerSecond: 1e6, Log: slog.New(slog.DiscardHandler), Now: r.clock, Wait: r.wait,
		Trace: func(ctx context.Context, callID string, what interview.Overdue) (context.Context, func(error)) {
			return ctx, func(err error) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.traced = append(r.traced, fmt.Sprintf("%s %s %v", callID, what, err))
			}
		},
		OnRepair: func(kind inbox.Kind) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.repaired = append(r.repaired, kind)
		},
	})
}

func (r *fixture) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// pass lets time pass, with a look of the reconciler every ten seconds, and later every minute.
func (r *fixture) pass(d time.Duration) {
	r.t.Helper()
	step := 10 * time.Second
	for begin := r.clock(); r.clock().Before(begin.Add(d)); {
		if r.clock().Sub(begin) >= 6*time.Minute {
			step = time.Minute
		}
		r.advance(step)
		r.must(r.reconciler.Pass(r.t.Context()))
	}
}

// wait lets a pause pass at once.
func (r *fixture) wait(ctx context.Context, pause time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pauses, r.now = append(r.pauses, pause), r.now.Add(pause)
	return ctx.Err()
}

func (r *fixture) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

func (r *fixture) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// repairs is how many events were fetched.
func (r *fixture) repairs() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.repaired)
}

// text asks the database for one value.
func (r *fixture) text(query string, args ...any) (out string) {
	r.t.Helper()
	storetest.QueryRow(r.t, r.store, query, args, &out)
	return out
}

func (r *fixture) call(id string) store.CallDetail {
	r.t.Helper()
	d, err := r.store.CallDetail(r.t.Context(), id)
	r.must(err)
	return d
}

// notes counts a word in a call's history.
func (r *fixture) notes(id, what string) (n int) {
	for _, e := range r.call(id).History {
		if e.What == what {
			n++
		}
	}
	return n
}

// begin dials a new call up to the intent. All are to one number, as an older version let them be.
func (r *fixture) begin() (string, interview.Run) {
	r.t.Helper()
	var id string
	r.numbers++
	number := fmt.Sprintf("+1555%07d", r.numbers)
	_, err := r.store.CreateCalls(r.t.Context(), store.NewCalls{CampaignID: r.campaign, PhoneNumbers: []string{number},
		Answer: func(calls []interview.Call) (store.Answer, error) {
			id = calls[0].ID
			return store.Answer{Status: 202, Body: []byte("{}")}, nil
		}})
	r.must(err)
	run := r.dialAgain(id, id)
	r.text(`UPDATE calls SET phone_number = $1, live_number = '' WHERE id = $2 RETURNING id`, theirs, id)
	return id, run
}

// dialAgain takes the run with the key up to the intent.
func (r *fixture) dialAgain(id, key string) interview.Run {
	r.t.Helper()
	run, started, err := r.store.StartRun(r.t.Context(), r.text(`SELECT id FROM function_runs WHERE function = 'orchestrate-call' AND key = $1`, key))
	r.must(err)
	if started != jobs.RunStarted {
		r.t.Fatalf("run %s did not start", key)
	}
	dial, err := r.store.BeginDial(r.t.Context(), run, id)
	r.must(err)
	if dial.State != interview.DialProceed {
		r.t.Fatalf("the dial of %s: %s", key, dial.State)
	}
	return run
}

// placed is a call that Twilio accepted.
func (r *fixture) placed(sid string) string {
	r.t.Helper()
	id, run := r.begin()
	r.must(r.store.DialAccepted(r.t.Context(), run, id, interview.PlacedCall{Sid: sid, AccountSid: account}))
	return id
}

// unknown is a call of which nobody knows whether Twilio created it.
func (r *fixture) unknown() string {
	r.t.Helper()
	id, run := r.begin()
	r.must(r.store.DialUnknown(r.t.Context(), run, id, "timeout"))
	return id
}

// send delivers a webhook as Twilio would, and says what became of it.
func (r *fixture) send(kind inbox.Kind, callID, sid string, params ...string) inbox.Outcome {
	r.t.Helper()
	form := url.Values{"CallSid": {sid}, "AccountSid": {account}, "ApiVersion": {"2010-04-01"}}
	for i := 0; i < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	query := url.Values{"callId": {callID}}
	event := &inbox.Event{Kind: kind, AccountSid: account, CallSid: sid, Form: form, Query: query, Body: []byte(form.Encode()),
		Target: "/api/webhooks/twilio/" + string(kind) + "?" + query.Encode(), ReceivedAt: r.clock()}
	var err error
	event.ID, event.Subject, err = webhook.Identify(kind, form, query)
	r.must(err)
	result, err := r.processor.Process(context.Background(), event)
	r.must(err)
	return result.Outcome
}

// consents lets a placed call come as far as a yes.
func (r *fixture) consents(id, sid string) {
	r.t.Helper()
	r.send(inbox.KindVoice, id, sid, "CallStatus", "in-progress")
	r.send(webhook.KindConsent, id, sid, "CallStatus", "in-progress", "Digits", "1")
	r.send(webhook.KindAMD, id, sid, "AnsweredBy", "human")
}
