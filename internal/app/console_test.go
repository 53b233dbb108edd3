package app

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/store/storetest"
)

const adminToken = "the-admin-token"

// serve runs an i-agent until the test ends and returns its URL.
func serve(t *testing.T, c Config) string {
	t.Helper()
	listener, url := listen(t)
	run(t, c, Options{Listener: listener})
	return url
}

// listen opens a port of this machine, and returns the URL of what is served there.
func listen(t *testing.T) (net.Listener, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener, "http://" + listener.Addr().String()
}

// run opens an i-agent and runs it until the test ends, or until stop is called. Without a log nothing is logged.
func run(t *testing.T, c Config, o Options) (a *App, stop func()) {
	t.Helper()
	o.Log, o.StopWithin = cmp.Or(o.Log, slog.New(slog.DiscardHandler)), cmp.Or(o.StopWithin, time.Second)
	a, err := Open(t.Context(), c, o)
	if err != nil {
		_ = o.Listener.Close()
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- a.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		a.Close()
	})
	t.Cleanup(stop)
	return a, stop
}

// ask sends a request with the admin token as password.
func ask(t *testing.T, method, url, body string) (*http.Response, string) {
	t.Helper()
	return send(t, method, url, body, func(r *http.Request) { r.SetBasicAuth("admin", adminToken) })
}

// askAPI sends a request with the admin token as bearer token.
func askAPI(t *testing.T, method, url, body string) (*http.Response, string) {
	t.Helper()
	return send(t, method, url, body, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+adminToken) })
}

func send(t *testing.T, method, url, body string, authorize func(*http.Request)) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	authorize(r)
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

// post sends a request to the API that creates something, and returns its id.
func post(t *testing.T, url, body string) string {
	t.Helper()
	response, text := askAPI(t, "POST", url, body)
	var created struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(text), &created); err != nil || response.StatusCode/100 != 2 {
		t.Fatal(response.Status, err)
	}
	return created.ID
}

func TestBrowserIsLedToTheConsole(t *testing.T) {
	c := complete()
	c.DatabaseURL, c.AdminToken = storetest.SQLite(t), adminToken
	app := serve(t, c)
	for accept, want := range map[string]string{"text/html,*/*;q=0.8": "/console", "*/*": "/", "": "/"} {
		response, _ := send(t, "GET", app+"/", "", func(r *http.Request) {
			r.SetBasicAuth("admin", adminToken)
			if accept != "" {
				r.Header.Set("Accept", accept)
			}
		})
		if got := response.Request.URL.Path; got != want && !(want == "/console" && strings.HasPrefix(got, want)) {
			t.Errorf("Accept %q: %s, %s", accept, got, response.Status)
		}
	}
}

// askUntil asks until the answer contains a text.
func askUntil(t *testing.T, url, text string) string {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		response, got := ask(t, "GET", url, "")
		if response.StatusCode == 200 && strings.Contains(got, text) {
			return got
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %s %s, want %s in it", url, response.Status, got, text)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func TestJobsConsoleShowsNoPeopleAndChangesNoJobs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		c := complete()
		c.DatabaseURL, c.AdminToken = url, adminToken
		app := serve(t, c)
		_, text := ask(t, "POST", app+"/api/campaigns", `{}`)
		if !strings.Contains(text, "Unauthorized") {
			t.Errorf("the API takes the password of the console: %s", text)
		}
		campaign := post(t, app+"/api/campaigns", `{"name":"n","category":"c","promptTemplate":"- What?","status":"ACTIVE","identity":{"organisation":"Shelf Research","callbackNumber":"+15550009999","purpose":"prices on the shelf"},"callingHours":[{"days":"mon-sun","from":"00:00","to":"24:00"}],"hypotheses":[{"question":"Is it?"}]}`)
		post(t, app+"/api/campaigns/"+campaign+"/calls", `{"phoneNumbers":["+15551234567"]}`)

		page, text := ask(t, "GET", app+"/console/jobs/", "")
		if page.StatusCode != 200 || !strings.Contains(text, "/console/jobs/assets/") || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") ||
			!strings.Contains(page.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("page: %s %v\n%s", page.Status, page.Header, text)
		}
		if strings.Contains(text, "<script>") {
			t.Error("the policy forbids scripts within the page")
		}
		// Without an account the call waits. River writes down its queues once it runs.
		jobs := askUntil(t, app+"/console/jobs/api/jobs?state=scheduled&limit=20", "orchestrate-call")
		if !strings.Contains(jobs, "runId") || strings.Contains(jobs, "1555") {
			t.Errorf("jobs: %s", jobs)
		}
		askUntil(t, app+"/console/jobs/api/queues?limit=20", "end-call")
		for _, what := range []string{"cancel", "delete", "retry"} {
			if refused, text := ask(t, "POST", app+"/console/jobs/api/jobs/"+what, `{"ids":["1"]}`); refused.StatusCode != 409 || !strings.Contains(text, "/api/runs") {
				t.Errorf("%s: %s %s", what, refused.Status, text)
			}
		}
		if paused, text := ask(t, "PUT", app+"/console/jobs/api/queues/end-call/pause", ""); paused.StatusCode != 200 {
			t.Errorf("pause: %s %s", paused.Status, text)
		}
		stranger, err := http.Get(app + "/console/jobs/")
		if err != nil {
			t.Fatal(err)
		}
		_ = stranger.Body.Close()
		if stranger.StatusCode != 401 || !strings.HasPrefix(stranger.Header.Get("WWW-Authenticate"), "Basic") {
			t.Errorf("a stranger: %s", stranger.Status)
		}
	})
}
