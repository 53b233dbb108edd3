package simulator_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/i-agent/iagent/simulator"
)

// A call to somebody who says no, from the REST request to the report.
func ExampleNew() {
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		switch r.URL.Path {
		case "/voice":
			fmt.Fprint(w, `<Response><Gather input="speech" action="/answer"><Say>May we ask you something?</Say></Gather></Response>`)
		case "/answer":
			fmt.Println("heard:", r.FormValue("SpeechResult"))
			fmt.Fprint(w, `<Response><Say>Goodbye.</Say></Response>`)
		case "/status":
			fmt.Println("status:", r.FormValue("CallStatus"))
			fmt.Fprint(w, `<Response/>`)
		}
	}))
	defer application.Close()

	sim, err := simulator.New(simulator.Config{
		AccountSid: "AC0123456789abcdef0123456789abcdef",
		AuthToken:  "secret",
		Pick:       func(to string, n int) simulator.Script { return simulator.Refuses() },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sim.Close()
	api := httptest.NewServer(sim)
	defer api.Close()

	// Any Twilio client does this, once it is told to talk to api.URL.
	form := url.Values{"To": {"+15557770001"}, "From": {"+15550001111"},
		"Url": {application.URL + "/voice"}, "StatusCallback": {application.URL + "/status"}}
	request, _ := http.NewRequest("POST", api.URL+"/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Calls.json",
		strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth("AC0123456789abcdef0123456789abcdef", "secret")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	response.Body.Close()
	fmt.Println("created:", response.StatusCode)

	if err := sim.Wait(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	report := sim.Report()
	fmt.Println("calls:", report.Calls, "webhooks:", report.Webhooks, "refused:", report.Refused)
	for _, line := range report.Truths[0].Lines {
		fmt.Printf("%5.1f s %s: %s\n", line.StartSec, line.Speaker, line.Text)
	}
	// Unordered output:
	// created: 201
	// heard: No, I'd rather not.
	// status: completed
	// calls: map[completed:1] webhooks: 3 refused: 0
	//   0.0 s agent: May we ask you something?
	//   0.3 s person: Yes, who is this?
	//   2.5 s person: No, I'd rather not.
	//   4.8 s agent: Goodbye.
}

// People come from a file, in YAML or JSON.
func ExampleReadPeople() {
	people, err := simulator.ReadPeople(strings.NewReader(`
people:
  - name: agrees
    replies: [{say: "Yes.", means: "yes"}]
    answers: [{say: "Twelve dollars a case.", about: price}]
  - name: on-the-phone
    outcome: busy
    numbers: ["+15557770007"]
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	pick := people.Pick(7) // for Config.Pick
	fmt.Println(pick("+15557770001", 0).Name, pick("+15557770007", 0).Name)
	// Output: agrees on-the-phone
}

// Words of one's own for somebody who consents.
func ExampleConsents() {
	script := simulator.Consents(
		simulator.Answer{Say: "We sell five cases per week.", About: "how many"},
		simulator.Answer{Say: "No, never.", About: "run out"},
	)
	fmt.Println(script.Name, script.Replies[0].Say, len(script.Answers))
	// Output: consents Yes, sure, go ahead. 2
}

// A Twilio on a bad day: four requests in ten come twice, two in ten late, and the same ones with every run of
// this seed.
func ExampleFaults() {
	sim, err := simulator.New(simulator.Config{
		AccountSid: "AC0123456789abcdef0123456789abcdef",
		AuthToken:  "secret",
		Seed:       7,
		Faults:     simulator.Faults{Duplicate: 0.4, Reorder: 0.2},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sim.Close()
	fmt.Println(sim.Report().Webhooks)
	// Output: 0
}

// A profile with one rate changed, and what a fault of it is about.
func ExampleParseProfile() {
	faults, err := simulator.ParseProfile("rough")
	if err == nil {
		err = faults.Set(simulator.FaultDrop, 0.01)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(faults.Duplicate, faults.Drop)
	for _, doc := range simulator.FaultDocs() {
		if doc.Name == simulator.FaultDrop {
			fmt.Println(doc.Correct)
		}
	}
	// Output:
	// 0.15 0.01
	// Notices what is missing, and asks Twilio's REST API.
}

// Somebody calls in; nobody has to ask the REST API for it.
func ExampleSimulator_Place() {
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, "<Response><Say>Good morning, %s.</Say></Response>", r.FormValue("From"))
	}))
	defer application.Close()
	sim, err := simulator.New(simulator.Config{AccountSid: "AC0123456789abcdef0123456789abcdef", AuthToken: "secret",
		Pick: func(string, int) simulator.Script { return simulator.Silent() }})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sim.Close()
	ctx := context.Background()
	if _, err := sim.Place(ctx, simulator.PlaceOptions{To: "+15557770001", From: "+15550001111", URL: application.URL, Inbound: true}); err != nil {
		fmt.Println(err)
		return
	}
	if err := sim.Wait(ctx); err != nil {
		fmt.Println(err)
		return
	}
	report := sim.Report()
	fmt.Println(report.Truths[0].Lines[0].Text, len(report.Broken))
	// Output: Good morning, +15557770001. 0
}

// Somebody texts, and answers what the application writes back.
func ExampleSimulator_Text() {
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		if r.FormValue("Body") == "Hello" {
			fmt.Fprint(w, "<Response><Message>May we ask you something?</Message></Response>")
			return
		}
		fmt.Fprint(w, "<Response><Message>Thank you.</Message></Response>")
	}))
	defer application.Close()
	sim, err := simulator.New(simulator.Config{AccountSid: "AC0123456789abcdef0123456789abcdef", AuthToken: "secret",
		Messaging: simulator.Messaging{URL: application.URL},
		Pick:      func(string, int) simulator.Script { return simulator.Refuses() }})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sim.Close()
	ctx := context.Background()
	if _, err := sim.Text(ctx, simulator.TextOptions{From: "+15557770001", To: "+15550001111", Body: "Hello"}); err != nil {
		fmt.Println(err)
		return
	}
	if err := sim.Wait(ctx); err != nil {
		fmt.Println(err)
		return
	}
	for _, message := range sim.MessageTruths() {
		fmt.Println(message.Direction, message.Status, message.Body)
	}
	// Output:
	// inbound received Hello
	// outbound-reply delivered May we ask you something?
	// inbound received No, I'd rather not.
	// outbound-reply delivered Thank you.
}

// A person missed a call and calls the number back, on a clock that moves from one event to the next.
func ExampleClock() {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("Direction") == "inbound" {
			fmt.Println("called by", r.FormValue("From"))
		}
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprint(w, `<Response><Say>Thank you for calling. Goodbye.</Say></Response>`)
	}))
	defer app.Close()

	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	clock := simulator.NewClock(start)
	sim, err := simulator.New(simulator.Config{
		AccountSid: "AC0123456789abcdef0123456789abcdef", AuthToken: "0123456789abcdef0123456789abcdef", Clock: clock,
		Account: simulator.Account{VoiceURL: app.URL},
		Pick: func(string, int) simulator.Script {
			return simulator.NoAnswer().CallingBack(3*3600, simulator.Silent())
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = sim.Close() }()
	if _, err := sim.Place(context.Background(), simulator.PlaceOptions{To: "+12125550123", From: "+15550001111", URL: app.URL}); err != nil {
		fmt.Println(err)
		return
	}
	for {
		if err := clock.WaitIdle(context.Background()); err != nil {
			fmt.Println(err)
			return
		}
		next, some := clock.Next()
		if !some {
			break
		}
		clock.AdvanceTo(next)
	}
	for _, truth := range sim.Truths() {
		fmt.Println(truth.Direction, truth.Status, "after", truth.Started.Sub(start).Truncate(time.Minute))
	}
	// Output:
	// called by +12125550123
	// outbound-api no-answer after 0s
	// inbound completed after 3h1m0s
}
