package telemetry

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/metric"
)

var (
	// webhookSeconds has 4 s, by which we answer, 4.5 s, when Twilio asks again, and 15 s, when it hangs up.
	webhookSeconds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 4, 4.5, 5, 10, 15}
	// runSeconds is for functions, most of which wait for a model.
	runSeconds = []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300}
)

// instruments are what i-agent measures. In Prometheus:
//
//	iagent_webhooks_total{kind,outcome}              verified webhooks, by what became of them
//	iagent_webhook_duration_seconds{kind}            time to their answer
//	iagent_webhook_rejections_total{kind,reason}     requests refused unverified
//	iagent_webhook_secondary_token_total             webhooks signed with the secondary token
//	iagent_webhook_rate_limited_total                requests refused because there were too many unverified ones
//	iagent_function_runs_total{function,result}      runs of functions, each attempt
//	iagent_function_run_duration_seconds{function}   time of an attempt
//	iagent_reconciled_total{kind}                    webhooks that never arrived and were fetched
//	iagent_overdue{what}                             what is overdue now
//	iagent_dialing_paused{account}                   1 while Twilio places no call for the account
//	iagent_token_uses_total{token,use}               uses of Twilio's auth tokens: primary, secondary, account; webhook, rest
//	iagent_twilio_token_switches_total{token}        the auth token that Twilio accepts became the other one
//	iagent_calls_total{status}                       calls that got another status, by the new one
//	iagent_run_retries_total{function}               attempts that failed and are followed by another
//	iagent_database_up                               1 while the database answers; while it does not, what follows is not there
//	iagent_backlog_age_seconds                       how long the oldest unprocessed run or webhook waits
//	iagent_reconciler_lag_seconds                    how late the reconciler is
//	iagent_runs_dead{function}                       runs that are not tried again
//	iagent_calls_open{status}                        calls that are not over
//	iagent_contacts{state}                           contacts
//	iagent_gate_refusals_total{reason}               answers of the gate that somebody must not be called now, or at all
//	iagent_circuit_opened_total                      circuit breakers that opened
//	iagent_queue_jobs{queue,state}                   River's jobs that are not finished
//	iagent_build_info{version,commit,go}             1
//	iagent_pruned_total{what}                        rows that were pruned
//	iagent_inngest_registered                        1 while Inngest knows the functions and calls them, else 0; on Inngest only
type instruments struct {
	webhooks    metric.Int64Counter
	webhookTime metric.Float64Histogram
	rejections  metric.Int64Counter
	secondary   metric.Int64Counter
	rateLimited metric.Int64Counter
	runs        metric.Int64Counter
	runTime     metric.Float64Histogram
	reconciled  metric.Int64Counter
	overdue     *overdue
	paused      *pausedAccounts
	registered  metric.Int64Gauge
	pipeline    pipeline
	database    *database
	refusals    *refusals
	pruned      *pruned
	gate        gate

	tokenSwitches metric.Int64Counter
	tokens        *tokenUses
	shadow        metric.Int64Counter // see ShadowDecision

	byReconciled, byKindOutcome, byKind, byKindReason, byFunctionResult, byFunction *labels
}

func newInstruments(meter metric.Meter) (*instruments, error) {
	i := &instruments{
		byKindOutcome:    newLabels("kind", "outcome"),
		byKind:           newLabels("kind", ""),
		byKindReason:     newLabels("kind", "reason"),
		byFunctionResult: newLabels("function", "result"),
		byReconciled:     newLabels("kind", ""),
		byFunction:       newLabels("function", ""),
	}
	var faults []error
	counter := func(name, unit, description string) metric.Int64Counter {
		c, err := meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(description))
		faults = append(faults, err)
		return c
	}
	seconds := func(name, description string, bounds []float64) metric.Float64Histogram {
		h, err := meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description),
			metric.WithExplicitBucketBoundaries(bounds...))
		faults = append(faults, err)
		return h
	}
	i.webhooks = counter("iagent.webhooks", "{webhook}", "Verified webhooks, by what became of them.")
	i.webhookTime = seconds("iagent.webhook.duration", "Time from a webhook's arrival to its answer.", webhookSeconds)
	i.rejections = counter("iagent.webhook.rejections", "{request}", "Webhook requests refused without a valid signature, by reason.")
	i.secondary = counter("iagent.webhook.secondary_token", "{webhook}", "Webhooks signed with the secondary auth token.")
	i.rateLimited = counter("iagent.webhook.rate_limited", "{request}", "Webhook requests refused because their sender had too many unverified ones.")
	i.runs = counter("iagent.function.runs", "{run}", "Attempts to run a function, by result.")
	i.runTime = seconds("iagent.function.run.duration", "Time that an attempt to run a function took.", runSeconds)
	i.reconciled = counter("iagent.reconciled", "{webhook}", "Webhooks that never arrived and were fetched from Twilio, by kind.")
	i.tokenSwitches = counter("iagent.twilio.token_switches", "{switch}", "Changes of the auth token that Twilio accepts, by which it is now.")
	i.shadow = counter("iagent.shadow.decisions", "{decision}", "Decisions of a version of the webhooks that is tried beside the one that takes effect, by result.")
	var err error
	i.registered, err = meter.Int64Gauge("iagent.inngest.registered", metric.WithDescription("Whether Inngest knows the functions and calls them."))
	faults = append(faults, err)
	i.tokens, err = newTokenUses(meter)
	faults = append(faults, err)
	i.refusals, err = newRefusals(meter)
	faults = append(faults, err)
	i.overdue, err = newOverdue(meter)
	faults = append(faults, err)
	i.gate, err = newGate(meter)
	faults = append(faults, err)
	i.pruned, err = newPruned(meter)
	faults = append(faults, err)
	i.paused, err = newPausedAccounts(meter)
	faults = append(faults, err)
	i.database, err = newDatabase(meter)
	faults = append(faults, err)
	i.pipeline, err = newPipeline(meter)
	return i, errors.Join(append(faults, err)...)
}

// Webhook counts a verified webhook: its kind, such as "voice", its outcome, such as "accepted", and the time from arrival
// to answer.
func (t *Telemetry) Webhook(kind, outcome string, elapsed time.Duration) {
	if t == nil {
		return
	}
	t.webhooks.Add(context.Background(), 1, t.byKindOutcome.add(kind, outcome)...)
	t.webhookTime.Record(context.Background(), elapsed.Seconds(), t.byKind.record(kind, "")...)
}

// Rejected counts a request to the webhook of this kind that was refused unverified, and why, such as "wrong signature".
func (t *Telemetry) Rejected(kind, reason string) {
	if t == nil {
		return
	}
	t.rejections.Add(context.Background(), 1, t.byKindReason.add(kind, reason)...)
}

// SecondaryTokenUsed counts a webhook that was signed with the secondary token: a rotation is under way.
func (t *Telemetry) SecondaryTokenUsed() {
	if t == nil {
		return
	}
	t.secondary.Add(context.Background(), 1)
}

// RateLimited counts a request that was refused because its sender had too many unverified ones.
func (t *Telemetry) RateLimited() {
	if t == nil {
		return
	}
	t.rateLimited.Add(context.Background(), 1)
}

// Run counts an attempt to run a function: its name, such as "orchestrate-call", its result, such as "done", and its time.
func (t *Telemetry) Run(function, result string, elapsed time.Duration) {
	if t == nil {
		return
	}
	t.runs.Add(context.Background(), 1, t.byFunctionResult.add(function, result)...)
	t.runTime.Record(context.Background(), elapsed.Seconds(), t.byFunction.record(function, "")...)
}

// InngestRegistered takes in whether Inngest knows the functions and calls them.
func (t *Telemetry) InngestRegistered(registered bool) {
	if t == nil {
		return
	}
	var value int64
	if registered {
		value = 1
	}
	t.registered.Record(context.Background(), value)
}
