package store

import (
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

const callColumns = `id, campaign_id, phone_number, twilio_sid, account_sid, status, sequence, consent, consent_attempts,
	consent_at, duration, dialed_at, started_at, completed_at, error_code, error_message, transcript, created_at, updated_at,
	answered_by, answer_step, erased_at`

// callWidth is the number of callColumns.
const callWidth = 22

const selectCalls = `SELECT ` + selectedCalls

// selectedCalls is what scanCall scans.
const selectedCalls = `calls.id, calls.campaign_id, calls.phone_number, calls.twilio_sid, calls.account_sid, calls.status,
	calls.sequence, calls.consent, calls.consent_attempts, calls.consent_at, calls.duration, calls.dialed_at, calls.started_at,
	calls.completed_at, calls.error_code, calls.error_message, calls.transcript, calls.created_at,
	calls.answered_by, calls.answer_step, calls.erased_at,
	campaigns.name, campaigns.category, campaigns.prompt_template, campaigns.answer_mode
	FROM calls JOIN campaigns ON campaigns.id = calls.campaign_id`

func scanCall(r row) (interview.Call, error) {
	var c interview.Call
	var template string
	err := r.Scan(&c.ID, &c.CampaignID, &c.PhoneNumber, &c.TwilioSid, &c.AccountSid, &c.Status, &c.Sequence, &c.Consent,
		&c.ConsentAttempts, &c.ConsentAt, &c.Duration, &c.DialedAt, &c.StartedAt, &c.CompletedAt, &c.ErrorCode,
		&c.ErrorMessage, &c.Transcript, &c.CreatedAt, &c.AnsweredBy, &c.AnswerStep, &c.ErasedAt,
		&c.Script.CampaignName, &c.Script.Category, &template, &c.Script.AnswerMode)
	c.Script.Questions = interview.Questions(template)
	return c, err
}

// lockCalls loads the calls that exist, by id, and holds their rows until the transaction ends.
func (tx *Tx) lockCalls(ctx context.Context, ids []string) (map[string]interview.Call, error) {
	calls := make(map[string]interview.Call, len(ids))
	err := collect(ctx, tx, func(r row) error {
		c, err := scanCall(r)
		calls[c.ID] = c
		return err
	}, selectCalls+` WHERE calls.id IN `+placeholders(1, len(ids))+` ORDER BY calls.id`+tx.store.dialect.lockCalls, anys(ids)...)
	if err != nil {
		return nil, fmt.Errorf("loading calls: %w", err)
	}
	return calls, nil
}

// lockCall loads one call and holds its row. ErrNotFound when there is none.
func (tx *Tx) lockCall(ctx context.Context, id string) (interview.Call, error) {
	calls, err := tx.lockCalls(ctx, []string{id})
	if err != nil {
		return interview.Call{}, err
	}
	call, ok := calls[id]
	if !ok {
		return call, fmt.Errorf("call %s: %w", id, ErrNotFound)
	}
	return call, nil
}

// saveCalls writes calls whose rows this transaction holds. An upsert is the one form of a many-row update that both
// databases take with untyped placeholders.
func (tx *Tx) saveCalls(ctx context.Context, calls []interview.Call) error {
	if len(calls) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO calls (`+callColumns+`) VALUES `+values(len(calls), callWidth)+`
		ON CONFLICT (id) DO UPDATE SET twilio_sid = excluded.twilio_sid, account_sid = excluded.account_sid,
		status = excluded.status, sequence = excluded.sequence, consent = excluded.consent,
		consent_attempts = excluded.consent_attempts, consent_at = excluded.consent_at, duration = excluded.duration,
		dialed_at = excluded.dialed_at, started_at = excluded.started_at, completed_at = excluded.completed_at,
		error_code = excluded.error_code, error_message = excluded.error_message, transcript = excluded.transcript,
		updated_at = excluded.updated_at, answered_by = excluded.answered_by, answer_step = excluded.answer_step,
		erased_at = excluded.erased_at`, tx.callArgs(calls)...)
	if err != nil {
		return fmt.Errorf("saving calls: %w", err)
	}
	return nil
}

func (tx *Tx) insertCalls(ctx context.Context, calls []interview.Call) error {
	_, err := tx.Exec(ctx, `INSERT INTO calls (`+callColumns+`) VALUES `+values(len(calls), callWidth), tx.callArgs(calls)...)
	if err != nil {
		return fmt.Errorf("creating calls: %w", err)
	}
	return nil
}

func (tx *Tx) callArgs(calls []interview.Call) []any {
	args := make([]any, 0, callWidth*len(calls))
	for _, c := range calls {
		args = append(args, c.ID, c.CampaignID, c.PhoneNumber, storable(c.TwilioSid), storable(c.AccountSid), string(c.Status),
			c.Sequence, string(c.Consent), c.ConsentAttempts, pointedTime(c.ConsentAt), c.Duration, pointedTime(c.DialedAt),
			pointedTime(c.StartedAt), pointedTime(c.CompletedAt), c.ErrorCode, storable(c.ErrorMessage),
			storable(c.Transcript), c.CreatedAt, tx.Now, storable(string(c.AnsweredBy)), c.AnswerStep,
			pointedTime(c.ErasedAt))
	}
	return args
}

// pointedTime is a time as both databases keep it, or NULL.
func pointedTime(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC().Truncate(time.Microsecond)
}
