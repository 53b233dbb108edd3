package test_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/simulator"
	"github.com/i-agent/iagent/test/program"
)

// TestFallbackGivesTheLostAnswerFromEitherInstallation asks the fallback URL as Twilio does after each request for TwiML of a
// call whose answer was lost: first this installation, then one that shares its database and has a name of its own.
func TestFallbackGivesTheLostAnswerFromEitherInstallation(t *testing.T) {
	t.Parallel()
	program.OnBoth(t, func(t *testing.T, databaseURL string) {
		const second = "https://second.example.org/phone"
		twilio := program.NewTwilio(t)
		settings := program.Complete(databaseURL).With("FALLBACK_APP_URL", second+"/", "RECONCILE_EVERY", "0")
		server := twilio.Serve(t, settings)
		other := twilio.Serve(t, settings.With("APP_URL", second))
		call := dialled(t, server, "/api/webhooks/twilio/", server.Place(t, "+15550001000")[0])
		form := twilio.Placed("+15550001000")[0].Form
		if want := second + "/api/webhooks/twilio/voice?callId=" + call.id + "#rc=5&rp=5xx,ct,rt&rt=4500&ct=2000"; form.Get("FallbackUrl") != want ||
			form.Get("FallbackMethod") != "POST" {
			t.Errorf("the call was created with %v", form)
		}
		for _, request := range []program.Webhook{
			call.webhook("voice", "CallStatus", "in-progress"),
			call.webhook("consent", "CallStatus", "in-progress", "SpeechResult", "Hmm, well"),
			call.webhook("consent", "CallStatus", "in-progress", "Digits", "1"),
		} {
			if request.Form.Has("Digits") {
				request.Target += "&attempt=2"
			}
			lost := call.wantTwiML(request, "<Response>")
			asked := call.webhook("voice", "CallStatus", "in-progress", "ErrorCode", "11200", "ErrorUrl", program.PublicURL+request.Target)
			if here := call.wantTwiML(asked, "<Response>"); here.Body != lost.Body || here.Header.Get("X-Webhook-Duplicate") != "" {
				t.Errorf("after %s the fallback was answered %s, not %s", request.Target, here.Body, lost.Body)
			}
			asked.Form.Set("ErrorCode", "11205") // another fault of the same request, so another payload: the same event all the same
			asked.Signature = program.Sign(program.Token, second+asked.Target, asked.Form)
			there := other.Send(t, asked)
			if there.Status != 200 || there.Body != lost.Body {
				t.Errorf("the second installation answered %d %s, not %s", there.Status, there.Body, lost.Body)
			}
		}
		got := call.Status("IN_PROGRESS")
		if got.ConsentGiven == nil || !*got.ConsentGiven || got.Outcomes()["accepted"] != 6 {
			t.Errorf("consent %v, events %v", got.ConsentGiven, got.Events)
		}
	})
}

// lossy passes requests on and loses every answer to some of them: the first request of a call to each of these paths, and
// all retries of it. What Twilio asks the fallback URL for gets through.
type lossy struct {
	next *httputil.ReverseProxy
	mu   sync.Mutex
	lost map[string]int
}

func (l *lossy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, _ := url.ParseQuery(string(body))
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	if name != "voice" && name != "consent" || form.Has("ErrorUrl") {
		l.next.ServeHTTP(w, r)
		return
	}
	l.next.ServeHTTP(httptest.NewRecorder(), r)
	l.mu.Lock()
	l.lost[name]++
	l.mu.Unlock()
	w.WriteHeader(http.StatusBadGateway)
}

// TestCallSurvivesThatItsAnswersAreLost has people whose every request for TwiML is answered into the void, with all its
// retries. The fallback goes on where the conversation was.
func TestCallSurvivesThatItsAnswersAreLost(t *testing.T) {
	t.Parallel()
	program.OnBoth(t, func(t *testing.T, databaseURL string) {
		people := map[string]simulator.Script{"+15550003000": simulator.Consents(), "+15550003001": simulator.Refuses(),
			"+15550003002": simulator.UnclearThenYes(), "+15550003003": simulator.ConsentsByKeypad()}
		stage := program.NewStage(t, simulator.Config{Seed: 7, Model: simulator.MinimalModel, Pick: func(to string, _ int) simulator.Script { return people[to] }})
		settings := program.Complete(databaseURL).With("RECONCILE_EVERY", "0")
		server := stage.Serve(t, settings)
		target, err := url.Parse(server.URL())
		if err != nil {
			t.Fatal(err)
		}
		way := &lossy{next: httputil.NewSingleHostReverseProxy(target), lost: map[string]int{}}
		proxy := httptest.NewServer(way)
		t.Cleanup(proxy.Close)
		stage.Lead(func() string { return proxy.URL })

		numbers := []string{"+15550003000", "+15550003001", "+15550003002", "+15550003003"}
		placed := server.Place(t, numbers...)
		program.Eventually(t, 60*time.Second, func() error { return stage.Open(server.API, placed) })
		for _, truth := range stage.Truths() {
			recordings := 1
			if truth.To == "+15550003001" {
				recordings = 0
			}
			if truth.Status != "completed" || len(truth.Recordings) != recordings {
				t.Errorf("%s: %s, %d recordings", truth.To, truth.Status, len(truth.Recordings))
			}
		}
		for _, p := range placed {
			call := server.Call(t, p.ID)
			if yes := call.PhoneNumber != "+15550003001"; call.Status != "COMPLETED" || call.ConsentGiven == nil || *call.ConsentGiven != yes {
				t.Errorf("%s is %s, consent %v: %v", call.PhoneNumber, call.Status, call.ConsentGiven, call.Events)
			}
		}
		if way.lost["voice"] < len(numbers) || way.lost["consent"] < len(numbers) {
			t.Errorf("lost %v", way.lost)
		}
		if got := program.Run(t, settings, "verify"); got.Exit != 0 {
			t.Errorf("iagent verify ended with %d:\n%s%s", got.Exit, got.Stdout, got.Stderr)
		}
	})
}

// TestAnswerThatNeverArrivedIsAskedForAgain has requests for TwiML that do not connect, with all their retries. Nobody's call ends
// for that unless the fallback does not connect either, and what people say when asked again counts.
func TestAnswerThatNeverArrivedIsAskedForAgain(t *testing.T) {
	t.Parallel()
	program.OnBoth(t, func(t *testing.T, databaseURL string) {
		stage := program.NewStage(t, simulator.Config{Seed: 3, Model: simulator.MinimalModel, Faults: simulator.Faults{Drop: 0.3},
			Pick: func(string, int) simulator.Script { return simulator.Consents() }})
		server := stage.Serve(t, program.Complete(databaseURL).With("RECONCILE_EVERY", "0"))
		numbers := make([]string, 24)
		for i := range numbers {
			numbers[i] = fmt.Sprintf("+155500040%02d", i)
		}
		placed := server.Place(t, numbers...)
		program.Eventually(t, 60*time.Second, func() error {
			if p := stage.Progress(); p.Calls < len(placed) || p.Ended < p.Calls {
				return fmt.Errorf("%+v", p)
			}
			return nil
		})
		lost, fell := map[string]bool{}, map[string]bool{} // by number: calls that had to end, and those that went on
		for _, d := range stage.Deliveries() {
			if d.Kind == simulator.KindFallback {
				fell[d.To] = true
				lost[d.To] = lost[d.To] || d.Status == 0
			}
		}
		truths := map[string]simulator.Truth{}
		for _, truth := range stage.Truths() {
			truths[truth.To] = truth
		}
		asked := 0
		for _, p := range placed {
			call, truth := server.Call(t, p.ID), truths[p.PhoneNumber]
			if consented := call.ConsentGiven != nil && *call.ConsentGiven; consented != (truth.Consent == simulator.ConsentYes) {
				t.Errorf("%s: consent is %v, in truth %q: %v", p.PhoneNumber, consented, truth.Consent, call.Events)
			}
			if lost[p.PhoneNumber] {
				continue
			}
			if truth.Consent != simulator.ConsentYes || len(truth.Recordings) != 1 {
				t.Errorf("%s was lost although the fallback was answered: %+v", p.PhoneNumber, truth)
			}
			if fell[p.PhoneNumber] {
				asked++
			}
		}
		if asked < 5 {
			t.Errorf("only %d calls were saved by their fallback, of %d", asked, len(fell))
		}
	})
}

// TestPathOfThePublicURLMayArriveOrNot sends webhooks as proxies pass them on that cut the path of APP_URL off, keep it, or
// leave a slash too many, with the bytes in them that parsers disagree about.
func TestPathOfThePublicURLMayArriveOrNot(t *testing.T) {
	t.Parallel()
	program.OnBoth(t, func(t *testing.T, databaseURL string) {
		const public = program.PublicURL + "/phone"
		server := program.NewTwilio(t).Serve(t, program.Complete(databaseURL).With("APP_URL", public, "RECONCILE_EVERY", "0"))
		call := dialled(t, server, "/api/webhooks/twilio/", server.Place(t, "+15550001000")[0])
		for n, arrives := range []string{"", "/phone", "/", "//phone"} {
			w := call.webhook("status", "CallStatus", fmt.Sprintf("new-status-%d", n), "Note", "50% off; really", "100%", ";")
			w.Target += "&note=a;b&share=100%&c=%zz"
			w.Signature = program.Sign(program.Token, public+w.Target, w.Form)
			w.Body = strings.NewReplacer("%25", "%", "%3B", ";").Replace(w.Form.Encode())
			w.Target = arrives + w.Target
			call.want(w, 200, success)
			call.want(w, 200, duplicate)
			if answer := server.Send(t, program.Webhook{Target: arrives + "/healthz", Method: "GET", Unsigned: true}); answer.Status != 200 {
				t.Errorf("%s/healthz: %d %s", arrives, answer.Status, answer.Body)
			}
			w.Signature = program.Sign(program.Token, public+"/phone"+strings.TrimPrefix(w.Target, arrives), w.Form)
			call.want(w, 403, `{"error":"Invalid signature"}`)
		}
		if events := call.Status("DIALING").Events; len(events) != 4 {
			t.Errorf("kept %v", events)
		}
	})
}
