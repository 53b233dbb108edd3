package store

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// erasedNumber stands where a phone number was.
const erasedNumber = "(erased)"

// ErasureRequest asks for the personal data of a call to be erased.
type ErasureRequest struct {
	CallID string
	// RequestedBy says who asked. It must not be empty: it is kept for whoever asks later.
	RequestedBy string
	// Reason may be empty.
	Reason string
}

// Erasure is the record of an erasure: who asked for it and how much it was.
type Erasure struct {
	ErasureRequest
	At time.Time
	// Recordings are being deleted at Twilio, each by a run of delete-recording; the rest is gone.
	Recordings, Utterances, Claims int
	// Webhooks are the events whose payloads were erased. Their ids, hashes and replies stay, so that a duplicate is still
	// known and answered as one.
	Webhooks int
	// Pending says that the call is not over: it is being ended, and its number is kept to find it at Twilio, and to keep
	// others from calling it, until it is.
	Pending bool
}

// ErasePersonalData erases what can be traced to the person of a call, in one transaction: the phone number wherever it was
// written, transcript, utterances, claims, the payloads of its webhooks, and its recordings. Consent counts as refused from
// then on, so nothing comes back later. A call that is not over is canceled; of one that Twilio has the number stays, in
// Call.LiveNumber alone, until the commit by which the call ends. A second request changes nothing and returns the record of
// the first.
//
// Errors: ErrNotFound without such a call, ErrHeld while its campaign has a legal hold.
func (s *Store) ErasePersonalData(ctx context.Context, request ErasureRequest) (Erasure, error) {
	erasure, err := s.eraseCall(ctx, request)
	if err == nil {
		s.awaitScrubbed(ctx)
	}
	return erasure, err
}

// eraseCall is ErasePersonalData without the wait for the database's files.
func (s *Store) eraseCall(ctx context.Context, request ErasureRequest) (Erasure, error) {
	erasure := Erasure{ErasureRequest: request}
	err := s.write(ctx, func(tx *Tx) error {
		call, err := tx.lockCall(ctx, request.CallID)
		if err != nil {
			return err
		}
		if call.ErasedAt != nil {
			erasure, err = erasureOfCall(ctx, tx, call.ID)
			return err
		}
		if err := tx.requireNotHeld(ctx, call.CampaignID); err != nil {
			return err
		}
		if !call.Status.Terminal() {
			if err := tx.cancel(ctx, &call, byErasure); err != nil {
				return err
			}
		}
		erasure.At, erasure.Pending = tx.Now, !call.Status.Terminal()
		erasure.Reason = withoutNumber(request.Reason, call.PhoneNumber)
		if erasure.Webhooks, err = tx.erasePayloads(ctx, call.ID); err != nil {
			return err
		}
		n, err := tx.eraseSpeech(ctx, call.ID, "api")
		if err != nil {
			return err
		}
		erasure.Recordings, erasure.Utterances, erasure.Claims = n.recordings, n.utterances, n.claims
		if err := tx.eraseNumber(ctx, call); err != nil {
			return err
		}
		call.Erase(tx.Now)
		if err := tx.saveCall(ctx, call); err != nil {
			return err
		}
		if err := tx.insertErasure(ctx, erasure); err != nil {
			return err
		}
		return tx.recordAudit(ctx, interview.AuditEntry{Actor: erasure.RequestedBy, Action: interview.AuditEraseCall, Subject: call.ID,
			Reason: erasure.Reason, Detail: map[string]any{"recordings": n.recordings, "utterances": n.utterances, "claims": n.claims,
				"webhooks": erasure.Webhooks, "pending": erasure.Pending}})
	})
	if err != nil {
		return Erasure{}, fmt.Errorf("erasing the personal data of call %s: %w", request.CallID, err)
	}
	return erasure, nil
}

func (tx *Tx) erasePayloads(ctx context.Context, callID string) (int, error) {
	n, err := tx.Exec(ctx, `UPDATE webhook_events SET body = NULL, `+forgottenError+` WHERE call_id = $1
		AND (body IS NOT NULL OR outcome = 'failed' AND error <> '')`, callID)
	if err != nil {
		return 0, fmt.Errorf("erasing payloads: %w", err)
	}
	return int(n), nil
}

// eraseNumber takes a call's number out of its row and of every text that may quote it.
func (tx *Tx) eraseNumber(ctx context.Context, call interview.Call) error {
	if _, err := tx.Exec(ctx, `UPDATE calls SET phone_number = '' WHERE id = $1`, call.ID); err != nil {
		return fmt.Errorf("erasing the number: %w", err)
	}
	if err := tx.eraseHistory(ctx, call); err != nil {
		return err
	}
	if err := tx.eraseContacts(ctx, "id = $2", call.ContactID); err != nil {
		return err
	}
	if call.PhoneNumber == "" {
		return nil
	}
	return tx.eraseKeptAnswer(ctx, call)
}

// eraseKeptAnswer takes a call's number out of the answer that is kept for a repetition of the request that created it.
// That was written in the same transaction, so at the same moment.
func (tx *Tx) eraseKeptAnswer(ctx context.Context, call interview.Call) error {
	kept := map[string][]byte{}
	err := collect(ctx, tx, func(r row) error {
		var key string
		var body []byte
		err := r.Scan(&key, &body)
		if bytes.Contains(body, []byte(call.ID)) {
			kept[key] = body
		}
		return err
	}, `SELECT key, reply_body FROM api_idempotency WHERE created_at = $1`, call.CreatedAt.UTC())
	if err != nil {
		return fmt.Errorf("looking for kept answers: %w", err)
	}
	for key, body := range kept {
		body = bytes.ReplaceAll(body, []byte(call.PhoneNumber), nil)
		if _, err := tx.Exec(ctx, `UPDATE api_idempotency SET reply_body = $2 WHERE key = $1`, key, body); err != nil {
			return fmt.Errorf("erasing the number in a kept answer: %w", err)
		}
	}
	return nil
}

func (tx *Tx) insertErasure(ctx context.Context, e Erasure) error {
	_, err := tx.Exec(ctx, `INSERT INTO erasures (call_id, at, requested_by, reason, recordings, utterances, claims, webhooks)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, e.CallID, e.At, storable(e.RequestedBy), storable(e.Reason), e.Recordings,
		e.Utterances, e.Claims, e.Webhooks)
	if err != nil {
		return fmt.Errorf("keeping who asked: %w", err)
	}
	return nil
}

func erasureOfCall(ctx context.Context, q querier, callID string) (Erasure, error) {
	var e Erasure
	var status interview.CallStatus
	err := q.QueryRow(ctx, `SELECT call_id, at, requested_by, reason, recordings, utterances, claims, webhooks, calls.status
		FROM erasures JOIN calls ON calls.id = erasures.call_id WHERE call_id = $1`, callID).Scan(&e.CallID, &e.At,
		&e.RequestedBy, &e.Reason, &e.Recordings, &e.Utterances, &e.Claims, &e.Webhooks, &status)
	e.Pending = !status.Terminal()
	if err != nil {
		return e, fmt.Errorf("loading the erasure: %w", err)
	}
	return e, nil
}
