package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/i-agent/iagent/internal/interview"
)

// pipeline counts what becomes of calls and runs in this process.
type pipeline struct {
	calls, retries, optOuts metric.Int64Counter
	byStatus                map[interview.CallStatus]metric.AddOption
	byFunction              *labels
}

func newPipeline(meter metric.Meter) (p pipeline, err error) {
	p.byStatus, p.byFunction = map[interview.CallStatus]metric.AddOption{}, newLabels("function", "")
	p.calls, err = meter.Int64Counter("iagent.calls", metric.WithUnit("{call}"),
		metric.WithDescription("Calls that got another status, or were created, in a transaction that this process committed; by the status."))
	if err != nil {
		return p, err
	}
	p.retries, err = meter.Int64Counter("iagent.run.retries", metric.WithUnit("{attempt}"),
		metric.WithDescription("Attempts to run a function that failed and are followed by another, in this process."))
	if err != nil {
		return p, err
	}
	p.optOuts, err = meter.Int64Counter("iagent.opt_outs", metric.WithUnit("{call}"),
		metric.WithDescription("Calls on which somebody asked never to be called again, in a transaction that this process committed."))
	if err != nil {
		return p, err
	}
	// A rate needs the 0 from which a series rises.
	p.optOuts.Add(context.Background(), 0)
	for _, status := range interview.CallStatuses() {
		p.byStatus[status] = metric.WithAttributeSet(attribute.NewSet(attribute.String("status", string(status))))
		p.calls.Add(context.Background(), 0, p.byStatus[status])
	}
	for _, function := range interview.Functions() {
		p.retries.Add(context.Background(), 0, p.byFunction.add(string(function), "")...)
	}
	return p, nil
}

// Expect makes the series of what may come, each of which begins at 0: a rate needs the value from which a counter rises. kinds
// are those of the webhooks that are served.
func (t *Telemetry) Expect(kinds ...string) {
	if t == nil {
		return
	}
	ctx := context.Background()
	for _, kind := range kinds {
		for _, outcome := range []string{"accepted", "duplicate", "conflict", "refused", "failed"} {
			t.webhooks.Add(ctx, 0, t.byKindOutcome.add(kind, outcome)...)
		}
		for _, reason := range []string{"missing X-Twilio-Signature", "wrong signature"} {
			t.rejections.Add(ctx, 0, t.byKindReason.add(kind, reason)...)
		}
		t.reconciled.Add(ctx, 0, t.byReconciled.add(kind, "")...)
	}
	for _, function := range interview.Functions() {
		for _, result := range []string{"done", "failed", "retried"} {
			t.runs.Add(ctx, 0, t.byFunctionResult.add(string(function), result)...)
		}
	}
	t.secondary.Add(ctx, 0)
	t.rateLimited.Add(ctx, 0)
}

// Call counts a call that has another status than before, or is new.
func (t *Telemetry) Call(status interview.CallStatus) {
	if t == nil {
		return
	}
	if status, known := t.pipeline.byStatus[status]; known {
		t.pipeline.calls.Add(context.Background(), 1, status)
	}
}

// RunRetried counts an attempt that failed and is followed by another.
func (t *Telemetry) RunRetried(function interview.Function) {
	if t == nil {
		return
	}
	t.pipeline.retries.Add(context.Background(), 1, t.pipeline.byFunction.add(string(function), "")...)
}

// OptedOut counts a call on which somebody asked never to be called again.
func (t *Telemetry) OptedOut() {
	if t != nil {
		t.pipeline.optOuts.Add(context.Background(), 1)
	}
}
