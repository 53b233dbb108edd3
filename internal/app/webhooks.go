package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/health"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/webhook"
	"github.com/i-agent/iagent/signature"
)

// webhook is the handler of one callback: verified, accepted once, answered.
func (a *App) webhook(kind inbox.Kind, verifier *signature.Verifier, processor inbox.Processor) (http.Handler, error) {
	return inbox.NewHandler(inbox.Config{
		Kind:      kind,
		Processor: processor,
		Verifier:  verifier,
		Methods:   []string{http.MethodPost},
		Identify: func(event *inbox.Event) (err error) {
			event.ID, event.Subject, err = webhook.Identify(event.Kind, event.Form, event.Query)
			return err
		},
		Reject: func(w http.ResponseWriter, r *http.Request, err error) {
			a.reject(w, r, kind, a.clientIP(r), err)
		},
		OnRejection: a.keepRejection,
		Observe:     a.observeWebhook,
		Timeout:     interview.AnswerWithin,
		Now:         a.options.Now,
	})
}

// reject answers a request that Twilio did not sign. The limit is spent by such requests alone, so nobody can use it up
// for Twilio.
func (a *App) reject(w http.ResponseWriter, r *http.Request, kind inbox.Kind, client string, err error) {
	reason := "signature"
	var why *signature.RejectError
	if errors.As(err, &why) {
		reason = why.Reason.Error()
		if a.unknownAccount(why.AccountSid) {
			reason = signature.ErrUnknownAccount.Error()
		}
	}
	a.telemetry.Rejected(string(kind), reason)
	a.health.Refused()
	ok, retryAfter, limitErr := a.limiter.Take(r.Context(), client)
	if limitErr != nil {
		a.counted.Log(r.Context(), slog.LevelWarn, "limiter", "limiting unverified requests", slog.Any("error", limitErr))
	}
	if !ok && limitErr == nil {
		a.telemetry.RateLimited()
		w.Header().Set("Retry-After", strconv.Itoa(int(max(retryAfter, time.Second).Round(time.Second)/time.Second)))
		inbox.WriteError(w, http.StatusTooManyRequests, "Too many requests")
		return
	}
	inbox.WriteError(w, http.StatusForbidden, "Invalid signature")
}

// connectionClosed says that there were too many connections.
func (a *App) connectionClosed() {
	a.counted.Log(context.Background(), slog.LevelWarn, "connections",
		fmt.Sprintf("more than %d connections are open: the one that was idle or slow for the longest time was closed", maxConnections))
}

// observeWebhook logs and counts what became of a verified webhook.
func (a *App) observeWebhook(ctx context.Context, event *inbox.Event, result inbox.Result, err error, elapsed time.Duration) {
	if event.Match.Token > 0 {
		a.telemetry.SecondaryTokenUsed()
	}
	a.webhookSigned(event)
	outcome, level, failure := result.Outcome, slog.LevelDebug, ""
	var refusal *inbox.Refusal
	switch {
	case errors.As(err, &refusal):
		outcome, level = inbox.Refused, slog.LevelWarn
	case err != nil:
		outcome, level, failure = inbox.Failed, slog.LevelError, fault.Of(err).String()
	case outcome == inbox.Conflict:
		level = slog.LevelWarn
	case outcome == inbox.Duplicate:
		level = slog.LevelInfo
	}
	simulated := a.simulation.is(event.Match.AccountSid)
	if !simulated {
		a.telemetry.Webhook(string(event.Kind), string(outcome), elapsed)
		a.health.Answered(health.Answer{Took: elapsed, Kind: string(event.Kind), EventID: event.ID, CallID: event.Subject, Outcome: string(outcome)})
	}
	if !a.log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{slog.String("kind", string(event.Kind)), slog.String("event", event.ID),
		slog.String("call", event.Subject), slog.String("outcome", string(outcome)), slog.Duration("elapsed", elapsed)}
	if simulated {
		attrs = append(attrs, slog.Bool("simulated", true))
	}
	if refusal != nil {
		attrs = append(attrs, slog.Any("error", refusal))
	} else if failure != "" {
		attrs = append(attrs, slog.String("error", failure))
	}
	a.log.LogAttrs(ctx, level, "webhook", attrs...)
}
