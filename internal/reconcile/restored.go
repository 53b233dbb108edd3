package reconcile

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/twilio"
)

// Restored is what was found after the database was restored from a backup.
type Restored struct {
	// Since is from when on Twilio was asked for all calls; zero when there was nothing to do.
	Since time.Time
	// Found are calls that count as queued and that Twilio has: they are not dialled again. Forgotten are calls that Twilio placed
	// for this program and of which the database knows nothing: their numbers are kept, so that they are not called again.
	Found, Forgotten int
	// Waiting says why nobody is called yet, "" when dialling goes on.
	Waiting string
}

// Restored asks Twilio for all calls since the backup, if the database was restored and that was not done yet. Dialling goes on
// once a list that was read AbsentFor after the restoration has been taken in and no forgotten call is under way: Twilio's
// lists are behind.
func (r *Reconciler) Restored(ctx context.Context) (Restored, error) {
	open, err := r.config.Store.OpenRestores(ctx)
	if err != nil || len(open) == 0 {
		return Restored{}, err
	}
	last := slices.MaxFunc(open, func(a, b store.Restore) int { return a.At.Compare(b.At) })
	first := slices.MinFunc(open, func(a, b store.Restore) int { return a.Since.Compare(b.Since) })
	result, begun := Restored{Since: first.Since}, r.config.Now()
	accounts, froms, err := r.config.Store.DialledFrom(ctx)
	if err != nil {
		return result, err
	}
	if r.config.From != "" {
		froms = append(froms, r.config.From)
	}
	if !slices.Contains(accounts, r.config.AccountSid) {
		accounts = append(accounts, r.config.AccountSid)
	}
	live := 0
	for _, account := range accounts {
		rest := r.twilio(account)
		if rest == nil {
			result.Waiting = "there is no token for account " + account + ": TWILIO_ACCOUNT_TOKENS can have it"
			continue
		}
		if err := r.limit.Wait(ctx); err != nil {
			return result, err
		}
		calls, err := rest.ListCallsSince(ctx, first.Since)
		if err != nil {
			return result, fmt.Errorf("listing the calls since the backup: %w", err)
		}
		for _, remote := range slices.Backward(calls) { // the oldest first
			underWay, err := r.restored(ctx, last, remote, froms, &result)
			if err != nil {
				return result, err
			}
			live += underWay
		}
	}
	switch ready := last.At.Add(r.config.AbsentFor); {
	case result.Waiting != "":
		return result, nil
	case live > 0:
		result.Waiting = fmt.Sprintf("%d calls that the database has forgotten are not over", live)
		return result, nil
	case begun.Before(ready):
		result.Waiting = "Twilio's lists may be behind until " + ready.UTC().Format(time.RFC3339)
		return result, nil
	}
	for _, restored := range open {
		if err := r.config.Store.RestoreListed(ctx, restored.ID, result.Found, result.Forgotten); err != nil {
			return result, err
		}
	}
	return result, nil
}

// restored takes in a call of Twilio's. It returns 1 when that is forgotten and under way.
func (r *Reconciler) restored(ctx context.Context, last store.Restore, remote twilio.RemoteCall, froms []string, result *Restored) (underWay int, err error) {
	ours := len(froms) == 0 || slices.ContainsFunc(froms, func(from string) bool { return dialled(remote, from) })
	if !ours || !dialled(remote, "") {
		return 0, nil
	}
	owner, err := r.config.Store.CallIDOf(ctx, remote.Sid)
	if err != nil || owner != "" {
		return 0, err
	}
	id, err := r.config.Store.RestoredDial(ctx, last, remote.To, remote.Created)
	if err != nil {
		return 0, err
	}
	if id != "" {
		result.Found++
		w, err := r.config.Store.OverdueCheck(ctx, id, r.config.Deadlines)
		if err == nil {
			_, err = r.feedStatus(ctx, w.Call, remote)
		}
		return 0, err
	}
	if looked, err := r.config.Store.DialOpen(ctx, remote.To); err != nil || looked {
		return 0, err // whoever looks for that dial decides whose it is
	}
	news, err := r.config.Store.ForgottenCall(ctx, remote.Sid, remote.To, remote.Created)
	if news {
		result.Forgotten++
	}
	if status, known := interview.CallStatusFromTwilio(remote.Status); !known || !status.Terminal() {
		underWay = 1
	}
	return underWay, err
}

// afterRestore does what Restored does and says so in the log.
func (r *Reconciler) afterRestore(ctx context.Context) error {
	result, err := r.Restored(ctx)
	switch {
	case err != nil:
		return err
	case result.Since.IsZero():
	case result.Waiting != "":
		r.config.Log.Warn("the database was restored: nobody is called yet", "reason", result.Waiting, "since", result.Since,
			"found", result.Found, "forgotten", result.Forgotten)
	default:
		r.config.Log.Info("the database was restored: Twilio's calls since the backup are known, and dialling goes on",
			"since", result.Since, "found", result.Found, "forgotten", result.Forgotten)
	}
	return nil
}
