package store

import (
	"context"
	"fmt"
	"time"
)

const (
	// dispatchAtOnce bounds the contacts that one transaction looks at, and settleAtOnce the calls: webhooks wait for it on SQLite.
	dispatchAtOnce = 200
	settleAtOnce   = 200
	// endAtOnce bounds the contacts that one transaction ends.
	endAtOnce = 1000
	// queuedMinutes is for how many minutes of its dial rate a campaign has queued calls at most: whom the gate would refuse later
	// keeps the place of a contact, not of a call.
	queuedMinutes = 2
	// blockedFor is after how long a campaign that may call nobody is looked at again at the latest: it may be resumed meanwhile.
	blockedFor = 5 * time.Second
	// byDispatcher is the cause of the runs that dial contacts.
	byDispatcher = "dispatcher"
)

// Dispatcher turns contacts that are due into calls, and calls that are over into what becomes of their contacts. Any number of
// processes may do that at once. It is for one goroutine.
type Dispatcher struct {
	store *Store
	// blocked are the campaigns that may call nobody.
	blocked map[string]obstacle
}

// obstacle is what keeps a campaign from calling anybody: it is gone at until, if nobody changes anything, and the campaign is not looked
// at before again.
type obstacle struct{ until, again time.Time }

// NewDispatcher makes a dispatcher.
func NewDispatcher(s *Store) *Dispatcher {
	return &Dispatcher{store: s, blocked: map[string]obstacle{}}
}

// Dispatched says what a pass of the dispatcher did.
type Dispatched struct {
	// Settled are calls whose end was made known to their contacts, Queued the calls that were made, Waiting the contacts that wait
	// on, and Ended those that are over without a call.
	Settled, Queued, Waiting, Ended int
	// Next is when there may be something to do again, if neither an operator nor the end of a call changes what there is to do; the
	// zero time when nothing waits.
	Next time.Time
}

func (d *Dispatched) add(other Dispatched) {
	d.Settled += other.Settled
	d.Queued += other.Queued
	d.Waiting += other.Waiting
	d.Ended += other.Ended
	d.due(other.Next)
}

// due notes another moment at which there may be something to do.
func (d *Dispatched) due(at time.Time) {
	if !at.IsZero() && (d.Next.IsZero() || at.Before(d.Next)) {
		d.Next = at
	}
}

// Pass does what is due, part by part. Where nothing is, it costs two statements that read an index.
func (d *Dispatcher) Pass(ctx context.Context) (Dispatched, error) {
	var done Dispatched
	settled, campaigns, err := d.store.settleAttempts(ctx)
	if err != nil {
		return done, fmt.Errorf("settling attempts: %w", err)
	}
	done.Settled = settled
	for _, id := range campaigns {
		delete(d.blocked, id) // a call that is over makes room
		if err := d.store.watchCircuit(ctx, id); err != nil {
			return done, err
		}
	}
	due, next, err := d.store.dueCampaigns(ctx)
	if err != nil {
		return done, err
	}
	done.due(next)
	now := d.store.now()
	for _, id := range due {
		if by := d.blocked[id]; by.again.After(now) {
			done.due(by.until)
			continue
		}
		delete(d.blocked, id)
		of, err := d.dispatch(ctx, id)
		if err != nil {
			return done, fmt.Errorf("dispatching contacts of campaign %s: %w", id, err)
		}
		done.add(of)
	}
	return done, nil
}

// dueCampaigns are the campaigns that have contacts which are due, and when the next contact is that is not due now.
func (s *Store) dueCampaigns(ctx context.Context) (due []string, next time.Time, err error) {
	now := s.now()
	first, err := s.nextContact(ctx, time.Time{})
	if err != nil || first.IsZero() || first.After(now) {
		return nil, first, err
	}
	err = collect(ctx, s.read(), func(r row) error {
		var id string
		err := r.Scan(&id)
		due = append(due, id)
		return err
	}, dueCampaigns, now)
	if err != nil {
		return nil, next, fmt.Errorf("looking for campaigns with due contacts: %w", err)
	}
	next, err = s.nextContact(ctx, now)
	return due, next, err
}

// nextContact is when the first contact is looked at of those that are later than a time; the zero time for none.
func (s *Store) nextContact(ctx context.Context, after time.Time) (time.Time, error) {
	var next time.Time
	err := firstRow(s.read().QueryRow(ctx, `SELECT next_at FROM contacts WHERE next_at IS NOT NULL AND next_at > $1 ORDER BY next_at LIMIT 1`, after), &next)
	if err != nil {
		return next, fmt.Errorf("looking for the next contact: %w", err)
	}
	return next, nil
}

// dueCampaigns goes from campaign to campaign by the index, not through all of their contacts.
const dueCampaigns = `WITH RECURSIVE waiting (id) AS (
	SELECT MIN(campaign_id) FROM contacts WHERE next_at IS NOT NULL
	UNION ALL SELECT (SELECT MIN(campaign_id) FROM contacts WHERE next_at IS NOT NULL AND campaign_id > waiting.id) FROM waiting WHERE waiting.id IS NOT NULL)
	SELECT id FROM waiting WHERE id IS NOT NULL
	AND EXISTS (SELECT 1 FROM contacts WHERE contacts.campaign_id = waiting.id AND next_at IS NOT NULL AND next_at <= $1)`

// dispatch handles the due contacts of one campaign.
func (d *Dispatcher) dispatch(ctx context.Context, campaignID string) (Dispatched, error) {
	var done Dispatched
	for {
		part, by, more, err := d.store.dispatchPart(ctx, campaignID)
		done.add(part)
		switch {
		case err != nil:
			return done, err
		case !by.again.IsZero():
			d.blocked[campaignID] = by
			done.due(by.until)
			return done, nil
		case !more:
			return done, nil
		}
	}
}
