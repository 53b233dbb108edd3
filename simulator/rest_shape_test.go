package simulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// restShapes are the properties of the answers by the name of the resource, with their JSON types. Facts from Twilio's
// published OpenAPI description (twilio_api_v2010.json), written down here so that nothing is added or left out unseen.
func restShapes(t *testing.T) map[string]map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/rest.json")
	if err != nil {
		t.Fatal(err)
	}
	var shapes map[string]map[string]string
	if err := json.Unmarshal(text, &shapes); err != nil {
		t.Fatal(err)
	}
	return shapes
}

// ask sends one REST request, with a query or a form, and decodes what comes back.
func (r *fixture) ask(t *testing.T, method, path string, form url.Values) (int, map[string]any) {
	t.Helper()
	request := httptest.NewRequest(method, "/2010-04-01/Accounts/"+testAccount+path, strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(testAccount, testToken)
	w := httptest.NewRecorder()
	r.sim.ServeHTTP(w, request)
	var body map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return w.Code, body
}

func jsonType(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case float64:
		if v == math.Trunc(v) {
			return "integer"
		}
		return "number"
	case map[string]any:
		return "object"
	default:
		return fmt.Sprintf("%T", v)
	}
}

// conform holds an answer against the names and types of its resource.
func conform(t *testing.T, what string, shape map[string]string, got map[string]any) {
	t.Helper()
	if have, want := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(shape)); !slices.Equal(have, want) {
		t.Errorf("%s has %q, want %q", what, have, want)
	}
	for name, types := range shape {
		if !slices.Contains(strings.Split(types, "|"), jsonType(got[name])) {
			t.Errorf("%s: %s is %v, want %s", what, name, got[name], types)
		}
	}
}

func TestRESTAnswersHaveTwiliosNamesAndTypes(t *testing.T) {
	shapes := restShapes(t)
	for _, script := range []Script{Consents(), Busy(), NoAnswer(), Machine()} {
		r, truth, _ := play(t, script)
		call := "/Calls/" + truth.CallSid
		_, body := r.ask(t, "GET", call+".json", nil)
		conform(t, script.Name, shapes["call"], body)
		for path, list := range map[string]string{"/Calls.json": "calls", call + "/Recordings.json": "recordings", "/Recordings.json": "recordings",
			call + "/Events.json": "events"} {
			resource := map[string]string{"/Calls.json": "call", call + "/Recordings.json": "call recording", "/Recordings.json": "recording",
				call + "/Events.json": "call event"}[path]
			status, body := r.ask(t, "GET", path, nil)
			items, ok := body[list].([]any)
			if status != 200 || !ok {
				t.Fatalf("%s: %d %v", path, status, body)
			}
			delete(body, list)
			conform(t, "page of "+path, shapes["page"], body)
			for _, item := range items {
				conform(t, path, shapes[resource], item.(map[string]any))
			}
			if list == "recordings" && len(items) != len(truth.Recordings) {
				t.Errorf("%s: %d recordings", path, len(items))
			}
		}
		for _, rec := range truth.Recordings {
			_, body = r.ask(t, "GET", call+"/Recordings/"+rec.Sid+".json", nil)
			conform(t, "recording of a call", shapes["call recording"], body)
			_, body = r.ask(t, "GET", "/Recordings/"+rec.Sid+".json", nil)
			conform(t, "recording of the account", shapes["recording"], body)
		}
		for path, want := range map[string]int{"/Calls/CA1.json": 404, "/Calls/CA1/Events.json": 404, "/Recordings/RE1.json": 404, "/Nothing.json": 404} {
			status, body := r.ask(t, "GET", path, nil)
			if conform(t, path, shapes["error"], body); status != want || body["code"] != 20404.0 {
				t.Errorf("%s: %d %v", path, status, body)
			}
		}
	}
}

// atAnswer runs what REST asks of a call in the middle of it: after its first TwiML is fetched, with pauses of the call's time
// between the steps.
func atAnswer(t *testing.T, config Config, pause time.Duration, steps ...func(r *fixture, sid string)) *fixture {
	t.Helper()
	var r *fixture
	n := 0
	config.Transport = straight{http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		if n < len(steps) && request.URL.Path == "/voice" {
			_ = request.ParseForm()
			steps[n](r, request.PostForm.Get("CallSid"))
			n++
			fmt.Fprintf(w, `<Response><Pause length="%d"/><Redirect>https://h.example/voice</Redirect></Response>`, int(pause.Seconds()))
			return
		}
		w.Write([]byte(`<Response><Hangup/></Response>`))
	})}
	r = newFixture(t, config)
	r.call(t, "+15557770001", func(p url.Values) {
		p.Set("Url", "https://h.example/voice")
		p.Del("StatusCallback")
	})
	r.wait(t)
	if n != len(steps) {
		t.Fatalf("%d of %d steps were made", n, len(steps))
	}
	return r
}

func TestRecordingIsPausedAndResumedOverREST(t *testing.T) {
	for behaviour, length := range map[string]time.Duration{"skip": 20 * time.Second, "silence": 30 * time.Second, "": 30 * time.Second} {
		shapes := restShapes(t)
		change := func(form url.Values, sid string, status int) func(*fixture, string) {
			return func(r *fixture, call string) {
				t.Helper()
				got, body := r.ask(t, "POST", "/Calls/"+call+"/Recordings/"+sid+".json", form)
				if got != status || status == 200 && body["status"] != form.Get("Status") || status != 200 && body["code"] == nil {
					t.Errorf("%v: %d %v", form, got, body)
				}
				if status == 200 {
					conform(t, "a recording that was changed", shapes["call recording"], body)
				}
			}
		}
		all := func(steps ...func(*fixture, string)) func(*fixture, string) {
			return func(r *fixture, call string) {
				for _, step := range steps {
					step(r, call)
				}
			}
		}
		r := atAnswer(t, Config{Pick: func(string, int) Script { return Script{Ring: 1, Greeting: "Hello?"} }}, 10*time.Second,
			all(change(url.Values{"Status": {"paused"}}, "Twilio.CURRENT", 404),
				func(r *fixture, call string) {
					if status, body := r.ask(t, "POST", "/Calls/"+call+"/Recordings.json", url.Values{"RecordingChannels": {"dual"}}); status != 201 || body["status"] != "in-progress" {
						t.Errorf("%d %v", status, body)
					}
				}, change(url.Values{"Status": {"in-progress"}}, "Twilio.CURRENT", 400), change(url.Values{"Status": {"processing"}}, "Twilio.CURRENT", 400),
				change(url.Values{"Status": {"paused"}, "PauseBehavior": {"loud"}}, "Twilio.CURRENT", 400)),
			all(change(url.Values{"Status": {"paused"}, "PauseBehavior": {behaviour}}, "Twilio.CURRENT", 200),
				change(url.Values{"Status": {"paused"}}, "Twilio.CURRENT", 400)),
			change(url.Values{"Status": {"in-progress"}}, "Twilio.CURRENT", 200),
			all(change(url.Values{"Status": {"stopped"}}, "Twilio.CURRENT", 200), change(url.Values{"Status": {"paused"}}, "Twilio.CURRENT", 404)))
		if rec := r.sim.Truths()[0].Recordings[0]; rec.Length != length || rec.Status != "completed" {
			t.Errorf("%q: %v long, %s; want %v", behaviour, rec.Length, rec.Status, length)
		}
	}
}

func TestWhatIsSaidInAPauseIsNotRecorded(t *testing.T) {
	for _, skip := range []bool{true, false} {
		r, _, _ := play(t, Consents())
		r.sim.mu.Lock()
		rec := r.sim.calls[0].recordings[0]
		before := rec.heard(Person)
		pause := recordingPause{from: before[0].start, to: before[0].end, skip: skip}
		rec.pauses = append(rec.pauses, pause)
		after := rec.heard(Person)
		moved := time.Duration(0)
		if skip {
			moved = pause.to.Sub(pause.from)
		}
		if len(after) != len(before)-1 || after[0].words[0].start != before[1].words[0].start.Add(-moved) {
			t.Errorf("skip %v: %d lines became %d, the next is at %v", skip, len(before), len(after), after[0].start)
		}
		r.sim.mu.Unlock()
	}
}

func TestDeletedRecordingLeavesItsMetadataForFortyDays(t *testing.T) {
	now := testNow
	r := newFixture(t, Config{Pick: func(string, int) Script { return Consents() }, Now: func() time.Time { return now }})
	r.call(t, "+15557770001")
	r.wait(t)
	truth := r.sim.Truths()[0]
	rec, call := "/Recordings/"+truth.Recordings[0].Sid, "/Calls/"+truth.CallSid
	count := func(path string) int {
		t.Helper()
		_, body := r.ask(t, "GET", path, nil)
		return len(body["recordings"].([]any))
	}
	for n, want := range []int{204, 404} {
		if status, _ := r.ask(t, "DELETE", []string{call, ""}[n]+rec+".json", nil); status != want {
			t.Errorf("deleting for the %d. time: %d", n+1, status)
		}
	}
	for path, want := range map[string]int{rec + ".json": 404, rec + ".wav?IncludeSoftDeleted=true": 404, call + rec + ".json?IncludeSoftDeleted=true": 404} {
		if status, _ := r.ask(t, "GET", path, nil); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	if n, m, k := count("/Recordings.json"), count("/Recordings.json?IncludeSoftDeleted=true"), count(call+"/Recordings.json?IncludeSoftDeleted=true"); n != 0 || m != 1 || k != 0 {
		t.Errorf("listed %d, with what was deleted %d, of the call %d", n, m, k)
	}
	status, body := r.ask(t, "GET", rec+".json?IncludeSoftDeleted=true", nil)
	if conform(t, "a deleted recording", restShapes(t)["recording"], body); status != 200 || body["status"] != "deleted" {
		t.Errorf("%d %v", status, body)
	}
	now = now.Add(41 * 24 * time.Hour)
	if n := count("/Recordings.json?IncludeSoftDeleted=true"); n != 0 {
		t.Errorf("%d after 41 days", n)
	}
	if status, _ := r.ask(t, "GET", rec+".json?IncludeSoftDeleted=true", nil); status != 404 {
		t.Errorf("fetched after 41 days: %d", status)
	}
}

func TestCallIsDeletedOnceItIsOver(t *testing.T) {
	r := atAnswer(t, Config{Pick: func(string, int) Script { return Script{Ring: 1} }}, time.Second, func(r *fixture, sid string) {
		if status, body := r.ask(t, "DELETE", "/Calls/"+sid+".json", nil); status != 409 || body["code"] != 20009.0 {
			t.Errorf("deleting a call that runs: %d %v", status, body)
		}
	})
	call := "/Calls/" + r.sim.Truths()[0].CallSid
	for _, step := range []struct {
		method, path string
		want         int
	}{{"GET", call + ".json", 200}, {"DELETE", call + ".json", 204}, {"DELETE", call + ".json", 404}, {"GET", call + ".json", 404},
		{"GET", call + "/Events.json", 404}, {"POST", call + ".json", 404}, {"GET", call + "/Recordings.json", 404}} {
		if status, _ := r.ask(t, step.method, step.path, nil); status != step.want {
			t.Errorf("%s %s: %d, want %d", step.method, step.path, status, step.want)
		}
	}
	if _, body := r.ask(t, "GET", "/Calls.json", nil); len(body["calls"].([]any)) != 0 {
		t.Errorf("still listed: %v", body)
	}
}

func TestEventsAreTheRequestsOfTheCallAndTheirAnswers(t *testing.T) {
	r := newFixture(t, Config{Seed: 5, Faults: Faults{Duplicate: 1, WrongToken: 1}, Pick: func(string, int) Script { return Refuses() }})
	r.app.refuses = true
	sid := r.call(t, "+15557770001")
	r.wait(t)
	_, body := r.ask(t, "GET", "/Calls/"+sid+"/Events.json", nil)
	var asked []string
	for _, item := range body["events"].([]any) {
		event := item.(map[string]any)
		request, response := event["request"].(map[string]any), event["response"].(map[string]any)
		parameters := request["parameters"].(map[string]any)
		u, err := url.Parse(request["url"].(string))
		if err != nil || request["method"] != "POST" || response["date_created"] == "" || jsonType(response["request_duration"]) != "integer" {
			t.Errorf("%v", event)
		}
		asked = append(asked, fmt.Sprintf("%s %v %v", u.Path[strings.LastIndexByte(u.Path, '/')+1:], parameters["call_status"], response["response_code"]))
	}
	want := []string{"Calls.json <nil> 201", "status initiated 200", "status ringing 200", "status in-progress 200", "voice in-progress 200",
		"consent in-progress 200", "status completed 200"}
	if !slices.Equal(asked, want) {
		t.Errorf("events %q, want %q", asked, want)
	}
}
