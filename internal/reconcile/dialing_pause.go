package reconcile

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/twilio"
)

// Dialing watches the accounts for which dialling is paused: it logs that, asks Twilio from time to time whether they can be
// used again, and ends the pause when they can. One process at a time asks.
type Dialing struct {
	Store *store.Store
	// Accounts returns the client of an account, or nil.
	Accounts func(accountSid string) *twilio.Client
	Log      *slog.Logger
	// OnPaused, if set, is called at every look with the accounts that are paused.
	OnPaused func(accountSids []string)

	paused map[string]store.DialingPause
}

// lookForPauses is how often the pauses are looked at.
const lookForPauses = 2 * time.Second

// Run looks again and again until ctx ends. What was paused before is asked about at once: credentials may be others now.
func (d *Dialing) Run(ctx context.Context) error {
	if err := d.begin(ctx); err != nil && ctx.Err() == nil {
		d.Log.Warn("looking for paused accounts", "error", err)
	}
	ticker := time.NewTicker(lookForPauses)
	defer ticker.Stop()
	for {
		if err := d.Look(ctx); err != nil && ctx.Err() == nil {
			d.Log.Warn("looking for paused accounts", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (d *Dialing) begin(ctx context.Context) error {
	list, err := d.Store.DialingPauses(ctx)
	for _, p := range list {
		if d.Accounts(p.Account) != nil {
			err = errors.Join(err, d.Store.ProbeSoon(ctx, p.Account))
		}
	}
	return err
}

// Look looks once.
func (d *Dialing) Look(ctx context.Context) error {
	list, err := d.Store.DialingPauses(ctx)
	if err != nil {
		return err
	}
	for _, p := range list {
		if err := d.probe(ctx, p); err != nil {
			return err
		}
	}
	if len(list) > 0 {
		if list, err = d.Store.DialingPauses(ctx); err != nil {
			return err
		}
	}
	d.report(list)
	return nil
}

// probe asks Twilio about an account, if that is due.
func (d *Dialing) probe(ctx context.Context, p store.DialingPause) error {
	account := d.Accounts(p.Account)
	if account == nil {
		return nil
	}
	claimed, err := d.Store.ClaimProbe(ctx, p.Account)
	if err != nil || !claimed {
		return err
	}
	result := store.ProbeAnswered
	if err := account.CheckAccount(ctx); err != nil {
		result = store.ProbeFailed
		var e *twilio.Error
		if errors.As(err, &e) && e.Refusal() == twilio.RefusesAccount {
			result = store.ProbeRefused
		}
		d.Log.Debug("a paused account cannot be used yet", "account", p.Account, "error", err)
	}
	return d.Store.Probed(context.WithoutCancel(ctx), p.Account, result)
}

// report logs once each pause that began, changed its reason, or ended.
func (d *Dialing) report(list []store.DialingPause) {
	now, accounts := map[string]store.DialingPause{}, make([]string, 0, len(list))
	for _, p := range list {
		now[p.Account] = p
		accounts = append(accounts, p.Account)
		if before, known := d.paused[p.Account]; !known || before.Code != p.Code || before.HTTPStatus != p.HTTPStatus {
			d.Log.Error("dialling is paused: Twilio refuses the account; calls stay queued until it does not any more",
				"account", p.Account, "status", p.HTTPStatus, "code", p.Code, "meaning", twilio.Meaning(p.HTTPStatus, p.Code), "since", p.Since)
		}
	}
	for account, p := range d.paused {
		if _, still := now[account]; !still {
			d.Log.Info("dialling goes on: Twilio accepts the account again", "account", account, "pausedSince", p.Since)
		}
	}
	d.paused = now
	if d.OnPaused != nil {
		d.OnPaused(accounts)
	}
}
