package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Found is something that has an id.
type Found struct {
	// What it is: contact, stop, call, webhook, run, campaign, hypothesis, rejection, claim, recording or verdict.
	What string
	ID   string
	// Of is the id of what it belongs to: of a claim and a recording their call, of a hypothesis its campaign, of a verdict its
	// hypothesis; "" of others.
	Of string
}

// byID looks an id up in every table whose rows have a page, each by its primary key.
const byID = `SELECT 'call', id, '' FROM calls WHERE id = $1
	UNION ALL SELECT 'webhook', id, call_id FROM webhook_events WHERE id = $1
	UNION ALL SELECT 'run', id, '' FROM function_runs WHERE id = $1
	UNION ALL SELECT 'contact', id, '' FROM contacts WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM calls WHERE calls.id = $1)
	UNION ALL SELECT 'stop', id, '' FROM stops WHERE id = $1
	UNION ALL SELECT 'campaign', id, '' FROM campaigns WHERE id = $1
	UNION ALL SELECT 'hypothesis', id, campaign_id FROM hypotheses WHERE id = $1
	UNION ALL SELECT 'rejection', id, '' FROM rejections WHERE id = $1
	UNION ALL SELECT 'claim', id, call_id FROM claims WHERE id = $1
	UNION ALL SELECT 'verdict', id, hypothesis_id FROM verdicts WHERE id = $1`

// FindID says what has an id of ours. It returns nothing for an id that is nobody's.
func (s *Store) FindID(ctx context.Context, id string) ([]Found, error) {
	var found []Found
	err := collect(ctx, s.read(), func(r row) error {
		var f Found
		err := r.Scan(&f.What, &f.ID, &f.Of)
		found = append(found, f)
		return err
	}, byID, id)
	if err != nil {
		return nil, fmt.Errorf("finding an id: %w", err)
	}
	return found, nil
}

const recordingBySid = `SELECT call_id FROM recordings WHERE sid = $1`

// CallOfRecording is the id of the call of a recording. ErrNotFound when there is none.
func (s *Store) CallOfRecording(ctx context.Context, sid string) (call string, err error) {
	err = s.read().QueryRow(ctx, recordingBySid, sid).Scan(&call)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("recording %s: %w", sid, err)
	}
	return call, nil
}

// maxRecords bounds how many records of one event are loaded.
const maxRecords = 50

const (
	acceptedOfEvent = `SELECT ` + webhookColumns + ` FROM webhook_events WHERE outcome = 'accepted' AND event_id = $1`
	othersOfEvent   = `SELECT ` + webhookColumns + ` FROM webhook_events WHERE ` + notAccepted + ` AND event_id = $1 ORDER BY received_at, id LIMIT $2`
)

// WebhooksOfEvent are the records of one event: the accepted one first, then the payloads that failed, were refused, differ from it
// or were forced, in the order in which they came.
func (s *Store) WebhooksOfEvent(ctx context.Context, eventID string) ([]Webhook, error) {
	var records []Webhook
	keep := func(r row) error {
		w, err := scanWebhook(r)
		records = append(records, w)
		return err
	}
	err := collect(ctx, s.read(), keep, acceptedOfEvent, eventID)
	if err == nil {
		err = collect(ctx, s.read(), keep, othersOfEvent, eventID, maxRecords)
	}
	if err != nil {
		return nil, fmt.Errorf("listing the records of an event: %w", err)
	}
	return records, nil
}

// CallNames are the ids by which a request may name a call.
type CallNames struct {
	ID string
	// CallSid is Twilio's, "" before the dial.
	CallSid string
}

// CallsCreated are the names of calls that were created in a time, the newest first, at most limit of them. Ids begin with that time.
func (s *Store) CallsCreated(ctx context.Context, since, until time.Time, limit int) ([]CallNames, error) {
	var names []CallNames
	err := collect(ctx, s.read(), func(r row) error {
		var n CallNames
		err := r.Scan(&n.ID, &n.CallSid)
		names = append(names, n)
		return err
	}, `SELECT id, twilio_sid FROM calls WHERE id >= $1 AND id < $2 ORDER BY id DESC LIMIT $3`, firstID(since), firstID(until), limit)
	if err != nil {
		return nil, fmt.Errorf("listing the names of calls: %w", err)
	}
	return names, nil
}
