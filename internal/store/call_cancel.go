package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
)

// ErrCallOver says that a call cannot be canceled: it is over.
var ErrCallOver = errors.New("call is over")

// noteCancelRequested is what a call's history says of a request to end it while it was under way.
const noteCancelRequested = "cancel.requested"

// cancellation is why a call is canceled, and what its history says of it.
type cancellation struct {
	reason interview.CancelReason
	words  string
}

var (
	byRequest  = cancellation{interview.CancelRequested, "canceled on request"}
	byErasure  = cancellation{interview.CancelErased, "its personal data is erased"}
	byWithdraw = cancellation{interview.CancelWithdrawn, "its consent is withdrawn"}
	byCampaign = cancellation{interview.CancelCampaign, "the campaign is completed"}
	byListing  = cancellation{interview.CancelListed, "the number is on the do-not-call list"}
	byStop     = cancellation{interview.CancelStopped, "all calls are stopped"}
	byCallBack = cancellation{interview.CancelReached, "the person called us"}
	byContact  = cancellation{interview.CancelReached, "the contact is not to be called any more"}
)

// CancelCall ends a call: at once when it was not dialled, else by a run of cancel-call, as soon as its CallSid is known.
// It returns the call as it is then. Canceling again what is still ending changes nothing.
//
// The reason, which may be empty, is in the audit log.
//
// Errors: ErrNotFound without such a call, ErrCallOver.
func (s *Store) CancelCall(ctx context.Context, callID, reason string) (interview.Call, error) {
	var call interview.Call
	err := s.write(ctx, func(tx *Tx) (err error) {
		if call, err = tx.lockCall(ctx, callID); err != nil {
			return err
		}
		if call.Status.Terminal() {
			return ErrCallOver
		}
		before := call
		if err := tx.cancel(ctx, &call, byRequest); err != nil {
			return err
		}
		if before.Canceling() {
			return tx.saveCall(ctx, call)
		}
		err = tx.recordAudit(ctx, interview.AuditEntry{Action: interview.AuditCancelCall, Subject: call.ID, Reason: reason,
			Detail: map[string]any{"was": before.Status, "is": call.Status}})
		if err != nil {
			return err
		}
		return tx.saveCall(ctx, call)
	})
	if err != nil {
		return interview.Call{}, fmt.Errorf("canceling call %s: %w", callID, err)
	}
	return call, nil
}

// cancel ends a call whose row this transaction holds, or asks for that; the caller saves it.
func (tx *Tx) cancel(ctx context.Context, call *interview.Call, why cancellation) error {
	requested := call.CancelRequestedAt
	call.RequestCancel(tx.Now, why.reason)
	switch {
	case call.Status.Terminal():
		if err := tx.note(ctx, call.ID, noteCanceled, why.words); err != nil {
			return err
		}
		return tx.endDialRuns(ctx, []string{call.ID})
	case call.CancelRequestedAt == requested:
		return tx.enqueueCancel(ctx, *call, "api")
	}
	if err := tx.note(ctx, call.ID, noteCancelRequested, why.words); err != nil {
		return err
	}
	if call.TwilioSid == "" {
		return nil
	}
	if call.Simulated {
		return tx.enqueueCancel(ctx, *call, "api")
	}
	// Its end is due much sooner than that of an interview.
	if err := tx.beginOverdueChecks(ctx, call.ID, tx.Now.Add(interview.DefaultDeadlines().Dial)); err != nil {
		return err
	}
	return tx.enqueueCancel(ctx, *call, "api")
}

// enqueueCancel has a call ended at Twilio, if that was asked for and Twilio has it.
func (tx *Tx) enqueueCancel(ctx context.Context, call interview.Call, cause string) error {
	if job, ok := call.CancelJob(); ok {
		return tx.enqueue(ctx, cause, []interview.Job{job})
	}
	return nil
}

// cancelUnwanted cancels a call whose dial created nothing, when nobody wants another: somebody canceled it meanwhile, or
// its campaign is completed. It reports whether it did; the caller saves the call.
func (tx *Tx) cancelUnwanted(ctx context.Context, call *interview.Call) (bool, error) {
	words := byRequest.words
	if call.CancelRequestedAt == nil {
		var notActive *NotActiveError
		err := tx.requireActive(ctx, call.CampaignID)
		if !errors.As(err, &notActive) || notActive.Status != interview.CampaignCompleted {
			return false, ignoreNotActive(err)
		}
		words, call.CancelReason = byCampaign.words, byCampaign.reason
	}
	call.Status, call.CompletedAt = interview.CallCanceled, &tx.Now
	return true, tx.note(ctx, call.ID, noteCanceled, words)
}

func ignoreNotActive(err error) error {
	var notActive *NotActiveError
	if errors.As(err, &notActive) {
		return nil
	}
	return err
}

var historyInsert = newInsert("call_history", "", "id text", "call_id text", "at timestamptz", "what text", "detail text")

// cancelAtOnce bounds the calls that one transaction cancels, so that webhooks need not wait for long.
const cancelAtOnce = 2000

// cancelDead cancels a campaign's calls whose runs are dead: no turn will come at which they would be.
func (tx *Tx) cancelDead(ctx context.Context, campaignID string) error {
	var dead []string
	err := collect(ctx, tx, func(r row) error {
		var key string
		err := r.Scan(&key)
		id, _, _ := strings.Cut(key, ":redial:")
		dead = append(dead, id)
		return err
	}, `SELECT key FROM function_runs WHERE state = 'failed' AND function = $1`, string(interview.OrchestrateCall))
	if err != nil {
		return fmt.Errorf("looking for dead runs: %w", err)
	}
	for part := range slices.Chunk(dead, cancelAtOnce) {
		condition, args := tx.in("id", 3, part)
		if _, err := tx.cancelQueued(ctx, campaignID, ` AND `+condition, args...); err != nil {
			return err
		}
	}
	return nil
}

// cancelRest cancels a campaign's calls that were not dialled, part by part, each in a transaction of its own, unless the
// campaign is active again. What is left when ctx ends is canceled when its turn to be dialled comes.
func (s *Store) cancelRest(ctx context.Context, campaignID string) error {
	for after, more := "", true; more; {
		err := s.write(ctx, func(tx *Tx) error {
			more = false
			var notActive *NotActiveError
			err := tx.requireActive(ctx, campaignID)
			if !errors.As(err, &notActive) || notActive.Status != interview.CampaignCompleted {
				return ignoreNotActive(err)
			}
			ids, err := tx.cancelQueued(ctx, campaignID, ` AND id > $3 ORDER BY id LIMIT $4`, after, cancelAtOnce)
			if more = len(ids) == cancelAtOnce; more {
				after = ids[len(ids)-1]
			}
			return err
		})
		switch {
		case err != nil && ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// cancelQueued cancels those of a campaign's calls that were not dialled, whatever state their runs are in, and returns
// their ids in order. The campaign is COMPLETED, and this transaction holds its row: a call whose row another one holds is
// about to be dialled, which sees that and cancels it too, or is being canceled.
func (tx *Tx) cancelQueued(ctx context.Context, campaignID, which string, args ...any) ([]string, error) {
	ids, err := tx.cancelUndialled(ctx, byCampaign, `campaign_id = $2`+which, append([]any{campaignID}, args...)...)
	if err == nil && len(ids) > 0 {
		tx.reach(interview.Milestone{Kind: interview.MilestoneCanceled, CampaignID: campaignID, Count: len(ids)})
	}
	return ids, err
}

// cancelUndialled cancels the calls that meet the condition, whose first argument is $2, and were not dialled; it leaves out those
// whose row another transaction holds. It returns their ids in order.
func (tx *Tx) cancelUndialled(ctx context.Context, why cancellation, condition string, args ...any) ([]string, error) {
	var ids []string
	err := collect(ctx, tx, func(r row) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, `UPDATE calls SET status = 'CANCELED', completed_at = $1, updated_at = $1, live_number = '', cancel_reason = '`+string(why.reason)+`' WHERE id IN
		(SELECT id FROM calls WHERE status = 'QUEUED' AND dialed_at IS NULL AND twilio_sid = '' AND `+
		condition+tx.store.dialect.skipLocked+`) RETURNING id`, append([]any{tx.Now}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("canceling queued calls: %w", err)
	}
	slices.Sort(ids)
	rows := make([][]any, len(ids))
	for i, id := range ids {
		rows[i] = []any{tx.newID(), id, tx.Now, noteCanceled, why.words}
	}
	stmts := tx.newStmtBatch()
	historyInsert.add(stmts, "keeping that calls were canceled", rows)
	if err := stmts.run(ctx); err != nil || len(ids) == 0 {
		return nil, err
	}
	for _, id := range ids {
		tx.statusChanged(interview.Call{ID: id, Status: interview.CallCanceled}, interview.CallQueued)
	}
	return ids, tx.endDialRuns(ctx, ids)
}

// endDialRuns ends the runs that would dial canceled calls, dead ones too. One that is running finds out by itself. Runs are
// locked before calls elsewhere, so one whose row is held is left alone: it would do nothing.
func (tx *Tx) endDialRuns(ctx context.Context, callIDs []string) error {
	keys := slices.Clone(callIDs)
	condition, args := tx.in("call_id", 2, callIDs)
	err := collect(ctx, tx, func(r row) error {
		var id string
		var redials int
		err := r.Scan(&id, &redials)
		for n := range redials {
			keys = append(keys, id+":redial:"+strconv.Itoa(n+1))
		}
		return err
	}, `SELECT call_id, COUNT(*) FROM call_history WHERE what = $1 AND `+condition+` GROUP BY call_id`,
		append([]any{noteAbsent}, args...)...)
	if err != nil {
		return fmt.Errorf("looking for redials: %w", err)
	}
	condition, args = tx.in("key", 3, keys)
	_, err = tx.Exec(ctx, `UPDATE function_runs SET state = 'done', last_error = '', not_before = NULL, begin_by = NULL,
		finished_at = $1 WHERE id IN (SELECT id FROM function_runs WHERE function = $2 AND state IN ('waiting', 'failed') AND `+
		condition+tx.store.dialect.skipLocked+`)`, append([]any{tx.Now, string(interview.OrchestrateCall)}, args...)...)
	if err != nil {
		return fmt.Errorf("ending the runs of canceled calls: %w", err)
	}
	return nil
}

// BeginCancel says which call to end at Twilio, or ends the run when there is nothing to end: the call is over, or nobody
// asked.
func (s *Store) BeginCancel(ctx context.Context, run interview.Run, callID string) (interview.CallEnding, error) {
	ending := interview.CallEnding{Skip: true}
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.guard(ctx, run); err != nil {
			return err
		}
		call, err := tx.lockCall(ctx, callID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if _, ok := call.CancelJob(); err != nil || !ok {
			return tx.finish(ctx, run)
		}
		words := ""
		if call.CancelReason == interview.CancelStopped && call.Status == interview.CallInProgress {
			words = call.Script.Stopped()
		}
		ending = interview.EndingOf(call, words)
		return nil
	})
	if err != nil {
		return interview.CallEnding{}, fmt.Errorf("beginning to cancel call %s: %w", callID, err)
	}
	return ending, nil
}
