package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/reconcile"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/telemetry"
	"github.com/i-agent/iagent/internal/twilio"
	"github.com/i-agent/iagent/internal/webhook"
)

// overdueEvery is how often what is overdue is counted.
const overdueEvery = 10 * time.Second

// newReconciler is nil when no account is configured.
func (a *App) newReconciler(onRepair func(inbox.Kind)) (*reconcile.Reconciler, error) {
	client, err := a.twilioClient()
	if client == nil {
		a.health.TwilioOff("TWILIO_ACCOUNT_SID is not set")
	} else if a.settings.reconcileEvery == 0 {
		a.health.TwilioOff("RECONCILE_EVERY is 0")
	}
	if err != nil || client == nil {
		return nil, err
	}
	return reconcile.New(reconcile.Config{
		Store: a.store, Twilio: client, Processor: tracedProcessor{a, a.processor}, Identify: webhook.Identify,
		From: a.settings.PhoneNumber, AccountSid: a.settings.AccountSid, Accounts: a.twilioOf, Deadlines: a.settings.deadlines, Every: a.settings.reconcileEvery, Log: a.log,
		RequestsPerSecond: a.options.TwilioPerSecond, Now: a.options.Now, OnRepair: onRepair, Trace: a.traceReconcile,
		OnPass: func(err error) {
			why := ""
			if err != nil {
				why = fault.Of(err).String()
			}
			a.health.Reconciled(why)
		},
	}), nil
}

// countOverdue counts what is overdue, again and again, until ctx ends. It looks even where nobody may ask Twilio.
func (a *App) countOverdue(ctx context.Context) error {
	return keepLooking(ctx, overdueEvery, func(ctx context.Context) bool {
		counts, err := a.store.OverdueCounts(ctx, a.settings.deadlines)
		switch {
		case err == nil:
			a.telemetry.Overdue(counts)
			a.health.Overdue(counts)
		case ctx.Err() == nil:
			a.log.Warn("looking for what is overdue", "error", err)
		}
		return err == nil
	})
}

// Reconciliation is what was found by asking Twilio.
type Reconciliation struct {
	// Calls were asked about.
	Calls int
	// Repaired counts the events that were missing, by kind.
	Repaired map[inbox.Kind]int
	// Restored is what was found after the database was restored from a backup.
	Restored reconcile.Restored
}

// Reconcile asks Twilio once about every unfinished call that was created since a time, and feeds in what is missing. The
// database must have been migrated. A *ConfigError lists every fault of the configuration.
func Reconcile(ctx context.Context, config Config, options Options, since time.Time) (Reconciliation, error) {
	found := Reconciliation{Repaired: map[inbox.Kind]int{}}
	s, err := config.settings()
	if err != nil {
		return found, err
	}
	if s.AccountSid == "" {
		return found, &ConfigError{Faults: []string{"TWILIO_ACCOUNT_SID: is missing; it is required to ask Twilio"}}
	}
	s.reconcileEvery = max(s.reconcileEvery, time.Second)
	a := &App{settings: s, options: options, log: options.Log}
	if a.log == nil {
		a.log = slog.Default()
	}
	if a.store, err = store.Open(ctx, s.DatabaseURL, store.Options{Now: options.Now, DialsPerMinute: s.dialsPerMinute}); err != nil {
		return found, err
	}
	defer a.store.Close()
	ready, err := a.store.Migrated(ctx)
	if err != nil {
		return found, err
	}
	if !ready {
		return found, errors.New("the database is not of this version; run iagent migrate up")
	}
	a.counted, a.tokens = telemetry.NewCountedLog(a.log, time.Minute, a.now), newTokenUses(a.store, a.log, a.now)
	a.processor = a.newProcessor()
	r, err := a.newReconciler(func(kind inbox.Kind) { found.Repaired[kind]++ })
	if err != nil {
		return found, err
	}
	defer a.tokens.write(ctx)
	if found.Restored, err = r.Restored(ctx); err != nil {
		return found, fmt.Errorf("reconciling after a restoration: %w", err)
	}
	if found.Calls, _, err = r.Since(ctx, since); err != nil {
		if unanswered := new(twilio.Error); s.APIURL != "" && errors.As(err, &unanswered) && unanswered.Status == 0 {
			err = fmt.Errorf("%w\nTWILIO_API_URL is set: if it is that of a simulator, it has ended, and nobody knows its calls any more (iagent simulate --keep stays)", err)
		}
		return found, fmt.Errorf("reconciling: %w", err)
	}
	return found, auditReconciliation(ctx, a.store, found)
}
