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
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/verify"
	"github.com/i-agent/iagent/internal/webhook"
)

const account = "AC00000000000000000000000000000001"

// fixture is a database with the traffic of many calls in it, made by the real inbox and the real transactions of the
// functions.
type fixture struct {
	t         *testing.T
	store     *store.Store
	processor *store.Processor
	decide    webhook.Decision
	campaign  interview.Campaign
	// deliveries is how often each webhook comes.
	deliveries int
	numbers    int
	// sent are the webhooks that were delivered, in order.
	sent    []*inbox.Event
	failing bool // whether webhooks must fail

	mu    sync.Mutex
	now   time.Time
	calls map[string][]string // ids by what became of the call
}

// eachDatabase runs a test on both databases.
func eachDatabase(t *testing.T, test func(t *testing.T, fx *fixture)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, url string) { test(t, newFixture(t, url)) })
}

func newFixture(t *testing.T, url string) *fixture {
	t.Helper()
	fx := &fixture{t: t, deliveries: 1, calls: map[string][]string{}, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	// The database's clock is real where it stamps rows by itself.
	if real := time.Now().UTC().Truncate(time.Second); real.After(fx.now) {
		fx.now = real.Add(time.Hour)
	}
	s, err := store.Open(t.Context(), url, store.Options{Now: fx.clock, DialsPerMinute: 10000})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	fx.store, fx.decide = s, webhook.New(webhook.Config{}).Decide
	fx.processor = store.NewProcessor(s, fx.decide)
	fx.campaign, err = s.CreateCampaign(t.Context(), interview.Campaign{
		Name: "Shelves", Category: "oat drink", PromptTemplate: "- What does it cost?\n- How many?", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours(),
		AnswerMode: interview.AnswerGather, Hypotheses: []interview.Hypothesis{{Question: "It costs more than 2 dollars."}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return fx
}

func (fx *fixture) clock() time.Time {
	fx.mu.Lock()
	defer fx.mu.Unlock()
	return fx.now
}

func (fx *fixture) pass(d time.Duration) {
	fx.mu.Lock()
	defer fx.mu.Unlock()
	fx.now = fx.now.Add(d)
}

func (fx *fixture) must(err error) {
	fx.t.Helper()
	if err != nil {
		fx.t.Fatal(err)
	}
}

// exec changes the database beside the store.
func (fx *fixture) exec(statement string, args ...any) {
	fx.t.Helper()
	if storetest.Exec(fx.t, fx.store, statement, args...) == 0 && !strings.HasPrefix(statement, "DROP") {
		fx.t.Fatalf("nothing changed: %s %v", statement, args)
	}
}

func (fx *fixture) text(query string, args ...any) (out string) {
	fx.t.Helper()
	storetest.QueryRow(fx.t, fx.store, query, args, &out)
	return out
}

func sidOf(callID string) string { return "CA" + callID }
func recOf(callID string) string { return "RE" + callID }

// send delivers a webhook as often as the fixture does.
func (fx *fixture) send(kind inbox.Kind, callID, query string, params ...string) {
	fx.t.Helper()
	fx.pass(time.Second)
	form := url.Values{"CallSid": {sidOf(callID)}, "AccountSid": {account}}
	for i := 0; i < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	q, err := url.ParseQuery("callId=" + callID + query)
	fx.must(err)
	event := &inbox.Event{Kind: kind, AccountSid: account, CallSid: sidOf(callID), Form: form, Query: q, Body: []byte(form.Encode()),
		Target: "/api/webhooks/twilio/" + string(kind) + "?callId=" + callID + query, ReceivedAt: fx.clock().Add(123456789)}
	event.ID, event.Subject, err = webhook.Identify(kind, form, q)
	fx.must(err)
	fx.sent = append(fx.sent, event)
	for range fx.deliveries {
		if _, err := fx.processor.Process(fx.t.Context(), event); (err != nil) != fx.failing {
			fx.t.Fatal(err)
		}
	}
}

func (fx *fixture) status(callID, status string, sequence int, more ...string) {
	fx.t.Helper()
	fx.send(inbox.KindStatus, callID, "", append([]string{"CallStatus", status, "SequenceNumber", strconv.Itoa(sequence),
		"Timestamp", fx.clock().Format(time.RFC1123Z)}, more...)...)
}

func (fx *fixture) recording(callID, status string) {
	fx.t.Helper()
	fx.send(inbox.KindRecording, callID, "", "RecordingSid", recOf(callID), "RecordingStatus", status,
		"RecordingUrl", "https://api.twilio.com/2010-04-01/Recordings/"+recOf(callID), "RecordingChannels", "2", "RecordingDuration", "9")
}

// start takes a run.
func (fx *fixture) start(function interview.Function, key string) interview.Run {
	fx.t.Helper()
	id := fx.text(`SELECT id FROM function_runs WHERE function = $1 AND key = $2`, string(function), key)
	run, _, err := fx.store.StartRun(fx.t.Context(), id)
	fx.must(err)
	return run
}

// begin dials a new call up to the intent.
func (fx *fixture) begin() (string, interview.Run) {
	fx.t.Helper()
	fx.pass(time.Second)
	var id string
	_, err := fx.store.CreateCalls(fx.t.Context(), store.NewCalls{CampaignID: fx.campaign.ID, PhoneNumbers: []string{fx.nextNumber()},
		Answer: func(calls []interview.Call) (store.Answer, error) {
			id = calls[0].ID
			return store.Answer{Status: 202, Body: []byte("{}")}, nil
		}})
	fx.must(err)
	run := fx.start(interview.OrchestrateCall, id)
	_, err = fx.store.BeginDial(fx.t.Context(), run, id)
	fx.must(err)
	return id, run
}

// nextNumber is one that nobody has called.
func (fx *fixture) nextNumber() string {
	fx.numbers++
	return fmt.Sprintf("+1555%07d", fx.numbers)
}

// dial places a new call.
func (fx *fixture) dial() string {
	fx.t.Helper()
	id, run := fx.begin()
	fx.must(fx.store.DialAccepted(fx.t.Context(), run, id, interview.PlacedCall{Sid: sidOf(id), AccountSid: account, Status: "queued"}))
	fx.status(id, "initiated", 0)
	return id
}

func (fx *fixture) keep(what, id string) { fx.calls[what] = append(fx.calls[what], id) }

// take gives a call of which this became, to one caller.
func (fx *fixture) take(what string) string {
	fx.t.Helper()
	list := fx.calls[what]
	if len(list) == 0 {
		fx.t.Fatalf("no call is left that was %s", what)
	}
	fx.calls[what] = list[1:]
	return list[0]
}

// interviewed is a call that went well, up to its claims.
func (fx *fixture) interviewed() string {
	fx.t.Helper()
	ctx, id := fx.t.Context(), fx.dial()
	fx.status(id, "ringing", 1)
	fx.send(inbox.KindVoice, id, "", "CallStatus", "in-progress")
	fx.status(id, "in-progress", 2)
	fx.send(webhook.KindConsent, id, "", "CallStatus", "in-progress", "SpeechResult", "Yes, sure.")
	fx.send(webhook.KindAMD, id, "", "AnsweredBy", "human")
	fx.recording(id, "in-progress")
	fx.send(webhook.KindAnswer, id, "&step=1", "CallStatus", "in-progress", "SpeechResult", "Three dollars.")
	fx.status(id, "completed", 3, "CallDuration", "61")
	fx.recording(id, "completed")
	run := fx.start(interview.TranscribeRecording, id+":"+recOf(id))
	_, err := fx.store.BeginTranscription(ctx, run, id, recOf(id))
	fx.must(err)
	fx.must(fx.store.SaveTranscript(ctx, run, id, recOf(id), []interview.Utterance{{Speaker: interview.SpeakerCallee, Text: "Three dollars.", EndSec: 2}},
		interview.DroppedSegment{Utterance: interview.Utterance{Text: "Thank you."}, Reason: interview.DropSilence}))
	run = fx.start(interview.ExtractClaims, id+":"+recOf(id))
	_, err = fx.store.BeginExtraction(ctx, run, id, recOf(id))
	fx.must(err)
	fx.must(fx.store.SaveClaims(ctx, run, id, recOf(id), []interview.Claim{{HypothesisID: fx.campaign.Hypotheses[0].ID, Field: "PRICE", Unit: "USD",
		Text: "It costs 3 dollars.", RawText: "Three dollars.", Confidence: .9}}))
	_, err = fx.store.RecordingsListed(ctx, id, 0, 1, 0)
	fx.must(err)
	return id
}

// populate lets calls of every kind happen, n of those that went well.
func (fx *fixture) populate(n int) {
	fx.t.Helper()
	ctx := fx.t.Context()
	for range n {
		fx.keep("interviewed", fx.interviewed())
	}
	for range 5 { // the recording came although the person refused
		id := fx.dial()
		fx.send(inbox.KindVoice, id, "", "CallStatus", "in-progress")
		fx.send(webhook.KindConsent, id, "", "CallStatus", "in-progress", "SpeechResult", "what?")
		fx.send(webhook.KindConsent, id, "&attempt=2", "CallStatus", "in-progress", "Digits", "2")
		fx.send(webhook.KindAMD, id, "", "AnsweredBy", "human")
		fx.recording(id, "completed")
		fx.status(id, "completed", 3, "CallDuration", "20")
		run := fx.start(interview.DeleteRecording, id+":"+recOf(id))
		_, err := fx.store.BeginDeletion(ctx, run, id, recOf(id))
		fx.must(err)
		fx.must(fx.store.RecordingDeleted(ctx, run, id, recOf(id)))
		fx.keep("refused", id)
	}
	for range 2 { // busy, and told in the wrong order
		id := fx.dial()
		fx.status(id, "busy", 2)
		fx.status(id, "ringing", 1)
		fx.keep("busy", id)
	}
	id := fx.dial() // a machine agreed
	fx.send(webhook.KindConsent, id, "", "CallStatus", "in-progress", "SpeechResult", "yes")
	fx.recording(id, "in-progress")
	fx.send(webhook.KindAMD, id, "", "AnsweredBy", "machine_start")
	fx.pass(time.Minute)
	fx.recording(id, "completed")
	fx.status(id, "completed", 3, "CallDuration", "20")
	fx.keep("machine", id)

	id, run := fx.begin() // nobody knew, then a callback did
	fx.must(fx.store.DialUnknown(ctx, run, id, "timeout"))
	fx.status(id, "no-answer", 2)
	fx.keep("unknown", id)

	id, run = fx.begin()
	fx.must(fx.store.DialRefused(ctx, run, id, 21211, "not a number"))
	fx.keep("rejected", id)

	id, run = fx.begin() // turned away once
	fx.must(fx.store.DialPostponed(ctx, run, id))
	_, err := fx.store.BeginDial(ctx, run, id)
	fx.must(err)
	fx.must(fx.store.DialAccepted(ctx, run, id, interview.PlacedCall{Sid: sidOf(id), AccountSid: account}))
	fx.status(id, "failed", 1, "ErrorCode", "13224")
	fx.keep("postponed", id)

	id, run = fx.begin() // proven absent and dialled again
	fx.must(fx.store.DialUnknown(ctx, run, id, "timeout"))
	fx.pass(time.Minute) // until then the request may still arrive
	again, err := fx.store.DialAbsent(ctx, id, 1, 0)
	fx.must(err)
	if !again {
		fx.t.Fatal("a proven absence did not dial again")
	}
	run = fx.start(interview.OrchestrateCall, id+":redial:1")
	_, err = fx.store.BeginDial(ctx, run, id)
	fx.must(err)
	fx.must(fx.store.DialAccepted(ctx, run, id, interview.PlacedCall{Sid: sidOf(id), AccountSid: account}))
	fx.status(id, "canceled", 1)
	fx.keep("redialled", id)

	for range 2 {
		id = fx.interviewed() // erased on request
		_, err = fx.store.ErasePersonalData(ctx, store.ErasureRequest{CallID: id, RequestedBy: "her"})
		fx.must(err)
		fx.keep("erased", id)
	}
	for range 3 { // still under way
		id = fx.dial()
		fx.status(id, "in-progress", 2, "AnsweredBy", "human")
		fx.keep("open", id)
	}
}

func (fx *fixture) verify(change ...func(*verify.Config)) verify.Report {
	fx.t.Helper()
	config := verify.Config{Store: fx.store, Decide: fx.decide}
	for _, f := range change {
		f(&config)
	}
	report, err := verify.Run(context.Background(), config)
	fx.must(err)
	return report
}

// breach is a change of the database that breaks a rule: what it changes, and what must be found of which subject.
type breach struct {
	kind  string
	plant func(fx *fixture) (subject string)
}

// findsAll plants breaches into the traffic of calls, of which so many went well, and verifies that all of them are found, and
// nothing before. Each has calls of its own, so that none can be taken for another: one verification finds them all.
func (fx *fixture) findsAll(interviewed int, breaches []breach) verify.Report {
	fx.t.Helper()
	fx.populate(interviewed)
	if report := fx.verify(); !report.OK() {
		fx.t.Fatal(show(report))
	}
	planted := map[[2]string]bool{}
	for _, b := range breaches {
		found := [2]string{b.kind, b.plant(fx)}
		if planted[found] {
			fx.t.Fatalf("two breaches are %s of %s", found[0], found[1])
		}
		planted[found] = true
	}
	report := fx.verify()
	for p := range planted {
		if !has(report, p[0], p[1]) {
			fx.t.Errorf("%s of %s: %v", p[0], p[1], report.Breaches)
		}
	}
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
func (fx *fixture) erased(what string) string {
	fx.t.Helper()
	id := fx.take(what)
	_, err := fx.store.ErasePersonalData(fx.t.Context(), store.ErasureRequest{CallID: id, RequestedBy: "test"})
	fx.must(err)
	return id
}
