package store

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
)

// NumberErasureRequest asks for the personal data of all calls to a number to be erased.
type NumberErasureRequest struct {
	// PhoneNumber is E.164.
	PhoneNumber string
	// RequestedBy says who asked. It must not be empty.
	RequestedBy string
	// Reason may be empty.
	Reason string
}

// NumberErasure is what an erasure by number came to.
type NumberErasure struct {
	// Calls are the erasures of the calls in the order of the calls' ids: those that this request caused, and those of calls
	// that were asked for before and are still being ended.
	Calls []Erasure
	// Strays are the payloads of events that named the number and belong to no call of ours.
	Strays int
}

// Pending counts the calls that are still being ended.
func (e NumberErasure) Pending() int {
	n := 0
	for _, call := range e.Calls {
		if call.Pending {
			n++
		}
	}
	return n
}

// EraseNumber erases the personal data of every call to a number, whatever state the call is in, as ErasePersonalData does:
// each in a transaction of its own, so that an erasure which is broken off keeps what it did, and can be repeated. It looks for
// calls until there is none: a call that somebody creates meanwhile, since the one before it was ended, is erased as well. A
// call that is created after that is a new one.
//
// Asking again erases nothing twice. Once a call is over, nothing tells that it was to this number; until then it is in the
// answer, with the record of the first request.
//
// ErrHeld when a campaign of one of the calls has a legal hold: then nothing is erased. A hold that is set meanwhile ends it where
// it is.
func (s *Store) EraseNumber(ctx context.Context, request NumberErasureRequest) (NumberErasure, error) {
	var done NumberErasure
	var held int
	err := s.read().QueryRow(ctx, `SELECT COUNT(*) FROM calls JOIN campaigns ON campaigns.id = calls.campaign_id
		WHERE calls.phone_number <> '' AND calls.phone_number = $1 AND calls.erased_at IS NULL AND campaigns.held_at IS NOT NULL`,
		request.PhoneNumber).Scan(&held)
	if err != nil {
		return done, fmt.Errorf("looking for legal holds: %w", err)
	}
	if held > 0 {
		return done, ErrHeld
	}
	seen := map[string]bool{}
	for {
		ids, err := s.callsTo(ctx, request.PhoneNumber)
		if err != nil {
			return done, err
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return seen[id] })
		if len(ids) == 0 {
			break
		}
		for _, id := range ids {
			seen[id] = true
			erased, err := s.eraseCall(ctx, ErasureRequest{CallID: id, RequestedBy: request.RequestedBy, Reason: request.Reason})
			if err != nil {
				return done, err
			}
			done.Calls = append(done.Calls, erased)
		}
	}
	slices.SortFunc(done.Calls, func(a, b Erasure) int { return strings.Compare(a.CallID, b.CallID) })
	if err := s.endNumberErasure(ctx, request, &done); err != nil {
		return done, err
	}
	s.awaitScrubbed(ctx)
	return done, nil
}

// callsTo are the ids of the calls to a number, in order: also of those whose data is erased and that are not over.
func (s *Store) callsTo(ctx context.Context, number string) ([]string, error) {
	var ids []string
	err := collect(ctx, s.read(), func(r row) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM calls WHERE phone_number <> '' AND phone_number = $1
		UNION SELECT id FROM calls WHERE live_number <> '' AND live_number = $1 ORDER BY 1`, number)
	if err != nil {
		return nil, fmt.Errorf("looking for calls to the number: %w", err)
	}
	return ids, nil
}

// endNumberErasure erases the number in events that belong to no call, and keeps who asked.
func (s *Store) endNumberErasure(ctx context.Context, request NumberErasureRequest, done *NumberErasure) error {
	err := s.write(ctx, func(tx *Tx) (err error) {
		if done.Strays, err = tx.eraseStrays(ctx, request.PhoneNumber); err != nil {
			return err
		}
		if err := tx.eraseContacts(ctx, "phone_number <> '' AND phone_number = $2", request.PhoneNumber); err != nil {
			return err
		}
		if err := tx.eraseListed(ctx, request.PhoneNumber); err != nil {
			return err
		}
		ids := make([]string, len(done.Calls))
		for i, call := range done.Calls {
			ids[i] = call.CallID
		}
		return tx.recordAudit(ctx, interview.AuditEntry{
			Actor: request.RequestedBy, Action: interview.AuditEraseNumber, Reason: withoutNumber(request.Reason, request.PhoneNumber),
			Detail: map[string]any{
				"phoneNumber": interview.MaskPhoneNumber(request.PhoneNumber), "calls": ids, "pending": done.Pending(), "webhooks": done.Strays,
			},
		})
	})
	if err != nil {
		return fmt.Errorf("ending the erasure of a number: %w", err)
	}
	return nil
}

// eraseStrays drops the payloads of refused events that have the number in them. Their call is unknown, or another one: no
// erasure of a call finds them. There are few refused events that anybody has signed.
func (tx *Tx) eraseStrays(ctx context.Context, number string) (int, error) {
	digits := []byte(strings.TrimPrefix(number, "+"))
	var ids []string
	err := collect(ctx, tx, func(r row) error {
		var id string
		var body []byte
		err := r.Scan(&id, &body)
		if bytes.Contains(body, digits) {
			ids = append(ids, id)
		}
		return err
	}, `SELECT id, body FROM webhook_events WHERE `+notAccepted+` AND outcome = 'refused' AND body IS NOT NULL`)
	if err != nil {
		return 0, fmt.Errorf("looking for the number in refused events: %w", err)
	}
	for part := range slices.Chunk(ids, insertAtOnce) {
		condition, args := tx.in("id", 1, part)
		tx.erases = true
		if _, err := tx.Exec(ctx, `UPDATE webhook_events SET body = NULL WHERE `+condition, args...); err != nil {
			return 0, fmt.Errorf("erasing the number in refused events: %w", err)
		}
	}
	return len(ids), nil
}
