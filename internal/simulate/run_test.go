package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/simulator"
)

func options(base string) Options {
	return Options{URL: base + "/voice" + retried, StatusURL: base + "/status" + retried, RecordingURL: base + "/recording" + retried,
		AccountSid: account, AuthToken: token, OldToken: oldToken, Calls: 40, Rate: 1000, Seed: 7, Within: time.Minute}
}

func play(t *testing.T, o Options) *Result {
	t.Helper()
	var out bytes.Buffer
	o.Out = &out
	result, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if t.Failed() || testing.Verbose() {
		t.Log(out.String())
	}
	return result
}

// rules are the names of what broke.
func rules(r *Result) []string {
	var names []string
	for _, v := range r.Broken {
		names = append(names, v.Rule)
	}
	return names
}

func TestCorrectApplicationSurvivesARoughTwilio(t *testing.T) {
	result := play(t, options(correct(t)))
	if len(result.Broken) > 0 {
		t.Errorf("broken: %+v", result.Broken)
	}
	rep := result.Report
	if len(rep.Truths) != 40 || rep.Forged == 0 || rep.ForgedAccepted != 0 || rep.Duplicates == 0 || rep.Recognised == 0 {
		t.Errorf("%d calls, %d forged, %d believed, %d duplicates, %d recognised",
			len(rep.Truths), rep.Forged, rep.ForgedAccepted, rep.Duplicates, rep.Recognised)
	}
	for _, fault := range []simulator.Fault{simulator.FaultTwin, simulator.FaultReorder, simulator.FaultDelay, simulator.FaultUnreachable,
		simulator.FaultLostResponse, simulator.FaultStaleToken, simulator.FaultPortAdded, simulator.FaultBodyReencoded,
		simulator.FaultWrongToken, simulator.FaultTampered, simulator.FaultHTTPForHTTPS, simulator.FaultRecordingEarly} {
		if rep.Faults[fault] == 0 {
			t.Errorf("no %s in the run", fault)
		}
	}
}

func TestCorrectApplicationSurvivesAHostileTwilio(t *testing.T) {
	o := options(correct(t))
	o.Profile, o.Inbound = "hostile", true
	result := play(t, o)
	if len(result.Broken) > 0 {
		t.Errorf("broken: %+v", result.Broken)
	}
	if result.Report.Dropped == 0 || result.Report.Faults[simulator.FaultFlood] == 0 {
		t.Errorf("faults %v", result.Report.Faults)
	}
}

// The application is an inbox handler, and answers messages as exactly once as calls.
func TestCorrectApplicationSurvivesMessagesOfAHostileTwilio(t *testing.T) {
	for _, profile := range []string{"rough", "hostile"} {
		base := correct(t)
		o := options(base)
		o.URL, o.StatusURL, o.RecordingURL, o.SMS, o.Profile, o.Linger = base+"/message"+retried, "", "", true, profile, time.Millisecond
		result := play(t, o)
		if len(result.Broken) > 0 {
			t.Errorf("%s: broken: %+v", profile, result.Broken)
		}
		rep := result.Report
		inbound := 0
		for _, m := range rep.Messages {
			if m.Direction == "inbound" {
				inbound++
			}
		}
		if inbound < 60 || len(rep.Messages) < inbound+60 || rep.Forged == 0 || rep.ForgedAccepted != 0 || rep.Recognised == 0 || len(rep.Truths) != 0 {
			t.Errorf("%s: %d messages, %d inbound, %d forged, %d recognised", profile, len(rep.Messages), inbound, rep.Forged, rep.Recognised)
		}
	}
}

func TestCarelessApplicationsAreCaught(t *testing.T) {
	for name, test := range map[string]struct {
		app    *careless
		marks  bool
		broken string
	}{
		"each delivery is handled anew, and answered otherwise": {&careless{checks: true, answers: func(n int64, w http.ResponseWriter, r *http.Request) {
			say(w, strings.Repeat("Hello. ", int(n%7)+1))
		}}, false, simulator.RuleAnswersDiffer},
		"each delivery is handled anew, and answered alike": {&careless{checks: true, answers: func(_ int64, w http.ResponseWriter, r *http.Request) {
			say(w, "Hello.")
		}}, true, simulator.RuleTakenTwice},
		"signatures are not checked": {&careless{answers: func(_ int64, w http.ResponseWriter, r *http.Request) {
			say(w, "Hello.")
		}}, false, simulator.RuleForgedAccepted},
		"some webhooks always fail": {&careless{checks: true, answers: func(_ int64, w http.ResponseWriter, r *http.Request) {
			if r.PostFormValue("CallStatus") == "completed" {
				w.WriteHeader(500)
				return
			}
			say(w, "Hello.")
		}}, false, simulator.RuleUnanswered},
		"everything is a duplicate": {&careless{checks: true, answers: func(_ int64, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Webhook-Duplicate", "true")
			say(w, "Hello.")
		}}, false, simulator.RuleFalseDuplicate},
		"the answer is no TwiML": {&careless{checks: true, answers: func(_ int64, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/xml")
			w.Write([]byte("Hello."))
		}}, false, simulator.RuleDebuggerErrors},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(test.app.serve(t))
			o.MarksDuplicates = test.marks
			if result := play(t, o); !slices.Contains(rules(result), test.broken) {
				t.Errorf("not caught: %v", rules(result))
			}
		})
	}
}

// What an application does that gives a duplicate of its voice webhook the JSON of a status callback.
func TestJSONToADuplicateVoiceIsCaught(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]bool{}
	app := careless{checks: true, answers: func(_ int64, w http.ResponseWriter, r *http.Request) {
		id := r.URL.Path + r.PostFormValue("CallSid") + r.PostFormValue("CallStatus") + r.PostFormValue("RecordingStatus")
		mu.Lock()
		again := seen[id]
		seen[id] = true
		mu.Unlock()
		if again {
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte(`{"success":true,"duplicate":true}`))
			return
		}
		say(w, "Hello.")
	}}
	result := play(t, options(app.serve(t)))
	if got := rules(result); !slices.Equal(got, []string{simulator.RuleAnswersDiffer, simulator.RuleDebuggerErrors}) {
		t.Errorf("broken %v", got)
	}
	if !slices.ContainsFunc(result.Report.Debugger, func(e simulator.DebuggerEntry) bool { return e.Code == 12300 && e.Fault == simulator.FaultNone }) {
		t.Error("no 12300 in the Debugger")
	}
}

func TestAbsentApplicationIsReported(t *testing.T) {
	o := options("http://127.0.0.1:1")
	o.Calls, o.Profile = 2, "calm"
	if got := rules(play(t, o)); !slices.Contains(got, RuleNothingAnswered) || !slices.Contains(got, simulator.RuleUnanswered) {
		t.Errorf("broken %v", got)
	}
}

func TestAllArgumentFaultsAreNamedAtOnce(t *testing.T) {
	_, err := Run(t.Context(), Options{URL: "voice", From: "me", Calls: -1, Rate: -1, Speed: -1, Within: -1, Linger: -1, Keep: true, Profile: "angry", Rates: map[string]float64{"flu": 0.1, "drop": 2}})
	wrong := new(ArgumentError)
	if !errors.As(err, &wrong) {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{"--account", "--token", "--url", "--from", "--calls", "--rate", "--speed", "--within", "--linger", "--keep", `"angry"`, `"flu"`, "rate of drop"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	for name, o := range map[string]Options{"no URL": {}, "a URL while waiting": {WaitForCalls: true, URL: "http://h/v"},
		"a status URL of messages": {SMS: true, URL: "http://h/m", StatusURL: "http://h/s"}} {
		o.AccountSid, o.AuthToken = account, token
		if _, err := Run(t.Context(), o); !errors.As(err, &wrong) || len(wrong.Faults) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// announced reads where the REST API is from what a run prints.
type announced struct {
	e2e.LogBuffer
	url    chan string
	goesOn chan struct{} // gets a value once the simulator is kept after its report
}

func (a *announced) Write(p []byte) (int, error) {
	_, _ = a.LogBuffer.Write(p)
	if found := regexp.MustCompile(`POST (\S+)`).FindStringSubmatch(a.String()); found != nil {
		select {
		case a.url <- found[1]:
		default:
		}
	}
	if bytes.Contains(p, []byte(kept)) && a.goesOn != nil {
		a.goesOn <- struct{}{}
	}
	return len(p), nil
}

// dials asks a simulator for a call, as an application does.
func dials(t *testing.T, at, base, to string) {
	t.Helper()
	form := url.Values{"To": {to}, "From": {"+15550000000"}, "Url": {base + "/voice" + retried}, "StatusCallback": {base + "/status" + retried}}
	r, err := http.NewRequestWithContext(t.Context(), "POST", at, strings.NewReader(form.Encode()))
	if err != nil {
		t.Error(err)
		return
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(account, token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return
	}
	response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		t.Errorf("the call was answered %s", response.Status)
	}
}

func TestApplicationMayDialItself(t *testing.T) {
	base := correct(t)
	out := &announced{url: make(chan string, 1)}
	go func() { dials(t, <-out.url, base, "+15557770001") }()
	result, err := Run(t.Context(), Options{WaitForCalls: true, Calls: 1, AccountSid: account, AuthToken: token, Out: out, Profile: "calm", Linger: time.Millisecond, Within: 20 * time.Second})
	if err != nil || len(result.Broken) > 0 || len(result.Report.Truths) != 1 {
		t.Errorf("%+v, %v", result, err)
	}
	if !strings.Contains(out.String(), goneNow) {
		t.Errorf("it does not say that the simulator is gone:\n%s", out.String())
	}
}

// Of what an application still asks when its calls are over, such as whether there are recordings, a simulator that ended tells nothing.
func TestKeptSimulatorAnswersAndTakesCallsAfterItsReport(t *testing.T) {
	base := correct(t)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out := &announced{url: make(chan string, 1), goesOn: make(chan struct{}, 1)}
	go func() {
		defer interrupt()
		at := <-out.url
		dials(t, at, base, "+15557770001")
		<-out.goesOn
		dials(t, at, base, "+15557770002")
	}()
	result, err := Run(ctx, Options{WaitForCalls: true, Keep: true, Calls: 1, AccountSid: account, AuthToken: token, Out: out, Profile: "calm", Linger: time.Millisecond, Within: time.Minute})
	if err != nil || len(result.Report.Truths) != 2 {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestMissingCallsAreReported(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result, err := Run(ctx, Options{WaitForCalls: true, Calls: 3, AccountSid: account, AuthToken: token})
	if err != nil || !slices.Contains(rules(result), RuleCallsMissing) {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestSameSeedGivesTheSameReport(t *testing.T) {
	app := careless{checks: true, answers: func(_ int64, w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("CallStatus") == "busy" {
			w.WriteHeader(500)
			return
		}
		say(w, "Hello.")
	}}
	o := options(app.serve(t))
	o.Run = "one"
	first, second := play(t, o), play(t, o)
	a, b := first.Report.Faults, second.Report.Faults
	if asJSON(t, a) != asJSON(t, b) || asJSON(t, first.Report.Calls) != asJSON(t, second.Report.Calls) || first.Report.Webhooks != second.Report.Webhooks {
		t.Errorf("%v\n%v", a, b)
	}
}

func TestReportIsJSON(t *testing.T) {
	o := options(correct(t))
	o.Calls = 3
	var out bytes.Buffer
	if err := play(t, o).WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var back struct {
		Command string            `json:"command"`
		Broken  []json.RawMessage `json:"broken"`
		Report  struct {
			Faults map[string]int    `json:"faults"`
			Truths []json.RawMessage `json:"truths"`
		} `json:"report"`
	}
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.Broken == nil || len(back.Report.Truths) != 3 {
		t.Errorf("%+v, %v", back, err)
	}
	if !strings.Contains(back.Command, "--seed 7 --profile rough") || strings.Contains(strings.ReplaceAll(out.String(), account, ""), token) {
		t.Errorf("the report has the token in it, or no command: %s", back.Command)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
