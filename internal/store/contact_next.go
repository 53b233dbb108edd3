package store

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

const nextContacts = selectContacts + ` WHERE contacts.campaign_id = $1 AND contacts.next_at IS NOT NULL ORDER BY contacts.next_at LIMIT $2`

// NextContacts are those of a campaign that are looked at next, soonest first. Reason and time of one that is due are those of its
// campaign, if that calls nobody now.
func (s *Store) NextContacts(ctx context.Context, campaignID string, limit int) ([]interview.Contact, error) {
	var contacts []interview.Contact
	err := s.snapshot(ctx, func(q querier) error {
		err := collect(ctx, q, func(r row) error {
			c, err := scanContact(r)
			contacts = append(contacts, c)
			return err
		}, nextContacts, campaignID, limit)
		if err != nil {
			return err
		}
		return s.explainWaiting(ctx, q, contacts)
	})
	if err != nil {
		return nil, fmt.Errorf("looking for the next contacts of campaign %s: %w", campaignID, err)
	}
	return contacts, nil
}
