package app

import (
	"context"
	"errors"
	"log/slog"

	"go.opentelemetry.io/otel"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/telemetry"
)

// reportTelemetryErrors has the log say, once a minute, that a collector does not take what it is sent. OpenTelemetry knows one
// handler in a process, which would else write lines of its own to stderr.
func (a *App) reportTelemetryErrors() {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		a.counted.Log(context.Background(), slog.LevelWarn, "otlp", "sending metrics or traces", slog.Any("error", err))
	}))
}

// tracedProcessor makes each event, whether it arrived or was fetched, a span in the trace of its call.
type tracedProcessor struct {
	app  *App
	next inbox.Processor
}

// Process passes the event on.
func (p tracedProcessor) Process(ctx context.Context, event *inbox.Event) (inbox.Result, error) {
	ctx, span := p.app.telemetry.StartWebhook(ctx, telemetry.Webhook{
		Kind: string(event.Kind), Event: event.ID, Call: event.Subject, Source: string(event.Source), At: event.ReceivedAt})
	result, err := p.next.Process(ctx, event)
	if span.Recording() {
		var refusal *inbox.Refusal
		switch {
		case errors.As(err, &refusal):
			span.End(string(inbox.Refused), "")
		case err != nil:
			span.End(string(inbox.Failed), fault.Of(err).String())
		default:
			span.End(string(result.Outcome), "")
		}
	}
	return result, err
}

// traceReconcile makes asking Twilio about a call a span in the trace of the call.
func (a *App) traceReconcile(ctx context.Context, callID string, what interview.Overdue) (context.Context, func(error)) {
	ctx, span := a.telemetry.StartReconcile(ctx, callID, string(what))
	return ctx, func(err error) {
		if err != nil {
			span.End("failed", fault.Of(err).String())
			return
		}
		span.End("done", "")
	}
}

// traceAttempt makes an attempt to run a function a span in the trace of its call.
func (a *App) traceAttempt(ctx context.Context, run interview.Run) (context.Context, func(jobs.Result)) {
	ctx, span := a.telemetry.StartRun(ctx, run)
	return ctx, func(r jobs.Result) {
		failure := ""
		if r.Outcome == jobs.Failed || r.Outcome == jobs.Retried {
			failure = r.Reason
		}
		span.End(string(r.Outcome), failure)
	}
}
