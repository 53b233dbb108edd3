package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

const contactColumns = `contacts.id, contacts.campaign_id, contacts.phone_number, contacts.external_id, contacts.time_zone, contacts.language,
	contacts.variables, contacts.consent_basis, contacts.consent_at, contacts.state, contacts.reason, contacts.next_at, contacts.attempts,
	contacts.call_id, contacts.caller_id, contacts.simulated, contacts.created_at, contacts.updated_at`

const selectContacts = `SELECT ` + contactColumns + ` FROM contacts`

func scanContact(r row) (interview.Contact, error) {
	var c interview.Contact
	err := r.Scan(&c.ID, &c.CampaignID, &c.PhoneNumber, &c.ExternalID, &c.TimeZone, &c.Language, jsonColumn{&c.Variables}, &c.ConsentBasis,
		&c.ConsentAt, &c.State, &c.Reason, &c.NextAt, &c.Attempts, &c.CallID, &c.CallerID, &c.Simulated, &c.CreatedAt, &c.UpdatedAt)
	return c, err
}

// lockContact loads the contact of a call and holds its row. Of a call without one, which nothing of ours makes, all that is known
// is the number.
func (tx *Tx) lockContact(ctx context.Context, call interview.Call) (interview.Contact, error) {
	c, err := scanContact(tx.QueryRow(ctx, selectContacts+` WHERE contacts.id = $1`+tx.store.dialect.lock, call.ContactID))
	if errors.Is(err, sql.ErrNoRows) {
		return interview.Contact{CampaignID: call.CampaignID, PhoneNumber: call.PhoneNumber}, nil
	}
	if err != nil {
		return c, fmt.Errorf("loading contact %s: %w", call.ContactID, err)
	}
	c.PhoneNumber = call.PhoneNumber // an erasure takes it from the contact first
	return c, nil
}

// countAttempt counts an attempt whose intent this transaction writes.
func (tx *Tx) countAttempt(ctx context.Context, c interview.Contact, callID string) error {
	_, err := tx.Exec(ctx, `UPDATE contacts SET attempts = attempts + 1, state = 'CALLING', reason = '', next_at = NULL, call_id = $2, updated_at = $3
		WHERE id = $1`, c.ID, callID, tx.Now)
	if err != nil {
		return fmt.Errorf("counting an attempt of contact %s: %w", c.ID, err)
	}
	return nil
}

// uncountAttempt takes an attempt back whose intent is withdrawn.
func (tx *Tx) uncountAttempt(ctx context.Context, call interview.Call) error {
	_, err := tx.Exec(ctx, `UPDATE contacts SET attempts = attempts - 1, updated_at = $2 WHERE id = $1 AND attempts > 0`, call.ContactID, tx.Now)
	if err != nil {
		return fmt.Errorf("taking an attempt of contact %s back: %w", call.ContactID, err)
	}
	return nil
}

// setReason keeps why the queued call of a contact waits.
func (tx *Tx) setReason(ctx context.Context, c interview.Contact, reason interview.Refusal) error {
	if c.Reason == reason {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE contacts SET reason = $2, updated_at = $3 WHERE id = $1 AND state = 'CALLING'`, c.ID, string(reason), tx.Now)
	if err != nil {
		return fmt.Errorf("keeping why contact %s waits: %w", c.ID, err)
	}
	return nil
}

// endContact ends a contact by a final refusal.
func (tx *Tx) endContact(ctx context.Context, c interview.Contact, v interview.GateVerdict) error {
	_, err := tx.Exec(ctx, `UPDATE contacts SET state = $2, reason = $3, next_at = NULL, updated_at = $4
		WHERE id = $1 AND state IN ('WAITING', 'CALLING')`, c.ID, string(v.ContactState()), string(v.Refusal), tx.Now)
	if err != nil {
		return fmt.Errorf("ending contact %s: %w", c.ID, err)
	}
	return nil
}
