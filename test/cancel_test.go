package test_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/simulator"
	"github.com/i-agent/iagent/test/program"
)

// The people of these tests: one talks with us, the phones of the others ring, for as long as the test takes.
const (
	ringing = "+15550004000"
	talking = "+15550004001"
	held    = "+15550004002"
)

func patient(to string, _ int) simulator.Script {
	if to == talking {
		return simulator.Consents()
	}
	return simulator.Script{Name: "lets it ring", Ring: 600}
}

// TestCallsAreEndedAtTwilioOnRequest cancels a call that rings, one that talks and one whose creation Twilio has not
// answered yet, and erases others at the same moments: each is over at Twilio within moments, and nobody else is called.
func TestCallsAreEndedAtTwilioOnRequest(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, server *program.Server, id string){
		"cancel": func(t *testing.T, server *program.Server, id string) {
			server.Do(t, http.MethodPost, "/api/calls/"+id+"/cancel", "", http.StatusAccepted)
		},
		"erase": func(t *testing.T, server *program.Server, id string) {
			server.Do(t, http.MethodDelete, "/api/calls/"+id+"/personal-data", `{"requestedBy": "privacy desk"}`, http.StatusAccepted)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program.Everywhere(t, func(t *testing.T, settings program.Settings) {
				stage := program.NewStage(t, simulator.Config{Pick: patient, Speed: 1, RetryPause: time.Second})
				slow := holding(t, stage.URL)
				server := program.Serve(t, settings.With("TWILIO_API_URL", slow.URL, "OPENAI_BASE_URL", stage.URL+"/v1"))
				stage.Lead(server.URL)
				calls := server.Place(t, ringing, talking, held)
				program.Receive(t, time.Minute, slow.arrived, "the dial that is held")
				server.AwaitCall(t, time.Minute, calls[0].ID, program.HasStatus("RINGING"))
				server.AwaitCall(t, time.Minute, calls[1].ID, func(call program.Call) error {
					if len(call.Recordings) == 0 {
						return errors.New("no recording runs")
					}
					return nil
				})
				for _, call := range calls {
					end(t, server, call.ID)
				}
				close(slow.release)
				for i, want := range []string{"CANCELED", "COMPLETED", "CANCELED"} {
					call := server.AwaitCall(t, 30*time.Second, calls[i].ID, program.HasStatus(want))
					if name == "erase" && call.PhoneNumber != "" {
						t.Errorf("an erased call shows the number %s", call.PhoneNumber)
					}
				}
				judgeEnded(t, stage)
				if name == "erase" {
					server.AwaitCall(t, 30*time.Second, calls[1].ID, func(call program.Call) error {
						if len(call.Recordings) != 1 || call.Recordings[0].Status != "deleted" {
							return fmt.Errorf("recordings: %v", call.Recordings)
						}
						return nil
					})
				}
				verified(t, server, settings)
			})
		})
	}
}

// judgeEnded asks the simulator: every call is over, none was made twice, and no question was asked in the one whose end
// was wanted before it was created.
func judgeEnded(t *testing.T, stage *program.Stage) {
	t.Helper()
	for _, truth := range stage.Truths() {
		want := "canceled"
		if truth.To == talking {
			want = "completed"
		}
		if truth.Status != want {
			t.Errorf("the call to %s is %s at Twilio, not %s", truth.To, truth.Status, want)
		}
		if truth.To == held && len(truth.Recordings) != 0 {
			t.Errorf("the call that was not wanted any more has %d recordings", len(truth.Recordings))
		}
	}
	if n := len(stage.Truths()); n != 3 {
		t.Errorf("%d calls were made to 3 people", n)
	}
}

// verified runs iagent verify.
func verified(t *testing.T, server *program.Server, settings program.Settings) {
	t.Helper()
	server.Term()
	server.Ended()
	if got := program.Run(t, program.Settings{}, "verify", "--database-url", settings["DATABASE_URL"]); got.Exit != 0 {
		t.Errorf("verify: %d %s %s", got.Exit, got.Stdout, got.Stderr)
	}
}

// holdingProxy leads to Twilio and keeps the creation of the call to one person waiting.
type holdingProxy struct {
	URL     string
	arrived chan struct{}
	release chan struct{}
}

func holding(t *testing.T, to string) *holdingProxy {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	h := &holdingProxy{arrived: make(chan struct{}, 1), release: make(chan struct{})}
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Calls.json") {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Errorf("creating a call: %v", err)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			if form, err := url.ParseQuery(string(body)); err == nil && form.Get("To") == held {
				h.arrived <- struct{}{}
				select {
				case <-h.release:
				case <-r.Context().Done():
				}
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	h.URL = server.URL
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return h
}
