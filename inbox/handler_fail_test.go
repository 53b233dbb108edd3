package inbox_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
)

func TestHandlerWithoutVerifierLetsNobodyIn(t *testing.T) {
	processor := process(func(context.Context, *inbox.Event) (inbox.Result, error) {
		t.Error("it was processed")
		return inbox.Result{}, nil
	})
	if h, err := inbox.NewHandler(inbox.Config{Processor: processor}); err == nil || h != nil || !strings.Contains(err.Error(), "Verifier") {
		t.Errorf("NewHandler without Verifier: %v, %v", h, err)
	}
	if h, err := inbox.NewHandler(inbox.Config{Verifier: verifier(verify)}); err == nil || h != nil {
		t.Errorf("NewHandler without Processor: %v, %v", h, err)
	}
	want(t, serve(new(inbox.Handler), webhook("voice", "CallSid=CA1")), 403, "application/json", `{"error":"Invalid signature"}`, false)
}

func TestVerifierSeesTheBodyBeforeAnybodyElse(t *testing.T) {
	var order []string
	h := newHandler(t, inbox.Config{
		Verifier: verifier(func(_ *http.Request, body []byte) error {
			order = append(order, "verify "+string(body))
			return nil
		}),
		Identify: func(e *inbox.Event) error {
			order = append(order, "identify")
			e.ID = "id"
			return nil
		},
		Processor: process(func(context.Context, *inbox.Event) (inbox.Result, error) {
			order = append(order, "process")
			return inbox.Result{Outcome: inbox.Accepted}, nil
		}),
		Observe: func(context.Context, *inbox.Event, inbox.Result, error, time.Duration) {
			order = append(order, "observe")
		},
	})
	serve(h, webhook("voice", "a=b"))
	if got := strings.Join(order, ", "); got != "verify a=b, identify, process, observe" {
		t.Error(got)
	}
}

func TestVerifierThatPanicsLetsNobodyIn(t *testing.T) {
	h := newHandler(t, inbox.Config{
		Verifier: verifier(func(*http.Request, []byte) error { panic("no key") }),
		Processor: process(func(context.Context, *inbox.Event) (inbox.Result, error) {
			t.Error("it was processed")
			return inbox.Result{}, nil
		}),
	})
	want(t, serve(h, webhook("voice", "CallSid=CA1")), 500, "application/json", `{"error":"Internal server error"}`, false)
}

func TestRejectedRequestsAreObservedAndMayBeAnsweredOtherwise(t *testing.T) {
	var statuses []int
	h := newHandler(t, inbox.Config{
		Processor: fails(errors.New("unused")),
		Reject: func(w http.ResponseWriter, _ *http.Request, err error) {
			w.Header().Set("Retry-After", "7")
			inbox.WriteError(w, 429, err.Error())
		},
		OnRejected: func(_ *http.Request, status int, _ error) { statuses = append(statuses, status) },
	})
	unsigned, put := webhook("voice", "a=b"), webhook("voice", "a=b")
	unsigned.Header.Del(signed)
	put.Method = "PUT"
	want(t, serve(h, unsigned), 429, "application/json", `{"error":"not signed"}`, false)
	want(t, serve(h, put), 405, "application/json", `{"error":"Method not allowed"}`, false)
	if len(statuses) != 2 || statuses[0] != 403 || statuses[1] != 405 {
		t.Errorf("rejected with %v", statuses)
	}
}

func TestFailureOfIdentifyIsHiddenFromTheSender(t *testing.T) {
	for name, identify := range map[string]func(*inbox.Event) error{
		"error": func(*inbox.Event) error { return errors.New("secret") },
		"panic": func(*inbox.Event) error { panic("secret") },
		"no id": func(*inbox.Event) error { return nil },
	} {
		h := newHandler(t, inbox.Config{Identify: identify, Processor: outcomes(inbox.Accepted, "", "")})
		t.Run(name, func(t *testing.T) {
			want(t, serve(h, webhook("voice", "CallSid=CA1")), 500, "application/json", `{"error":"Internal server error"}`, false)
		})
	}
	h := newHandler(t, inbox.Config{
		Identify:  func(e *inbox.Event) error { e.ID, e.Subject = "id", "\x00"; return nil },
		Processor: outcomes(inbox.Accepted, "", ""),
	})
	want(t, serve(h, webhook("voice", "CallSid=CA1")), 400, "application/json", `{"error":"Malformed parameter"}`, false)
}

// Twilio does not send an event again because it stopped waiting for the answer: it must be processed all the same.
func TestClientThatHangsUpDoesNotLoseTheEvent(t *testing.T) {
	ctx, hangUp := context.WithCancel(t.Context())
	h := newHandler(t, inbox.Config{Timeout: time.Minute, Processor: process(func(ctx context.Context, _ *inbox.Event) (inbox.Result, error) {
		hangUp()
		deadline, ok := ctx.Deadline()
		if !ok || time.Until(deadline) > time.Minute {
			t.Errorf("deadline %v, %t", deadline, ok)
		}
		return inbox.Result{Outcome: inbox.Accepted}, ctx.Err()
	})})
	if got := serve(h, webhook("voice", "CallSid=CA1").WithContext(ctx)); got.StatusCode != 200 {
		t.Errorf("answer %d", got.StatusCode)
	}
}

func TestProcessorWithoutAnOutcomeIsAFault(t *testing.T) {
	for _, outcome := range []inbox.Outcome{"", inbox.Failed, inbox.Refused, "ok"} {
		h := newHandler(t, inbox.Config{Processor: outcomes(outcome, "text/xml", twiml)})
		want(t, serve(h, webhook("voice", "CallSid=CA1")), 500, "application/json", `{"error":"Internal server error"}`, false)
	}
}

func TestProcessorThatHangsIsAnsweredInTime(t *testing.T) {
	h := newHandler(t, inbox.Config{Timeout: time.Millisecond, Processor: process(func(ctx context.Context, _ *inbox.Event) (inbox.Result, error) {
		<-ctx.Done()
		return inbox.Result{}, ctx.Err()
	})})
	want(t, serve(h, webhook("voice", "CallSid=CA1")), 500, "application/json", `{"error":"Internal server error"}`, false)
}

func TestObserverLearnsWhatBecameOfTheEvent(t *testing.T) {
	for _, tc := range []struct {
		process process
		want    inbox.Outcome
	}{
		{outcomes(inbox.Accepted, "", ""), inbox.Accepted},
		{outcomes(inbox.Conflict, "", ""), inbox.Conflict},
		{fails(inbox.Refuse(404, "Call not found")), inbox.Refused},
		{fails(errors.New("down")), inbox.Failed},
		{func(context.Context, *inbox.Event) (inbox.Result, error) { panic("oh") }, inbox.Failed},
	} {
		var seen []inbox.Outcome
		h := newHandler(t, inbox.Config{Processor: tc.process, Observe: func(_ context.Context, e *inbox.Event, r inbox.Result, err error, _ time.Duration) {
			seen = append(seen, r.Outcome)
			if (err == nil) != (tc.want == inbox.Accepted || tc.want == inbox.Conflict) || e.ID != "CA1:voice" {
				t.Errorf("observed %+v, %v", e, err)
			}
		}})
		serve(h, webhook("voice", "CallSid=CA1"))
		if len(seen) != 1 || seen[0] != tc.want {
			t.Errorf("observed %v; want %s", seen, tc.want)
		}
	}
}

func TestAnswerSurvivesAnObserverThatPanics(t *testing.T) {
	h := newHandler(t, inbox.Config{
		Processor: outcomes(inbox.Accepted, "text/xml", twiml),
		Observe:   func(context.Context, *inbox.Event, inbox.Result, error, time.Duration) { panic(http.ErrAbortHandler) },
	})
	server := httptest.NewServer(h)
	defer server.Close()
	r, _ := http.NewRequest("POST", server.URL+"/voice", strings.NewReader("CallSid=CA1"))
	r.Header.Set("Content-Type", form)
	r.Header.Set(signed, "yes")
	got, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, 200, "text/xml", twiml, false)
}
