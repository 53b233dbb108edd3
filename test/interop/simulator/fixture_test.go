// Package simulator_test drives the public package simulator with the official
// clients of Twilio and OpenAI. It is here and not beside the package, so that
// whoever imports the package does not inherit the clients.
package simulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	twilio "github.com/twilio/twilio-go"
	twilioclient "github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/i-agent/iagent/simulator"
)

const (
	testAccount  = "AC0123456789abcdef0123456789abcdef"
	testToken    = "0123456789abcdef0123456789abcdef"
	testOldToken = "fedcba9876543210fedcba9876543210"
	testFrom     = "+15550001111"
)

var testNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// app is a small Twilio application: it asks for consent, at most twice, records and asks two questions. It answers only
// what the official validator accepts.
type app struct {
	url     string
	policy  string                                            // fragment of the action's URL
	refused atomic.Int64                                      // requests
	broken  func(w http.ResponseWriter, r *http.Request) bool // answers in the app's stead
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || !a.signed(r) {
		a.refused.Add(1)
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if a.broken != nil && a.broken(w, r) {
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	said := strings.ToLower(r.Form.Get("SpeechResult"))
	yes := slices.Contains(strings.FieldsFunc(said, func(r rune) bool { return !unicode.IsLetter(r) }), "yes")
	switch {
	case r.URL.Path == "/voice", r.URL.Path == "/consent" && !yes && !strings.HasPrefix(said, "no") && r.Form.Get("n") != "2":
		fmt.Fprintf(w, `<Response><Gather input="dtmf speech" numDigits="1" timeout="4" action="%s/consent?n=%d%s" actionOnEmptyResult="true">
			<Say>May we record this call?</Say></Gather><Say>Goodbye.</Say></Response>`, a.url, strings.Count(r.URL.Path, "consent")+1, a.policy)
	case r.URL.Path == "/consent" && yes:
		fmt.Fprintf(w, `<Response><Start><Recording recordingStatusCallback="%s/recording" recordingStatusCallbackEvent="in-progress completed"/></Start>
			<Say>What do you pay for a case?</Say><Pause length="6"/><Say>How many do you sell?</Say><Pause length="6"/><Say>Thank you.</Say></Response>`, a.url)
	case r.URL.Path == "/consent":
		fmt.Fprint(w, `<Response><Say>Goodbye.</Say><Hangup/></Response>`)
	default:
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"success":true}`)
	}
}

// signed asks the official validator, with the URL as Twilio was given it and both tokens of a rotation. It reads only the
// first value of a repeated name.
func (a *app) signed(r *http.Request) bool {
	form := map[string]string{}
	for name := range r.PostForm {
		form[name] = r.PostForm.Get(name)
	}
	return slices.ContainsFunc([]string{testToken, testOldToken}, func(token string) bool {
		validator := twilioclient.NewRequestValidator(token)
		return validator.Validate(a.url+r.RequestURI, form, r.Header.Get("X-Twilio-Signature"))
	})
}

// fixture is a simulator behind a server, an application, and the official client that talks to the first.
type fixture struct {
	sim    *simulator.Simulator
	api    *httptest.Server
	app    *app
	client *twilio.RestClient
}

func newFixture(t *testing.T, config simulator.Config) *fixture {
	t.Helper()
	config.AccountSid, config.AuthToken = testAccount, testToken
	config.Now = func() time.Time { return testNow }
	sim, err := simulator.New(config)
	if err != nil {
		t.Fatal(err)
	}
	r := &fixture{sim: sim, api: httptest.NewServer(sim), app: new(app)}
	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
		r.api.Close()
	})
	server := httptest.NewServer(r.app)
	t.Cleanup(server.Close)
	r.app.url, r.client = server.URL, officialClient(r.api.URL, testToken)
	return r
}

// officialClient is Twilio's own REST client, led to base instead of api.twilio.com.
func officialClient(base, token string) *twilio.RestClient {
	c := &twilioclient.Client{Credentials: twilioclient.NewCredentials(testAccount, token)}
	c.SetAccountSid(testAccount)
	c.HTTPClient = &http.Client{Transport: rewrite{base}}
	return twilio.NewRestClientWithParams(twilio.ClientParams{Client: c})
}

type rewrite struct{ base string }

func (rw rewrite) RoundTrip(r *http.Request) (*http.Response, error) {
	to, err := url.Parse(rw.base)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = to.Scheme, to.Host, to.Host
	return http.DefaultTransport.RoundTrip(r)
}

// call places one call over REST, with all status events, and returns its SID.
func (r *fixture) call(t *testing.T, to string) string {
	t.Helper()
	params := &openapi.CreateCallParams{}
	params.SetTo(to).SetFrom(testFrom).SetUrl(r.app.url + "/voice?callId=1#rc=2&rp=5xx,ct").
		SetStatusCallback(r.app.url + "/status?callId=1#rc=2&rp=5xx,ct").
		SetStatusCallbackEvent([]string{"initiated", "ringing", "answered", "completed"})
	call, err := r.client.Api.CreateCall(params)
	if err != nil {
		t.Fatalf("creating a call: %v", err)
	}
	return *call.Sid
}

func (r *fixture) wait(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := r.sim.Wait(ctx); err != nil {
		t.Fatal(err)
	}
}

// play runs one call with one script to its end and returns what is true of it and what was sent.
func play(t *testing.T, script simulator.Script) (*fixture, simulator.Truth, []simulator.Delivery) {
	t.Helper()
	r := newFixture(t, simulator.Config{Pick: func(string, int) simulator.Script { return script }})
	r.call(t, "+15557770001")
	r.wait(t)
	return r, r.sim.Truths()[0], r.sim.Deliveries()
}

// download gets a recording's media with the account's credentials.
func (r *fixture) download(t *testing.T, address string) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequest("GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(testAccount, testToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, body
}

// kinds is a short form of a log: the kind or status of each delivery.
func kinds(log []simulator.Delivery) string {
	var out []string
	for _, d := range log {
		name := string(d.Kind)
		switch d.Kind {
		case simulator.KindStatus:
			name = d.Params.Get("CallStatus")
		case simulator.KindRecording:
			name = "recording:" + d.Params.Get("RecordingStatus")
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
