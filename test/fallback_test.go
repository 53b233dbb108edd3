package test_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/simulator"
)

// TestFallbackGivesTheLostAnswerFromEitherInstallation asks the fallback URL as Twilio does after each request for TwiML of a
// call whose answer was lost: first this installation, then one that shares its database and has a name of its own.
func TestFallbackGivesTheLostAnswerFromEitherInstallation(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		const second = "https://second.example.org/phone"
		twilio := e2etest.NewTwilio(t)
		settings := e2etest.DefaultSettings(databaseURL).With("FALLBACK_APP_URL", second+"/", "RECONCILE_EVERY", "0")
		server := twilio.Serve(t, settings)
		other := twilio.Serve(t, settings.With("APP_URL", second))
		call := dialled(t, server, "/api/webhooks/twilio/", server.Place(t, "+15550001000")[0])
		form := twilio.Placed("+15550001000")[0].Form
		if want := second + "/api/webhooks/v1/twilio/voice?callId=" + call.id + "#rc=5&rp=5xx,ct,rt&rt=4500&ct=2000"; form.Get("FallbackUrl") != want ||
			form.Get("FallbackMethod") != "POST" {
			t.Errorf("the call was created with %v", form)
		}
		for _, request := range []e2etest.Webhook{
			call.webhook("voice", "CallStatus", "in-progress"),
			call.webhook("consent", "CallStatus", "in-progress", "SpeechResult", "Hmm, well"),
			call.webhook("consent", "CallStatus", "in-progress", "Digits", "1"),
		} {
			if request.Form.Has("Digits") {
				request.Target += "&attempt=2"
			}
			lost := call.wantTwiML(request, "<Response>")
			asked := call.webhook("voice", "CallStatus", "in-progress", "ErrorCode", "11200", "ErrorUrl", e2etest.PublicURL+request.Target)
			if here := call.wantTwiML(asked, "<Response>"); here.Body != lost.Body || here.Header.Get("X-Webhook-Duplicate") != "" {
				t.Errorf("after %s the fallback was answered %s, not %s", request.Target, here.Body, lost.Body)
			}
			asked.Form.Set("ErrorCode", "11205") // another fault of the same request, so another payload: the same event all the same
			asked.Signature = e2etest.Sign(e2etest.Token, second+asked.Target, asked.Form)
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

// lossyAnswers loses every answer to some requests for TwiML: those that ask for voice and consent, and all their retries. What
// Twilio asks the fallback URL for gets through.
type lossyAnswers struct {
	mu   sync.Mutex
	lost map[string]int
}

func (l *lossyAnswers) loses(path string, form url.Values) bool {
	name := path[strings.LastIndexByte(path, '/')+1:]
	if name != "voice" && name != "consent" || form.Has("ErrorUrl") {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost[name]++
	return true
}

// TestCallGoesOnWhenItsAnswersAreLost has people whose every request for TwiML is answered into the void, with all its
// retries. The fallback goes on where the conversation was.
func TestCallGoesOnWhenItsAnswersAreLost(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		people := map[string]simulator.Script{"+15550003000": simulator.Consents(), "+15550003001": simulator.Refuses(),
			"+15550003002": simulator.UnclearThenYes(), "+15550003003": simulator.ConsentsByKeypad()}
		twilio := e2etest.NewSimulation(t, simulator.Config{Seed: 7, Model: simulator.MinimalModel, Pick: func(to string, _ int) simulator.Script { return people[to] }})
		settings := e2etest.DefaultSettings(databaseURL).With("RECONCILE_EVERY", "0")
		answers := &lossyAnswers{lost: map[string]int{}}
		twilio.Proxy.Lose = answers.loses
		server := twilio.Serve(t, settings)

		numbers := []string{"+15550003000", "+15550003001", "+15550003002", "+15550003003"}
		placed := server.Place(t, numbers...)
		twilio.AwaitSettled(t, server.API)
		for _, truth := range twilio.Truths() {
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
		if answers.lost["voice"] < len(numbers) || answers.lost["consent"] < len(numbers) {
			t.Errorf("lost %v", answers.lost)
		}
		e2etest.Verified(t, settings)
	})
}

// TestAnswerThatNeverArrivedIsAskedForAgain has requests for TwiML that do not connect, with all their retries. Nobody's call ends
// for that unless the fallback does not connect either, and what people say when asked again counts.
func TestAnswerThatNeverArrivedIsAskedForAgain(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		twilio := e2etest.NewSimulation(t, simulator.Config{Seed: 3, Model: simulator.MinimalModel, Faults: simulator.Faults{Drop: 0.3},
			Pick: func(string, int) simulator.Script { return simulator.Consents() }})
		server := twilio.Serve(t, e2etest.DefaultSettings(databaseURL).With("RECONCILE_EVERY", "0"))
		numbers := make([]string, 24)
		for i := range numbers {
			numbers[i] = fmt.Sprintf("+155500040%02d", i)
		}
		placed := server.Place(t, numbers...)
		e2etest.Eventually(t, func() error {
			if p := twilio.Progress(); p.Calls < len(placed) || p.Ended < p.Calls {
				return fmt.Errorf("%+v", p)
			}
			return nil
		})
		lost, fell := map[string]bool{}, map[string]bool{} // by number: calls that had to end, and those that went on
		for _, d := range twilio.Deliveries() {
			if d.Kind == simulator.KindFallback {
				fell[d.To] = true
				lost[d.To] = lost[d.To] || d.Status == 0
			}
		}
		truths := map[string]simulator.Truth{}
		for _, truth := range twilio.Truths() {
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

// TestWebhookIsVerifiedWithOrWithoutThePublicPath sends webhooks as proxies pass them on that cut the path of APP_URL off, keep it, or
// leave a slash too many, with the bytes in them that parsers disagree about.
func TestWebhookIsVerifiedWithOrWithoutThePublicPath(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		const public = e2etest.PublicURL + "/phone"
		server := e2etest.NewTwilio(t).Serve(t, e2etest.DefaultSettings(databaseURL).With("APP_URL", public, "RECONCILE_EVERY", "0"))
		call := dialled(t, server, "/api/webhooks/twilio/", server.Place(t, "+15550001000")[0])
		for n, arrives := range []string{"", "/phone", "/", "//phone"} {
			w := call.webhook("status", "CallStatus", fmt.Sprintf("new-status-%d", n), "Note", "50% off; really", "100%", ";")
			w.Target += "&note=a;b&share=100%&c=%zz"
			w.Signature = e2etest.Sign(e2etest.Token, public+w.Target, w.Form)
			w.Body = strings.NewReplacer("%25", "%", "%3B", ";").Replace(w.Form.Encode())
			w.Target = arrives + w.Target
			call.want(w, 200, success)
			call.want(w, 200, duplicate)
			if answer := server.Send(t, e2etest.Webhook{Target: arrives + "/healthz", Method: "GET", Unsigned: true}); answer.Status != 200 {
				t.Errorf("%s/healthz: %d %s", arrives, answer.Status, answer.Body)
			}
			w.Signature = e2etest.Sign(e2etest.Token, public+"/phone"+strings.TrimPrefix(w.Target, arrives), w.Form)
			call.want(w, 403, `{"error":"Invalid signature"}`)
		}
		if events := call.Status("DIALING").Events; len(events) != 4 {
			t.Errorf("kept %v", events)
		}
	})
}
