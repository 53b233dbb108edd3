package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/inngest/inngestgo"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/interview"
)

// InngestConfig says how to reach Inngest, and how Inngest reaches us.
type InngestConfig struct {
	// EventKey signs what we send, SigningKey what is sent to us. Both may be empty with Dev.
	EventKey, SigningKey string
	// SigningKeyFallback is also accepted while SigningKey is being rotated; may be empty.
	SigningKeyFallback string
	// BaseURL is a self-hosted or development server; "" is Inngest Cloud.
	BaseURL string
	// ServeURL is where Inngest calls Engine.Inngest, such as https://calls.example.com/api/inngest.
	ServeURL string
	// Dev speaks to a development server, which signs nothing: whoever reaches the handler can call a run.
	Dev bool
	// Client sends events and registers the functions; nil means one that gives up after 10 s.
	Client *http.Client
	// OnState, if set, is called with whether Inngest knows the functions and calls them, each time that this was checked.
	OnState func(registered bool)
}

const (
	appID = "iagent"
	// Inngest Cloud. Inngest: Environment variables.
	cloudAPI    = "https://api.inngest.com"
	cloudEvents = "https://inn.gs"
	// maxInvocation bounds the body of a request from Inngest, in bytes. Ours carry ids.
	maxInvocation = 1 << 20
	// maxRetries is the most that Inngest allows a function. The ledger counts the attempts: Inngest also counts calls that
	// did not reach us. Inngest: Usage limits, Retries.
	maxRetries = 20
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

// inngest sends events, registers the functions and serves them.
type inngest struct {
	config      InngestConfig
	api, events string // base URLs
	handler     http.Handler
	// functions are what is registered.
	functions registration
	outage    outage
	// calledAt is when Inngest last called a function of this process, in nanoseconds since 1970.
	calledAt atomic.Int64
	// asked has the registration looked at soon: Inngest has asked for it.
	asked chan struct{}
	// otherURL has it said once that Inngest asks at another URL than the one that is registered.
	otherURL sync.Once
	// unsigned counts the requests without a valid signature that are not in the log yet.
	unsigned counted
}

func newInngest(e *Engine, c InngestConfig) (*inngest, error) {
	if c.Client == nil {
		c.Client = &http.Client{Timeout: 10 * time.Second}
	}
	i := &inngest{config: c, api: cmp.Or(c.BaseURL, cloudAPI), events: cmp.Or(c.BaseURL, cloudEvents), asked: make(chan struct{}, 1)}
	serve, err := url.Parse(c.ServeURL)
	if err != nil || serve.Host == "" {
		return nil, fmt.Errorf("opening Inngest: %q is no URL to be called at", c.ServeURL)
	}
	if i.handler, err = e.servable(c, serve); err != nil {
		return nil, err
	}
	if i.functions, err = e.describe(c, serve); err != nil {
		return nil, err
	}
	return i, nil
}

// servable is the SDK's handler of the functions.
func (e *Engine) servable(c InngestConfig, serve *url.URL) (http.Handler, error) {
	var fallback *string // an empty one would be a key, too
	if c.SigningKeyFallback != "" {
		fallback = &c.SigningKeyFallback
	}
	client, err := inngestgo.NewClient(inngestgo.ClientOpts{
		AppID: appID, EventKey: &c.EventKey, SigningKey: &c.SigningKey, SigningKeyFallback: fallback, Dev: &c.Dev,
		MaxBodySize: maxInvocation,
		// Each attempt is reported by OnAttempt, and the requests that are refused by Engine.Inngest: once.
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, fmt.Errorf("opening Inngest: %w", err)
	}
	for _, f := range e.config.Functions {
		if _, err := inngestgo.CreateFunction(client, options(f), inngestgo.EventTrigger(EventName(f.Name), nil), e.invoked); err != nil {
			return nil, fmt.Errorf("function %s for Inngest: %w", f.Name, err)
		}
	}
	if _, err := inngestgo.CreateFunction(client, pingOptions(), inngestgo.EventTrigger(pingEvent, nil), e.pinged); err != nil {
		return nil, fmt.Errorf("function %s for Inngest: %w", pingName, err)
	}
	// All are given: what is not, the SDK would take from the environment.
	origin := (&url.URL{Scheme: serve.Scheme, User: serve.User, Host: serve.Host}).String()
	unsigned, path := false, serve.Path
	return client.ServeWithOpts(inngestgo.ServeOpts{EnableUnauthedSync: &unsigned, Origin: &origin, Path: &path}), nil
}

// options are the limits of a function in Inngest's terms. There is no throttle and no rate limit: Inngest's throttle
// neither keeps the order nor lets a run ask when its turn is, and the ledger keeps the rate. There is no debounce either:
// it would drop events whose runs are in the ledger; the outbox holds them back instead.
func options(f Function) inngestgo.FunctionOpts {
	return inngestgo.FunctionOpts{
		ID: string(f.Name), Name: string(f.Name), Retries: inngestgo.IntPtr(maxRetries),
		Concurrency: &inngestgo.ConfigConcurrency{Step: []inngestgo.ConfigStepConcurrency{{Limit: f.Concurrency}}},
	}
}

// invoked is what Inngest calls: one attempt. What a function's error says stays in the ledger.
func (e *Engine) invoked(ctx context.Context, input inngestgo.Input[map[string]any]) (any, error) {
	e.inngest.calledAt.Store(time.Now().UnixNano())
	runID, _ := input.Event.Data["runId"].(string)
	if runID == "" {
		return nil, inngestgo.NoRetryError(errors.New("event names no run of the ledger"))
	}
	// Another event was sent because this one counts as lost. It was not, but its pauses are not those of the ledger.
	resends, numbered := input.Event.Data["resends"].(float64)
	if other, err := e.config.Ledger.HasOtherEvent(ctx, runID, int(resends)); err == nil && other && numbered {
		return answer("another event was sent"), nil
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
		if input.InputCtx.Attempt >= maxRetries {
			e.resend(ctx, runID)
		}
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

// resend has another event sent for a run that Inngest will not call again: this was the last of its own retries.
func (e *Engine) resend(ctx context.Context, runID string) {
	if _, err := e.config.Ledger.ResendRuns(context.WithoutCancel(ctx), runID, e.config.Now().Add(time.Hour)); err != nil {
		e.config.Log.Warn("asking for another event", "run", runID, "error", err) // the ledger takes it for lost later
	}
}

func answer(state string) any { return map[string]string{"state": state} }
