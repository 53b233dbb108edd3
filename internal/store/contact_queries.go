package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// ContactFilter chooses contacts; an empty field asks for nothing.
type ContactFilter struct {
	CampaignID string
	State      interview.ContactState
	// Reason is the contact's own: not that of a campaign which calls nobody.
	Reason interview.Refusal
	// PhoneNumber is E.164. A contact whose personal data was erased is not found by it, or by ExternalID.
	PhoneNumber, ExternalID string
}

func (by ContactFilter) conditions() filter {
	var f filter
	f.equal("contacts.campaign_id", by.CampaignID)
	f.equalWord("contacts.state", string(by.State))
	for _, column := range []struct{ name, value string }{
		{"contacts.reason", string(by.Reason)}, {"contacts.phone_number", by.PhoneNumber}, {"contacts.external_id", by.ExternalID},
	} {
		if column.value != "" {
			f.conditions = append(f.conditions, column.name+" <> ''") // as its index says it
			f.equal(column.name, column.value)
		}
	}
	return f
}

// Contacts lists contacts. The reason and the time of one that is due are those of its campaign, if that calls nobody now.
func (s *Store) Contacts(ctx context.Context, by ContactFilter, page Page) (List[interview.Contact], error) {
	var out List[interview.Contact]
	err := s.snapshot(ctx, func(q querier) (err error) {
		out, err = list(ctx, q, selectContacts, "contacts", by.conditions(), page, scanContact, func(c interview.Contact) string { return c.ID })
		if err != nil {
			return err
		}
		return s.explainWaiting(ctx, q, out.Items)
	})
	if err != nil {
		return List[interview.Contact]{}, fmt.Errorf("listing contacts: %w", err)
	}
	return out, nil
}

const contactsOptedOut = `SELECT contact_id FROM calls WHERE opted_out_at IS NOT NULL AND contact_id <> '' AND `

// ContactsOptedOut are those of the contacts who asked in one of their calls never to be called again.
func (s *Store) ContactsOptedOut(ctx context.Context, contacts []string) (map[string]bool, error) {
	optedOut := map[string]bool{}
	if len(contacts) == 0 {
		return optedOut, nil
	}
	condition, args := in(s.dialect, "contact_id", 1, contacts)
	err := collect(ctx, s.read(), func(r row) error {
		var id string
		err := r.Scan(&id)
		optedOut[id] = true
		return err
	}, contactsOptedOut+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("looking for opt-outs of %d contacts: %w", len(contacts), err)
	}
	return optedOut, nil
}

// explainWaiting gives contacts that are due the reason for which their campaign calls nobody, or none.
func (s *Store) explainWaiting(ctx context.Context, q querier, contacts []interview.Contact) error {
	now, obstacles := s.now(), map[string]interview.GateVerdict{}
	for i, c := range contacts {
		if c.State != interview.ContactWaiting || c.NextAt == nil || c.NextAt.After(now) {
			continue
		}
		v, known := obstacles[c.CampaignID]
		if !known {
			var err error
			if v, err = s.obstacle(ctx, q, c.CampaignID, now); err != nil {
				return err
			}
			obstacles[c.CampaignID] = v
		}
		contacts[i].Reason = v.Refusal
		if v.Until != nil {
			contacts[i].NextAt = v.Until
		}
	}
	return nil
}

// obstacle is what the gate says of anybody whom a campaign would call now.
func (s *Store) obstacle(ctx context.Context, q querier, campaignID string, now time.Time) (interview.GateVerdict, error) {
	c, err := campaign(ctx, q, campaignID)
	if err != nil {
		return interview.GateVerdict{}, err
	}
	facts, err := s.campaignFacts(ctx, q, c, now)
	if err != nil {
		return interview.GateVerdict{}, err
	}
	return campaignVerdict(facts), nil
}

// ContactDetail is a contact with its attempts.
type ContactDetail struct {
	Contact interview.Contact
	// Attempts are its calls, oldest first, and Verdicts what the gate said last about each of them that it was asked about.
	Attempts []interview.Call
	Verdicts map[string]DialVerdict
}

// Contact returns one contact. ErrNotFound when there is none.
func (s *Store) Contact(ctx context.Context, id string) (ContactDetail, error) {
	d := ContactDetail{Verdicts: map[string]DialVerdict{}}
	err := s.snapshot(ctx, func(q querier) error {
		c, err := scanContact(q.QueryRow(ctx, selectContacts+` WHERE contacts.id = $1`, id))
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		one := []interview.Contact{c}
		if err := s.explainWaiting(ctx, q, one); err != nil {
			return err
		}
		d.Contact = one[0]
		err = collect(ctx, q, func(r row) error {
			call, err := scanCalled(r)
			d.Attempts = append(d.Attempts, call)
			return err
		}, `SELECT `+calledColumns+` FROM calls WHERE contact_id = $1 AND contact_id <> '' ORDER BY id`, id)
		if err != nil {
			return err
		}
		for _, call := range d.Attempts {
			v, err := newestVerdict(ctx, q, call.ID)
			if err != nil {
				return err
			}
			if v != nil {
				d.Verdicts[call.ID] = *v
			}
		}
		return nil
	})
	if err != nil {
		return ContactDetail{}, fmt.Errorf("contact %s: %w", id, err)
	}
	return d, nil
}

// Words for contacts that wait without a refusal.
const (
	// WaitsForTurn is of contacts that are due: they are called at the dial rate.
	WaitsForTurn interview.Refusal = "TURN"
	// WaitsForRetry is of contacts whose next attempt has its time.
	WaitsForRetry interview.Refusal = "NEXT_ATTEMPT"
)

// ReasonCount counts contacts with the same reason.
type ReasonCount struct {
	Count int
	// Until is when the first of them is looked at again, nil for contacts that do not wait.
	Until *time.Time
}

// ContactCounts count the contacts of a campaign.
type ContactCounts struct {
	// At is the moment of which they are.
	At time.Time
	// States counts them by state, Reasons those with a reason by state and reason.
	States  map[interview.ContactState]int
	Reasons map[interview.ContactState]map[interview.Refusal]ReasonCount
	// Obstacle is what the gate says of anybody whom the campaign would call now.
	Obstacle interview.GateVerdict
}

// ContactCounts counts the contacts of a campaign by an index alone, and says what keeps those from being called that wait. ErrNotFound
// when there is no such campaign.
func (s *Store) ContactCounts(ctx context.Context, campaignID string) (ContactCounts, error) {
	counts := ContactCounts{States: map[interview.ContactState]int{}, Reasons: map[interview.ContactState]map[interview.Refusal]ReasonCount{}}
	err := s.snapshot(ctx, func(q querier) (err error) {
		now := s.now()
		counts.At = now
		if counts.Obstacle, err = s.obstacle(ctx, q, campaignID, now); err != nil {
			return err
		}
		if err := collect(ctx, q, func(r row) error {
			var state interview.ContactState
			var reason interview.Refusal
			var n int
			if err := r.Scan(&state, &reason, &n); err != nil {
				return err
			}
			counts.States[state] += n
			if state != interview.ContactWaiting {
				counts.add(state, reason, n, nil)
			}
			return nil
		}, countReasons, campaignID); err != nil {
			return err
		}
		return s.countWaiting(ctx, q, campaignID, now, &counts)
	})
	if err != nil {
		return counts, fmt.Errorf("counting the contacts of campaign %s: %w", campaignID, err)
	}
	return counts, nil
}

const (
	countReasons = `SELECT state, reason, COUNT(*) FROM contacts WHERE campaign_id = $1 GROUP BY state, reason`
	countWaiting = `SELECT reason, COUNT(*) FROM contacts WHERE campaign_id = $1 AND state = 'WAITING' AND next_at > $2 GROUP BY reason`
	countDue     = `SELECT COUNT(*) FROM contacts WHERE campaign_id = $1 AND state = 'WAITING' AND next_at <= $2`
	firstWaiting = `SELECT next_at FROM contacts WHERE campaign_id = $1 AND state = 'WAITING' AND reason = $2 AND next_at > $3 ORDER BY next_at LIMIT 1`
)

// countWaiting counts those that wait: by their own reason until its time, then by that of the campaign.
func (s *Store) countWaiting(ctx context.Context, q querier, campaignID string, now time.Time, counts *ContactCounts) error {
	waiting := map[interview.Refusal]int{}
	if err := collect(ctx, q, counting(waiting), countWaiting, campaignID, now); err != nil {
		return err
	}
	for reason, n := range waiting {
		var first time.Time
		if err := q.QueryRow(ctx, firstWaiting, campaignID, string(reason), now).Scan(&first); err != nil {
			return err
		}
		if reason == "" {
			reason = WaitsForRetry
		}
		counts.add(interview.ContactWaiting, reason, n, &first)
	}
	var due int
	if err := q.QueryRow(ctx, countDue, campaignID, now).Scan(&due); err != nil {
		return err
	}
	reason := counts.Obstacle.Refusal
	if reason == "" {
		reason = WaitsForTurn
	}
	counts.add(interview.ContactWaiting, reason, due, counts.Obstacle.Until)
	return nil
}

func (c *ContactCounts) add(state interview.ContactState, reason interview.Refusal, n int, until *time.Time) {
	if n == 0 || reason == "" {
		return
	}
	if c.Reasons[state] == nil {
		c.Reasons[state] = map[interview.Refusal]ReasonCount{}
	}
	of := c.Reasons[state][reason]
	if of.Count += n; until != nil && (of.Until == nil || until.Before(*of.Until)) {
		of.Until = until
	}
	c.Reasons[state][reason] = of
}
