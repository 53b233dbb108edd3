package store

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

var contactInsert = newInsert("contacts", "", "id text", "campaign_id text", "phone_number text", "external_id text", "time_zone text",
	"language text", "variables text", "consent_basis text", "consent_at timestamptz", "state text", "reason text",
	"next_at timestamptz", "attempts integer", "call_id text", "caller_id text", "simulated boolean", "created_at timestamptz",
	"updated_at timestamptz")

// contactsOf are the contacts of numbers that are called at once: all that is known of them is the number.
func contactsOf(calls []interview.Call) []interview.Contact {
	contacts := make([]interview.Contact, len(calls))
	for i, call := range calls {
		contacts[i] = interview.Contact{ID: call.ContactID, CampaignID: call.CampaignID, PhoneNumber: call.PhoneNumber,
			State: interview.ContactCalling, CallID: call.ID, Simulated: call.Simulated, CreatedAt: call.CreatedAt, UpdatedAt: call.CreatedAt}
	}
	return contacts
}

// insertContacts writes new contacts.
func (tx *Tx) insertContacts(ctx context.Context, contacts []interview.Contact) error {
	rows := make([][]any, len(contacts))
	for i, c := range contacts {
		variables, err := encoded(c.Variables)
		if err != nil {
			return err
		}
		rows[i] = []any{c.ID, c.CampaignID, c.PhoneNumber, storable(c.ExternalID), c.TimeZone, c.Language, storable(variables),
			storable(c.ConsentBasis), pointedTime(c.ConsentAt), string(c.State), string(c.Reason), pointedTime(c.NextAt), c.Attempts,
			c.CallID, c.CallerID, c.Simulated, c.CreatedAt, c.UpdatedAt}
	}
	stmts := tx.newStmtBatch()
	contactInsert.add(stmts, "creating contacts", rows)
	return stmts.run(ctx)
}

// ReasonErased is why a contact is not called any more whose personal data was erased.
const ReasonErased interview.Refusal = "ERASED"

// eraseContacts takes the personal data out of contacts, which are not called any more. The condition has one argument, $2.
func (tx *Tx) eraseContacts(ctx context.Context, condition string, arg any) error {
	tx.erases = true
	_, err := tx.Exec(ctx, `UPDATE contacts SET phone_number = '', external_id = '', variables = '', consent_basis = '', time_zone = '',
		reason = CASE WHEN state IN ('WAITING', 'CALLING') THEN '`+string(ReasonErased)+`' ELSE reason END,
		state = CASE WHEN state IN ('WAITING', 'CALLING') THEN 'REFUSED' ELSE state END, next_at = NULL, updated_at = $1
		WHERE `+condition, tx.Now, arg)
	if err != nil {
		return fmt.Errorf("erasing contacts: %w", err)
	}
	return nil
}
