package store

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// NewContacts asks for contacts of a campaign.
type NewContacts struct {
	CampaignID string
	// Contacts have what is known of each person; the store sets the rest. Their numbers are E.164 and differ.
	Contacts []interview.Contact
	// DryRun only says what the gate says, and changes nothing.
	DryRun bool
	// Simulated says that a simulator plays the calls; see NewCalls.
	Simulated bool
}

// AddedContact is what became, or would become, of a contact.
type AddedContact struct {
	// ID is "" for a contact that was not added: the verdict is final, the number Exists, or it was a dry run.
	ID string
	// Exists says that the campaign has a contact with the number.
	Exists bool
	// Verdict is what the gate says now. A contact of a final one is not added.
	Verdict interview.GateVerdict
}

// AddContacts adds contacts to a campaign in one transaction, in their order. Each waits for as long as the gate says.
//
// Errors: ErrNotFound without such a campaign, ErrSimulated.
func (s *Store) AddContacts(ctx context.Context, n NewContacts) (added []AddedContact, err error) {
	if n.DryRun {
		err = s.snapshot(ctx, func(q querier) error {
			var err error
			added, err = s.judgeContacts(ctx, q, n, nil)
			return err
		})
	} else {
		err = s.write(ctx, func(tx *Tx) error {
			if _, err := tx.Exec(ctx, `SELECT 1 FROM campaigns WHERE id = $1`+tx.store.dialect.lock, n.CampaignID); err != nil {
				return err
			}
			if added, err = s.judgeContacts(ctx, tx, n, tx); err != nil {
				return err
			}
			return tx.addContacts(ctx, n, added)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("adding contacts to campaign %s: %w", n.CampaignID, err)
	}
	return added, nil
}

// judgeContacts asks the gate about contacts that are to be added. tx is nil in a dry run.
func (s *Store) judgeContacts(ctx context.Context, q querier, n NewContacts, tx *Tx) ([]AddedContact, error) {
	now := s.now()
	if tx != nil {
		now = tx.Now
	}
	c, err := campaign(ctx, q, n.CampaignID)
	if err != nil {
		return nil, err
	}
	if c.Simulated != n.Simulated {
		return nil, ErrSimulated
	}
	of, err := s.campaignFacts(ctx, q, c, now)
	if err != nil || len(n.Contacts) == 0 {
		return nil, err
	}
	people, numbers := make([]person, len(n.Contacts)), make([]string, len(n.Contacts))
	for i, contact := range n.Contacts {
		people[i], numbers[i] = person{contact: contact}, contact.PhoneNumber
	}
	facts, err := s.personFacts(ctx, q, of, people)
	if err != nil {
		return nil, err
	}
	exists := map[string]bool{}
	condition, args := in(s.dialect, "phone_number", 2, numbers)
	err = collect(ctx, q, func(r row) error {
		var number string
		err := r.Scan(&number)
		exists[number] = true
		return err
	}, `SELECT phone_number FROM contacts WHERE campaign_id = $1 AND phone_number <> '' AND `+condition, append([]any{n.CampaignID}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("looking for contacts with the numbers: %w", err)
	}
	added := make([]AddedContact, len(n.Contacts))
	for i, contact := range n.Contacts {
		added[i] = AddedContact{Exists: exists[contact.PhoneNumber], Verdict: interview.MayCall(facts[i])}
	}
	return added, nil
}

// addContacts writes those of the contacts that may be called, now or later.
func (tx *Tx) addContacts(ctx context.Context, n NewContacts, added []AddedContact) error {
	var contacts []interview.Contact
	for i, c := range n.Contacts {
		v := added[i].Verdict
		if added[i].Exists || v.Final {
			continue
		}
		c.ID, c.CampaignID, c.State, c.Simulated = tx.newID(), n.CampaignID, interview.ContactWaiting, n.Simulated
		c.NextAt, c.Reason, c.CreatedAt, c.UpdatedAt = &tx.Now, v.Refusal, tx.Now, tx.Now
		if v.Refusal == interview.RefusalOutsideHours { // what the campaign or the moment is about changes sooner than one knows
			c.NextAt = v.Until
		}
		added[i].ID = c.ID
		contacts = append(contacts, c)
	}
	return tx.insertContacts(ctx, contacts)
}
