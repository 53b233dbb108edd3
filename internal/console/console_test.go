package console_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/console"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

const (
	adminToken  = "the-token-of-the-admin"
	viewerToken = "the-token-of-the-viewer"
)

// site is the console over a database of the test's own, and a browser that keeps cookies and follows no redirects.
type site struct {
	t       *testing.T
	url     string
	store   *store.Store
	browser *http.Client
	clock   *clock
	// recordings are those at Twilio.
	recordings *recordingsOfTest
	pages      *console.Console
}

func open(t *testing.T, access console.Access) *site {
	t.Helper()
	return openOn(t, access, storetest.SQLite(t))
}

// openOn is open with a database of the test's choice.
func openOn(t *testing.T, access console.Access, database string) *site {
	t.Helper()
	s, err := store.Open(t.Context(), database, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	o := &site{t: t, store: s, clock: newClock(), recordings: &recordingsOfTest{}}
	pages, err := console.New(console.Config{Store: s, Script: script, API: api.Admit(api.New(api.Config{Store: s, AdminToken: adminToken, Simulations: true})), Simulations: true, Recordings: o.recordings, Access: access, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: o.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	o.pages = pages
	server := httptest.NewServer(pages)
	t.Cleanup(server.Close)
	o.url = server.URL
	o.browser = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return o
}

// do sends a request as a browser would that looks at the site; headers are "Name: value".
func (o *site) do(method, path, form string, headers ...string) (*http.Response, string) {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), method, o.url+path, strings.NewReader(form))
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	response, err := o.browser.Do(r)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return response, string(body)
}

func (o *site) signIn(token string) {
	o.t.Helper()
	if response, body := o.do("POST", "/console/sign-in", url.Values{"token": {token}}.Encode()); response.StatusCode != http.StatusSeeOther {
		o.t.Fatalf("%s\n%s", response.Status, body)
	}
}

// called makes a campaign with a call to each number, and returns the ids of the calls.
func (o *site) called(name string, numbers ...string) (campaign string, calls []string) {
	o.t.Helper()
	c, err := o.store.CreateCampaign(o.t.Context(), interview.Campaign{Name: name, Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours()})
	if err != nil {
		o.t.Fatal(err)
	}
	_, err = o.store.CreateCalls(o.t.Context(), store.NewCalls{CampaignID: c.ID, PhoneNumbers: numbers, Answer: func(made []interview.Call) (store.Answer, error) {
		calls = nil
		for _, call := range made {
			calls = append(calls, call.ID)
		}
		return store.Answer{Body: []byte{}}, nil
	}})
	if err != nil {
		o.t.Fatal(err)
	}
	return c.ID, calls
}

func tokensOf(t *testing.T) console.Access {
	t.Helper()
	return console.Access{AdminToken: adminToken, ViewerToken: viewerToken}
}

func TestPageLeadsToTheSignInAndBack(t *testing.T) {
	o := open(t, tokensOf(t))
	response, _ := o.do("GET", "/console/calls?status=BUSY", "")
	signIn := response.Header.Get("Location")
	if response.StatusCode != http.StatusSeeOther || signIn != "/console/sign-in?next=%2Fconsole%2Fcalls%3Fstatus%3DBUSY" {
		t.Fatalf("%s %q", response.Status, signIn)
	}
	_, form := o.do("GET", signIn, "")
	if !strings.Contains(form, `name="next" value="/console/calls?status=BUSY"`) {
		t.Errorf("the form does not know where to go:\n%s", form)
	}
	if response, body := o.do("POST", "/console/sign-in", "token=wrong"); response.StatusCode != http.StatusUnauthorized || strings.Contains(body, "wrong") {
		t.Errorf("%s:\n%s", response.Status, body)
	}
	response, _ = o.do("POST", "/console/sign-in", url.Values{"token": {adminToken}, "next": {"/console/calls?status=BUSY"}}.Encode())
	if got := response.Header.Get("Location"); response.StatusCode != http.StatusSeeOther || got != "/console/calls?status=BUSY" {
		t.Errorf("%s %q", response.Status, got)
	}
	cookie := response.Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || strings.Contains(cookie.Value, adminToken) {
		t.Errorf("%v", cookie)
	}
	if response, _ := o.do("GET", "/console/calls", ""); response.StatusCode != http.StatusOK {
		t.Error(response.Status)
	}
	o.do("POST", "/console/sign-out", "")
	if response, _ := o.do("GET", "/console/calls", ""); response.StatusCode != http.StatusSeeOther {
		t.Error(response.Status)
	}
}

func TestSignInLeadsToNoOtherSite(t *testing.T) {
	o := open(t, tokensOf(t))
	for _, next := range []string{"https://evil.example/console/", "//evil.example/console/", `/\evil.example/console/`, "/console/\\evil", "/api/calls", "javascript:alert(1)", "/console/a\r\nSet-Cookie: x=y"} {
		response, _ := o.do("POST", "/console/sign-in", url.Values{"token": {adminToken}, "next": {next}}.Encode())
		if got := response.Header.Get("Location"); got != "/console/calls" {
			t.Errorf("%q leads to %q", next, got)
		}
	}
}

func TestSessionEndsWithItsTimeAndWithItsToken(t *testing.T) {
	o := open(t, tokensOf(t))
	o.signIn(adminToken)
	o.clock.set(o.clock.now().Add(13 * time.Hour))
	if response, _ := o.do("GET", "/console/calls", ""); response.StatusCode != http.StatusSeeOther {
		t.Errorf("after 13 hours: %s", response.Status)
	}
	session := func(o *site) string {
		response, _ := o.do("POST", "/console/sign-in", "token="+adminToken)
		return response.Cookies()[0].Value
	}
	other := open(t, console.Access{AdminToken: adminToken, ViewerToken: "another-token-of-the-viewer"})
	if response, _ := other.do("GET", "/console/calls", "", "Cookie: iagent_session="+session(o)); response.StatusCode != http.StatusSeeOther {
		t.Errorf("with another token: %s", response.Status)
	}
	same := open(t, tokensOf(t))
	if response, _ := same.do("GET", "/console/calls", "", "Cookie: iagent_session="+session(o)); response.StatusCode != http.StatusOK {
		t.Errorf("on another server with the same tokens: %s", response.Status)
	}
}

func TestViewerSeesNoWholeNumber(t *testing.T) {
	o := open(t, tokensOf(t))
	_, calls := o.called("oats", "+15551234567")
	for role, token := range map[string]string{"admin": adminToken, "viewer": viewerToken} {
		o.signIn(token)
		for _, page := range []string{"/console/calls", "/console/calls/" + calls[0]} {
			response, body := o.do("GET", page, "")
			if response.StatusCode != http.StatusOK {
				t.Fatalf("%s: %s", page, response.Status)
			}
			if whole := strings.Contains(body, "5551234567"); whole != (role == "admin") {
				t.Errorf("%s, %s: shows the number: %v", role, page, whole)
			}
		}
	}
}

func TestOtherSiteChangesNothing(t *testing.T) {
	o := open(t, tokensOf(t))
	o.signIn(adminToken)
	for _, header := range []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"} {
		if response, _ := o.do("POST", "/console/sign-out", "x=y", header); response.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", header, response.Status)
		}
	}
}

func TestNamesRunNoScript(t *testing.T) {
	o := open(t, tokensOf(t))
	campaign, calls := o.called(`<script>alert("x")</script>" onload="alert(1)`, "+15551234567")
	o.signIn(adminToken)
	for _, page := range []string{"/console/calls?campaignId=" + campaign, "/console/calls/" + calls[0], "/console/<script>alert(1)</script>"} {
		response, body := o.do("GET", page, "")
		if strings.Contains(body, "<script>alert") || strings.Contains(body, `" onload="`) {
			t.Errorf("%s:\n%s", page, body)
		}
		policy := response.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; style-src 'self';") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %q", page, policy)
		}
		if strings.Contains(body, " style=") || strings.Contains(body, " onclick=") {
			t.Errorf("%s has what its own policy forbids:\n%s", page, body)
		}
	}
}

func TestListShowsWhatItsAddressSays(t *testing.T) {
	o := open(t, tokensOf(t))
	numbers := make([]string, 60)
	for n := range numbers {
		numbers[n] = "+155512300" + string(rune('0'+n/10)) + string(rune('0'+n%10))
	}
	campaign, calls := o.called("oats", numbers...)
	o.called("milk", "+15559999999")
	o.signIn(adminToken)
	seen := map[string]bool{}
	page := "/console/calls?campaignId=" + campaign
	for page != "" {
		_, body := o.do("GET", page, "")
		for _, id := range calls {
			if strings.Contains(body, "/console/calls/"+id+"?campaignId="+campaign) {
				if seen[id] {
					t.Errorf("%s is there twice", id)
				}
				seen[id] = true
			}
		}
		if strings.Contains(body, "+15559999999") {
			t.Error("a call of another campaign")
		}
		_, after, more := strings.Cut(body, `" data-key="]">`)
		page = ""
		if more {
			before := body[:len(body)-len(after)-len(`" data-key="]">`)]
			page = strings.ReplaceAll(before[strings.LastIndex(before, `href="`)+len(`href="`):], "&amp;", "&")
		}
	}
	if len(seen) != len(calls) {
		t.Errorf("%d calls, want %d", len(seen), len(calls))
	}
	for page, want := range map[string]int{
		"/console/calls?status=RINGING":                        http.StatusOK,
		"/console/calls?status=ASLEEP":                         http.StatusBadRequest,
		"/console/calls?state=BUSY":                            http.StatusBadRequest,
		"/console/calls?campaignId=01ARZ3NDEKTSV4RRFFQ69G5FAV": http.StatusNotFound,
		"/console/calls/01ARZ3NDEKTSV4RRFFQ69G5FAV":            http.StatusNotFound,
		"/console/nothing":                                     http.StatusNotFound,
	} {
		if response, _ := o.do("GET", page, ""); response.StatusCode != want {
			t.Errorf("%s: %s, want %d", page, response.Status, want)
		}
	}
}

func TestFilesAreKeptForEverAndCompressed(t *testing.T) {
	o := open(t, tokensOf(t))
	_, body := o.do("GET", "/console/sign-in", "")
	for _, kind := range []string{".css", ".js", ".svg"} {
		end := strings.Index(body, kind+`"`)
		if end < 0 {
			t.Fatalf("no %s:\n%s", kind, body)
		}
		name := body[strings.LastIndex(body[:end], `"`)+1 : end+len(kind)]
		response, _ := o.do("GET", name, "", "Accept-Encoding: gzip")
		if response.StatusCode != http.StatusOK || !strings.Contains(response.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %s %v", name, response.Status, response.Header)
		}
		if kind != ".svg" && response.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s is not compressed", name)
		}
	}
	if strings.Contains(body, "://") {
		t.Errorf("the page loads something of another site:\n%s", body)
	}
}

func TestWithoutTokenOnlyThisMachineSeesThePages(t *testing.T) {
	local := true
	o := open(t, console.Access{Local: func(*http.Request) bool { return local }})
	if response, _ := o.do("GET", "/console/calls", ""); response.StatusCode != http.StatusOK {
		t.Error(response.Status)
	}
	local = false
	if response, _ := o.do("GET", "/console/calls", ""); response.StatusCode != http.StatusForbidden {
		t.Error(response.Status)
	}
	if response, _ := o.do("POST", "/console/sign-in", "token="); response.StatusCode != http.StatusUnauthorized {
		t.Error(response.Status)
	}
}

// adminOnly protects pages with a token; without one it knows this machine by its address.
func adminOnly(t *testing.T, token string, pages http.Handler) http.Handler {
	t.Helper()
	c, err := console.New(console.Config{Access: console.Access{AdminToken: token, ViewerToken: viewerToken,
		Local: func(r *http.Request) bool { return strings.HasPrefix(r.RemoteAddr, "127.") }}})
	if err != nil {
		t.Fatal(err)
	}
	return c.AdminOnly(pages)
}

func TestRiversPagesAreServedToTheAdminOnly(t *testing.T) {
	pages := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for _, tc := range []struct {
		name, token, method, remote string
		change                      func(r *http.Request)
		want                        int
	}{
		{"password", adminToken, "GET", "203.0.113.9:1", func(r *http.Request) { r.SetBasicAuth("anybody", adminToken) }, 418},
		{"bearer", adminToken, "GET", "203.0.113.9:1", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+adminToken) }, 418},
		{"nothing", adminToken, "GET", "203.0.113.9:1", func(*http.Request) {}, 401},
		{"wrong password", adminToken, "GET", "203.0.113.9:1", func(r *http.Request) { r.SetBasicAuth("admin", adminToken+"x") }, 401},
		{"token as user", adminToken, "GET", "203.0.113.9:1", func(r *http.Request) { r.SetBasicAuth(adminToken, "") }, 401},
		{"wrong bearer", adminToken, "GET", "203.0.113.9:1", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, 401},
		{"own page", adminToken, "PUT", "203.0.113.9:1", func(r *http.Request) {
			r.SetBasicAuth("", adminToken)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		}, 418},
		{"another site's page", adminToken, "PUT", "203.0.113.9:1", func(r *http.Request) {
			r.SetBasicAuth("", adminToken)
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		}, 403},
		{"another site's form, old browser", adminToken, "POST", "203.0.113.9:1", func(r *http.Request) {
			r.SetBasicAuth("", adminToken)
			r.Header.Set("Origin", "https://evil.example")
		}, 403},
		{"no token, this machine", "", "GET", "127.0.0.1:1", func(*http.Request) {}, 418},
		{"no token, another machine", "", "GET", "203.0.113.9:1", func(*http.Request) {}, 403},
		{"viewer", adminToken, "GET", "203.0.113.9:1", func(r *http.Request) { r.SetBasicAuth("", viewerToken) }, 403},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest(tc.method, "http://localhost/console/jobs/", nil)
			r.RemoteAddr = tc.remote
			tc.change(r)
			w := httptest.NewRecorder()
			adminOnly(t, tc.token, pages).ServeHTTP(w, r)
			if w.Code != tc.want {
				t.Errorf("answered %d %s, want %d", w.Code, w.Body, tc.want)
			}
			if asks := w.Header().Get("WWW-Authenticate") != ""; asks != (tc.want == 401) {
				t.Errorf("WWW-Authenticate %q", w.Header().Get("WWW-Authenticate"))
			}
		})
	}
}

// receives has an event of a call accepted and answered with TwiML.
func (o *site) receives(call string, kind inbox.Kind, target, body, twiml string) {
	o.t.Helper()
	p := store.NewProcessor(o.store, func(call interview.Call, _ *inbox.Event) (interview.Change, inbox.Reply, error) {
		return interview.Change{Call: call}, inbox.Reply{Status: 200, ContentType: "text/xml", Body: []byte(twiml)}, nil
	})
	event := &inbox.Event{ID: "CA1:" + string(kind), Kind: kind, Subject: call, CallSid: "CA1", Target: target, ContentType: "application/x-www-form-urlencoded",
		Body: []byte(body), ReceivedAt: o.clock.now()}
	if _, err := p.Process(o.t.Context(), event); err != nil {
		o.t.Fatal(err)
	}
}

func TestWebhookShowsRequestAndWhatItsAnswerPlays(t *testing.T) {
	o := open(t, tokensOf(t))
	_, calls := o.called("oats", "+15551234567")
	o.receives(calls[0], inbox.KindVoice, "/api/webhooks/twilio/voice?callId="+calls[0], "To=%2B15551234567&Caller=%3Cscript%3Ealert(1)%3C%2Fscript%3E&Empty=",
		`<?xml version="1.0"?><Response><Say>May we record?</Say><Hangup/></Response>`)
	o.signIn(adminToken)
	_, list := o.do("GET", "/console/webhooks?kind=voice", "")
	at := strings.Index(list, `data-open><code>CA1:voice`)
	if at < 0 {
		t.Fatalf("not listed:\n%s", list)
	}
	page := list[:at]
	page = strings.ReplaceAll(page[strings.LastIndex(page, `href="`)+len(`href="`):strings.LastIndex(page, `"`)], "&amp;", "&")
	_, body := o.do("GET", page, "")
	for _, want := range []string{"<td>+15551234567</td>", "&lt;script&gt;alert(1)", "What this answer plays", "was not heard", "“May we record?”", "(hung up)", "/console/calls/" + calls[0], `class="tag">&lt;Say`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q:\n%s", want, body)
		}
	}
	o.signIn(viewerToken)
	if _, body := o.do("GET", page, ""); strings.Contains(body, "5551234567") || !strings.Contains(body, "May we record?") {
		t.Errorf("a viewer sees the number, or not the answer:\n%s", body)
	}
	if response, _ := o.do("GET", "/console/webhooks?outcome=lost", ""); response.StatusCode != http.StatusBadRequest {
		t.Error(response.Status)
	}
}

// deadRun makes a call and lets its dial die.
func (o *site) deadRun() (id string) {
	o.t.Helper()
	o.called("oats", "+15551234567")
	runs, err := o.store.Runs(o.t.Context(), store.RunFilter{}, store.Page{Limit: 1})
	if err != nil || len(runs.Items) != 1 {
		o.t.Fatalf("%d runs, %v", len(runs.Items), err)
	}
	run, started, err := o.store.StartRun(o.t.Context(), runs.Items[0].ID)
	if err != nil || started != jobs.RunStarted {
		o.t.Fatal(started, err)
	}
	if err := o.store.FailRun(o.t.Context(), run, "twilio: 21211"); err != nil {
		o.t.Fatal(err)
	}
	return run.ID
}

func TestDeadRunIsRetriedByTheAdminAlone(t *testing.T) {
	o := open(t, tokensOf(t))
	id := o.deadRun()
	page := "/console/runs/" + id
	for _, tc := range []struct {
		token string
		want  int
		state interview.RunState
	}{
		{viewerToken, http.StatusForbidden, interview.RunFailed},
		{adminToken, http.StatusSeeOther, interview.RunWaiting},
		{adminToken, http.StatusConflict, interview.RunWaiting},
	} {
		o.signIn(tc.token)
		if response, _ := o.do("POST", page+"/retry", "x=y"); response.StatusCode != tc.want {
			t.Errorf("%s, want %d", response.Status, tc.want)
		}
		if got, err := o.store.LedgerRun(t.Context(), id); err != nil || got.State != tc.state {
			t.Errorf("%v, want %s, %v", got.State, tc.state, err)
		}
	}
	if _, list := o.do("GET", "/console/runs?state=waiting", ""); !strings.Contains(list, id) || !strings.Contains(list, "orchestrate-call") {
		t.Errorf("%s", list)
	}
	if response, _ := o.do("GET", "/console/runs?state=dead", ""); response.StatusCode != http.StatusBadRequest {
		t.Error(response.Status)
	}
}
