package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// ErrNoConsent says that a call has no consent that could be withdrawn.
var ErrNoConsent = errors.New("call has no consent")

// noteWithdrawn is what a call's history says of a consent that was withdrawn on request.
const noteWithdrawn = "consent.withdrawn"

// WithdrawConsent takes the consent of a call back, with the effect of a no that the person says later: what was recorded, said
// and concluded is erased, the recordings are deleted at Twilio, and a call that is not over is ended.
//
// Errors: ErrNotFound without such a call, ErrNoConsent, ErrHeld while its campaign has a legal hold.
func (s *Store) WithdrawConsent(ctx context.Context, callID, reason string) (interview.Call, error) {
	var call interview.Call
	err := s.write(ctx, func(tx *Tx) (err error) {
		if call, err = tx.lockCall(ctx, callID); err != nil {
			return err
		}
		if err := tx.requireNotHeld(ctx, call.CampaignID); err != nil {
			return err
		}
		if !call.WithdrawConsent(tx.Now) {
			return ErrNoConsent
		}
		if err := tx.note(ctx, call.ID, noteWithdrawn, "on request"); err != nil {
			return err
		}
		if !call.Status.Terminal() {
			if err := tx.cancel(ctx, &call, byWithdraw); err != nil {
				return err
			}
		}
		n, err := tx.eraseSpeech(ctx, call.ID, "api")
		if err != nil {
			return err
		}
		if err := tx.saveCall(ctx, call); err != nil {
			return err
		}
		return tx.recordAudit(ctx, interview.AuditEntry{Action: interview.AuditWithdraw, Subject: call.ID,
			Reason: withoutNumber(reason, call.PhoneNumber),
			Detail: map[string]any{"recordings": n.recordings, "utterances": n.utterances, "claims": n.claims}})
	})
	if err != nil {
		return interview.Call{}, fmt.Errorf("withdrawing the consent of call %s: %w", callID, err)
	}
	s.awaitScrubbed(ctx)
	return call, nil
}
