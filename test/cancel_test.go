package test_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/simulator"
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
	for name, end := range map[string]func(t *testing.T, server *e2etest.Server, id string){
		"cancel": func(t *testing.T, server *e2etest.Server, id string) {
			server.Do(t, http.MethodPost, "/api/calls/"+id+"/cancel", "", http.StatusAccepted)
		},
		"erase": func(t *testing.T, server *e2etest.Server, id string) {
			server.Do(t, http.MethodDelete, "/api/calls/"+id+"/personal-data", `{"requestedBy": "privacy desk"}`, http.StatusAccepted)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e2etest.EachDatabaseAndEngine(t, func(t *testing.T, settings e2etest.Settings) {
				twilio := e2etest.NewSimulation(t, simulator.Config{Pick: patient, Speed: 1, RetryPause: time.Second})
				dial := twilio.Hold(e2etest.Dial, held)
				server := twilio.Serve(t, settings)
				calls := server.Place(t, ringing, talking, held)
				e2etest.Receive(t, dial.Arrived, "the dial that is held")
				server.AwaitCall(t, calls[0].ID, e2etest.HasStatus("RINGING"))
				server.AwaitCall(t, calls[1].ID, func(call e2e.Call) error {
					if len(call.Recordings) == 0 {
						return errors.New("no recording runs")
					}
					return nil
				})
				for _, call := range calls {
					end(t, server, call.ID)
				}
				dial.Release()
				for i, want := range []string{"CANCELED", "COMPLETED", "CANCELED"} {
					call := server.AwaitCall(t, calls[i].ID, e2etest.HasStatus(want))
					if name == "erase" && call.PhoneNumber != "" {
						t.Errorf("an erased call shows the number %s", call.PhoneNumber)
					}
				}
				judgeEnded(t, twilio)
				if name == "erase" {
					server.AwaitCall(t, calls[1].ID, func(call e2e.Call) error {
						if len(call.Recordings) != 1 || call.Recordings[0].Status != "deleted" {
							return fmt.Errorf("recordings: %v", call.Recordings)
						}
						return nil
					})
				}
				server.Term()
				server.Ended()
				e2etest.Verified(t, settings)
			})
		})
	}
}

// judgeEnded asks the simulator: every call is over, none was made twice, and no question was asked in the one whose end
// was wanted before it was created.
func judgeEnded(t *testing.T, twilio *e2etest.Simulation) {
	t.Helper()
	for _, truth := range twilio.Truths() {
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
	if n := len(twilio.Truths()); n != 3 {
		t.Errorf("%d calls were made to 3 people", n)
	}
}
