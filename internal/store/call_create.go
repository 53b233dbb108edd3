package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/i-agent/iagent/internal/interview"
)

// The ways in which calls cannot be created, beside a fault of the database.
var (
	// ErrOtherRequest says that the idempotency key was used for another request.
	ErrOtherRequest = errors.New("idempotency key was used for another request")
	// ErrSameInFlight says that a request with the same idempotency key did not end in time.
	ErrSameInFlight = errors.New("a request with the same idempotency key is in progress")
)

// NotActiveError says that a campaign must not dial.
type NotActiveError struct{ Status interview.CampaignStatus }

func (e *NotActiveError) Error() string { return fmt.Sprintf("campaign is %s, not ACTIVE", e.Status) }

// NewCalls asks for calls of a campaign.
type NewCalls struct {
	CampaignID string
	// PhoneNumbers are E.164. The calls' ids ascend in their order.
	PhoneNumbers []string
	// Simulated says that a simulator plays the calls: the campaign must be simulated, and must not be without it.
	Simulated bool
	// AllowRepeat lets numbers be called that the campaign has called before.
	AllowRepeat bool
	// IdempotencyKey makes the request take effect once, "" for none. It is the caller's to put its scope into the key.
	IdempotencyKey string
	// RequestHash tells whether a second request with the key is the same.
	RequestHash [sha256.Size]byte
	// Answer makes the answer that is kept with the key. It may be called more than once.
	Answer func(calls []interview.Call) (Answer, error)
}

// Answer is what a command is answered.
type Answer struct {
	// Status is the HTTP status.
	Status int
	Body   []byte
	// Replayed says that this is the answer of an earlier request with the same key.
	Replayed bool
}

// insertAtOnce bounds the rows of one INSERT.
const insertAtOnce = 100

// CreateCalls queues calls and the runs that dial them, with the idempotency key in the same commit. A second request
// with the key gets the first answer, whatever became of the campaign; while the first is in flight it waits.
//
// Errors: ErrNotFound without such a campaign, *NotActiveError and *RefusedNumbersError, or both in one, ErrOtherRequest,
// ErrSameInFlight, ErrSimulated.
func (s *Store) CreateCalls(ctx context.Context, n NewCalls) (Answer, error) {
	var answer Answer
	err := s.write(ctx, func(tx *Tx) error {
		calls := n.calls(tx)
		var err error
		if answer, err = n.Answer(calls); err != nil {
			return err
		}
		if n.IdempotencyKey != "" {
			first, err := tx.claimKey(ctx, n.IdempotencyKey, n.RequestHash, answer)
			if err != nil {
				return err
			}
			if !first {
				answer, err = tx.keptAnswer(ctx, n.IdempotencyKey, n.RequestHash)
				return err
			}
		}
		if err := tx.requireSimulated(ctx, n.CampaignID, n.Simulated); err != nil {
			return err
		}
		if err := tx.requireCallable(ctx, n.CampaignID, n.PhoneNumbers, n.AllowRepeat); err != nil {
			return err
		}
		jobs := make([]interview.Job, len(calls))
		for i, c := range calls {
			jobs[i] = interview.NewOrchestrateCall(c.ID, time.Time{})
		}
		if err := tx.insertNewCalls(ctx, calls); err != nil {
			return err
		}
		if err := tx.insertContacts(ctx, contactsOf(calls)); err != nil {
			return err
		}
		if err := tx.enqueue(ctx, "api", jobs); err != nil {
			return err
		}
		return tx.recordAudit(ctx, n.audited(calls))
	})
	if err != nil {
		return Answer{}, fmt.Errorf("creating calls of campaign %s: %w", n.CampaignID, err)
	}
	return answer, nil
}

// audited says which calls were created, by the first and the last of their ids.
func (n NewCalls) audited(calls []interview.Call) interview.AuditEntry {
	detail := map[string]any{"calls": len(calls), "allowRepeat": n.AllowRepeat}
	if len(calls) > 0 {
		detail["first"], detail["last"] = calls[0].ID, calls[len(calls)-1].ID
	}
	return interview.AuditEntry{Action: interview.AuditCreateCalls, Subject: n.CampaignID, Detail: detail}
}

func (n NewCalls) calls(tx *Tx) []interview.Call {
	calls := make([]interview.Call, len(n.PhoneNumbers))
	for i, id := range tx.newIDs(len(calls)) {
		calls[i] = interview.Call{ID: id, CampaignID: n.CampaignID, PhoneNumber: n.PhoneNumbers[i], LiveNumber: n.PhoneNumbers[i],
			ContactID: tx.newID(), Attempt: 1, Status: interview.CallQueued, Sequence: interview.NoSequence, Simulated: n.Simulated, CreatedAt: tx.Now}
	}
	return calls
}

// claimKey takes the key for this transaction, waiting for a twin that has it, and reports whether it was free.
func (tx *Tx) claimKey(ctx context.Context, key string, request [sha256.Size]byte, answer Answer) (bool, error) {
	taken, err := tx.Exec(ctx, `INSERT INTO api_idempotency (key, request_hash, reply_status, reply_body, created_at)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key) DO NOTHING`,
		key, request[:], answer.Status, answer.Body, tx.Now)
	const lockNotAvailable = "55P03"
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == lockNotAvailable {
		return false, fmt.Errorf("%w: %w", ErrSameInFlight, err)
	}
	if err != nil {
		return false, fmt.Errorf("claiming the idempotency key: %w", err)
	}
	return taken == 1, nil
}

func (tx *Tx) keptAnswer(ctx context.Context, key string, request [sha256.Size]byte) (Answer, error) {
	var hash []byte
	kept := Answer{Replayed: true}
	err := tx.QueryRow(ctx, `SELECT request_hash, reply_status, reply_body FROM api_idempotency WHERE key = $1`,
		key).Scan(&hash, &kept.Status, &kept.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("loading the kept answer: %w", err)
	}
	if !bytes.Equal(hash, request[:]) {
		return Answer{}, ErrOtherRequest
	}
	return kept, nil
}

// requireActive makes sure that the campaign is active and stays so until the transaction ends.
func (tx *Tx) requireActive(ctx context.Context, campaignID string) error {
	var status interview.CampaignStatus
	err := tx.QueryRow(ctx, `SELECT status FROM campaigns WHERE id = $1`+tx.store.dialect.lock, campaignID).Scan(&status)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case err != nil:
		return fmt.Errorf("loading the campaign: %w", err)
	case status != interview.CampaignActive:
		return &NotActiveError{status}
	}
	return nil
}
