package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// dispatchPart handles a part of the due contacts of one campaign. by, if set, says until when the campaign calls nobody, and more that
// others are due which might be called.
func (s *Store) dispatchPart(ctx context.Context, campaignID string) (done Dispatched, by obstacle, more bool, err error) {
	err = s.write(ctx, func(tx *Tx) error {
		done, by, more = Dispatched{}, obstacle{}, false
		if _, err := tx.Exec(ctx, `SELECT 1 FROM campaigns WHERE id = $1`+tx.store.dialect.lock, campaignID); err != nil {
			return fmt.Errorf("locking the campaign: %w", err)
		}
		c, err := campaign(ctx, tx, campaignID)
		if err != nil {
			return err
		}
		facts, err := s.campaignFacts(ctx, tx, c, tx.Now)
		if err != nil {
			return err
		}
		if v := campaignVerdict(facts); v.Final {
			done.Ended, err = tx.endWaiting(ctx, campaignID, v)
			more = done.Ended == endAtOnce
			return err
		} else if !v.Allowed() {
			by = obstacle{until: *v.Until, again: earlier(*v.Until, tx.Now.Add(blockedFor))}
			return nil
		}
		room, err := tx.room(ctx, facts)
		if err != nil {
			return err
		}
		if room == 0 {
			by = full(tx.Now)
			return nil
		}
		contacts, err := tx.dueContacts(ctx, campaignID, min(room+dispatchAtOnce/4, dispatchAtOnce))
		if err != nil || len(contacts) == 0 {
			return err
		}
		left, err := tx.dispatchContacts(ctx, facts, contacts, room, &done)
		more = left == 0 && err == nil
		if left > 0 {
			by = full(tx.Now)
		}
		return err
	})
	return done, by, more, err
}

// full is the obstacle of a campaign that has as many queued calls as it may have.
func full(now time.Time) obstacle {
	soon := now.Add(time.Second)
	return obstacle{until: soon, again: soon}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// campaignVerdict is what the gate says of anybody, as far as the campaign decides it.
func campaignVerdict(of interview.GateFacts) interview.GateVerdict {
	of.Zones, of.HasConsentBasis = interview.TimeZones{time.UTC}, true
	if of.Campaign.CallingHours.Faults() == nil {
		of.Campaign.CallingHours = interview.AllHours()
	}
	of.Campaign.Holidays = nil
	return interview.MayCall(of)
}

// room is how many calls the campaign may have queued beside those that it has.
func (tx *Tx) room(ctx context.Context, facts interview.GateFacts) (int, error) {
	most := queuedMinutes * tx.store.options.DialsPerMinute
	var queued int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM calls WHERE campaign_id = $1 AND ended_as = '' AND status = 'QUEUED'
		AND dialed_at IS NULL LIMIT $2) queued`, facts.Campaign.ID, most).Scan(&queued)
	if err != nil {
		return 0, fmt.Errorf("counting queued calls: %w", err)
	}
	if limit := facts.Campaign.MaxConcurrent; limit > 0 {
		most = min(most, limit-facts.Concurrent)
	}
	return max(most-queued, 0), nil
}

// dueContacts takes the contacts of a campaign that are due for the longest.
func (tx *Tx) dueContacts(ctx context.Context, campaignID string, limit int) ([]interview.Contact, error) {
	var contacts []interview.Contact
	err := collect(ctx, tx, func(r row) error {
		c, err := scanContact(r)
		contacts = append(contacts, c)
		return err
	}, selectContacts+` WHERE campaign_id = $1 AND next_at IS NOT NULL AND next_at <= $2 ORDER BY next_at LIMIT $3`+tx.store.dialect.skipLocked,
		campaignID, tx.Now, limit)
	if err != nil {
		return nil, fmt.Errorf("taking due contacts: %w", err)
	}
	return contacts, nil
}

// dispatchContacts asks the gate about contacts and does what it says: a call for each that may be called, as long as there is room.
// It returns how many might be called for whom there is none.
func (tx *Tx) dispatchContacts(ctx context.Context, of interview.GateFacts, contacts []interview.Contact, room int, done *Dispatched) (left int, err error) {
	people := make([]person, len(contacts))
	for i, c := range contacts {
		people[i] = person{contact: c}
	}
	facts, err := tx.store.personFacts(ctx, tx, of, people)
	if err != nil {
		return 0, err
	}
	var calls []interview.Call
	called := map[string]int{} // by the id of the call
	var changed []interview.Contact
	for i, c := range contacts {
		v := interview.MayCall(facts[i])
		switch {
		case v.Allowed() && len(calls) == room:
			left++
		case v.Allowed():
			call := interview.Call{ID: tx.newID(), CampaignID: c.CampaignID, ContactID: c.ID, Attempt: c.Attempts + 1, PhoneNumber: c.PhoneNumber,
				LiveNumber: c.PhoneNumber, Status: interview.CallQueued, Sequence: interview.NoSequence, Simulated: c.Simulated, CreatedAt: tx.Now}
			called[call.ID] = i
			calls = append(calls, call)
		default:
			tx.refused(facts[i], v, c.Simulated)
			c.State, c.Reason, c.NextAt = v.ContactState(), v.Refusal, v.Until
			changed = append(changed, c)
		}
	}
	made, err := tx.callContacts(ctx, calls)
	if err != nil {
		return 0, err
	}
	for _, call := range calls {
		c := contacts[called[call.ID]]
		c.State, c.Reason, c.NextAt = interview.ContactCalling, "", nil
		if made[call.ID] {
			c.CallID = call.ID
			done.Queued++
		} else { // another request was faster to call the number
			again := tx.Now.Add(interview.GatePoll)
			c.State, c.Reason, c.NextAt = interview.ContactWaiting, interview.RefusalLiveCall, &again
		}
		changed = append(changed, c)
	}
	for _, c := range changed {
		switch {
		case c.State == interview.ContactWaiting:
			done.Waiting++
			done.due(*c.NextAt)
		case c.State.Terminal():
			done.Ended++
		}
	}
	return left, tx.saveContacts(ctx, changed)
}

// callContacts queues the calls to whose number there is no other, and returns which those are.
func (tx *Tx) callContacts(ctx context.Context, calls []interview.Call) (made map[string]bool, err error) {
	made = map[string]bool{}
	if len(calls) == 0 {
		return made, nil
	}
	taken := map[string]bool{}
	var refused *RefusedNumbersError
	once := make([]interview.Call, 0, len(calls))
	for _, c := range calls {
		if !taken[c.PhoneNumber] { // the same number twice in a campaign: one after the other
			taken[c.PhoneNumber] = true
			once = append(once, c)
		}
	}
	clear(taken)
	if err := tx.insertNewCalls(ctx, once); errors.As(err, &refused) {
		for _, n := range refused.Numbers {
			taken[n.PhoneNumber] = true
		}
	} else if err != nil {
		return nil, err
	}
	var jobs []interview.Job
	for _, c := range once {
		if !taken[c.PhoneNumber] {
			made[c.ID] = true
			jobs = append(jobs, interview.NewOrchestrateCall(c.ID, time.Time{}))
		}
	}
	return made, tx.enqueue(ctx, byDispatcher, jobs)
}

var contactUpdate = newUpdate("contacts", "id text", "state text", "reason text", "next_at timestamptz", "attempts integer", "call_id text", "updated_at timestamptz")

// saveContacts writes where contacts stand whose rows this transaction holds.
func (tx *Tx) saveContacts(ctx context.Context, contacts []interview.Contact) error {
	rows := make([][]any, len(contacts))
	for i, c := range contacts {
		rows[i] = []any{c.ID, string(c.State), string(c.Reason), pointedTime(c.NextAt), c.Attempts, c.CallID, tx.Now}
	}
	stmts := tx.newStmtBatch()
	contactUpdate.add(stmts, "saving contacts", rows)
	return stmts.run(ctx)
}

// endWaiting ends a part of a campaign's waiting contacts by a final refusal, and returns how many.
func (tx *Tx) endWaiting(ctx context.Context, campaignID string, v interview.GateVerdict) (int, error) {
	n, err := tx.Exec(ctx, `UPDATE contacts SET state = 'REFUSED', reason = $2, next_at = NULL, updated_at = $3 WHERE id IN
		(SELECT id FROM contacts WHERE campaign_id = $1 AND state = 'WAITING' ORDER BY id LIMIT $4`+tx.store.dialect.skipLocked+`)`,
		campaignID, string(v.Refusal), tx.Now, endAtOnce)
	if err != nil {
		return 0, fmt.Errorf("ending waiting contacts: %w", err)
	}
	return int(n), nil
}
