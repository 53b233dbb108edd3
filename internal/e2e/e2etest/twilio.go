package e2etest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"
)

// Twilio is a stand-in for Twilio's REST API that answers the creation of calls as a test wants, and places none: the
// webhooks are the test's own. Anything but creating and listing calls fails the test.
type Twilio struct {
	URL string

	t       testing.TB
	release chan struct{} // closed at the test's end

	mu      sync.Mutex
	answers map[string][]CreateAnswer // by number
	asked   map[string][]time.Time    // by number
	placed  []PlacedCall
}

// PlacedCall is a call that Twilio took.
type PlacedCall struct {
	Sid  string
	Form url.Values
	At   time.Time
}

// CreateAnswer answers one request to create a call.
type CreateAnswer func(tw *Twilio, w http.ResponseWriter, r *http.Request)

// NewTwilio starts a stand-in that creates calls. See [Twilio.Answer] for others.
func NewTwilio(t testing.TB) *Twilio {
	tw := &Twilio{t: t, release: make(chan struct{}), answers: map[string][]CreateAnswer{}, asked: map[string][]time.Time{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2010-04-01/Accounts/"+Account+"/Calls.json", tw.create)
	mux.HandleFunc("GET /2010-04-01/Accounts/"+Account+"/Calls.json", tw.list)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("nobody expected %s %s at Twilio", r.Method, r.URL.Path)
		w.WriteHeader(http.StatusNotFound)
	})
	server := httptest.NewServer(authenticated(mux))
	t.Cleanup(func() {
		close(tw.release)
		server.Close()
	})
	tw.URL = server.URL
	return tw
}

// Serve starts a server that calls people through the stand-in.
func (tw *Twilio) Serve(t testing.TB, settings Settings) *Server {
	t.Helper()
	return Serve(t, settings.With("TWILIO_API_URL", tw.URL))
}

// Answer says what becomes of requests to call a number: each gets the next of the answers, and the last one for ever.
func (tw *Twilio) Answer(number string, answers ...CreateAnswer) {
	tw.mu.Lock()
	defer tw.mu.Unlock()
	tw.answers[number] = answers
}

// Asked is when the requests to call a number arrived.
func (tw *Twilio) Asked(number string) []time.Time {
	tw.mu.Lock()
	defer tw.mu.Unlock()
	return slices.Clone(tw.asked[number])
}

// Placed lists the calls to a number that exist, whether or not anybody was told.
func (tw *Twilio) Placed(number string) []PlacedCall {
	tw.mu.Lock()
	defer tw.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(tw.placed), func(c PlacedCall) bool { return c.Form.Get("To") != number })
}

func authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != Account || password != Token {
			refuse(w, http.StatusUnauthorized, 20003, "Authenticate")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (tw *Twilio) create(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		tw.t.Errorf("creating a call: %v", err)
	}
	to, answer := r.Form.Get("To"), CreateAnswer(Creates)
	tw.mu.Lock()
	if answers := tw.answers[to]; len(answers) > 0 {
		answer = answers[min(len(tw.asked[to]), len(answers)-1)]
	}
	tw.asked[to] = append(tw.asked[to], time.Now())
	tw.mu.Unlock()
	answer(tw, w, r)
}

// list shows the calls to a number, as Twilio does to whoever wonders what became of a request.
func (tw *Twilio) list(w http.ResponseWriter, r *http.Request) {
	calls := []map[string]any{}
	for _, call := range tw.Placed(r.URL.Query().Get("To")) {
		calls = append(calls, call.resource())
	}
	answerJSON(w, http.StatusOK, map[string]any{"calls": calls, "page": 0, "page_size": 100, "next_page_uri": nil, "uri": r.URL.RequestURI()})
}

// place makes a call of a request.
func (tw *Twilio) place(form url.Values) PlacedCall {
	tw.mu.Lock()
	defer tw.mu.Unlock()
	call := PlacedCall{Sid: Sid("CA", len(tw.placed)+1), Form: form, At: time.Now()}
	tw.placed = append(tw.placed, call)
	return call
}

func (c PlacedCall) resource() map[string]any {
	return map[string]any{
		"sid": c.Sid, "account_sid": Account, "status": "queued", "direction": "outbound-api",
		"to": c.Form.Get("To"), "from": c.Form.Get("From"), "date_created": c.At.UTC().Format(time.RFC1123Z),
	}
}

// Sid is the n-th of a kind: its prefix and 32 hexadecimal digits.
func Sid(prefix string, n int) string { return fmt.Sprintf("%s%032x", prefix, n) }

// Creates answers 201, as Twilio does.
func Creates(tw *Twilio, w http.ResponseWriter, r *http.Request) {
	answerJSON(w, http.StatusCreated, tw.place(r.Form).resource())
}

// Fails answers 500, and places nothing. Nobody can tell it from the next.
func Fails(_ *Twilio, w http.ResponseWriter, _ *http.Request) {
	refuse(w, http.StatusInternalServerError, 20500, "An internal server error has occurred")
}

// FailsAfterCreating places the call and answers 500.
func FailsAfterCreating(tw *Twilio, w http.ResponseWriter, r *http.Request) {
	tw.place(r.Form)
	Fails(tw, w, r)
}

// HangsAfterCreating places the call and never answers.
func HangsAfterCreating(tw *Twilio, _ http.ResponseWriter, r *http.Request) {
	tw.place(r.Form)
	select {
	case <-r.Context().Done():
	case <-tw.release:
	}
}

// DropsAfterCreating places the call and cuts the connection.
func DropsAfterCreating(tw *Twilio, _ http.ResponseWriter, r *http.Request) {
	tw.place(r.Form)
	panic(http.ErrAbortHandler)
}

// ForgetsSid places the call and answers 201 without its CallSid.
func ForgetsSid(tw *Twilio, w http.ResponseWriter, r *http.Request) {
	tw.place(r.Form)
	answerJSON(w, http.StatusCreated, map[string]any{"status": "queued"})
}

// HidesBehindProxy places the call, but a proxy answers with a page of its own.
func HidesBehindProxy(tw *Twilio, w http.ResponseWriter, r *http.Request) {
	tw.place(r.Form)
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, "<html><h1>404 Not Found</h1></html>")
}

// Throttles answers 429, which means that nothing was placed.
func Throttles(_ *Twilio, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "1")
	refuse(w, http.StatusTooManyRequests, 20429, "Too Many Requests")
}

// RefusesNumber answers 400: the number cannot be called.
func RefusesNumber(_ *Twilio, w http.ResponseWriter, _ *http.Request) {
	refuse(w, http.StatusBadRequest, 21211, "The 'To' number is not a valid phone number.")
}

func refuse(w http.ResponseWriter, status, code int, message string) {
	answerJSON(w, status, map[string]any{"code": code, "message": message, "status": status,
		"more_info": fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code)})
}

func answerJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
