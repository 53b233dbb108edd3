package simulator

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// texting is a fixture whose application answers messages, and that plays one script.
func texting(t *testing.T, config Config, script Script) *fixture {
	t.Helper()
	config.Pick = func(string, int) Script { return script }
	r := newFixture(t, config)
	r.app.policy, r.app.refuses = policy, config.OldToken != ""
	retries := strings.ReplaceAll(policy, "&amp;", "&")
	r.sim.config.Messaging = Messaging{URL: r.app.url + "/message?q=1" + retries, FallbackURL: r.app.url + "/fallback" + retries}
	return r
}

func (r *fixture) text(t *testing.T, from, body string) string {
	t.Helper()
	sid, err := r.sim.Text(context.Background(), TextOptions{From: from, To: testFrom, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return sid
}

// send creates a message over REST.
func (r *fixture) send(t *testing.T, change url.Values) map[string]any {
	t.Helper()
	params := url.Values{"To": {"+15557770001"}, "From": {testFrom}, "Body": {"May we ask you something?"}, "StatusCallback": {r.app.url + "/message-status"}}
	maps.Copy(params, change)
	status, m := r.ask(t, "POST", "/Messages.json", params)
	if status != http.StatusCreated {
		t.Fatalf("creating a message: %d %v", status, m)
	}
	return m
}

func (r *fixture) fetchMessage(t *testing.T, sid string) map[string]any {
	t.Helper()
	status, m := r.ask(t, "GET", "/Messages/"+sid+".json", nil)
	if status != http.StatusOK {
		t.Fatalf("fetching message %s: %d %v", sid, status, m)
	}
	return m
}

func TestMessagingWebhookHasTwiliosFields(t *testing.T) {
	r := texting(t, Config{}, Silent())
	sid := r.text(t, "+15557770001", "Yes ✓")
	r.wait(t)
	d := only(t, r.sim.Deliveries(), "message")
	expect(t, d, map[string]string{"MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "AccountSid": testAccount, "ApiVersion": "2010-04-01",
		"From": "+15557770001", "To": testFrom, "Body": "Yes ✓", "NumMedia": "0", "NumSegments": "1", "SmsStatus": "received",
		"FromCountry": "US", "FromCity": "", "FromState": "", "FromZip": "", "ToCountry": "US", "ToCity": "", "ToState": "", "ToZip": ""})
	if len(d.Params) != 19 || d.MessageSid != sid || d.CallSid != "" || !strings.HasPrefix(sid, "SM") || len(sid) != 34 {
		t.Errorf("%+v", d)
	}
	unbroken(t, r)
}

func TestAnswerToAMessageBecomesAMessage(t *testing.T) {
	r := texting(t, Config{}, Silent())
	r.text(t, "+15557770001", "Hello")
	r.wait(t)
	log := r.sim.Deliveries()
	if got := kinds(log); got != "message sent delivered" {
		t.Fatalf("sent %s", got)
	}
	sent, delivered := only(t, log, "sent"), only(t, log, "delivered")
	for status, d := range map[string]Delivery{"sent": sent, "delivered": delivered} {
		expect(t, d, map[string]string{"MessageSid": d.MessageSid, "SmsSid": d.MessageSid, "MessageStatus": status, "SmsStatus": status,
			"From": testFrom, "To": "+15557770001", "AccountSid": testAccount, "ApiVersion": "2010-04-01"})
	}
	if len(sent.Params) != 8 || len(delivered.Params) != 9 || delivered.Params.Get("RawDlrDoneDate") != "2603011200" {
		t.Errorf("sent %v, delivered %v", sent.Params, delivered.Params)
	}
	m := r.fetchMessage(t, sent.MessageSid)
	if m["direction"] != "outbound-reply" || m["status"] != "delivered" || m["body"] != "You wrote: Hello" || m["to"] != "+15557770001" || m["from"] != testFrom {
		t.Errorf("%v", m)
	}
	truths := r.sim.Report().Messages
	if len(truths) != 2 || truths[0].Status != "received" || truths[0].Direction != "inbound" || truths[1].Body != "You wrote: Hello" {
		t.Errorf("%+v", truths)
	}
}

func TestMessageSentOverRESTIsAnsweredByTheScript(t *testing.T) {
	r := texting(t, Config{}, Consents(Answer{Say: "Twelve dollars.", About: "yes"}))
	m := r.send(t, nil)
	if m["status"] != "queued" || m["direction"] != "outbound-api" || m["date_sent"] != nil || m["num_segments"] != "1" || m["error_code"] != nil {
		t.Errorf("created %v", m)
	}
	r.wait(t)
	var bodies []string
	for _, truth := range r.sim.MessageTruths() {
		bodies = append(bodies, truth.Body)
	}
	want := []string{"May we ask you something?", "Yes, sure, go ahead.", "You wrote: Yes, sure, go ahead.", "Twelve dollars.", "You wrote: Twelve dollars."}
	if !slices.Equal(bodies, want) {
		t.Errorf("said %q", bodies)
	}
	if p := r.sim.Progress(); p.Messages != 5 || p.MessagesEnded != 5 || p.Conversations != 1 || p.ConversationsEnded != 1 || p.Calls != 0 {
		t.Errorf("%+v", p)
	}
	unbroken(t, r)
}

func TestMessageStatusesAreThoseOfTheReceipt(t *testing.T) {
	for name, test := range map[string]struct {
		script Script
		change url.Values
		want   string // callbacks
		status string
		code   int
	}{
		"delivered":         {Silent(), nil, "sent delivered", "delivered", 0},
		"no receipt":        {Script{Receipt: NoReceipt}, nil, "sent", "sent", 0},
		"undelivered":       {Script{Receipt: Undelivered}, nil, "sent undelivered", "undelivered", 30003},
		"landline":          {Script{Receipt: Undelivered, ErrorCode: 30006}, nil, "sent undelivered", "undelivered", 30006},
		"no such number":    {Fails(), nil, "sent undelivered", "undelivered", 30005},
		"failed":            {Script{Receipt: SendingFails}, nil, "failed", "failed", 30001},
		"messaging service": {Silent(), url.Values{"MessagingServiceSid": {"MG1"}, "From": nil}, "queued sent delivered", "delivered", 0},
	} {
		r := texting(t, Config{Numbers: []string{testFrom}}, test.script)
		created := r.send(t, test.change)
		r.wait(t)
		log := r.sim.Deliveries()
		if got := kinds(log); got != test.want {
			t.Errorf("%s: callbacks %s, want %s", name, got, test.want)
		}
		m := r.fetchMessage(t, created["sid"].(string))
		if m["status"] != test.status || m["from"] != testFrom {
			t.Errorf("%s: %v", name, m)
		}
		last := log[len(log)-1]
		if test.code == 0 {
			if m["error_code"] != nil || last.Params.Has("ErrorCode") {
				t.Errorf("%s: error %v", name, m["error_code"])
			}
		} else if m["error_code"] != float64(test.code) || m["error_message"] == nil || last.Params.Get("ErrorCode") != fmt.Sprint(test.code) {
			t.Errorf("%s: error %v, callback %s", name, m["error_code"], last.Params.Get("ErrorCode"))
		}
	}
}

func TestMessageThatTwilioRefusesIsNotCreated(t *testing.T) {
	r := texting(t, Config{Numbers: []string{testFrom}}, Silent())
	for name, test := range map[string]struct {
		change url.Values
		code   float64
	}{
		"no To":             {url.Values{"To": nil}, 21604},
		"no From":           {url.Values{"From": nil}, 21603},
		"no Body":           {url.Values{"Body": nil}, 21602},
		"To not E.164":      {url.Values{"To": {"5557770001"}}, 21211},
		"From not ours":     {url.Values{"From": {"+15559999999"}}, 21606},
		"to itself":         {url.Values{"To": {testFrom}}, 21266},
		"Body too long":     {url.Values{"Body": {strings.Repeat("x", 1601)}}, 21617},
		"callback relative": {url.Values{"StatusCallback": {"status"}}, 21609},
	} {
		params := url.Values{"To": {"+15557770001"}, "From": {testFrom}, "Body": {"Hello"}}
		maps.Copy(params, test.change)
		if status, body := r.ask(t, "POST", "/Messages.json", params); status != 400 || body["code"] != test.code {
			t.Errorf("%s: %d %v, want 400 %v", name, status, body, test.code)
		}
	}
	if status, body := r.ask(t, "GET", "/Messages/SM1.json", nil); status != 404 || body["code"] != 20404.0 || len(r.sim.MessageTruths()) != 0 {
		t.Errorf("unknown message: %d %v", status, body)
	}
}

func TestMessageResourceHasTheNamesAndTypesOfTwilios(t *testing.T) {
	r := texting(t, Config{}, Consents())
	m := r.send(t, nil)
	r.wait(t)
	shapes := restShapes(t)
	for _, path := range []string{"/Messages/" + m["sid"].(string) + ".json", "/Messages.json"} {
		_, body := r.ask(t, "GET", path, nil)
		rows, isList := body["messages"].([]any)
		if !isList {
			rows = []any{body}
		}
		for _, row := range rows {
			conform(t, path, shapes["message"], row.(map[string]any))
		}
	}
}

func TestHTTPSMessageIsSignedWithItsPort(t *testing.T) {
	config := Config{Transport: straight{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprint(w, "<Response/>")
	})}}
	r := texting(t, config, Silent())
	target := "https://h.example:8443/message"
	if _, err := r.sim.Text(context.Background(), TextOptions{From: "+15557770001", To: testFrom, Body: "Hello", Messaging: Messaging{URL: target}}); err != nil {
		t.Fatal(err)
	}
	r.wait(t)
	if d := r.sim.Deliveries()[0]; d.Signature != sign(testToken, target, d.Params) {
		t.Errorf("%+v", d)
	}
}

func TestBadAnswersToAMessageGoToTheFallback(t *testing.T) {
	for name, test := range map[string]struct {
		status            int
		contentType, body string
		code              int // of the Debugger
		want              string
	}{
		"500":           {500, "text/xml", "", 11200, "message message-fallback sent delivered"},
		"JSON":          {200, "application/json", `{}`, 12300, "message message-fallback sent delivered"},
		"audio":         {200, "audio/mpeg", "x", 12300, "message message-fallback sent delivered"},
		"no TwiML":      {200, "text/xml", "Hello", 12100, "message message-fallback sent delivered"},
		"text":          {200, "text/plain", "Hello", 0, "message"},
		"nothing":       {200, "text/plain", "", 0, "message"},
		"empty TwiML":   {200, "text/xml", "<Response/>", 0, "message"},
		"a voice verb":  {200, "text/xml", "<Response><Say>Hi</Say></Response>", 12200, "message"},
		"nobody to":     {200, "text/xml", `<Response><Message to="me">Hi</Message></Response>`, 14101, "message"},
		"not our from":  {200, "text/xml", `<Response><Message from="me">Hi</Message></Response>`, 14102, "message"},
		"empty message": {200, "text/xml", `<Response><Message/></Response>`, 14103, "message"},
		"redirect":      {200, "text/xml", `<Response><Message>One</Message><Redirect>/fallback</Redirect></Response>`, 0, "message message-redirect sent delivered"},
	} {
		r := texting(t, Config{}, Silent())
		r.app.broken = func(w http.ResponseWriter, request *http.Request) bool {
			if request.URL.Path != "/message" {
				return false
			}
			w.Header().Set("Content-Type", test.contentType)
			w.WriteHeader(test.status)
			fmt.Fprint(w, test.body)
			return true
		}
		r.sim.config.Messaging.URL, _, _ = strings.Cut(r.sim.config.Messaging.URL, "#")
		r.text(t, "+15557770001", "Hello")
		r.wait(t)
		if got := kinds(r.sim.Deliveries()); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
		entries := r.sim.Debugger()
		if test.code == 0 && len(entries) != 0 || test.code != 0 && (len(entries) != 1 || entries[0].Code != test.code || entries[0].MessageSid == "") {
			t.Errorf("%s: %+v", name, entries)
		}
		if name == "text" && r.sim.MessageTruths()[1].Body != "Hello" {
			t.Errorf("%s: %+v", name, r.sim.MessageTruths())
		}
	}
}

func TestFaultsOfCallbacksAreThoseOfMessagesToo(t *testing.T) {
	for fault, rates := range map[Fault]Faults{
		FaultDuplicate: {Duplicate: 1}, FaultTwin: {Duplicate: 1}, FaultEcho: {Duplicate: 1}, FaultReorder: {Reorder: 0.5}, FaultDelay: {Delay: 1},
		FaultDrop: {Drop: 0.5}, FaultUnreachable: {Unreachable: 1}, FaultLostResponse: {LostResponse: 1}, FaultStaleToken: {StaleToken: 1},
		FaultBodyReencoded: {BodyReencoded: 1}, FaultWrongToken: {WrongToken: 1}, FaultTampered: {Tampered: 1}, FaultFlood: {Flood: 1},
	} {
		r := texting(t, Config{Seed: 3, Faults: rates, OldToken: testOldToken}, Consents())
		for i := range 5 {
			r.text(t, fmt.Sprintf("+1555777000%d", i), "Hello")
		}
		r.wait(t)
		if rep := unbroken(t, r); rep.Faults[fault] == 0 {
			t.Errorf("no %s: %v", fault, rep.Faults)
		}
	}
}

func TestLostAnswerToAMessageIsAnsweredOnce(t *testing.T) {
	r := texting(t, Config{Faults: Faults{LostResponse: 1}, OldToken: testOldToken}, Silent())
	r.text(t, "+15557770001", "Hello")
	r.wait(t)
	log := r.sim.Deliveries()
	if log[0].Token != log[1].Token || log[1].Attempt != 1 || !log[1].Duplicate || len(r.sim.MessageTruths()) != 2 {
		t.Errorf("%s, %d messages", kinds(log), len(r.sim.MessageTruths()))
	}
}

func TestSameSeedPlaysSameMessages(t *testing.T) {
	hostile, _ := ParseProfile("hostile")
	hostile.SlowReader, hostile.SlowSender = 0, 0
	play := func(concurrency int) map[string][]string {
		r := texting(t, Config{Seed: 9, Concurrency: concurrency, Faults: hostile, OldToken: testOldToken}, Consents())
		for i := range 10 {
			r.text(t, fmt.Sprintf("+1555777000%d", i), "")
		}
		r.wait(t)
		unbroken(t, r)
		out := map[string][]string{}
		for _, d := range r.sim.Deliveries() {
			d.Latency, d.Signature, d.Duplicate = 0, "", false
			out[d.MessageSid] = append(out[d.MessageSid], strings.ReplaceAll(asJSON(t, d), r.app.url, "APP"))
		}
		return out
	}
	a, b := play(2), play(16)
	if len(a) != len(b) || len(a) < 40 {
		t.Errorf("%d and %d messages", len(a), len(b))
	}
	for sid := range a {
		if !slices.Equal(a[sid], b[sid]) {
			t.Fatalf("message %s differs:\n%s\n%s", sid, strings.Join(a[sid], "\n"), strings.Join(b[sid], "\n"))
		}
	}
}

func TestSendingAgainAfterALostAnswerIsCaught(t *testing.T) {
	r := texting(t, Config{Faults: Faults{RESTErrorAfter: 1}}, Silent())
	for _, body := range []string{"One", "One", "Two"} {
		form := url.Values{"To": {"+15557770001"}, "From": {testFrom}, "Body": {body}}
		if w := restPost(t, r.sim, "/Messages.json", form); w.Code != 500 {
			t.Errorf("answered %d", w.Code)
		}
	}
	r.wait(t)
	broken := r.sim.Report().Broken
	if len(broken) != 1 || broken[0].Rule != RuleTextedTwice || broken[0].Count != 1 {
		t.Errorf("%+v", broken)
	}
}

func TestSendingTheSameAgainForAReasonIsNoRepeat(t *testing.T) {
	for name, meanwhile := range map[string]func(t *testing.T, r *fixture){
		"repeated":         nil,
		"something else":   func(t *testing.T, r *fixture) { r.send(t, url.Values{"Body": {"Two"}}) },
		"read in the list": func(t *testing.T, r *fixture) { r.ask(t, "GET", "/Messages.json", nil) },
		"read by itself":   func(t *testing.T, r *fixture) { r.fetchMessage(t, r.sim.MessageTruths()[0].MessageSid) },
	} {
		r := texting(t, Config{Faults: Faults{RESTErrorAfter: 1}}, Silent())
		form := url.Values{"To": {"+15557770001"}, "From": {testFrom}, "Body": {"One"}}
		restPost(t, r.sim, "/Messages.json", form)
		r.wait(t) // nothing else reads the faults now
		r.sim.config.Faults.RESTErrorAfter = 0
		want := 0
		if meanwhile == nil {
			want = 1 // and the third request, after an answer, is none
			r.send(t, form)
		} else {
			meanwhile(t, r)
		}
		r.send(t, form)
		r.wait(t)
		count := 0
		for _, v := range r.sim.Report().Broken {
			count += v.Count
		}
		if count != want {
			t.Errorf("%s: %d accusations, want %d: %+v", name, count, want, r.sim.Report().Broken)
		}
	}
}

func TestRefusedMessageIsNoLostAnswer(t *testing.T) {
	r := texting(t, Config{}, Silent())
	form := url.Values{"To": {"+15557770001"}, "From": {testFrom}, "Body": {"One"}}
	r.send(t, form)
	r.wait(t) // nothing else reads the faults now
	r.sim.config.Faults.RESTErrorAfter = 1
	restPost(t, r.sim, "/Messages.json", url.Values{"To": form["To"], "Body": form["Body"]}) // no From: Twilio creates nothing
	r.sim.config.Faults.RESTErrorAfter = 0
	r.send(t, form)
	r.wait(t)
	if broken := r.sim.Report().Broken; len(broken) > 0 {
		t.Errorf("%+v", broken)
	}
}

func TestTextRefusesWhatCannotBeSent(t *testing.T) {
	r := newFixture(t, Config{Numbers: []string{testFrom}})
	good := TextOptions{From: "+15557770001", To: testFrom, Messaging: Messaging{URL: r.app.url + "/message"}}
	for name, spoil := range map[string]func(*TextOptions){
		"no From": func(o *TextOptions) { o.From = "" }, "not our number": func(o *TextOptions) { o.To = "+15550000001" },
		"no URL": func(o *TextOptions) { o.Messaging.URL = "" }, "too long": func(o *TextOptions) { o.Body = strings.Repeat("x", 1601) },
	} {
		o := good
		spoil(&o)
		if sid, err := r.sim.Text(context.Background(), o); err == nil {
			t.Errorf("%s: %s", name, sid)
		}
	}
	r.sim.Close()
	if _, err := r.sim.Text(context.Background(), good); err == nil {
		t.Error("a closed simulator takes a message")
	}
}

func TestSegmentsAreCountedInTheSmallestEncoding(t *testing.T) {
	for body, want := range map[string]int{
		"": 1, strings.Repeat("x", 160): 1, strings.Repeat("x", 161): 2, strings.Repeat("é", 160): 1, strings.Repeat("€", 80): 1, strings.Repeat("€", 81): 2,
		strings.Repeat("ж", 70): 1, strings.Repeat("ж", 71): 2, strings.Repeat("👍", 35): 1, strings.Repeat("👍", 36): 2, strings.Repeat("x", 307): 3,
	} {
		if got := segments(body); got != want {
			t.Errorf("%d of %q: %d segments, want %d", len([]rune(body)), body[:min(len(body), 4)], got, want)
		}
	}
}
