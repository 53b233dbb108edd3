package simulator

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
)

const (
	testAccount  = "AC0123456789abcdef0123456789abcdef"
	testToken    = "0123456789abcdef0123456789abcdef"
	testOldToken = "fedcba9876543210fedcba9876543210"
	testFrom     = "+15550001111"
)

var testNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// app is a small Twilio application: it asks for consent, at most twice, records, asks two questions. It keeps the
// first answer to each request for its duplicates, as a careful one does.
type app struct {
	t       *testing.T
	url     string
	policy  string // fragment of the action's URL
	refuses bool   // what is not signed, instead of failing the test

	mu      sync.Mutex
	answers map[string]string
	seen    []string
	asks    map[string]int
	broken  func(w http.ResponseWriter, r *http.Request) bool // answers in the app's stead
}

func newApp(t *testing.T) *app {
	t.Helper()
	a := &app{t: t, answers: map[string]string{}, asks: map[string]int{}}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		a.t.Errorf("parsing a webhook: %v", err)
	}
	if !a.signed(r) {
		if a.refuses {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		a.t.Errorf("%s: the official validator refuses the signature", r.RequestURI)
	}
	if r.Method == "POST" && r.Header.Get("Content-Type") != "application/x-www-form-urlencoded; charset=UTF-8" {
		a.t.Errorf("%s: Content-Type %q", r.RequestURI, r.Header.Get("Content-Type"))
	}
	if a.broken != nil && a.broken(w, r) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	sid := r.Form.Get("CallSid") + r.Form.Get("MessageSid")
	id := sid + r.URL.Path + r.URL.RawQuery + r.Form.Get("CallStatus") + r.Form.Get("RecordingStatus") + r.Form.Get("RecordingSid") + r.Form.Get("MessageStatus")
	if r.URL.Path != "/status" && r.URL.Path != "/recording" && r.URL.Path != "/message-status" {
		id = sid + r.URL.RequestURI()
	}
	body, duplicate := a.answers[id]
	if !duplicate {
		body = a.decide(r)
		a.answers[id] = body
		a.seen = append(a.seen, id)
	} else {
		w.Header().Set("X-Webhook-Duplicate", "true")
	}
	contentType := "text/xml"
	if strings.HasPrefix(body, "{") {
		contentType = "application/json"
	}
	w.Header().Set("Content-Type", contentType)
	fmt.Fprint(w, body)
}

// signed computes the signature as Twilio documents it, with the URL as Twilio was given it, with and without its port,
// and both tokens of a rotation. That the official validator agrees is in test/interop/simulator.
func (a *app) signed(r *http.Request) bool {
	var params string
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		values := slices.Sorted(slices.Values(r.PostForm[name]))
		for _, value := range slices.Compact(values) {
			params += name + value
		}
	}
	for _, token := range []string{testToken, testOldToken} {
		for _, base := range []string{a.url, a.url[:strings.LastIndexByte(a.url, ':')]} {
			mac := hmac.New(sha1.New, []byte(token))
			mac.Write([]byte(base + r.RequestURI + params))
			if r.Header.Get("X-Twilio-Signature") == base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
				return true
			}
		}
	}
	return false
}

func (a *app) decide(r *http.Request) string {
	question := func(n int) string {
		return fmt.Sprintf(`<Response><Gather input="dtmf speech" numDigits="1" timeout="4" action="%s/consent?n=%d%s" actionOnEmptyResult="true">
			<Say>May we record this call? Say yes, or press one.</Say></Gather><Say>Goodbye.</Say></Response>`, a.url, n, a.policy)
	}
	switch r.URL.Path {
	case "/voice":
		return question(1)
	case "/message", "/fallback":
		return fmt.Sprintf(`<Response><Message action="%s/message-status%s"><Body>You wrote: %s</Body></Message></Response>`, a.url, a.policy, r.Form.Get("Body"))
	case "/consent":
		said := strings.ToLower(r.Form.Get("SpeechResult"))
		words := strings.FieldsFunc(said, func(r rune) bool { return !unicode.IsLetter(r) })
		switch {
		case r.Form.Get("Digits") == "1" || slices.Contains(words, "yes"):
			return fmt.Sprintf(`<Response><Start><Recording recordingStatusCallback="%s/recording" recordingStatusCallbackEvent="in-progress completed"/></Start>
				<Say>What do you pay for a case?</Say><Pause length="6"/><Say>How many do you sell?</Say><Pause length="6"/>
				<Say>Thank you, goodbye.</Say></Response>`, a.url)
		case r.Form.Get("Digits") == "2" || strings.HasPrefix(said, "no") || r.Form.Get("n") == "2":
			return `<Response><Say>Goodbye.</Say><Hangup/></Response>`
		default:
			return question(2)
		}
	default:
		return `{"success":true}`
	}
}

// fixture is a simulator behind a server, and an application.
type fixture struct {
	sim *Simulator
	api *httptest.Server
	app *app
}

func newFixture(t *testing.T, config Config) *fixture {
	t.Helper()
	if config.AccountSid == "" {
		config.AccountSid, config.AuthToken = testAccount, testToken
	}
	if config.Now == nil {
		config.Now = func() time.Time { return testNow }
	}
	sim, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return served(t, sim)
}

// served is a simulator behind a server, with an application.
func served(t *testing.T, sim *Simulator) *fixture {
	t.Helper()
	api := httptest.NewServer(sim)
	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
		api.Close()
	})
	return &fixture{sim: sim, api: api, app: newApp(t)}
}

var allEvents = []string{"initiated", "ringing", "answered", "completed"}

// call places one call over REST, with all status events, and returns its SID.
func (r *fixture) call(t *testing.T, to string, change ...func(url.Values)) string {
	t.Helper()
	params := url.Values{"To": {to}, "From": {testFrom}, "Url": {r.app.url + "/voice?callId=1#rc=2&rp=5xx,ct"},
		"StatusCallback": {r.app.url + "/status?callId=1#rc=2&rp=5xx,ct"}, "StatusCallbackEvent": allEvents}
	for _, f := range change {
		f(params)
	}
	request, err := http.NewRequest("POST", r.api.URL+"/2010-04-01/Accounts/"+testAccount+"/Calls.json", strings.NewReader(params.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(testAccount, testToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("creating a call: %v", err)
	}
	defer response.Body.Close()
	var created struct{ Sid, Message string }
	if err := json.NewDecoder(response.Body).Decode(&created); err != nil || response.StatusCode != http.StatusCreated {
		t.Fatalf("creating a call: %s %s, %v", response.Status, created.Message, err)
	}
	return created.Sid
}

func (r *fixture) wait(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := r.sim.Wait(ctx); err != nil {
		t.Fatal(err)
	}
}

// play runs one call with one script to its end and returns what is true of it and what was sent.
func play(t *testing.T, script Script) (*fixture, Truth, []Delivery) {
	t.Helper()
	r := newFixture(t, Config{Pick: func(string, int) Script { return script }})
	r.call(t, "+15557770001")
	r.wait(t)
	return r, r.sim.Truths()[0], r.sim.Deliveries()
}

// kinds is a short form of a log: kind and status of each delivery.
func kinds(log []Delivery) string {
	var out []string
	for _, d := range log {
		name := string(d.Kind)
		switch d.Kind {
		case KindStatus:
			name = d.Params.Get("CallStatus")
		case KindRecording:
			name = "recording:" + d.Params.Get("RecordingStatus")
		case KindMessageStatus:
			name = d.Params.Get("MessageStatus")
		}
		if d.Fault != FaultNone {
			name += "(" + string(d.Fault) + ")"
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
