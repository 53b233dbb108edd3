package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// SnapshotDial is an intent to dial that the gate let pass, with what the tables say of whom it was about.
type SnapshotDial struct {
	// Seq is the place of its transaction among those that held the gate, 0 when it did not hold it.
	Seq int64
	At  time.Time
	// Facts are those that the gate was asked about, as JSON.
	Facts json.RawMessage

	CallID, CampaignID string
	// PhoneNumber is "" after an erasure.
	PhoneNumber string
	// TimeZone and ConsentBasis are the contact's; HasContact says that there is one whose data was not erased.
	TimeZone, ConsentBasis string
	HasContact             bool
	// Stands says that the intent was not withdrawn and is the call's last, CompletedAt when the call was over.
	Stands      bool
	CompletedAt *time.Time
	// AttemptsBefore counts the other calls of the contact that were dialled before, but for those that a stop ended before a phone rang.
	AttemptsBefore int
	// StoppedBy and ListedBy are the stop and the entry of the do-not-call list that were in force, "" for none.
	StoppedBy, ListedBy string
}

// Dials reads the intents after a place and since a time, in the order in which they held the gate, at most limit of them.
func (s *Snapshot) Dials(ctx context.Context, since time.Time, after int64, limit int) ([]SnapshotDial, error) {
	var list []SnapshotDial
	err := collect(ctx, s.q, func(r row) error {
		var d SnapshotDial
		var facts string
		var dialed *time.Time
		err := r.Scan(&d.Seq, &d.At, &facts, &d.CallID, &d.CampaignID, &d.PhoneNumber, &d.TimeZone, &d.ConsentBasis, &d.HasContact,
			&dialed, &d.CompletedAt, &d.AttemptsBefore, &d.StoppedBy)
		d.Facts, d.Stands = json.RawMessage(facts), dialed != nil && dialed.Equal(d.At)
		list = append(list, d)
		return err
	}, `SELECT v.gate_seq, v.at, v.facts, c.id, c.campaign_id, c.phone_number, COALESCE(k.time_zone, ''), COALESCE(k.consent_basis, ''),
		k.id IS NOT NULL AND k.phone_number <> '', c.dialed_at, c.completed_at,
		(SELECT COUNT(*) FROM calls o WHERE o.contact_id <> '' AND o.contact_id = c.contact_id AND o.id <> c.id AND o.dialed_at < v.at AND NOT (`+takenBack("o")+`)),
		COALESCE((SELECT MIN(s.id) FROM stops s WHERE s.scope IN ('`+interview.ScopeAll+`', c.campaign_id) AND s.gate_seq < v.gate_seq
			AND (s.ended_at IS NULL OR s.ended_gate_seq > v.gate_seq)), '')
		FROM dial_verdicts v JOIN calls c ON c.id = v.call_id LEFT JOIN contacts k ON k.id = c.contact_id
		WHERE v.refusal = '' AND v.gate_seq > $1 AND v.at >= $2 ORDER BY v.gate_seq LIMIT $3`, after, since.UTC(), limit)
	if err != nil {
		return nil, fmt.Errorf("reading intents: %w", err)
	}
	if err := s.listings(ctx, list); err != nil {
		return nil, fmt.Errorf("looking into the do-not-call list: %w", err)
	}
	return list, nil
}

// listings finds the entries that were in force when the intents were written.
func (s *Snapshot) listings(ctx context.Context, dials []SnapshotDial) error {
	key, err := s.numberKey(ctx)
	if err != nil || key == nil { // nothing was ever listed
		return err
	}
	by := map[string][]*SnapshotDial{}
	var hashes []any
	for i := range dials {
		if dials[i].PhoneNumber == "" {
			continue
		}
		hash := hashNumber(key, dials[i].PhoneNumber)
		if by[string(hash)] == nil {
			hashes = append(hashes, hash)
		}
		by[string(hash)] = append(by[string(hash)], &dials[i])
	}
	if len(hashes) == 0 {
		return nil
	}
	some := placeholders(1, len(hashes))
	return collect(ctx, s.q, func(r row) error {
		var hash []byte
		var id, scope string
		var from int64
		var until *int64
		if err := r.Scan(&id, &hash, &scope, &from, &until); err != nil {
			return err
		}
		for _, d := range by[string(hash)] {
			if (scope == interview.ScopeAll || scope == d.CampaignID) && d.Seq > from && (until == nil || d.Seq < *until) {
				d.ListedBy = id
			}
		}
		return nil
	}, `SELECT id, number_hash, scope, gate_seq, NULL FROM do_not_call WHERE number_hash IN `+some+`
		UNION ALL SELECT id, number_hash, scope, gate_seq, removed_gate_seq FROM do_not_call_removed WHERE number_hash IN `+some, hashes...)
}

// Unended are those of the calls of which nothing had said by a time that they were over.
func (s *Snapshot) Unended(ctx context.Context, calls []string, by time.Time) (n int, err error) {
	args := append([]any{by.UTC()}, anys(calls)...)
	err = s.q.QueryRow(ctx, `SELECT COUNT(*) FROM calls a WHERE a.id IN `+placeholders(2, len(calls))+` AND a.pruned_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM webhook_events e WHERE e.call_id = a.id AND e.outcome = 'accepted' AND e.received_at <= $1
		AND (e.event_id LIKE '%:status:completed' OR e.event_id LIKE '%:status:busy' OR e.event_id LIKE '%:status:no-answer'
		OR e.event_id LIKE '%:status:failed' OR e.event_id LIKE '%:status:canceled'))`, args...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("looking for calls that were not over: %w", err)
	}
	return n, nil
}

// gateRules are those of the gate, opt-outs, stops and contacts that the database alone can check. A contact always has an id, but
// unless a statement says so, neither database uses the index of the calls that have a contact.
func gateRules() []SnapshotRule {
	return []SnapshotRule{
		// The contact of a call from before there were contacts has the call's id.
		{Kind: "dialled-without-verdict", Text: "the call was dialled, and no verdict of the gate is kept that allowed it at that moment",
			statement: `SELECT c.id, h.id FROM call_history h JOIN calls c ON c.id = h.call_id
				WHERE c.created_at >= $1 AND c.id >= $first AND h.what = '` + noteIntent + `' AND (c.contact_id <> c.id OR h.at >= $2)
				AND NOT EXISTS (SELECT 1 FROM dial_verdicts v WHERE v.call_id = c.id AND v.refusal = '' AND v.at = h.at)`, second: gateSince},
		{Kind: "dialled-past-the-gate", Text: "the verdict that allowed the call was given in a transaction that did not hold the gate",
			statement: `SELECT c.id, v.id FROM dial_verdicts v JOIN calls c ON c.id = v.call_id
				WHERE c.created_at >= $1 AND c.id >= $first AND v.refusal = '' AND v.gate_seq = 0`},
		{Kind: "opted-out-call-goes-on", Text: "the person asked never to be called again, and the call was not ended",
			statement: `SELECT c.id, c.status FROM calls c WHERE c.created_at >= $1 AND c.id >= $first AND c.opted_out_at < $2 AND` + notOver, second: stuckBefore},
		{Kind: "contact-forgotten", Text: "the contact is neither over nor will anybody look at it",
			statement: `SELECT k.id, k.state FROM contacts k WHERE k.created_at >= $1 AND k.id >= $first AND (k.state = 'WAITING' AND k.next_at IS NULL
				OR k.state = 'CALLING' AND NOT EXISTS (SELECT 1 FROM calls c WHERE c.contact_id <> '' AND c.contact_id = k.id AND (c.ended_as = '' OR NOT c.settled)))`},
		{Kind: "contact-miscounted", Text: "the contact has another number of attempts than calls that were dialled",
			statement: `SELECT k.id, CAST(k.attempts AS TEXT) FROM contacts k WHERE k.created_at >= $1 AND k.id >= $first AND (k.attempts >
				(SELECT COUNT(*) FROM calls c WHERE c.contact_id <> '' AND c.contact_id = k.id AND c.direction = 'outbound' AND c.dialed_at IS NOT NULL) OR k.attempts <
				(SELECT COUNT(*) FROM calls c WHERE c.contact_id <> '' AND c.contact_id = k.id AND c.direction = 'outbound' AND c.dialed_at IS NOT NULL AND NOT (` + takenBack("c") + `)))`},
	}
}

// takenBack is whether a dialled call, by its alias, may have been taken back as an attempt: a stop canceled it before a phone rang, which
// costs the contact no attempt unless the contact was over by then. See interview.Call.NeverRang.
func takenBack(call string) string {
	return call + `.status = 'CANCELED' AND ` + call + `.cancel_reason = '` + string(interview.CancelStopped) + `' AND ` + call + `.sequence IN (0, 1)`
}

// SnapshotOptOut is a call on which a person asked never to be called again.
type SnapshotOptOut struct {
	CallID string
	// Listed says that the number is on the do-not-call list for the call's campaign, or was until somebody took it off.
	Listed bool
}

// OptOuts reads the calls since a time on which somebody opted out whose number is known, after the given one, at most limit of them.
func (s *Snapshot) OptOuts(ctx context.Context, since time.Time, after string, limit int) ([]SnapshotOptOut, error) {
	var list []SnapshotOptOut
	var numbers []string
	err := collect(ctx, s.q, func(r row) error {
		var o SnapshotOptOut
		var number string
		err := r.Scan(&o.CallID, &number, &o.Listed)
		list, numbers = append(list, o), append(numbers, number)
		return err
	}, `SELECT c.id, c.phone_number, EXISTS (SELECT 1 FROM do_not_call d WHERE d.call_id <> '' AND d.call_id = c.id)
		OR EXISTS (SELECT 1 FROM do_not_call_removed d WHERE d.call_id <> '' AND d.call_id = c.id)
		FROM calls c WHERE c.opted_out_at IS NOT NULL AND c.created_at >= $1 AND c.id > $2 ORDER BY c.id LIMIT $3`, since.UTC(), afterFirst(after, since), limit)
	if err != nil {
		return nil, fmt.Errorf("reading opt-outs: %w", err)
	}
	for i, number := range numbers {
		if list[i].Listed || !interview.ValidPhoneNumber(number) {
			list[i].Listed = true // nobody can call a number that is not known
			continue
		}
		// The number may have been there before.
		if list[i].Listed, err = s.everListed(ctx, number); err != nil {
			return nil, fmt.Errorf("looking into the do-not-call list: %w", err)
		}
	}
	return list, nil
}

// everListed reports whether a number is or was on the list, whatever the scope.
func (s *Snapshot) everListed(ctx context.Context, number string) (listed bool, err error) {
	key, err := s.numberKey(ctx)
	if err != nil || key == nil {
		return false, err
	}
	err = s.q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM do_not_call WHERE number_hash = $1)
		OR EXISTS (SELECT 1 FROM do_not_call_removed WHERE number_hash = $1)`, hashNumber(key, number)).Scan(&listed)
	return listed, err
}

// numberKey is the key of number hashes, nil when there is none.
func (s *Snapshot) numberKey(ctx context.Context) (key []byte, err error) {
	err = s.q.QueryRow(ctx, `SELECT value FROM secrets WHERE name = $1`, numberKeyName).Scan(&key)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return key, err
}

// AliveAfterStop calls found with each call that was not over so long after a stop since a time that was to hang up.
func (s *Snapshot) AliveAfterStop(ctx context.Context, since time.Time, within time.Duration, found func(callID, stopID string)) error {
	stops, err := collectStops(ctx, s.q, since)
	if err != nil {
		return err
	}
	for _, stop := range stops {
		limit := stop.CreatedAt.Add(within)
		if stop.EndedAt != nil && stop.EndedAt.Before(limit) || limit.After(s.Now) {
			continue
		}
		err := collect(ctx, s.q, func(r row) error {
			var id string
			err := r.Scan(&id)
			found(id, stop.ID)
			return err
		}, `SELECT c.id FROM calls c WHERE ($1 = '`+interview.ScopeAll+`' OR c.campaign_id = $1) AND c.created_at < $2 AND c.twilio_sid <> ''
			AND (c.dialed_at < $2 OR c.direction = 'inbound')
			AND (c.completed_at > $3 OR`+notOver+`) ORDER BY c.id`, stop.Scope, stop.CreatedAt, limit)
		if err != nil {
			return fmt.Errorf("reading calls that outlived stop %s: %w", stop.ID, err)
		}
	}
	return nil
}

func collectStops(ctx context.Context, q querier, since time.Time) (stops []interview.Stop, err error) {
	err = collect(ctx, q, func(r row) error {
		stop, err := scanStop(r)
		stops = append(stops, stop)
		return err
	}, selectStops+` WHERE mode = '`+string(interview.StopHangUp)+`' AND created_at >= $1 ORDER BY id`, since.UTC())
	if err != nil {
		return nil, fmt.Errorf("reading stops: %w", err)
	}
	return stops, nil
}
