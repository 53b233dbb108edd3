package verify_test

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/internal/verify"
	"github.com/i-agent/iagent/internal/webhook"
)

const account = "AC00000000000000000000000000000001"

// world is a database with the traffic of many calls in it, made by the real inbox and the real transactions of the
// functions.
type world struct {
	t         *testing.T
	store     *store.Store
	processor *store.Processor
	decide    store.Decide
	campaign  interview.Campaign
	// deliveries is how often each webhook comes.
	deliveries int
	numbers    int

	mu    sync.Mutex
	now   time.Time
	calls map[string][]string // ids by what became of the call
}

// eachDatabase runs a test on both databases.
func eachDatabase(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, newWorld(t, "sqlite:"+testdb.SQLite(t))) })
	t.Run("postgres", func(t *testing.T) { test(t, newWorld(t, testdb.Postgres(t))) })
}

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	w := &world{t: t, deliveries: 1, calls: map[string][]string{}, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	// The database's clock is real where it stamps rows by itself.
	if real := time.Now().UTC().Truncate(time.Second); real.After(w.now) {
		w.now = real.Add(time.Hour)
	}
	s, err := store.Open(t.Context(), url, store.Options{Now: w.clock, DialsPerMinute: 10000})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.store, w.decide = s, webhook.New(webhook.Config{}).Decide
	w.processor = store.NewProcessor(s, w.decide)
	w.campaign, err = s.CreateCampaign(t.Context(), interview.Campaign{
		Name: "Shelves", Category: "oat drink", PromptTemplate: "- What does it cost?\n- How many?", Status: interview.CampaignActive,
		AnswerMode: interview.AnswerGather, Hypotheses: []interview.Hypothesis{{Question: "It costs more than 2 dollars."}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// exec changes the database behind the program's back.
func (w *world) exec(statement string, args ...any) {
	w.t.Helper()
	var n int64
	var err error
	if pool := w.store.Postgres(); pool != nil {
		tag, e := pool.Exec(w.t.Context(), statement, args...)
		n, err = tag.RowsAffected(), e
	} else {
		res, e := w.store.SQLite().ExecContext(w.t.Context(), statement, args...)
		if err = e; e == nil {
			n, err = res.RowsAffected()
		}
	}
	w.must(err)
	if n == 0 && !strings.HasPrefix(statement, "DROP") {
		w.t.Fatalf("nothing changed: %s %v", statement, args)
	}
}

func (w *world) text(query string, args ...any) (out string) {
	w.t.Helper()
	if pool := w.store.Postgres(); pool != nil {
		w.must(pool.QueryRow(w.t.Context(), query, args...).Scan(&out))
	} else {
		w.must(w.store.SQLite().QueryRowContext(w.t.Context(), query, args...).Scan(&out))
	}
	return out
}

func sidOf(callID string) string { return "CA" + callID }
func recOf(callID string) string { return "RE" + callID }

// send delivers a webhook as often as the world does.
func (w *world) send(kind inbox.Kind, callID, query string, params ...string) {
	w.t.Helper()
	w.pass(time.Second)
	form := url.Values{"CallSid": {sidOf(callID)}, "AccountSid": {account}}
	for i := 0; i < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	q, err := url.ParseQuery("callId=" + callID + query)
	w.must(err)
	event := &inbox.Event{Kind: kind, AccountSid: account, CallSid: sidOf(callID), Form: form, Query: q, Body: []byte(form.Encode()),
		Target: "/api/webhooks/twilio/" + string(kind) + "?callId=" + callID + query, ReceivedAt: w.clock().Add(123456789)}
	event.ID, event.Subject, err = webhook.Identify(kind, form, q)
	w.must(err)
	for range w.deliveries {
		_, err := w.processor.Process(w.t.Context(), event)
		w.must(err)
	}
}

func (w *world) status(callID, status string, sequence int, more ...string) {
	w.t.Helper()
	w.send(inbox.KindStatus, callID, "", append([]string{"CallStatus", status, "SequenceNumber", strconv.Itoa(sequence),
		"Timestamp", w.clock().Format(time.RFC1123Z)}, more...)...)
}

func (w *world) recording(callID, status string) {
	w.t.Helper()
	w.send(inbox.KindRecording, callID, "", "RecordingSid", recOf(callID), "RecordingStatus", status,
		"RecordingUrl", "https://api.twilio.com/2010-04-01/Recordings/"+recOf(callID), "RecordingChannels", "2", "RecordingDuration", "9")
}

// start takes a run.
func (w *world) start(function interview.Function, key string) interview.Run {
	w.t.Helper()
	id := w.text(`SELECT id FROM function_runs WHERE function = $1 AND key = $2`, string(function), key)
	run, _, err := w.store.StartRun(w.t.Context(), id)
	w.must(err)
	return run
}

// begin dials a new call up to the intent.
func (w *world) begin() (string, interview.Run) {
	w.t.Helper()
	w.pass(time.Second)
	var id string
	_, err := w.store.CreateCalls(w.t.Context(), store.NewCalls{CampaignID: w.campaign.ID, PhoneNumbers: []string{w.nextNumber()},
		Answer: func(calls []interview.Call) (store.Answer, error) {
			id = calls[0].ID
			return store.Answer{Status: 202, Body: []byte("{}")}, nil
		}})
	w.must(err)
	run := w.start(interview.OrchestrateCall, id)
	_, err = w.store.BeginDial(w.t.Context(), run, id)
	w.must(err)
	return id, run
}

// nextNumber is one that nobody has called.
func (w *world) nextNumber() string {
	w.numbers++
	return fmt.Sprintf("+1555%07d", w.numbers)
}

// dial places a new call.
func (w *world) dial() string {
	w.t.Helper()
	id, run := w.begin()
	w.must(w.store.DialAccepted(w.t.Context(), run, id, interview.PlacedCall{Sid: sidOf(id), AccountSid: account, Status: "queued"}))
	w.status(id, "initiated", 0)
	return id
}

func (w *world) keep(what, id string) { w.calls[what] = append(w.calls[what], id) }

// take gives a call of which this became, to one caller.
func (w *world) take(what string) string {
	w.t.Helper()
	list := w.calls[what]
	if len(list) == 0 {
		w.t.Fatalf("no call is left that was %s", what)
	}
	w.calls[what] = list[1:]
	return list[0]
}

// interviewed is a call that went well, up to its claims.
func (w *world) interviewed() string {
	w.t.Helper()
	ctx, id := w.t.Context(), w.dial()
	w.status(id, "ringing", 1)
	w.send(inbox.KindVoice, id, "", "CallStatus", "in-progress")
	w.status(id, "in-progress", 2)
	w.send(webhook.KindConsent, id, "", "CallStatus", "in-progress", "SpeechResult", "Yes, sure.")
	w.send(webhook.KindAMD, id, "", "AnsweredBy", "human")
	w.recording(id, "in-progress")
	w.send(webhook.KindAnswer, id, "&step=1", "CallStatus", "in-progress", "SpeechResult", "Three dollars.")
	w.status(id, "completed", 3, "CallDuration", "61")
	w.recording(id, "completed")
	run := w.start(interview.TranscribeRecording, id+":"+recOf(id))
	_, err := w.store.BeginTranscription(ctx, run, id, recOf(id))
	w.must(err)
	w.must(w.store.SaveTranscript(ctx, run, id, recOf(id), []interview.Utterance{{Speaker: interview.SpeakerCallee, Text: "Three dollars.", EndSec: 2}},
		interview.DroppedSegment{Utterance: interview.Utterance{Text: "Thank you."}, Reason: interview.DropSilence}))
	run = w.start(interview.ExtractClaims, id+":"+recOf(id))
	_, err = w.store.BeginExtraction(ctx, run, id, recOf(id))
	w.must(err)
	w.must(w.store.SaveClaims(ctx, run, id, recOf(id), []interview.Claim{{HypothesisID: w.campaign.Hypotheses[0].ID, Field: "PRICE", Unit: "USD",
		Text: "It costs 3 dollars.", RawText: "Three dollars.", Confidence: .9}}))
	_, err = w.store.RecordingsListed(ctx, id, 0, 1, 0)
	w.must(err)
	return id
}

// populate lets calls of every kind happen, n of those that went well.
func (w *world) populate(n int) {
	w.t.Helper()
	ctx := w.t.Context()
	for range n {
		w.keep("interviewed", w.interviewed())
	}
	for range 5 { // the recording came although the person refused
		id := w.dial()
		w.send(inbox.KindVoice, id, "", "CallStatus", "in-progress")
		w.send(webhook.KindConsent, id, "", "CallStatus", "in-progress", "SpeechResult", "what?")
		w.send(webhook.KindConsent, id, "&attempt=2", "CallStatus", "in-progress", "Digits", "2")
		w.send(webhook.KindAMD, id, "", "AnsweredBy", "human")
		w.recording(id, "completed")
		w.status(id, "completed", 3, "CallDuration", "20")
		run := w.start(interview.DeleteRecording, id+":"+recOf(id))
		_, err := w.store.BeginDeletion(ctx, run, id, recOf(id))
		w.must(err)
		w.must(w.store.RecordingDeleted(ctx, run, id, recOf(id)))
		w.keep("refused", id)
	}
	for range 2 { // busy, and told in the wrong order
		id := w.dial()
		w.status(id, "busy", 2)
		w.status(id, "ringing", 1)
		w.keep("busy", id)
	}
	id := w.dial() // a machine agreed
	w.send(webhook.KindConsent, id, "", "CallStatus", "in-progress", "SpeechResult", "yes")
	w.recording(id, "in-progress")
	w.send(webhook.KindAMD, id, "", "AnsweredBy", "machine_start")
	w.pass(time.Minute)
	w.recording(id, "completed")
	w.status(id, "completed", 3, "CallDuration", "20")
	w.keep("machine", id)

	id, run := w.begin() // nobody knew, then a callback did
	w.must(w.store.DialUnknown(ctx, run, id, "timeout"))
	w.status(id, "no-answer", 2)
	w.keep("unknown", id)

	id, run = w.begin()
	w.must(w.store.DialRefused(ctx, run, id, 21211, "not a number"))
	w.keep("rejected", id)

	id, run = w.begin() // turned away once
	w.must(w.store.DialPostponed(ctx, run, id))
	_, err := w.store.BeginDial(ctx, run, id)
	w.must(err)
	w.must(w.store.DialAccepted(ctx, run, id, interview.PlacedCall{Sid: sidOf(id), AccountSid: account}))
	w.status(id, "failed", 1, "ErrorCode", "13224")
	w.keep("postponed", id)

	id, run = w.begin() // proven absent and dialled again
	w.must(w.store.DialUnknown(ctx, run, id, "timeout"))
	w.pass(time.Minute) // until then the request may still arrive
	again, err := w.store.DialAbsent(ctx, id, 1, 0)
	w.must(err)
	if !again {
		w.t.Fatal("a proven absence did not dial again")
	}
	run = w.start(interview.OrchestrateCall, id+":redial:1")
	_, err = w.store.BeginDial(ctx, run, id)
	w.must(err)
	w.must(w.store.DialAccepted(ctx, run, id, interview.PlacedCall{Sid: sidOf(id), AccountSid: account}))
	w.status(id, "canceled", 1)
	w.keep("redialled", id)

	for range 2 {
		id = w.interviewed() // erased on request
		_, err = w.store.ErasePersonalData(ctx, store.ErasureRequest{CallID: id, RequestedBy: "her"})
		w.must(err)
		w.keep("erased", id)
	}
	for range 3 { // still under way
		id = w.dial()
		w.status(id, "in-progress", 2, "AnsweredBy", "human")
		w.keep("open", id)
	}
}

func (w *world) verify(change ...func(*verify.Config)) verify.Report {
	w.t.Helper()
	config := verify.Config{Store: w.store, Decide: w.decide}
	for _, f := range change {
		f(&config)
	}
	report, err := verify.Run(context.Background(), config)
	w.must(err)
	return report
}

// has reports whether a violation of this kind was found of the subject.
func has(r verify.Report, kind, subject string) bool {
	for _, v := range r.Violations {
		if v.Kind == kind && (v.Subject == subject || v.Detail == subject) {
			return true
		}
	}
	return false
}

func show(r verify.Report) string {
	var b strings.Builder
	for _, v := range r.Violations {
		fmt.Fprintf(&b, "\n%+v", v)
	}
	return b.String()
}

// erased takes a call that such became of, and erases it.
func (w *world) erased(what string) string {
	w.t.Helper()
	id := w.take(what)
	_, err := w.store.ErasePersonalData(w.t.Context(), store.ErasureRequest{CallID: id, RequestedBy: "test"})
	w.must(err)
	return id
}
