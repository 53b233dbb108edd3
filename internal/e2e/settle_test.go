package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/simulator"
)

func TestKitWaitsAsLongAsTheProductPromises(t *testing.T) {
	if got := jobs.LostAfter + 20*time.Second; e2e.TakenOverWithin < got {
		t.Errorf("a run whose process died is taken over within %s, the kit waits %s", got, e2e.TakenOverWithin)
	}
	if got := jobs.MaxBackoff + 30*time.Second; e2e.RetriedWithin < got {
		t.Errorf("a run that failed is tried again within %s, the kit waits %s", got, e2e.RetriedWithin)
	}
	if got := interview.DialProofWithin; e2e.AbsenceProvenWithin < got {
		t.Errorf("an absence is proven within %s, the kit waits %s", got, e2e.AbsenceProvenWithin)
	}
}

// api answers the lists of open calls and runs.
type api struct{ calls, runs map[string]string }

func (a api) client(t *testing.T) *e2e.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		list := a.calls[r.URL.Query().Get("status")]
		if strings.HasPrefix(r.URL.Path, "/api/runs") {
			list = a.runs[r.URL.Query().Get("state")]
		}
		fmt.Fprintf(w, `{"items": [%s], "next": null}`, list)
	}))
	t.Cleanup(server.Close)
	return &e2e.Client{URL: func() string { return server.URL }}
}

func newTwilio(t *testing.T) *simulator.Simulator {
	t.Helper()
	twilio, err := simulator.New(simulator.Config{AccountSid: "AC" + strings.Repeat("a", 32), AuthToken: "token",
		Pick: func(string, int) simulator.Script { return simulator.Consents() }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = twilio.Close() })
	return twilio
}

func TestOpenWorkIsNamedWithoutNumbers(t *testing.T) {
	a := api{calls: map[string]string{"RINGING": `{"id": "01CALL", "twilioSid": "CA0123456789", "status": "RINGING", "phoneNumber": "+15550001000"}`},
		runs: map[string]string{"waiting": `{"id": "01RUN", "function": "transcribe-recording", "key": "01CALL:RE1", "state": "waiting", "attempts": 2,
			"lastError": "timeout: calling +15550001000"}`}}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the time is over"))
	left, err := e2e.Settling{API: a.client(t), Twilio: newTwilio(t)}.Wait(ctx)
	if err == nil || len(left.Calls) != 1 || len(left.Runs) != 1 {
		t.Fatalf("%v, %v", left, err)
	}
	for _, part := range []string{"1 calls and 1 runs are still open", "01CALL", "CA0123456789", "RINGING", "01RUN", "transcribe-recording",
		"waiting", "2 attempts", "timeout", "the time is over"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
	if strings.Contains(err.Error(), "+1555") {
		t.Errorf("the error has somebody's number: %v", err)
	}
}

func TestRunsThatAreIgnoredAndUnknownDialsMayStayOpen(t *testing.T) {
	a := api{calls: map[string]string{"DIAL_UNKNOWN": `{"id": "01CALL", "status": "DIAL_UNKNOWN"}`},
		runs: map[string]string{"waiting": `{"id": "01RUN", "function": "validate-claim", "state": "waiting"}`}}
	s := e2e.Settling{API: a.client(t), Twilio: newTwilio(t), UnknownDials: true, Ignore: []string{"validate-claim"}}
	if left, err := s.Wait(t.Context()); err != nil || !left.Empty() {
		t.Errorf("%v, %v", left, err)
	}
	s.UnknownDials = false
	if over, err := s.Now(t.Context()); err != nil || over {
		t.Errorf("a call that is DIAL_UNKNOWN is over: %v", err)
	}
}

func TestOpenWorkIsReadOverAllPages(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		item := fmt.Sprintf(`{"id": %q}`, "after"+query.Get("cursor"))
		switch {
		case query.Get("status") != "QUEUED" && query.Get("state") != "waiting":
			fmt.Fprint(w, `{"items": [], "next": null}`)
		case query.Get("cursor") == "":
			fmt.Fprintf(w, `{"items": [%s], "next": "first"}`, item)
		default:
			fmt.Fprintf(w, `{"items": [%s], "next": null}`, item)
		}
	}))
	t.Cleanup(server.Close)
	client := &e2e.Client{URL: func() string { return server.URL }}
	if work, err := client.Open(t.Context()); err != nil || len(work.Calls) != 2 || len(work.Runs) != 2 {
		t.Errorf("%v, %v", work, err)
	}
}

// An open run is waited for as long as the product may take, by the clock; a call that nothing works on only as long as told.
func TestVerdictWaitsAsLongAsTheProductMayTake(t *testing.T) {
	for runs, want := range map[int]time.Duration{0: 3 * time.Second, 1: e2e.RetriedWithin} {
		twilio := newTwilio(t)
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			// Nobody answers the API within the bubble: what is left is an error, after the wait.
			nobody := &e2e.Client{URL: func() string { return "" }}
			_, err := e2e.Settling{API: nobody, Twilio: twilio, Abandon: 3 * time.Second,
				Count: func(context.Context) (int, int, error) { return 1, runs, nil }}.Wait(t.Context())
			if err == nil {
				t.Error("what is left was read although nobody answers")
			}
			if took := time.Since(began); took < want || took > want+time.Second {
				t.Errorf("with %d open runs the verdict came after %s, not %s", runs, took, want)
			}
		})
	}
}
