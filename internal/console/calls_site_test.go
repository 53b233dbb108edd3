package console_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/console"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/webhook"
)

// callSite is a site whose server can be stopped and started again, at the same address, and whose webhooks are decided as the
// program does.
type callSite struct {
	*site
	access    console.Access
	processor *store.Processor
	listener  net.Addr
	server    *httptest.Server
	pages     *console.Console
	looks     atomic.Int64
	asked     []string // the calls that Twilio was asked about
}

func openCalls(t *testing.T) *callSite {
	t.Helper()
	return openCallsOn(t, storetest.SQLite(t))
}

func openCallsOn(t *testing.T, database string) *callSite {
	t.Helper()
	o := &callSite{site: &site{t: t, clock: newClock()}, access: tokensOf(t)}
	s, err := store.Open(t.Context(), database, store.Options{OnNewest: func() { o.looks.Add(1) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	o.store, o.browser = s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	o.processor = deciding(s)
	o.start()
	t.Cleanup(o.stop)
	return o
}

func (o *callSite) start() {
	o.t.Helper()
	rest := api.New(api.Config{Store: o.store, AdminToken: adminToken, Replay: o.processor.Replay,
		Reconcile: func(_ context.Context, callID string) (interview.Asked, error) {
			o.asked = append(o.asked, callID)
			return interview.Asked{About: interview.OverdueEnd, Repaired: 1}, nil
		}})
	var err error
	o.pages, err = console.New(console.Config{Store: o.store, API: api.Admit(rest), Access: o.access, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Now: o.clock.now})
	if err != nil {
		o.t.Fatal(err)
	}
	o.server = httptest.NewUnstartedServer(o.pages)
	if o.listener != nil {
		listener, err := (&net.ListenConfig{}).Listen(o.t.Context(), "tcp", o.listener.String())
		if err != nil {
			o.t.Fatal(err)
		}
		_ = o.server.Listener.Close()
		o.server.Listener = listener
	}
	// Those of the program: streams outlive them.
	o.server.Config.ReadTimeout, o.server.Config.WriteTimeout = 500*time.Millisecond, 500*time.Millisecond
	o.server.Config.RegisterOnShutdown(o.pages.EndStreams)
	o.server.Start()
	o.listener, o.url = o.server.Listener.Addr(), o.server.URL
}

// stop stops the server as the program does: it waits for what is being answered.
func (o *callSite) stop() {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := o.server.Config.Shutdown(ctx); err != nil {
		o.t.Errorf("streams hold up the stop of the server: %v", err)
	}
	o.server.Close()
}

// deciding is a processor that decides as the program does.
func deciding(s *store.Store) *store.Processor {
	return store.NewProcessor(s, webhook.New(webhook.Config{URLs: interview.CallbackURLs{Base: "https://calls.example.com"}}).Decide)
}

// delivers has Twilio send a webhook of a call. A parameter named step or attempt is the query's.
func (o *site) delivers(call string, kind inbox.Kind, at time.Time, parameters ...string) inbox.Result {
	o.t.Helper()
	sid := "CA" + strings.Repeat("0", 6) + call
	form, query := url.Values{"CallSid": {sid}, "AccountSid": {"AC1"}, "To": {numberOfEventful}}, url.Values{"callId": {call}}
	for i := 0; i+1 < len(parameters); i += 2 {
		if name := parameters[i]; name == "step" || name == "attempt" {
			query.Set(name, parameters[i+1])
		} else {
			form.Set(name, parameters[i+1])
		}
	}
	id, subject, err := webhook.Identify(kind, form, query)
	if err != nil {
		o.t.Fatal(err)
	}
	result, err := deciding(o.store).Process(o.t.Context(), &inbox.Event{ID: id, Kind: kind, Subject: subject, CallSid: sid, AccountSid: "AC1",
		Target: "/api/webhooks/v1/twilio/" + string(kind) + "?" + query.Encode(), ContentType: "application/x-www-form-urlencoded",
		Body: []byte(form.Encode()), Form: form, Query: query, ReceivedAt: at})
	if err != nil {
		o.t.Fatalf("%s: %v", id, err)
	}
	return result
}

// numberOfEventful is the number of the eventful call.
const numberOfEventful = "+15551234999"

// eventful makes the call of an interview of which much went wrong: a callback is missing and one was late, others came twice, one
// with another body; the recording has not come, and a run is dead.
func (o *site) eventful() (id string) {
	o.t.Helper()
	c, err := o.store.CreateCampaign(o.t.Context(), interview.Campaign{Name: "Shelves of oats", PromptTemplate: "- What does it cost?\n- How many a week?",
		Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours(), AnswerMode: interview.AnswerGather, Hypotheses: []interview.Hypothesis{{Question: "Is it dear?"}}})
	if err != nil {
		o.t.Fatal(err)
	}
	_, err = o.store.CreateCalls(o.t.Context(), store.NewCalls{CampaignID: c.ID, PhoneNumbers: []string{numberOfEventful}, Answer: func(made []interview.Call) (store.Answer, error) {
		id = made[0].ID
		return store.Answer{Body: []byte{}}, nil
	}})
	if err != nil {
		o.t.Fatal(err)
	}
	runs, err := o.store.Runs(o.t.Context(), store.RunFilter{CallID: id}, store.Page{Limit: 1})
	if err != nil || len(runs.Items) != 1 {
		o.t.Fatalf("%v, %v", runs, err)
	}
	run, _, err := o.store.StartRun(o.t.Context(), runs.Items[0].ID)
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := o.store.BeginDial(o.t.Context(), run, id); err != nil {
		o.t.Fatal(err)
	}
	if err := o.store.FailRun(o.t.Context(), run, "twilio: 503 about "+numberOfEventful); err != nil {
		o.t.Fatal(err)
	}
	sec := func(n float64) time.Time { return o.clock.now().Add(time.Duration(n * float64(time.Second))) }
	stamp := func(n float64) string { return sec(n).UTC().Format(time.RFC1123Z) }
	o.delivers(id, inbox.KindStatus, sec(1), "CallStatus", "initiated", "SequenceNumber", "0", "Timestamp", stamp(0.6))
	o.delivers(id, inbox.KindVoice, sec(9), "CallStatus", "in-progress")
	o.delivers(id, "amd", sec(12), "AnsweredBy", "human")
	o.delivers(id, webhook.KindConsent, sec(14), "SpeechResult", "yes", "Confidence", "0.9")
	o.delivers(id, webhook.KindAnswer, sec(31), "step", "1", "SpeechResult", "four dollars, ring me at 555 123 4999", "Confidence", "0.9")
	o.delivers(id, webhook.KindAnswer, sec(48), "step", "2", "SpeechResult", "a dozen <script>alert(1)</script>", "Confidence", "0.9")
	o.delivers(id, inbox.KindStatus, sec(61), "CallStatus", "completed", "SequenceNumber", "3", "CallDuration", "52", "Timestamp", stamp(60.5))
	o.delivers(id, inbox.KindStatus, sec(61.4), "CallStatus", "completed", "SequenceNumber", "3", "CallDuration", "52", "Timestamp", stamp(60.5))
	o.delivers(id, inbox.KindStatus, sec(252), "CallStatus", "in-progress", "SequenceNumber", "2", "Timestamp", stamp(9))
	o.delivers(id, inbox.KindVoice, sec(253), "CallStatus", "in-progress", "Caller", "another body")
	return id
}

// hrefOf is the address of the link with this text.
func hrefOf(t *testing.T, page, text string) string {
	t.Helper()
	at := strings.Index(page, ">"+text)
	if at < 0 {
		t.Fatalf("no link %s:\n%s", text, page)
	}
	tag := page[strings.LastIndex(page[:at], "<a "):at]
	_, rest, _ := strings.Cut(tag, `href="`)
	href, _, _ := strings.Cut(rest, `"`)
	return strings.ReplaceAll(href, "&amp;", "&")
}

func (o *callSite) get(page string) string {
	o.t.Helper()
	response, body := o.do("GET", page, "")
	if response.StatusCode != http.StatusOK {
		o.t.Fatalf("%s: %s\n%s", page, response.Status, body)
	}
	return body
}

func readCSV(t *testing.T, text string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return rows
}

// numbers are n numbers.
func numbers(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("+1555%07d", 2_000_000+i)
	}
	return list
}
