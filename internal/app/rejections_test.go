package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/telemetry"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/signature"
)

const webhookToken = "0123456789abcdef0123456789abcdef"

// site is an i-agent whose handler is called directly, as by a server.
type site struct {
	t   *testing.T
	app *App
	log *e2e.LogBuffer
}

// newSite runs an i-agent with APP_URL until the test ends, or until close is called.
func newSite(t *testing.T, databaseURL, appURL string, change ...func(*Config)) (s *site, close func()) {
	t.Helper()
	s = &site{t: t, log: &e2e.LogBuffer{}}
	config := complete()
	config.AuthToken, config.URL, config.DatabaseURL, config.AdminToken = webhookToken, appURL, databaseURL, adminToken
	config.TrustedProxies = "192.0.2.0/24" // httptest's requests are from there, so a test may say who the client is
	for _, f := range change {
		f(&config)
	}
	log, err := telemetry.NewLogger(s.log, "text", "info", config.Secrets()...)
	if err != nil {
		t.Fatal(err)
	}
	listener, _ := listen(t)
	s.app, close = run(t, config, Options{Listener: listener, Log: log})
	return s, close
}

// hook is a webhook that Twilio signed for a URL.
func (s *site) hook(signedFor, target, form string, change ...func(*http.Request)) *http.Request {
	r := httptest.NewRequest("POST", target, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	signed, _ := signature.SignForm(webhookToken, signedFor, []byte(form))
	r.Header.Set(signature.Header, signed)
	r.Header.Set("X-Forwarded-For", "203.0.113.1")
	for _, f := range change {
		f(r)
	}
	return r
}

func (s *site) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.app.server.Handler.ServeHTTP(w, r)
	return w
}

// call creates a call and returns its id.
func (s *site) call() (id string) {
	s.t.Helper()
	campaign, err := s.app.store.CreateCampaign(s.t.Context(), interview.Campaign{Name: "Shelves", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours(),
		PromptTemplate: "- What is there?", Hypotheses: []interview.Hypothesis{{Question: "Is it dear?"}}})
	if err == nil {
		_, err = s.app.store.CreateCalls(s.t.Context(), store.NewCalls{CampaignID: campaign.ID, PhoneNumbers: []string{lineNumber},
			Answer: func(calls []interview.Call) (store.Answer, error) {
				id = calls[0].ID
				return store.Answer{Status: 202}, nil
			}})
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

type shownRejection struct {
	ID, Cause, Summary, Path, Kind, Note string
	Status                               int
	Proven, Held                         bool
	Verified                             *bool
	Params                               url.Values
	Request                              store.RejectedRequest
	Explanation                          struct {
		Causes           []store.RejectionCause
		Cure             string
		Signed, Expected signature.Text
	}
}

// api asks the API, and decodes its answer.
func (s *site) api(method, target string, into any) string {
	s.t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set("Authorization", "Bearer "+adminToken)
	r.Header.Set("X-Requested-By", "night shift")
	w := s.send(r)
	if w.Code != http.StatusOK {
		s.t.Fatalf("%s %s: %d %s", method, target, w.Code, w.Body)
	}
	text := w.Body.String()
	if err := json.Unmarshal([]byte(text), into); err != nil && into != nil {
		s.t.Fatal(err)
	}
	return text
}

// rejections waits until as many are listed as are wanted.
func (s *site) rejections(query string, wanted int) (items []shownRejection) {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; <-time.After(20 * time.Millisecond) {
		var list struct{ Items []shownRejection }
		s.api("GET", "/api/rejections?limit=200&"+query, &list)
		if len(list.Items) == wanted {
			return list.Items
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%d rejections, want %d: %+v", len(list.Items), wanted, list.Items)
		}
	}
}

// counted waits until so many rejections of a cause are counted. Each is listed first, then counted, then logged: those before the last
// one are in the log.
func (s *site) counted(cause string, wanted int) (metrics string) {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; <-time.After(20 * time.Millisecond) {
		_, metrics = s.metric()
		if strings.Contains(metrics, fmt.Sprintf("iagent_rejections_total{cause=%q} %d\n", cause, wanted)) {
			return metrics
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("not %d of %s in %s", wanted, cause, metrics)
		}
	}
}

// TestRejectionIsExplainedAndItsCureCanBeChecked: the log says cause and cure, the API shows what was signed beside what was
// expected, and after the cure a check says that it was one. No value of the body is stored, and no secret shown.
func TestRejectionIsExplainedAndItsCureCanBeChecked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, databaseURL string) {
		const public = "https://calls.example.com"
		s, close := newSite(t, databaseURL, "http://calls.example.com")
		target := "/api/webhooks/twilio/voice?callId=" + s.call()
		form := "CallSid=" + fmt.Sprintf("CA%032d", 7) + "&AccountSid=" + restSid + "&From=" + url.QueryEscape(lineNumber) + "&SpeechResult=" + url.QueryEscape(saidWords)
		const many = 20
		for range many {
			if w := s.send(s.hook(public+target, target, form)); w.Code != 403 || strings.TrimSpace(w.Body.String()) != `{"error":"Invalid signature"}` {
				t.Fatalf("answered %d %s", w.Code, w.Body)
			}
		}
		listed := s.rejections("cause=scheme&kind=voice&client=203.0.113.1&since=2020-01-01T00:00:00Z", many)
		s.rejections("until=2020-01-01T00:00:00Z", 0)
		s.counted("scheme", many)
		if got := s.log.String(); strings.Count(got, "webhook refused") != 1 || !strings.Contains(got, "scheme: valid for https://calls.example.com/api/webhooks/twilio/voice") ||
			!strings.Contains(got, "TLS ends at your proxy: set APP_URL=https://calls.example.com") {
			t.Errorf("%d rejections were logged as:\n%s", many, got)
		}
		var shown shownRejection
		text := s.api("GET", "/api/rejections/"+listed[0].ID, &shown)
		x := shown.Explanation
		if !shown.Proven || !shown.Held || !strings.Contains(x.Cure, "set APP_URL="+public) || !strings.HasPrefix(x.Signed.URL, public+"/api/webhooks/twilio/voice?callId=") ||
			!strings.HasPrefix(x.Expected.URL, "http://calls.example.com/api/webhooks/twilio/voice?callId=") || !x.Causes[0].Proven {
			t.Errorf("%s", text)
		}
		var checked shownRejection
		s.api("POST", "/api/rejections/"+listed[0].ID+"/check", &checked)
		if checked.Verified == nil || *checked.Verified {
			t.Errorf("before the cure: %+v", checked)
		}
		signed := s.hook(public+target, target, form).Header.Get(signature.Header)
		for _, secret := range []string{webhookToken, signed} {
			if strings.Contains(text+s.log.String(), secret) {
				t.Errorf("%q is shown", secret)
			}
		}
		rows := (&caller{t: t, app: s.app}).rows()
		for _, row := range rows {
			if strings.HasPrefix(row, "rejections:") && (knows(row) || strings.Contains(row, signed) || strings.Contains(row, webhookToken)) {
				t.Errorf("stored: %s", row)
			}
		}
		close()

		cured, _ := newSite(t, databaseURL, public)
		cured.api("POST", "/api/rejections/"+listed[0].ID+"/check", &checked)
		if checked.Verified == nil || !*checked.Verified || checked.Held || checked.Note == "" {
			t.Errorf("after the cure: %+v", checked)
		}
		if w := cured.send(cured.hook(public+target, target, form)); w.Code != 200 {
			t.Errorf("after the cure it is answered %d %s", w.Code, w.Body)
		}
		var audited struct {
			Items []struct{ Actor, Action, Subject string }
		}
		cured.api("GET", "/api/audit?action=rejection.check", &audited)
		if len(audited.Items) != 2 || audited.Items[0].Subject != listed[0].ID || audited.Items[0].Actor != "night shift" {
			t.Errorf("audit log: %+v", audited.Items)
		}
	})
}

// metric fetches the metrics as this machine.
func (s *site) metric() (int, string) {
	r := httptest.NewRequest("GET", "http://127.0.0.1/metrics", nil)
	r.RemoteAddr = "127.0.0.1:4000"
	w := s.send(r)
	return w.Code, w.Body.String()
}

// TestRefusalsBeforeVerificationAreExplained: whatever is answered 404, 405, 413 or 415 is kept with its cause.
func TestRefusalsBeforeVerificationAreExplained(t *testing.T) {
	s, _ := newSite(t, storetest.SQLite(t), "https://calls.example.com/base", func(c *Config) { c.RedisURL, c.AccountSid = testdb.Redis(t), restSid })
	const public, hook = "https://calls.example.com/base", "/api/webhooks/twilio/voice"
	get := func(signedFor string) func(*http.Request) {
		return func(r *http.Request) {
			r.Method = "GET"
			r.Header.Set(signature.Header, signature.Sign(webhookToken, signedFor, nil))
		}
	}
	cases := []struct {
		name   string
		r      *http.Request
		status int
		cause  string
		says   string
	}{
		{"unknown path", s.hook(public+hook+"s?callId=1", "/base"+hook+"s?callId=1", "CallSid=CA1"), 404, "unknown-path", "expected /api/webhooks/twilio/{amd,"},
		{"two slashes", s.hook(public+"/api/webhooks/twilio//voice", "/api/webhooks/twilio//voice", "CallSid=CA1"), 404, "unknown-path", "slashes"},
		{"a prefix that is not configured", s.hook("https://calls.example.com/other"+hook, "/other"+hook, "CallSid=CA1"), 404, "unknown-path", "/other"},
		{"a webhook sent to the API", s.hook(public+"/api/webhooks", "/api/webhooks", "CallSid=CA1"), 404, "unknown-path", "no webhook is served at /api/webhooks;"},
		{"redirect followed as GET", s.hook("", hook+"?callId=1", "", get(public+hook+"?callId=1")), 405, "redirect-as-get", "redirect"},
		{"GET", s.hook("", hook+"?CallSid=CA1", "", get(public+hook+"?CallSid=CA1")), 405, "method", "POST"},
		{"lost Upgrade", s.hook("", hook+"?callId=1", "", get("wss://calls.example.com/base"+hook+"?callId=1")), 405, "websocket", "Upgrade"},
		{"content type", s.hook(public+hook, hook, "CallSid=CA1", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }), 415, "content-type", "Content-Type"},
		{"unknown account", s.hook("https://x", hook, "AccountSid=AC"+strings.Repeat("b", 32)), 403, "account", "account AC…bbbb"},
		{"too large", s.hook(public+hook, hook, strings.Repeat("x", 65<<10)), 413, "too-large", "64 KiB"},
	}
	for _, tc := range cases {
		if w := s.send(tc.r); w.Code != tc.status || w.Header().Get("Location") != "" {
			t.Errorf("%s: answered %d %v", tc.name, w.Code, w.Header())
		}
	}
	listed := s.rejections("", len(cases))
	for i, tc := range cases {
		got := listed[len(cases)-1-i]
		if got.Cause != tc.cause || got.Status != tc.status || !strings.Contains(got.Summary, tc.says) {
			t.Errorf("%s: %d %s %q; want %d %s %q", tc.name, got.Status, got.Cause, got.Summary, tc.status, tc.cause, tc.says)
		}
	}
	metrics := s.counted("too-large", 1) // the last
	if got := s.log.String(); strings.Count(got, "webhook refused: unknown-path: ") != 1 {
		t.Errorf("four unknown paths were logged as\n%s", got)
	}
	if !strings.Contains(metrics, "\niagent_redis_up 1\n") || !strings.Contains(metrics, `reason="unknown_account"} 1`) {
		t.Errorf("metrics: %s", metrics)
	}
	// Without Twilio's signature the API is what it was.
	if w := s.send(httptest.NewRequest("POST", "/api/webhooks", nil)); w.Code != 401 {
		t.Errorf("a stranger at the API: %d", w.Code)
	}
	for _, query := range []string{"cause=a%20b", "since=yesterday", "casue=x"} {
		r := httptest.NewRequest("GET", "/api/rejections?"+query, nil)
		r.Header.Set("Authorization", "Bearer "+adminToken)
		if w := s.send(r); w.Code != 400 {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
	if w := s.send(httptest.NewRequest("GET", "/api/rejections", nil)); w.Code != 401 {
		t.Errorf("rejections for a stranger: %d", w.Code)
	}
}

// TestVerifiedWebhooksAreNeverThrottled: not by a flood of forged ones of the same client, nor by one of everybody else; and what is
// kept of the flood stays within its bounds.
func TestVerifiedWebhooksAreNeverThrottled(t *testing.T) {
	const public = "https://calls.example.com"
	s, _ := newSite(t, storetest.SQLite(t), public)
	target := "/api/webhooks/twilio/status?callId=" + s.call()
	form := "CallSid=" + fmt.Sprintf("CA%032d", 7) + "&AccountSid=" + restSid + "&CallStatus=ringing"
	answers := map[int]int{}
	forge := func(client string) {
		r := s.hook("https://nobody.example"+target, target, form)
		r.Header.Set("X-Forwarded-For", client)
		answers[s.send(r).Code]++
	}
	for range 2 * unverifiedPerMinute {
		forge("203.0.113.1")
	}
	if answers[429] < unverifiedPerMinute/2 || answers[403] < unverifiedPerMinute {
		t.Fatalf("the limit of unverified requests is not used up: %v", answers)
	}
	const verified, flood = 1000, 10_000
	for i := range flood {
		forge(fmt.Sprintf("198.51.%d.%d", i/250, i%250))
		if i%(flood/verified) > 0 {
			continue
		}
		forge("203.0.113.1")
		if w := s.send(s.hook(public+target, target, form)); w.Code != 200 {
			t.Fatalf("verified webhook %d is answered %d %s", i, w.Code, w.Body)
		}
	}
	if refused := answers[403] + answers[429]; refused != 2*unverifiedPerMinute+flood+verified {
		t.Errorf("answers to forged requests: %v", answers)
	}
	var count, size int
	err := s.app.store.SQLite().QueryRowContext(t.Context(), `SELECT COUNT(*), COALESCE(SUM(size), 0) FROM rejections`).Scan(&count, &size)
	if err != nil || count > 2000 || size > 8<<20 {
		t.Errorf("%d rejections of %d bytes are stored, %v", count, size, err)
	}
	for _, table := range []string{"webhook_events", "webhook_dedup"} {
		if err := s.app.store.SQLite().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM `+table).Scan(&count); err != nil || count != 1 {
			t.Errorf("%s has %d rows, want the one of the verified webhook, %v", table, count, err)
		}
	}
}

// TestPathOfThePublicURLMayBeCutOffOrKept: behind both kinds of proxies the same webhooks are accepted.
func TestPathOfThePublicURLMayBeCutOffOrKept(t *testing.T) {
	s, _ := newSite(t, storetest.SQLite(t), "https://calls.example.com/i/agent/")
	id := s.call()
	for i, front := range []string{"", "/i/agent", "//i/agent", "/i%2Fagent", "/I/agent"} {
		target := fmt.Sprintf("/api/webhooks/v1/twilio/status?callId=%s&n=%d", id, i)
		form := "CallSid=" + fmt.Sprintf("CA%032d", 7) + "&AccountSid=" + restSid + "&CallStatus=ringing"
		w := s.send(s.hook("https://calls.example.com/i/agent"+target, front+target, form))
		if want := map[bool]int{true: 200, false: 404}[i < 3]; w.Code != want {
			t.Errorf("behind a proxy that passes on %q: %d %s, want %d", front+target, w.Code, w.Body, want)
		}
	}
	for _, r := range s.rejections("cause=unknown-path", 2) {
		if !strings.Contains(r.Summary, "expected /api/webhooks/twilio/{") {
			t.Errorf("%q does not say what was expected", r.Summary)
		}
	}
}

// TestUnknownAccountIsNamedAsTheCause: its token is not configured, so its signature cannot fit.
func TestUnknownAccountIsNamedAsTheCause(t *testing.T) {
	a := &App{settings: settings{accounts: []string{restSid}}}
	if a.unknownAccount(restSid) || a.unknownAccount("") || !a.unknownAccount("AC"+strings.Repeat("b", 32)) {
		t.Error("accounts are mixed up")
	}
	a.settings.accounts = nil // without TWILIO_ACCOUNT_SID nobody knows
	if a.unknownAccount(restSid) {
		t.Error("without its own name every account is unknown")
	}
}
