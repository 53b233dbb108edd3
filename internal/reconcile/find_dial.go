package reconcile

import (
	"cmp"
	"context"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/twilio"
)

// findDial looks for a call of which nobody knows whether Twilio created it: one to that number, from ours, since the
// intent to dial, that is bound to no other of our calls. Caller id and account are those of the intent: what is
// configured now may be something else.
func (r *Reconciler) findDial(ctx context.Context, w store.OverdueCheck) (int, error) {
	if w.Call.Status == interview.CallQueued {
		if lost, err := r.config.Store.LoseDial(ctx, w.Call.ID); err != nil || !lost {
			return 0, err
		}
	}
	if w.Call.DialedAt == nil || w.Call.Callee() == "" {
		return 0, nil // nothing was dialled, or it was erased to whom
	}
	intent, _, err := r.config.Store.DialIntent(ctx, w.Call.ID)
	if err != nil {
		return 0, err
	}
	rest := r.twilio(intent.Account)
	if rest == nil {
		return 0, r.noteForeign(ctx, w, intent.Account)
	}
	if err := r.limit.Wait(ctx); err != nil {
		return 0, err
	}
	// Twilio's clock and ours may differ a little.
	calls, err := rest.ListCalls(ctx, w.Call.Callee(), w.Call.DialedAt.Add(-5*time.Second))
	if err != nil {
		return 0, err
	}
	from := cmp.Or(intent.From, r.config.From)
	for i := len(calls) - 1; i >= 0; i-- { // Twilio lists the newest first
		remote := calls[i]
		if !dialled(remote, from) {
			continue
		}
		owner, err := r.config.Store.CallIDOf(ctx, remote.Sid)
		if err != nil {
			return 0, err
		}
		if owner != "" {
			continue
		}
		if other, err := r.config.Store.OtherDialUnderWay(ctx, w.Call.ID); err != nil || other {
			return 0, err
		}
		return r.feedStatus(ctx, w.Call, remote)
	}
	redialled, err := r.config.Store.DialAbsent(ctx, w.Call.ID, r.config.AbsentAnswers, r.config.AbsentFor)
	if redialled {
		r.config.Log.Warn("a dial of unknown outcome created no call: dialling again", "call", w.Call.ID)
	}
	return 0, err
}

// dialled reports whether a call may be one that was dialled over REST from a number, "" for any: not one that came in, nor
// a leg of another.
func dialled(remote twilio.RemoteCall, from string) bool {
	return (remote.From == "" || from == "" || twilio.SameNumber(remote.From, from)) && remote.ParentSid == "" &&
		(remote.Direction == "" || remote.Direction == "outbound-api")
}
