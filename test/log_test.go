package test_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/simulator"
)

// TestLogTellsTheLifeOfEachCallAndNoSecret runs a campaign in a simulation that delivers twice, forges and fails, at the level
// debug. Each step of a call is in the log once, with its ids; no secret and no number is there, however it is written. Then a
// person asks to be erased by number, and the log of the stop says what was served.
func TestLogTellsTheLifeOfEachCallAndNoSecret(t *testing.T) {
	t.Parallel()
	for engine, database := range map[string]func(*testing.T) string{
		"river":   func(t *testing.T) string { return testdb.Postgres(t) },
		"inngest": func(t *testing.T) string { return "sqlite:" + testdb.SQLite(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			logOfACampaign(t, e2etest.DefaultSettings(database(t)).With("JOBS_ENGINE", engine, "LOG_LEVEL", "debug",
				// Nobody is there: the error names the URL.
				"REDIS_URL", "redis://someone:redis-password-1@127.0.0.1:1/0"))
		})
	}
}

func logOfACampaign(t *testing.T, settings e2etest.Settings) {
	twilio := e2etest.NewSimulation(t, simulator.Config{Seed: 7, Model: e2etest.OneClaim, Faults: simulator.Faults{
		Duplicate: 0.5, Tampered: 0.3, WrongToken: 0.2, RESTBusy: 0.2, ModelProse: 0.2,
	}, Pick: func(string, int) simulator.Script {
		return simulator.Consents(simulator.Answer{Say: "It costs 2 dollars and 49 cents."})
	}})
	server := twilio.Serve(t, settings)
	people := []string{"+15557771001", "+15557771002", "+15557771003", "+15557771004"}
	calls := server.Place(t, people...)
	twilio.AwaitSettled(t, server.API)

	var erased struct {
		Calls []struct{ CallID string }
	}
	status, err := server.Client.Do(t.Context(), http.MethodDelete, "/api/personal-data", "",
		map[string]string{"phoneNumber": people[0], "requestedBy": "the person at " + people[0]}, &erased)
	if err != nil || status != http.StatusAccepted || len(erased.Calls) != 1 || erased.Calls[0].CallID != calls[0].ID {
		t.Errorf("erased by number: %d, %+v, %v", status, erased, err)
	}
	twilio.AwaitSettled(t, server.API)
	if left := server.Call(t, calls[0].ID); left.PhoneNumber != "" || left.Transcript != nil {
		t.Errorf("left of the erased call: %+v", left)
	}
	server.Term()
	server.Ended()

	text := server.Log()
	holdsNothingOfSomebody(t, text, settings, people)
	steps := map[string]map[string]int{}
	served, extracted, judged, numberOf := map[string]int{}, map[string]int{}, map[string]int{}, map[string]string{}
	for n, call := range calls {
		numberOf[call.ID] = people[n]
	}
	for one := range strings.Lines(text) {
		var line struct{ Level, Msg, Call, To, Event, Run, Request, Recording, Hypothesis, Of string }
		if err := json.Unmarshal([]byte(one), &line); err != nil || line.Level != "INFO" {
			continue
		}
		served[line.Msg]++
		switch line.Msg {
		case "claims extracted":
			extracted[line.Call]++
			fallthrough
		case "call transcribed":
			if line.To != interview.MaskPhoneNumber(numberOf[line.Call]) || line.Recording == "" || line.Run == "" {
				t.Errorf("not whose it is, or by which run: %s", one)
			}
		case "hypothesis judged":
			if line.Hypothesis == "" || line.Run == "" || line.Of == "" {
				t.Errorf("not of what it is, or by which run: %s", one)
			}
			for _, of := range strings.Split(line.Of, ",") {
				judged[of]++
			}
		}
		if !strings.HasPrefix(line.Msg, "call ") {
			continue
		}
		if steps[line.Call] == nil {
			steps[line.Call] = map[string]int{}
		}
		steps[line.Call][line.Msg]++
		if line.Event != "" && line.Request == "" {
			t.Errorf("an event without its request: %s", one)
		}
	}
	if served["serving"] != 1 || served["stopped"] != 1 {
		t.Errorf("beginning and end: %v", served)
	}
	for _, call := range calls {
		for _, step := range []string{"call dialled", "call ended"} {
			if steps[call.ID][step] != 1 {
				t.Errorf("call %s has %d lines %q: %v", call.ID, steps[call.ID][step], step, steps[call.ID])
			}
		}
		if steps[call.ID]["call answered"] > 1 || steps[call.ID]["call transcribed"] != 1 {
			t.Errorf("call %s: %v", call.ID, steps[call.ID])
		}
		if extracted[call.ID] != 1 || judged[call.ID] == 0 {
			t.Errorf("of call %s claims were extracted %d times and judged %d times", call.ID, extracted[call.ID], judged[call.ID])
		}
	}
}

// holdsNothingOfSomebody looks for every secret and every number, with and without its plus sign.
func holdsNothingOfSomebody(t *testing.T, text string, settings e2etest.Settings, people []string) {
	t.Helper()
	secrets := []string{"redis-password-1"}
	for name, value := range settings {
		if strings.Contains(name, "TOKEN") || strings.Contains(name, "KEY") {
			secrets = append(secrets, value)
		}
	}
	for _, secret := range secrets {
		if len(secret) >= 6 && strings.Contains(text, secret) {
			t.Errorf("a secret is in the log: %s", around(text, secret))
		}
	}
	for _, number := range append(people, settings["TWILIO_PHONE_NUMBER"]) {
		if digits := strings.TrimPrefix(number, "+"); strings.Contains(text, digits) {
			t.Errorf("a number is in the log: %s", around(text, digits))
		}
	}
}

// around is the line of a text with what was found in it.
func around(text, found string) string {
	at := strings.Index(text, found)
	begin, end := strings.LastIndexByte(text[:at], '\n')+1, strings.IndexByte(text[at:], '\n')
	if end < 0 {
		return text[begin:]
	}
	return text[begin : at+end]
}

// Whoever asks for calls outside the hours gets calls that wait: the log says so, once for however many.
func TestLogSaysThatNobodyIsCalledNow(t *testing.T) {
	t.Parallel()
	server := e2etest.NewTwilio(t).Serve(t, e2etest.DefaultSettings("sqlite:"+testdb.SQLite(t)))
	var campaign map[string]any
	if err := json.Unmarshal(e2etest.Campaign, &campaign); err != nil {
		t.Fatal(err)
	}
	// The day after the next one, wherever the person is.
	campaign["callingHours"] = []map[string]string{{"days": strings.ToLower(time.Now().UTC().AddDate(0, 0, 3).Weekday().String()[:3]), "from": "09:00", "to": "18:00"}}
	id, err := server.CreateCampaign(t.Context(), "", campaign)
	if err != nil {
		t.Fatal(err)
	}
	calls, err := server.Client.Place(t.Context(), id, "", []string{"+12125550101", "+12125550102", "+12125550103"})
	if err != nil {
		t.Fatal(err)
	}
	const said = `"msg":"people are not called now","refusal":"OUTSIDE_HOURS"`
	e2etest.Eventually(t, func() error {
		if n := strings.Count(server.Log(), said); n != 1 {
			return fmt.Errorf("the log says %d times that people are not called", n)
		}
		return nil
	})
	for _, call := range calls {
		if now := server.Call(t, call.ID); now.Status != "QUEUED" {
			t.Errorf("call %s is %s", call.ID, now.Status)
		}
	}
}
