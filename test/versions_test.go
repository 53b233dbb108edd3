package test_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/webhook"
	"github.com/i-agent/iagent/simulator"
)

// greetingOfV2 is what v2 says first, and v1 never does.
const greetingOfV2 = "Hello from the second version."

// v1AndV2 serves v2 beside v1. It is how a new version is written: the table of v1 with other decisions for some kinds.
func v1AndV2(change func(v2 map[inbox.Kind]webhook.Decision)) app.Versions {
	return func(urls interview.CallbackURLs) []webhook.Version {
		v1, v2 := webhook.V1(urls), webhook.V1(urls)
		v2.Name = "v2"
		voice := v1.Decisions[inbox.KindVoice]
		v2.Decisions[inbox.KindVoice] = func(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
			change, reply, err := voice(call, event)
			reply.Body = bytes.Replace(reply.Body, []byte("<Response>"), []byte("<Response><Say>"+greetingOfV2+"</Say>"), 1)
			return change, reply, err
		}
		if change != nil {
			change(v2.Decisions)
		}
		return []webhook.Version{v1, v2}
	}
}

// installation is a program of this process, and the Twilio that it talks to.
type installation struct {
	t      *testing.T
	config app.Config
	twilio *simulator.Simulator
	log    *e2e.LogBuffer
	e2etest.API
}

// install makes an installation in which everybody who is called consents. Webhooks reach the program that runs.
func install(t *testing.T, databaseURL string) *installation {
	t.Helper()
	i := &installation{t: t, log: &e2e.LogBuffer{}}
	proxy := e2e.NewProxy()
	proxy.Servers = []func() string{func() string { return i.URL() }}
	t.Cleanup(proxy.Close)
	var err error
	i.twilio, err = simulator.New(simulator.Config{AccountSid: e2etest.Account, AuthToken: e2etest.Token, Transport: proxy,
		Pick: func(string, int) simulator.Script { return simulator.Consents() }})
	if err != nil {
		t.Fatal(err)
	}
	twilioURL, stop, err := e2e.Serve(i.twilio)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = i.twilio.Close()
		stop()
	})
	i.config = app.Config{AuthToken: e2etest.Token, AccountSid: e2etest.Account, PhoneNumber: e2etest.Number, APIURL: twilioURL,
		URL: e2e.PublicURL, DatabaseURL: databaseURL, Host: "127.0.0.1", Port: "0", AdminToken: e2etest.AdminToken, JobsEngine: "river",
		DialsPerMinute: "1000", LogFormat: "text", LogLevel: "info"}
	return i
}

// serve runs a program with these versions until test has returned.
func (i *installation) serve(versions app.Versions, dial, shadow string, test func()) {
	i.t.Helper()
	config := i.config
	config.WebhookVersion, config.ShadowVersion = dial, shadow
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		i.t.Fatal(err)
	}
	a, err := app.Open(i.t.Context(), config, app.Options{Listener: listener, Versions: versions, Log: slog.New(slog.NewTextHandler(i.log, nil))})
	if err != nil {
		i.t.Fatal(err)
	}
	defer a.Close()
	base := "http://" + listener.Addr().String()
	i.API = e2etest.API{Client: &e2e.Client{URL: func() string { return base }, Token: e2etest.AdminToken}}
	running, stop := context.WithCancel(i.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(running) }()
	test()
	stop()
	if err := <-ended; err != nil {
		i.t.Error(err)
	}
}

// call calls numbers and returns the calls once they are completed.
func (i *installation) call(numbers ...string) []e2e.Call {
	i.t.Helper()
	placed := i.Place(i.t, numbers...)
	for n, call := range placed {
		placed[n] = i.AwaitCall(i.t, call.ID, e2etest.HasStatus("COMPLETED"))
	}
	return placed
}

// paths counts the webhooks of a number by the version in their URL.
func (i *installation) paths(number string) map[string]int {
	count := map[string]int{}
	for _, d := range i.twilio.Deliveries() {
		if d.To == number {
			count[strings.Split(strings.TrimPrefix(d.URL, e2e.PublicURL+"/api/webhooks/"), "/")[0]]++
		}
	}
	return count
}

// shadowed reads iagent_shadow_decisions_total of a kind and a result.
func (i *installation) shadowed(kind inbox.Kind, result string) string {
	r, err := http.NewRequestWithContext(i.t.Context(), http.MethodGet, i.URL()+"/metrics", nil)
	if err != nil {
		i.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+e2etest.AdminToken)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		i.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		i.t.Fatal(err)
	}
	name := fmt.Sprintf("iagent_shadow_decisions_total{kind=%q,result=%q,version=\"v2\"} ", kind, result)
	_, rest, _ := strings.Cut(string(text), name)
	value, _, _ := strings.Cut(rest, "\n")
	return value
}

// TestSecondVersionIsRolledOutBesideTheFirst is the example of docs/versions.md: a second version is tried, dialled with, and the
// first one drained, on one database.
func TestSecondVersionIsRolledOutBesideTheFirst(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		i := install(t, databaseURL)
		var first, older []e2e.Call

		// 1. v2 is tried. It greets otherwise, panics at each consent, loses each call, and then hangs.
		hang := make(chan struct{})
		defer close(hang)
		careless := v1AndV2(func(v2 map[inbox.Kind]webhook.Decision) {
			v2[webhook.KindConsent] = func(interview.Call, *inbox.Event) (interview.Change, inbox.Reply, error) {
				panic("not written yet")
			}
			v2[inbox.KindStatus] = func(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
				event.Form.Set("CallSid", "nobody's") // not even its faults reach what was committed
				call.Status, call.Consent = interview.CallFailed, interview.ConsentRefused
				return interview.Change{Call: call, Erase: true, Jobs: []interview.Job{interview.NewOrchestrateCall(call.ID, event.ReceivedAt)}},
					inbox.Reply{Status: 200, ContentType: "application/json", Body: []byte(`{}`)}, nil
			}
			v2[webhook.KindAMD] = func(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
				if call.PhoneNumber == "+15550001009" {
					<-hang
				}
				return interview.Change{}, inbox.Reply{}, fmt.Errorf("no idea")
			}
		})
		i.serve(careless, "v1", "v2", func() {
			first = i.call("+15550001001", "+15550001002")
			e2etest.Eventually(t, func() error {
				for _, want := range []struct {
					kind   inbox.Kind
					result string
				}{{inbox.KindVoice, "different"}, {webhook.KindConsent, "failed"}, {inbox.KindRecording, "same"}, {inbox.KindStatus, "different"}, {webhook.KindAMD, "failed"}} {
					if n := i.shadowed(want.kind, want.result); n == "" || n == "0" || n == "1" {
						return fmt.Errorf("v2 decided %s %s %q times, for two calls", want.kind, want.result, n)
					}
				}
				return nil
			})
			// It hangs, and everybody else is called all the same; the program even ends.
			i.call("+15550001009")
			first = append(first, i.call("+15550001003")...)
		})
		for _, call := range first {
			if call.ConsentGiven == nil || !*call.ConsentGiven {
				t.Errorf("call %s came to consent %v by a version that was only tried", call.ID, call.ConsentGiven)
			}
		}
		for _, number := range []string{"+15550001001", "+15550001009"} {
			if got := i.paths(number); len(got) != 1 || got["v1"] == 0 {
				t.Errorf("webhooks of %s by version: %v, want v1 only", number, got)
			}
		}
		for _, want := range []string{"the shadow version decides otherwise", "the shadow version failed to decide", "differs=reply.body", "call.Status"} {
			if !strings.Contains(i.log.String(), want) {
				t.Errorf("the log does not say %q", want)
			}
		}

		// 2. New calls are dialled with v2. Those of v1 keep it, whatever URL their webhooks come to.
		i.serve(v1AndV2(nil), "v2", "v1", func() {
			second := i.call("+15550002001")
			if got := i.paths("+15550002001"); len(got) != 1 || got["v2"] == 0 {
				t.Errorf("webhooks by version: %v, want v2 only", got)
			}
			for _, path := range []string{"/api/webhooks/v1/twilio/", "/api/webhooks/v2/twilio/", "/api/webhooks/twilio/"} {
				old := i.line(path, first[0])
				failed := url.QueryEscape(path)
				if answer := old.wantTwiML(old.webhook("voice", "ErrorUrl", failed), "<Hangup"); strings.Contains(answer.Body, greetingOfV2) {
					t.Errorf("v2 answered a call of v1 at %s", path)
				}
				made := i.line(path, second[0])
				made.wantTwiML(made.webhook("voice", "ErrorUrl", failed), greetingOfV2)
			}
			older = second
		})

		// 3. A program without v2 does not touch its calls: 404 on its paths, a failed event elsewhere, to be replayed.
		i.serve(nil, "v1", "", func() {
			made := i.line("/api/webhooks/v2/twilio/", older[0])
			made.want(made.webhook("voice", "ErrorUrl", "late"), http.StatusNotFound, `{"error":"Not found"}`)
			made.path = "/api/webhooks/twilio/"
			made.want(made.webhook("voice", "ErrorUrl", "late"), http.StatusInternalServerError, `{"error":"Internal server error"}`)
			old := i.line("/api/webhooks/v1/twilio/", first[0])
			old.wantTwiML(old.webhook("voice", "ErrorUrl", "late"), "<Hangup")
		})
	})
}

// line is a call of the installation, for webhooks that are signed by hand.
func (i *installation) line(path string, call e2e.Call) line {
	return line{&e2etest.Server{API: i.API}, i.t, path, call.ID, call.TwilioSid}
}

// TestVersionThatTheProgramLacksIsAConfigurationFault.
func TestVersionThatTheProgramLacksIsAConfigurationFault(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		config := install(t, databaseURL).config
		config.WebhookVersion, config.ShadowVersion = "v7", "v8"
		_, err := app.Open(t.Context(), config, app.Options{})
		if err == nil || !strings.Contains(err.Error(), "WEBHOOK_VERSION: this program does not have v7; set it to one of: v1") ||
			!strings.Contains(err.Error(), "SHADOW_VERSION: this program does not have v8") {
			t.Errorf("%v", err)
		}
	})
}
