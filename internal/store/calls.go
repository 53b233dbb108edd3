package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// The columns of a call that stay as they were made, but for the id, and those that change.
var (
	callOrigin = []string{"campaign_id text", "phone_number text", "created_at timestamptz"}
	callState  = []string{"twilio_sid text", "account_sid text", "status text", "sequence integer", "consent text",
		"consent_attempts integer", "consent_at timestamptz", "duration integer", "dialed_at timestamptz",
		"started_at timestamptz", "completed_at timestamptz", "error_code integer", "error_message text", "transcript text",
		"updated_at timestamptz", "answered_by text", "answer_step integer", "erased_at timestamptz"}
)

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

// lockCalls loads the calls that exist, by id, into the map that it returns, and holds their rows until the transaction
// ends.
func (t *trip) lockCalls(ids []string) map[string]interview.Call {
	calls := make(map[string]interview.Call, len(ids))
	condition, args := t.tx.in("calls.id", 1, ids)
	t.query("loading calls", func(r row) error {
		c, err := scanCall(r)
		calls[c.ID] = c
		return err
	}, selectCalls+` WHERE `+condition+` ORDER BY calls.id`+t.tx.store.dialect.lockCalls, args...)
	return calls
}

// lockCall loads one call and holds its row. ErrNotFound when there is none.
func (tx *Tx) lockCall(ctx context.Context, id string) (interview.Call, error) {
	trip := tx.trip()
	calls := trip.lockCalls([]string{id})
	if err := trip.run(ctx); err != nil {
		return interview.Call{}, err
	}
	call, ok := calls[id]
	if !ok {
		return call, fmt.Errorf("call %s: %w", id, ErrNotFound)
	}
	return call, nil
}

var (
	callInsert = newInsert("calls", "", slices.Concat([]string{"id text"}, callState, callOrigin)...)
	callUpdate = newUpdate("calls", slices.Concat([]string{"id text"}, callState)...)
)

// saveCalls writes calls whose rows this transaction holds.
func (t *trip) saveCalls(calls []interview.Call) {
	rows := make([][]any, len(calls))
	for i, c := range calls {
		rows[i] = t.tx.callState(c)
	}
	callUpdate.add(t, "saving calls", rows)
}

// saveCall writes a call whose row this transaction holds.
func (tx *Tx) saveCall(ctx context.Context, call interview.Call) error {
	trip := tx.trip()
	trip.saveCalls([]interview.Call{call})
	return trip.run(ctx)
}

func (tx *Tx) insertCalls(ctx context.Context, calls []interview.Call) error {
	rows := make([][]any, len(calls))
	for i, c := range calls {
		rows[i] = append(tx.callState(c), c.CampaignID, c.PhoneNumber, c.CreatedAt)
	}
	trip := tx.trip()
	callInsert.add(trip, "creating calls", rows)
	return trip.run(ctx)
}

// callState is a call's id and the values of callState.
func (tx *Tx) callState(c interview.Call) []any {
	return []any{c.ID, storable(c.TwilioSid), storable(c.AccountSid), string(c.Status), c.Sequence, string(c.Consent),
		c.ConsentAttempts, pointedTime(c.ConsentAt), c.Duration, pointedTime(c.DialedAt), pointedTime(c.StartedAt),
		pointedTime(c.CompletedAt), c.ErrorCode, storable(c.ErrorMessage), storable(c.Transcript), tx.Now,
		storable(string(c.AnsweredBy)), c.AnswerStep, pointedTime(c.ErasedAt)}
}

// pointedTime is a time as both databases keep it, or NULL.
func pointedTime(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC().Truncate(time.Microsecond)
}
