package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// settleAttempts makes known to contacts how calls of theirs ended. It returns how many calls, and the campaigns of those.
func (s *Store) settleAttempts(ctx context.Context) (settled int, campaigns []string, err error) {
	for {
		var ids []string
		err = collect(ctx, s.read(), func(r row) error {
			var id string
			err := r.Scan(&id)
			ids = append(ids, id)
			return err
		}, unsettledCalls, settleAtOnce)
		if err != nil || len(ids) == 0 {
			return settled, campaigns, err
		}
		var n int
		var of []string
		err = s.write(ctx, func(tx *Tx) (err error) {
			n, of, err = tx.settleCalls(ctx, ids)
			return err
		})
		settled += n
		for _, id := range of {
			if !slices.Contains(campaigns, id) {
				campaigns = append(campaigns, id)
			}
		}
		if err != nil || n < settleAtOnce {
			return settled, campaigns, err
		}
	}
}

const unsettledCalls = `SELECT id FROM calls WHERE ended_as <> '' AND NOT settled ORDER BY id LIMIT $1`

// settleCalls settles those of the calls that nobody else does.
func (tx *Tx) settleCalls(ctx context.Context, ids []string) (settled int, campaigns []string, err error) {
	var calls []interview.Call
	condition, args := tx.in("id", 1, ids)
	err = collect(ctx, tx, func(r row) error {
		c, err := scanCalled(r)
		calls = append(calls, c)
		return err
	}, `SELECT `+calledColumns+` FROM calls WHERE NOT settled AND `+condition+` ORDER BY id`+tx.store.dialect.skipLocked, args...)
	if err != nil || len(calls) == 0 {
		return 0, nil, err
	}
	var contactIDs, done []string
	for _, c := range calls {
		done = append(done, c.ID)
		contactIDs = append(contactIDs, c.ContactID)
		if !slices.Contains(campaigns, c.CampaignID) {
			campaigns = append(campaigns, c.CampaignID)
		}
	}
	contacts, err := tx.lockContacts(ctx, contactIDs)
	if err != nil {
		return 0, nil, err
	}
	ended, err := tx.endedAttempts(ctx, contactIDs)
	if err != nil {
		return 0, nil, err
	}
	byID := map[string]interview.Campaign{}
	for _, id := range campaigns {
		if byID[id], err = scanCampaign(tx.QueryRow(ctx, selectCampaigns+` WHERE campaigns.id = $1`, id)); err != nil {
			return 0, nil, fmt.Errorf("loading campaign %s: %w", id, err)
		}
	}
	var changed []interview.Contact
	for _, call := range calls {
		contact, ok := contacts[call.ContactID]
		if !ok || contact.State.Terminal() {
			continue
		}
		attempt := interview.EndedAttempt{Contact: contact, Campaign: byID[call.CampaignID], Call: call,
			Zones: tx.store.zones.Of(contact.TimeZone, contact.PhoneNumber), StopEnded: call.CancelReason == interview.CancelStopped}
		for _, e := range ended[contact.ID] {
			if e.id < call.ID {
				attempt.Earlier = append(attempt.Earlier, e.at)
			}
		}
		if settleAttempt(attempt, &contact, tx.Now) {
			contacts[contact.ID] = contact
			changed = append(changed, contact)
		}
	}
	if err := tx.saveContacts(ctx, changed); err != nil {
		return 0, nil, err
	}
	condition, args = tx.in("id", 1, done)
	if _, err := tx.Exec(ctx, `UPDATE calls SET settled = TRUE WHERE `+condition, args...); err != nil {
		return 0, nil, fmt.Errorf("marking calls as settled: %w", err)
	}
	return len(done), campaigns, nil
}

// settleAttempt changes a contact by how a call of it ended, and reports whether it did.
func settleAttempt(a interview.EndedAttempt, to *interview.Contact, now time.Time) bool {
	call := a.Call
	if to.State != interview.ContactCalling || to.CallID != call.ID {
		return false
	}
	if a.StopEnded && call.NeverRang() && call.Dialled() {
		a.Call.DialedAt, a.Call.TwilioSid = nil, "" // it is called again, when the stop is over
		to.Attempts = max(to.Attempts-1, 0)
	}
	s := interview.SettleAttempt(a, now)
	if s.Outcome == interview.OutcomeCanceled && s.State == interview.ContactExhausted && call.CancelReason != "" {
		s.State, s.Reason = interview.ContactRefused, interview.Refusal(call.CancelReason)
	}
	to.State, to.Reason, to.NextAt = s.State, s.Reason, s.NextAt
	return true
}

// lockContacts loads contacts by id and holds their rows.
func (tx *Tx) lockContacts(ctx context.Context, ids []string) (map[string]interview.Contact, error) {
	contacts := map[string]interview.Contact{}
	condition, args := tx.in("contacts.id", 1, ids)
	err := collect(ctx, tx, func(r row) error {
		c, err := scanContact(r)
		contacts[c.ID] = c
		return err
	}, selectContacts+` WHERE `+condition+` ORDER BY contacts.id`+tx.store.dialect.lock, args...)
	if err != nil {
		return nil, fmt.Errorf("loading contacts: %w", err)
	}
	return contacts, nil
}

// endedAttempt is when a call was over.
type endedAttempt struct {
	id string
	at time.Time
}

// endedAttempts are the attempts of contacts that are over, by contact, oldest first.
func (tx *Tx) endedAttempts(ctx context.Context, contactIDs []string) (map[string][]endedAttempt, error) {
	ended := map[string][]endedAttempt{}
	condition, args := tx.in("contact_id", 1, contactIDs)
	err := collect(ctx, tx, func(r row) error {
		var contact string
		var e endedAttempt
		if err := r.Scan(&contact, &e.id, &e.at); err != nil {
			return err
		}
		ended[contact] = append(ended[contact], e)
		return nil
	}, `SELECT contact_id, id, completed_at FROM calls WHERE contact_id <> '' AND `+condition+`
		AND completed_at IS NOT NULL AND dialed_at IS NOT NULL AND direction = 'outbound' ORDER BY id`, args...)
	if err != nil {
		return nil, fmt.Errorf("loading earlier attempts: %w", err)
	}
	return ended, nil
}
