package store

import (
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

const (
	// longestWait is after how long a call asks the gate again at the latest: a campaign's hours may be changed meanwhile.
	longestWait = time.Hour
)

// mayDial decides whether a call may be dialled now, and says so to whoever asks: it proceeds; it waits, until a moment and for a
// reason; or it was canceled and its run ended.
//
// The gate is asked twice. What it refuses at the first time needs no more locks. What passes, and has its turn, is asked about again
// while the row of table gate is held, the last lock of all: so no entry of the do-not-call list and no stop can be committed
// between the second answer and the commit of the intent. The other facts are held by other rows: those of the campaign by its own,
// those of the person by the number, which no other live call has.
func (tx *Tx) mayDial(ctx context.Context, run interview.Run, call *interview.Call) (answer dialAnswer, err error) {
	if _, err := tx.Exec(ctx, `SELECT 1 FROM campaigns WHERE id = $1`+tx.store.dialect.lock, call.CampaignID); err != nil {
		return answer, fmt.Errorf("locking campaign %s: %w", call.CampaignID, err)
	}
	c, err := campaign(ctx, tx, call.CampaignID)
	if err != nil {
		return answer, err
	}
	if err := tx.notRestored(ctx); err != nil {
		return answer, err
	}
	contact, err := tx.lockContact(ctx, *call)
	if err != nil {
		return answer, err
	}
	if contact.State.Terminal() {
		return answer, tx.dropCall(ctx, run, call)
	}
	facts, err := tx.gateFacts(ctx, contact, c, call)
	if err != nil {
		return answer, err
	}
	if err := tx.claimNumber(ctx, call, &facts); err != nil {
		return answer, err
	}
	if v := interview.MayCall(facts); !v.Allowed() {
		return tx.refuseDial(ctx, run, call, contact, facts, v)
	}
	if turn, err := tx.takeTurn(ctx, call); err != nil || !turn {
		return answer, err
	}
	if !call.Simulated {
		if may, err := tx.mayUseAccount(ctx, run); err != nil || !may {
			return answer, err
		}
	}
	if err := tx.holdGate(ctx); err != nil {
		return answer, err
	}
	if err := tx.readAgain(ctx, contact, &facts); err != nil {
		return answer, err
	}
	v := interview.MayCall(facts)
	if !v.Allowed() {
		return tx.refuseDial(ctx, run, call, contact, facts, v)
	}
	if err := tx.countAttempt(ctx, contact, call.ID); err != nil {
		return answer, err
	}
	return dialAnswer{proceed: true}, tx.keepVerdict(ctx, call.ID, facts, v)
}

// dropCall cancels a call whose contact is not to be called any more, and ends the run that would have dialled it.
func (tx *Tx) dropCall(ctx context.Context, run interview.Run, call *interview.Call) error {
	call.Status, call.CompletedAt, call.CancelReason = interview.CallCanceled, &tx.Now, byContact.reason
	if err := tx.saveCall(ctx, *call); err != nil {
		return err
	}
	if err := tx.note(ctx, call.ID, noteCanceled, byContact.words); err != nil {
		return err
	}
	return tx.finish(ctx, run)
}

// dialAnswer is what becomes of a dial that was asked for.
type dialAnswer struct {
	proceed bool
	// wait, if set, says until when the run waits. What the transaction wrote is committed nevertheless.
	wait error
}

// refuseDial lets a call wait, or ends it and its contact.
func (tx *Tx) refuseDial(ctx context.Context, run interview.Run, call *interview.Call, contact interview.Contact, facts interview.GateFacts, v interview.GateVerdict) (dialAnswer, error) {
	tx.refused(facts, v, call.Simulated)
	if err := tx.keepVerdict(ctx, call.ID, facts, v); err != nil {
		return dialAnswer{}, err
	}
	if !v.Final {
		until := *v.Until
		if latest := tx.Now.Add(longestWait); until.After(latest) {
			until = latest
		}
		return dialAnswer{wait: jobs.Wait(until, fmt.Sprintf("%s: %s", v.Refusal, v.Detail))}, tx.setReason(ctx, contact, v.Refusal)
	}
	call.Status, call.CompletedAt, call.CancelReason = interview.CallCanceled, &tx.Now, interview.CancelReason(v.Refusal)
	if err := tx.saveCall(ctx, *call); err != nil {
		return dialAnswer{}, err
	}
	why := byCampaign.words
	if v.Refusal != interview.RefusalCampaign {
		why = fmt.Sprintf("%s: %s", v.Refusal, v.Detail)
	}
	if err := tx.note(ctx, call.ID, noteCanceled, why); err != nil {
		return dialAnswer{}, err
	}
	if err := tx.endContact(ctx, contact, v); err != nil {
		return dialAnswer{}, err
	}
	return dialAnswer{}, tx.finish(ctx, run)
}
