package app

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/simulate"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/signature"
)

// newSimulator is what the program gives the server.
func newSimulator(c SimulatorConfig) (Simulator, error) {
	return simulate.Interviewer{AccountSid: c.AccountSid, AuthToken: c.AuthToken, OpenAIKey: c.OpenAIKey, Transport: c.Transport, Run: c.Run}.Simulator()
}

// serveSimulating is serve with a simulator, and with settings of a Twilio and of models that must not be asked for anything.
func serveSimulating(t *testing.T, c Config, configure func(at string, c *Config)) string {
	t.Helper()
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Something is asked at the start, and when something is overdue; nothing of a call.
		if r.Method != http.MethodGet || strings.Contains(r.URL.Path, "Recordings") || strings.HasPrefix(r.URL.Path, "/v1/") {
			t.Errorf("%s %s was asked of the real service", r.Method, r.URL.Path)
		}
		http.Error(w, "no", http.StatusServiceUnavailable)
	}))
	t.Cleanup(outside.Close)
	c.AdminToken, c.APIURL, c.OpenAIBaseURL, c.OpenAIKey = adminToken, outside.URL, outside.URL+"/v1", "a-real-key"
	c.PhoneNumber = "+15550009999"
	listener, url := listen(t)
	configure(url, &c)
	run(t, c, Options{Listener: listener, Simulator: newSimulator})
	return url
}

func TestSimulatedInterviewIsPlayedByTheServerItselfAndCountsNowhere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		c := complete()
		c.DatabaseURL, c.AccountSid = database, "AC"+strings.Repeat("0", 32)
		app := serveSimulating(t, c, func(string, *Config) {})
		started := apiObject(t, "POST", app+"/api/simulations", `{}`, http.StatusAccepted)
		call, campaign := started["callId"].(string), started["campaignId"].(string)
		shown := interviewed(t, app, call)
		if shown["simulated"] != true || shown["consentGiven"] != true || !strings.HasPrefix(shown["phoneNumber"].(string), "+12025550") {
			t.Errorf("%v", shown)
		}
		if _, page := ask(t, "GET", app+"/console/calls/"+call, ""); !strings.Contains(page, `class="badge simulated"`) || strings.Contains(page, "proof that no recording") {
			t.Errorf("the page is not marked, or waits for what Twilio does not have:\n%s", page)
		}
		if got := apiObject(t, "GET", app+"/api/campaigns/"+campaign, "", http.StatusOK); got["simulated"] != true {
			t.Errorf("%v", got)
		}
		// Each interview is of another person, as a verdict needs.
		people := map[any]bool{shown["phoneNumber"]: true}
		for range interview.MinEvidence - 1 {
			another := apiObject(t, "POST", app+"/api/simulations", `{}`, http.StatusAccepted)
			people[interviewed(t, app, another["callId"].(string))["phoneNumber"]] = true
		}
		if len(people) != interview.MinEvidence {
			t.Errorf("%d interviews of %d people", interview.MinEvidence, len(people))
		}
		judged(t, app, campaign)
		countsNothingSimulated(t, app, interview.MinEvidence)
		// Twilio's own signature does not pass for the simulator's.
		signed := "https://calls.example.com/api/webhooks/v1/twilio/status?callId=" + call
		form := url.Values{"CallSid": {"CA" + strings.Repeat("9", 32)}, "AccountSid": {c.AccountSid}, "CallStatus": {"busy"}}
		r, err := http.NewRequestWithContext(t.Context(), "POST", strings.Replace(signed, "https://calls.example.com", app, 1), strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(signature.Header, signature.Sign(c.AuthToken, signed, form))
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusConflict {
			t.Errorf("a webhook that Twilio signed for a simulated call: %s", response.Status)
		}
		// No number can be called by a simulated campaign, and no campaign can be made or changed to be one.
		apiObject(t, "POST", app+"/api/campaigns/"+campaign+"/calls", `{"phoneNumbers":["+15551234567"]}`, http.StatusConflict)
		apiObject(t, "POST", app+"/api/campaigns", `{"name":"n","category":"c","promptTemplate":"- What?","simulated":true,"hypotheses":[{"question":"Is it?"}]}`, http.StatusBadRequest)
		apiObject(t, "PATCH", app+"/api/campaigns/"+campaign, `{"simulated":false}`, http.StatusBadRequest)
	})
}

// judged waits until each hypothesis of a campaign has a verdict.
func judged(t *testing.T, app, campaign string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		shown := apiObject(t, "GET", app+"/api/campaigns/"+campaign, "", http.StatusOK)
		if shown["canComplete"] == true {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no verdict: %v", shown)
		}
		<-time.After(50 * time.Millisecond)
	}
}

// countsNothingSimulated looks for a figure of all campaigns in which something of simulated calls counts; there were so many.
func countsNothingSimulated(t *testing.T, app string, simulated int) {
	t.Helper()
	stats := apiObject(t, "GET", app+"/api/stats", "", http.StatusOK)
	left, _ := stats["simulatedLeftOut"].([]any)
	if len(left) != 1 || left[0].(map[string]any)["calls"] != float64(simulated) {
		t.Errorf("left out are %v", left)
	}
	for name := range stats {
		switch name {
		case "at", "callerIdsOf", "simulatedLeftOut":
			delete(stats, name)
		}
	}
	for what, n := range figures("", stats) {
		if n != 0 {
			t.Errorf("%s is %v, with simulated calls only", what, n)
		}
	}
	_, metrics := ask(t, "GET", app+"/metrics", "")
	for line := range strings.Lines(metrics) {
		counts := strings.Contains(line, `iagent_calls_total{`) || strings.Contains(line, "iagent_webhooks_total{")
		if counts && !strings.HasSuffix(strings.TrimSpace(line), " 0") {
			t.Errorf("a simulated call counts in metrics: %s", line)
		}
	}
}

// figures are the numbers in decoded JSON, by where they are.
func figures(at string, v any) map[string]float64 {
	found := map[string]float64{}
	within := func(at string, v any) {
		for where, n := range figures(at, v) {
			found[where] = n
		}
	}
	switch v := v.(type) {
	case float64:
		found[at] = v
	case map[string]any:
		for name, value := range v {
			within(at+"."+name, value)
		}
	case []any:
		for _, value := range v {
			within(at+"[]", value)
		}
	}
	return found
}

// interviewed waits until a simulated call is over and heard.
func interviewed(t *testing.T, app, call string) map[string]any {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		shown := apiObject(t, "GET", app+"/api/calls/"+call, "", http.StatusOK)
		if len(shown["claims"].([]any)) >= 3 && shown["status"] == "COMPLETED" {
			return shown
		}
		if time.Now().After(deadline) {
			t.Fatalf("not done: %v", shown)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func TestSimulatedInterviewIsPlayedOnInngest(t *testing.T) {
	c := complete()
	c.DatabaseURL, c.AccountSid = storetest.SQLite(t), "AC"+strings.Repeat("0", 32)
	app := serveSimulating(t, c, func(at string, c *Config) {
		c.URL = at
		i := e2etest.NewInngest(t, func() string { return at })
		c.JobsEngine, c.InngestBaseURL, c.InngestServeHost, c.InngestEventKey, c.InngestSigningKey = "inngest", i.URL, i.ServeHost, i.EventKey, i.SigningKey
	})
	started := apiObject(t, "POST", app+"/api/simulations", `{}`, http.StatusAccepted)
	interviewed(t, app, started["callId"].(string))
}

func TestSimulatedCallWithoutItsSimulatorEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		s, err := store.Open(t.Context(), database, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		call, err := s.StartSimulation(t.Context(), interview.SimulatedCampaign(), interview.SimulatedNumbers())
		if err != nil {
			t.Fatal(err)
		}
		real, err := s.CreateCampaign(t.Context(), interview.Campaign{Name: "real", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours()})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.CreateCalls(t.Context(), store.NewCalls{CampaignID: real.ID, PhoneNumbers: []string{"+15551234567"},
			Answer: func([]interview.Call) (store.Answer, error) { return store.Answer{Body: []byte{}}, nil }})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.CreateCalls(t.Context(), store.NewCalls{CampaignID: real.ID, PhoneNumbers: []string{"+15551234568"}, Simulated: true,
			Answer: func([]interview.Call) (store.Answer, error) { return store.Answer{Body: []byte{}}, nil }})
		if !errors.Is(err, store.ErrSimulated) {
			t.Errorf("a simulated call of a real campaign: %v", err)
		}
		if n, err := s.EndLostSimulations(t.Context(), time.Now().Add(-simulatorAwait)); n != 0 || err != nil {
			t.Errorf("%d calls that are still played were ended, %v", n, err)
		}
		if n, err := s.EndLostSimulations(t.Context(), time.Now().Add(time.Minute)); n != 1 || err != nil {
			t.Errorf("%d calls were ended, want the simulated one, %v", n, err)
		}
		if d, err := s.CallDetail(t.Context(), call.ID); err != nil || d.Call.Status != interview.CallFailed || !d.Call.Simulated {
			t.Errorf("%+v, %v", d.Call, err)
		}
	})
}

// apiObject sends a request to the API and reads the object that it is answered.
func apiObject(t *testing.T, method, url, body string, want int) map[string]any {
	t.Helper()
	response, text := askAPI(t, method, url, body)
	if response.StatusCode != want {
		t.Fatalf("%s %s: %s %s, want %d", method, url, response.Status, text, want)
	}
	object := map[string]any{}
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatal(err)
	}
	return object
}
