package jobs

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/inngest/inngestgo"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/interview"
)

// InngestConfig says how to reach Inngest.
type InngestConfig struct {
	// EventKey signs what we send, SigningKey what is sent to us. Both may be empty with Dev.
	EventKey, SigningKey string
	// SigningKeyFallback is also accepted while SigningKey is being rotated; may be empty.
	SigningKeyFallback string
	// BaseURL is a self-hosted or development server; "" is Inngest Cloud.
	BaseURL string
	// Dev speaks to a development server, which signs nothing: whoever reaches the handler can call a run.
	Dev bool
	// Client sends events; nil means one that gives up after 10 s.
	Client *http.Client
}

const (
	appID = "iagent"
	// Inngest Cloud. Inngest: Environment variables.
	cloudAPI    = "https://api.inngest.com"
	cloudEvents = "https://inn.gs"
	// maxInvocation bounds the body of a request from Inngest, in bytes. Ours carry ids.
	maxInvocation = 1 << 20
)

// eventNames are the contract's names of the events that start functions.
var eventNames = map[interview.Function]string{
	interview.OrchestrateCall:     "call/orchestrate",
	interview.TranscribeRecording: "call/transcribe",
	interview.ExtractClaims:       "claim/extract",
	interview.ValidateClaim:       "claim/validate",
}

// EventName is the name of the event that starts a function on Inngest.
func EventName(f interview.Function) string { return cmp.Or(eventNames[f], "iagent/"+string(f)) }

// EventID is the id of a run's event: the ledger's key, qualified by the function. Inngest forgets an event that it has
// seen the id of within a day; so an event that is to start the run once more has another.
func EventID(run interview.Run, resends int) string {
	id := string(run.Function) + ":" + run.Key
	if resends > 0 {
		id += ":" + strconv.Itoa(resends)
	}
	return id
}

// inngest sends events and serves the functions.
type inngest struct {
	client  inngestgo.Client
	handler http.Handler
}

func newInngest(e *Engine, c InngestConfig) (*inngest, error) {
	if c.Client == nil {
		c.Client = &http.Client{Timeout: 10 * time.Second}
	}
	api, events := cloudAPI, cloudEvents
	if c.BaseURL != "" {
		api, events = c.BaseURL, c.BaseURL
	}
	var fallback *string // an empty one would be a key, too
	if c.SigningKeyFallback != "" {
		fallback = &c.SigningKeyFallback
	}
	client, err := inngestgo.NewClient(inngestgo.ClientOpts{
		AppID: appID, EventKey: &c.EventKey, SigningKey: &c.SigningKey, SigningKeyFallback: fallback, Dev: &c.Dev,
		APIBaseURL: &api, EventAPIBaseURL: &events, HTTPClient: c.Client, MaxBodySize: maxInvocation,
		// What a function came to is in the ledger and reported by OnAttempt; this is for the protocol's troubles.
		Logger: slog.New(quiet{e.config.Log.Handler()}),
	})
	if err != nil {
		return nil, fmt.Errorf("opening Inngest: %w", err)
	}
	for _, f := range e.config.Functions {
		if _, err := inngestgo.CreateFunction(client, options(f), inngestgo.EventTrigger(EventName(f.Name), nil), e.invoked); err != nil {
			return nil, fmt.Errorf("function %s for Inngest: %w", f.Name, err)
		}
	}
	closed := false
	return &inngest{client: client, handler: client.ServeWithOpts(inngestgo.ServeOpts{EnableUnauthedSync: &closed})}, nil
}

// options are the limits of a function in Inngest's own words. Throttle and not rate limit: what is over it waits. There
// is no debounce: it would drop events whose runs are in the ledger; the outbox holds them back instead.
func options(f Function) inngestgo.FunctionOpts {
	o := inngestgo.FunctionOpts{
		ID: string(f.Name), Name: string(f.Name), Retries: inngestgo.IntPtr(MaxAttempts - 1),
		Concurrency: &inngestgo.ConfigConcurrency{Step: []inngestgo.ConfigStepConcurrency{{Limit: f.Concurrency}}},
	}
	if f.Throttle != nil {
		o.Throttle = &inngestgo.ConfigThrottle{
			Limit: uint(f.Throttle.Limit), Period: f.Throttle.Period, Key: inngestgo.StrPtr("event.data." + f.Throttle.Key),
		}
	}
	return o
}

// send sends the event of a run: the job's arguments, the run's id and what the throttle goes by. No personal data.
func (i *inngest) send(ctx context.Context, f Function, unsent Unsent) error {
	data := map[string]any{}
	if err := unsent.Run.Decode(&data); err != nil {
		return err
	}
	data["runId"] = unsent.Run.ID
	if f.Throttle != nil {
		value, err := f.Throttle.Value(ctx, unsent.Run)
		if err != nil {
			return fmt.Errorf("%s of run %s: %w", f.Throttle.Key, unsent.Run.ID, err)
		}
		data[f.Throttle.Key] = value
	}
	id := EventID(unsent.Run, unsent.Resends)
	_, err := i.client.Send(ctx, inngestgo.Event{ID: &id, Name: EventName(f.Name), Data: data})
	return err
}

// Inngest is the handler that Inngest calls the functions at, nil when they run on River. It answers only what is signed,
// except with InngestConfig.Dev.
func (e *Engine) Inngest() http.Handler {
	if e.inngest == nil {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxInvocation))
		if err != nil {
			http.Error(w, "reading the request", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		// A function takes longer than the server's timeouts allow. A writer without deadlines has none to lift.
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Time{})
		_ = control.SetWriteDeadline(time.Now().Add(attemptTimeout + time.Minute))
		e.inngest.handler.ServeHTTP(w, r)
	})
}

// invoked is what Inngest calls: one attempt. What a function's error says stays in the ledger.
func (e *Engine) invoked(ctx context.Context, input inngestgo.Input[map[string]any]) (any, error) {
	runID, _ := input.Event.Data["runId"].(string)
	if runID == "" {
		return nil, inngestgo.NoRetryError(errors.New("event names no run of the ledger"))
	}
	o, err := e.attempt(ctx, runID)
	switch {
	case errors.Is(err, errStopping):
		return nil, inngestgo.RetryAtError(err, time.Now().Add(5*time.Second))
	case err != nil:
		e.config.Log.Error("calling a run", "run", runID, "error", fault.Of(err).String())
		return nil, fmt.Errorf("the ledger could not be reached for run %s", runID)
	}
	failed := fmt.Errorf("attempt %d of run %s failed; its error is in the ledger", o.run.Attempt, runID)
	switch o.state {
	case tryAgain:
		// The run is due in so long by our clock; Inngest goes by the real one.
		return nil, inngestgo.RetryAtError(failed, time.Now().Add(o.until.Sub(e.config.Now())))
	case dead:
		return nil, inngestgo.NoRetryError(failed)
	case elsewhere:
		return answer("running elsewhere"), nil
	case waits:
		return answer("waiting: another event will be sent"), nil
	case settled:
	}
	return answer("done"), nil
}

func answer(state string) any { return map[string]string{"state": state} }
