package twilio_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/twilio"
)

const (
	account = "AC00000000000000000000000000000001"
	token   = "0123456789abcdef0123456789abcdef"

	sid1 = "CA00000000000000000000000000000001"
	sid2 = "CA00000000000000000000000000000002"
	sid3 = "CA00000000000000000000000000000003"
)

// standIn starts a server in Twilio's place and a client for it. It counts the requests.
func standIn(t *testing.T, handler http.HandlerFunc) (*twilio.Client, *atomic.Int32) {
	t.Helper()
	return standInAt(t, "", handler)
}

// standInAt does the same for an API under a path prefix.
func standInAt(t *testing.T, prefix string, handler http.HandlerFunc) (*twilio.Client, *atomic.Int32) {
	t.Helper()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	return newClient(t, server.URL+prefix), &requests
}

func newClient(t *testing.T, apiURL string) *twilio.Client {
	t.Helper()
	client, err := twilio.New(twilio.Config{AccountSid: account, AuthToken: token, APIURL: apiURL, UserAgent: "iagent/test"})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func failure(t *testing.T, err error) *twilio.Error {
	t.Helper()
	var e *twilio.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a *twilio.Error", err)
	}
	return e
}

var call = twilio.NewCall{
	To: "+15551234567", From: "+15557654321",
	VoiceURL: "https://h/voice?callId=1#rc=5", StatusURL: "https://h/status?callId=1#rc=5",
	FallbackURL: "https://f/voice?callId=1#rc=5",
	RingTimeout: 45 * time.Second,
}

func TestCreateCallAsksForEverythingAndNoRecording(t *testing.T) {
	client, _ := standInAt(t, "/prefix/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/prefix/2010-04-01/Accounts/"+account+"/Calls.json" || r.Method != "POST" {
			t.Errorf("request: %s %s", r.Method, r.URL)
		}
		if user, password, ok := r.BasicAuth(); !ok || user != account || password != token {
			t.Error("credentials are missing")
		}
		if !strings.Contains(r.UserAgent(), "iagent/test") {
			t.Errorf("User-Agent: %s", r.UserAgent())
		}
		_ = r.ParseForm()
		if events := r.Form["StatusCallbackEvent"]; !slices.Equal(events, []string{"initiated", "ringing", "answered", "completed"}) {
			t.Errorf("StatusCallbackEvent: %q", events)
		}
		for name, want := range map[string]string{
			"To": call.To, "From": call.From, "Url": call.VoiceURL, "StatusCallback": call.StatusURL,
			"FallbackUrl": call.FallbackURL, "FallbackMethod": "POST", "Method": "POST", "StatusCallbackMethod": "POST", "Timeout": "45",
		} {
			if got := r.Form.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		for name := range r.Form {
			if strings.HasPrefix(name, "Record") {
				t.Errorf("%s is sent, but audio must wait for consent", name)
			}
		}
		w.WriteHeader(201)
		_, _ = io.WriteString(w, `{"sid":"`+sid1+`","account_sid":"`+account+`","status":"queued"}`)
	})
	placed, err := client.CreateCall(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	if placed.Sid != sid1 || placed.AccountSid != account || placed.Status != "queued" {
		t.Errorf("placed: %+v", placed)
	}
}

func TestFailedCreateSaysWhetherACallMayExist(t *testing.T) {
	answer := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	const json = "application/json"
	for name, test := range map[string]struct {
		handler                     http.HandlerFunc
		status, code                int
		notSent, throttled, refused bool
	}{
		"invalid number":      {answer(400, json, `{"code":21211,"message":"bad number","status":400}`), 400, 21211, false, false, true},
		"wrong credentials":   {answer(401, json, `{"code":20003,"message":"Authenticate","status":401}`), 401, 20003, false, false, true},
		"HTML 404":            {answer(404, "text/html", "<html>no</html>"), 404, 0, false, false, false},
		"too many requests":   {answer(429, json, `{"code":20429,"message":"slow down","status":429}`), 429, 20429, false, true, false},
		"429 from a proxy":    {answer(429, "text/html", "<html>slow</html>"), 429, 0, false, true, false},
		"20429 in a 400":      {answer(400, json, `{"code":20429,"message":"slow down","status":400}`), 400, 20429, false, true, false},
		"request timeout":     {answer(408, "text/html", "x"), 408, 0, false, false, false},
		"server error":        {answer(500, json, `{"code":20500,"message":"oops","status":500}`), 500, 20500, false, false, false},
		"HTML 502":            {answer(502, "text/html", "<html>bad gateway</html>"), 502, 0, false, false, false},
		"20429 in a 500":      {answer(500, json, `{"code":20429,"message":"?","status":500}`), 500, 20429, false, false, false},
		"redirect":            {movedAway, 307, 0, false, false, false},
		"201 with garbage":    {answer(201, json, `{"sid":"CA1`), 201, 0, false, false, false},
		"201 with HTML":       {answer(201, "text/html", "<html>ok</html>"), 201, 0, false, false, false},
		"201 without a sid":   {answer(201, json, `{}`), 201, 0, false, false, false},
		"201 with null":       {answer(201, json, `null`), 201, 0, false, false, false},
		"201 with another id": {answer(201, json, `{"sid":"SM1"}`), 201, 0, false, false, false},
		"dropped connection":  {dropConnection, 0, 0, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			client, requests := standIn(t, test.handler)
			_, err := client.CreateCall(t.Context(), call)
			e := failure(t, err)
			if e.Status != test.status || e.Code != test.code {
				t.Errorf("status %d code %d, want %d %d", e.Status, e.Code, test.status, test.code)
			}
			if e.NotSent() != test.notSent || e.Throttled() != test.throttled || e.Refused() != test.refused {
				t.Errorf("NotSent %v Throttled %v Refused %v: %v", e.NotSent(), e.Throttled(), e.Refused(), err)
			}
			if e.Status != 0 && e.RetryAfter != 7*time.Second {
				t.Errorf("RetryAfter: %v", e.RetryAfter)
			}
			if n := requests.Load(); n != 1 {
				t.Errorf("%d requests were sent for one call", n)
			}
		})
	}
}

// movedAway asks for the same POST once more, elsewhere: following it would be a second call.
func movedAway(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "7")
	http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
}

func dropConnection(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// The connection that a first call left open is closed by the server while the second is on its way: a client that kept
// it would repeat the POST or not know what became of it.
func TestSecondCreateDoesNotReuseTheConnection(t *testing.T) {
	peers := make(chan string, 2)
	client, _ := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		peers <- r.RemoteAddr
		w.WriteHeader(201)
		_, _ = io.WriteString(w, `{"sid":"`+sid1+`"}`)
	})
	for range 2 {
		if _, err := client.CreateCall(t.Context(), call); err != nil {
			t.Fatal(err)
		}
	}
	if first, second := <-peers, <-peers; first == second {
		t.Error("both calls were created on one connection")
	}
}

func TestTimeoutAfterSendingIsNotCalledUnsent(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	client, err := twilio.New(twilio.Config{AccountSid: account, AuthToken: token, APIURL: server.URL, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.CreateCall(t.Context(), call)
	e := failure(t, err)
	if e.NotSent() || !e.Sent || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v (sent %v)", err, e.Sent)
	}
}

func TestConnectionFailureProvesThatNothingWasSent(t *testing.T) {
	selfSigned := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a request came through an untrusted certificate")
	}))
	defer selfSigned.Close()
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer plain.Close()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()

	for name, test := range map[string]struct {
		ctx context.Context
		url string
	}{
		"connection refused":    {t.Context(), "http://127.0.0.1:1"},
		"no such host":          {t.Context(), "http://nowhere.invalid"},
		"untrusted certificate": {t.Context(), selfSigned.URL},
		"not a TLS server":      {t.Context(), strings.Replace(plain.URL, "http:", "https:", 1)},
		"canceled before":       {canceled, plain.URL},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newClient(t, test.url).CreateCall(test.ctx, call)
			if e := failure(t, err); !e.NotSent() {
				t.Errorf("status %d sent %v: %v", e.Status, e.Sent, err)
			}
		})
	}
}

func TestErrorKeepsNumbersAndTokensOutOfLogs(t *testing.T) {
	client, _ := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `{"code":21211,"message":"The 'To' number +15551234567 is not valid","status":400}`)
	})
	_, err := client.CreateCall(t.Context(), call)
	if e := failure(t, err); !strings.Contains(e.Message, "+15551234567") {
		t.Errorf("Twilio's words were changed: %s", e.Message)
	}
	_, dropped := func() (any, error) {
		client, _ := standIn(t, dropConnection)
		return client.ListCalls(t.Context(), "+15551234567", time.Time{})
	}()
	for _, err := range []error{err, dropped} {
		if s := err.Error(); strings.Contains(s, "5551234") || strings.Contains(s, token) || !strings.Contains(s, "call") {
			t.Errorf("error: %s", s)
		}
	}
}

func TestListCallsFindsQueuedCallsOverAllPages(t *testing.T) {
	client, requests := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Get("To") != "+15551234567" {
			t.Errorf("query: %s", r.URL.RawQuery)
		}
		for name := range q {
			if strings.HasPrefix(name, "StartTime") {
				t.Error("a filter by start time hides queued calls")
			}
		}
		w.Header().Set("Content-Type", "application/json")
		if q.Get("Page") == "" {
			_, _ = io.WriteString(w, `{"calls":[
				{"sid":"`+sid3+`","account_sid":"`+account+`","to":"+15551234567","status":"queued","date_created":"Mon, 02 Nov 2026 10:00:05 +0000","start_time":null},
				{"sid":"`+sid2+`","account_sid":"`+account+`","to":"+15551234567","status":"completed","duration":"12","date_created":"Mon, 02 Nov 2026 10:00:00 +0000","start_time":"Mon, 02 Nov 2026 10:00:01 +0000"}],
				"next_page_uri":"/2010-04-01/Accounts/`+account+`/Calls.json?To=%2B15551234567&Page=1"}`)
			return
		}
		_, _ = io.WriteString(w, `{"calls":[{"sid":"`+sid1+`","account_sid":"`+account+`","to":"+15551234567","status":"completed","date_created":"Mon, 02 Nov 2026 09:59:59 +0000"}],"next_page_uri":null}`)
	})
	since := time.Date(2026, 11, 2, 10, 0, 0, 900_000_000, time.UTC)
	calls, err := client.ListCalls(t.Context(), "+15551234567", since)
	if err != nil {
		t.Fatal(err)
	}
	if len(calls) != 2 || calls[0].Sid != sid3 || calls[1].Sid != sid2 || requests.Load() != 2 {
		t.Fatalf("%d requests, calls: %+v", requests.Load(), calls)
	}
	if !calls[0].Started.IsZero() || calls[0].Duration != nil || calls[1].Duration == nil || *calls[1].Duration != 12 {
		t.Errorf("calls: %+v", calls)
	}
}

func TestDeletingARecordingTwiceSucceeds(t *testing.T) {
	status := 204
	client, _ := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "DELETE" || r.URL.Path != "/2010-04-01/Accounts/"+account+"/Recordings/RE1.json" {
			t.Errorf("request: %s %s", r.Method, r.URL)
		}
		w.WriteHeader(status)
		if status != 204 {
			_, _ = io.WriteString(w, `{"code":20404,"message":"not found"}`)
		}
		status = 404
	})
	for range 2 {
		if err := client.DeleteRecording(t.Context(), "RE1"); err != nil {
			t.Error(err)
		}
	}
	status = 500
	if err := client.DeleteRecording(t.Context(), "RE1"); err == nil {
		t.Error("a server error counts as deleted")
	}
}

func TestNotFoundOfAGatewayIsNotDeleted(t *testing.T) {
	client, _ := standIn(t, func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) })
	if err := client.DeleteRecording(t.Context(), "RE1"); err == nil {
		t.Error("a page of a gateway counts as deleted")
	}
}

func TestCallIsFetchedAndEnded(t *testing.T) {
	client, _ := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		if r.URL.Path != "/2010-04-01/Accounts/"+account+"/Calls/"+sid1+".json" {
			t.Errorf("path: %s", r.URL.Path)
		}
		if r.Method == "POST" && r.Form.Get("Status") != "completed" {
			t.Errorf("form: %v", r.Form)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"sid":"`+sid1+`","account_sid":"`+account+`","status":"in-progress"}`)
	})
	found, err := client.FetchCall(t.Context(), sid1)
	if err != nil || found.Status != "in-progress" {
		t.Errorf("%+v, %v", found, err)
	}
	if err := client.HangUp(t.Context(), sid1); err != nil {
		t.Error(err)
	}
}

func TestConfigurationThatCannotWorkIsRefused(t *testing.T) {
	for name, config := range map[string]twilio.Config{
		"no account":         {AuthToken: token},
		"no token":           {AccountSid: account},
		"token with a space": {AccountSid: account, AuthToken: token + " "},
		"URL without scheme": {AccountSid: account, AuthToken: token, APIURL: "api.twilio.com"},
		"URL with userinfo":  {AccountSid: account, AuthToken: token, APIURL: "https://a:b@api.twilio.com"},
	} {
		if _, err := twilio.New(config); err == nil || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
