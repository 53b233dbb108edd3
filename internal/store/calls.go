package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// The columns of a call that stay as they were made, and those that change.
var (
	callOrigin = []string{"campaign_id text", "phone_number text", "created_at timestamptz", "simulated boolean",
		"contact_id text", "attempt integer", "direction text", "settled boolean"}
	callState = []string{"twilio_sid text", "account_sid text", "status text", "sequence integer", "consent text",
		"consent_attempts integer", "consent_at timestamptz", "duration integer", "dialed_at timestamptz",
		"started_at timestamptz", "completed_at timestamptz", "error_code integer", "error_message text", "transcript text",
		"answered_by text", "answer_step integer", "erased_at timestamptz", "live_number text", "cancel_requested_at timestamptz",
		"consent_by text", "answers integer", "early_recordings text", "cleared_at timestamptz", "webhook_version text",
		"opted_out_at timestamptz", "identity_said text", "identity_said_at timestamptz", "stir_status text",
		"cancel_reason text"}
	// callRow are those of every write: which call, and when.
	callRow = []string{"id text", "updated_at timestamptz"}
)

// calledColumns are what fieldsOf takes.
const calledColumns = `calls.id, calls.campaign_id, calls.phone_number, calls.twilio_sid, calls.account_sid, calls.status,
	calls.sequence, calls.consent, calls.consent_attempts, calls.consent_at, calls.duration, calls.dialed_at, calls.started_at,
	calls.completed_at, calls.error_code, calls.error_message, calls.transcript, calls.created_at,
	calls.answered_by, calls.answer_step, calls.erased_at, calls.live_number, calls.cancel_requested_at, calls.consent_by,
	calls.answers, calls.early_recordings, calls.cleared_at, calls.webhook_version, calls.pruned_at, calls.simulated,
	calls.contact_id, calls.attempt, calls.direction, calls.opted_out_at, calls.identity_said, calls.identity_said_at, calls.stir_status,
	calls.cancel_reason`

// scriptColumns are those of a call's script, of its campaign and its contact.
const scriptColumns = `campaigns.name, campaigns.category, campaigns.prompt_template, campaigns.answer_mode,
	CASE WHEN contacts.language <> '' THEN contacts.language ELSE campaigns.language END, campaigns.organisation,
	campaigns.callback_number, campaigns.purpose, campaigns.voice, COALESCE(contacts.variables, '')`

// calledTexts are calledColumns as lockCalls reads them from SQLite.
var calledTexts = textTimes(calledColumns)

// selectedCalls is what scanCall scans.
const selectedCalls = calledColumns + scriptOfCalled

// scriptOfCalled goes behind calledColumns.
const scriptOfCalled = `, ` + scriptColumns + `
	FROM calls JOIN campaigns ON campaigns.id = calls.campaign_id LEFT JOIN contacts ON contacts.id = calls.contact_id`

const selectCalls = `SELECT ` + selectedCalls

// fieldsOf are where the columns of a call go, with room for those of its script.
func fieldsOf(c *interview.Call) []any {
	return append(make([]any, 0, 50), &c.ID, &c.CampaignID, &c.PhoneNumber, &c.TwilioSid, &c.AccountSid, &c.Status, &c.Sequence, &c.Consent,
		&c.ConsentAttempts, &c.ConsentAt, &c.Duration, &c.DialedAt, &c.StartedAt, &c.CompletedAt, &c.ErrorCode,
		&c.ErrorMessage, &c.Transcript, &c.CreatedAt, &c.AnsweredBy, &c.AnswerStep, &c.ErasedAt, &c.LiveNumber,
		&c.CancelRequestedAt, &c.ConsentBy, &c.Answers, &c.EarlyRecordings, &c.ClearedAt, &c.Version, &c.PrunedAt, &c.Simulated,
		&c.ContactID, &c.Attempt, &c.Direction, &c.OptedOutAt, &c.IdentitySaid, &c.IdentitySaidAt, &c.StirStatus, &c.CancelReason)
}

func scanCall(r row) (interview.Call, error) {
	var c interview.Call
	var s scriptRow
	err := r.Scan(append(fieldsOf(&c), s.fields(&c)...)...)
	s.fill(&c)
	return c, err
}

// scriptRow scans the script of a call.
type scriptRow struct {
	template  string
	variables map[string]string
}

// fields are where scriptColumns go.
func (s *scriptRow) fields(c *interview.Call) []any {
	return []any{&c.Script.CampaignName, &c.Script.Category, &s.template, &c.Script.AnswerMode, &c.Script.Language, &c.Script.Identity.Organisation,
		&c.Script.Identity.CallbackNumber, &c.Script.Identity.Purpose, &c.Script.Voice, jsonColumn{&s.variables}}
}

// fill makes the questions, once the row was scanned.
func (s *scriptRow) fill(c *interview.Call) {
	questions := interview.Questions(s.template)
	if c.Inbound() {
		c.Script.Questions = interview.WithoutVariables(questions)
		return
	}
	c.Script.Questions, _ = interview.FillQuestions(questions, s.variables) // the gate looked for missing ones
}

// scanCalled scans a call without its script.
func scanCalled(r row) (interview.Call, error) {
	var c interview.Call
	err := r.Scan(fieldsOf(&c)...)
	return c, err
}

// lockCalls loads the calls that exist, by id, into the map that it returns, and holds their rows until the transaction
// ends. Their scripts are only loaded where they are asked for.
func (b *stmtBatch) lockCalls(ids []string, scripts bool) map[string]interview.Call {
	calls := make(map[string]interview.Call, len(ids))
	condition, args := b.tx.in("calls.id", 1, ids)
	called, scan := calledColumns, scanCalled
	if b.tx.pgx == nil {
		called = calledTexts
	}
	query := `SELECT ` + called + ` FROM calls`
	if scripts {
		query, scan = `SELECT `+called+scriptOfCalled, scanCall
	}
	b.query("loading calls", func(r row) error {
		c, err := scan(r)
		calls[c.ID] = c
		return err
	}, query+` WHERE `+condition+` ORDER BY calls.id`+b.tx.store.dialect.lockCalls, args...)
	return calls
}

// lockCall loads one call and holds its row. ErrNotFound when there is none.
func (tx *Tx) lockCall(ctx context.Context, id string) (interview.Call, error) {
	stmts := tx.newStmtBatch()
	calls := stmts.lockCalls([]string{id}, true)
	if err := stmts.run(ctx); err != nil {
		return interview.Call{}, err
	}
	call, ok := calls[id]
	if !ok {
		return call, fmt.Errorf("call %s: %w", id, ErrNotFound)
	}
	tx.hold(call)
	return call, nil
}

// callInsert leaves out a call to a number that has a live one, also one that another transaction is about to commit.
var callInsert = newInsert("calls", `ON CONFLICT (live_number) WHERE live_number <> '' DO NOTHING`,
	slices.Concat(callRow, callOrigin, callState)...)

// insertCalls writes new calls. *RefusedNumbersError names those to whose number there is a live call.
func (tx *Tx) insertCalls(ctx context.Context, calls []interview.Call) error {
	rows := make([][]any, len(calls))
	for i, c := range calls {
		rows[i] = tx.newCall(c)
	}
	created := map[string]bool{}
	stmts := tx.newStmtBatch()
	callInsert.addNew(stmts, "creating calls", rows, func(id string) { created[id] = true })
	if err := stmts.run(ctx); err != nil {
		return err
	}
	if len(created) == len(calls) {
		for _, c := range calls {
			tx.statusChanged(c, "")
		}
		return nil
	}
	var refused RefusedNumbersError
	for _, c := range calls {
		if !created[c.ID] {
			refused.Numbers = append(refused.Numbers, RefusedNumber{PhoneNumber: c.PhoneNumber, Live: true})
		}
	}
	return &refused
}

// newCall is the row of a new call. What a call that came in means for its contact is settled with its webhooks.
func (tx *Tx) newCall(c interview.Call) []any {
	return append([]any{c.ID, tx.Now, c.CampaignID, c.PhoneNumber, c.CreatedAt, c.Simulated, c.ContactID, max(c.Attempt, 1),
		string(cmp.Or(c.Direction, interview.DirectionOutbound)), c.Inbound()}, stateOf(c)...)
}

// saveCall writes a call whose row this transaction holds.
func (tx *Tx) saveCall(ctx context.Context, call interview.Call) error {
	tx.callChanged(tx.held[call.ID], call, "", "")
	tx.hold(call)
	stmts := tx.newStmtBatch()
	callUpdate(everyColumn).add(stmts, "saving a call", [][]any{append([]any{call.ID, tx.Now}, stateOf(call)...)})
	return stmts.run(ctx)
}

// saveCalls writes the calls whose state is another than it was. This transaction holds their rows. SQLite writes of each the columns
// that differ; Postgres, which writes all of them with one statement, those in which any differs.
func (b *stmtBatch) saveCalls(was, is []interview.Call) {
	var states [][]any
	var ids []string
	var union columnSet
	for i, call := range is {
		before, state := stateOf(was[i]), stateOf(call)
		d := differing(before, state)
		switch {
		case d == 0:
		case b.tx.pgx == nil:
			callUpdate(d).add(b, "saving a call", [][]any{b.tx.callRow(call.ID, state, d)})
		default:
			union |= d
			ids, states = append(ids, call.ID), append(states, state)
		}
	}
	rows := make([][]any, len(ids))
	for i, state := range states {
		rows[i] = b.tx.callRow(ids[i], state, union)
	}
	callUpdate(union).add(b, "saving calls", rows)
}

// callRow are the values of callRow and of the columns of callState that are chosen.
func (tx *Tx) callRow(id string, state []any, columns columnSet) []any {
	return append([]any{id, tx.Now}, chosen(state, columns)...)
}

// columnSet has a bit for each column of callState.
type columnSet uint32

const everyColumn = ^columnSet(0)

// callUpdates keeps the statement for each set of columns.
var callUpdates sync.Map

func callUpdate(columns columnSet) *bulk {
	known, ok := callUpdates.Load(columns)
	if !ok {
		known, _ = callUpdates.LoadOrStore(columns, newUpdate("calls", slices.Concat(callRow, chosen(callState, columns))...))
	}
	return known.(*bulk)
}

func differing(a, b []any) (columns columnSet) {
	for i := range a {
		if a[i] != b[i] {
			columns |= 1 << i
		}
	}
	return columns
}

func chosen[T any](all []T, columns columnSet) []T {
	some := make([]T, 0, len(all))
	for i, v := range all {
		if columns&(1<<i) != 0 {
			some = append(some, v)
		}
	}
	return some
}

// stateOf are the values of callState.
//
// Twilio's words may name the number, so an erased call takes none, whoever brings them.
func stateOf(c interview.Call) []any {
	if c.ErasedAt != nil {
		c.ErrorMessage = ""
	}
	return []any{storable(c.TwilioSid), storable(c.AccountSid), string(c.Status), c.Sequence, string(c.Consent),
		c.ConsentAttempts, pointedTime(c.ConsentAt), pointedNumber(c.Duration), pointedTime(c.DialedAt),
		pointedTime(c.StartedAt), pointedTime(c.CompletedAt), c.ErrorCode, storable(c.ErrorMessage), storable(c.Transcript),
		storable(string(c.AnsweredBy)), c.AnswerStep, pointedTime(c.ErasedAt), liveNumber(c), pointedTime(c.CancelRequestedAt),
		string(c.ConsentBy), c.Answers, storable(c.EarlyRecordings), pointedTime(c.ClearedAt), storable(string(c.Version)),
		pointedTime(c.OptedOutAt), storable(c.IdentitySaid), pointedTime(c.IdentitySaidAt), storable(c.StirStatus),
		string(c.CancelReason)}
}

// liveNumber is the number that a call keeps others from. Whatever ends the call releases it in the same statement.
func liveNumber(c interview.Call) string {
	if c.Status.Terminal() {
		return ""
	}
	return c.LiveNumber
}

// pointedNumber is a number or NULL.
func pointedNumber(n *int) any {
	if n == nil {
		return nil
	}
	return *n
}

// pointedTime is a time as both databases keep it, or NULL.
func pointedTime(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC().Truncate(time.Microsecond)
}
