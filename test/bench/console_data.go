package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// makeConsole inserts calls of 20 campaigns, with a contact, a dial intent, webhooks, a run and history each. One call of 1,000 failed, one of 5,000
// lives, one webhook of 2,000 failed and one run of 500 died: what one looks for is rare.
func makeConsole(ctx context.Context, db database, calls, webhooks int) error {
	const part = 50_000
	now := time.Now().UTC().Truncate(time.Microsecond)
	perCall := max(1, webhooks/calls)
	for n := range 20 {
		if err := db.exec(ctx, fmt.Sprintf(`INSERT INTO campaigns (id, name, category, prompt_template, status, created_at, updated_at)
			VALUES ('campaign%d', 'Campaign %d', 'retail', '- How is business?', 'PAUSED', $1, $1)`, n, n), now); err != nil {
			return fmt.Errorf("inserting a campaign: %w", err)
		}
	}
	numbers := func(from, to int) string {
		return fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)`, from, to-1)
	}
	call := `'` + consoleCalls + `' || (10000000 + i)`
	for from := 0; from < calls; from += part {
		to := min(from+part, calls)
		if err := db.exec(ctx, `INSERT INTO calls (id, campaign_id, phone_number, twilio_sid, account_sid, status, sequence, consent, consent_attempts,
			dialed_at, completed_at, error_code, error_message, transcript, created_at, updated_at, contact_id, settled) `+numbers(from, to)+` SELECT `+call+`,
			'campaign' || (i % 20), '+1555' || (10000000 + i), 'CAbench' || i, $2,
			CASE WHEN i % 1000 = 999 THEN 'FAILED' WHEN i % 5000 = 42 THEN 'RINGING' WHEN i % 7 = 3 THEN 'NO_ANSWER' ELSE 'COMPLETED' END,
			4, 'given', 1, $1, CASE WHEN i % 5000 = 42 THEN NULL ELSE CAST($1 AS `+moment(db)+`) END,
			CASE WHEN i % 1000 = 999 THEN 21211 ELSE 0 END, '', '', $1, $1, `+call+`, i % 5000 <> 42 FROM n`, now, accountSid); err != nil {
			return fmt.Errorf("inserting calls: %w", err)
		}
		for _, s := range []string{
			`INSERT INTO contacts (id, campaign_id, phone_number, external_id, time_zone, language, variables, consent_basis, state, reason, attempts, call_id,
				caller_id, simulated, created_at, updated_at) ` + numbers(from, to) + ` SELECT ` + call + `, 'campaign' || (i % 20), '+1555' || (10000000 + i), '', '', '',
				'{}', '', CASE WHEN i % 5000 = 42 THEN 'CALLING' WHEN i % 7 = 3 THEN 'EXHAUSTED' ELSE 'REACHED' END, '', 1, ` + call + `, '', FALSE, $1, $1 FROM n`,
			`INSERT INTO dial_intents (call_id, run_id, from_number, account_sid, begun_at, deadline) ` + numbers(from, to) + ` SELECT ` + call + `,
				'run' || (10000000 + i), '+1212555010' || (i % 4), '', $1, $1 FROM n`,
			`INSERT INTO call_history (id, call_id, at, what, detail) ` + numbers(from, to) + ` SELECT 'h' || (10000000 + i), ` + call + `, $1, 'dialed', '' FROM n`,
			`INSERT INTO function_runs (id, function, key, state, args, cause, attempts, last_error, created_at) ` + numbers(from, to) + ` SELECT
				'run' || (10000000 + i), 'orchestrate-call', ` + call + `, CASE WHEN i % 500 = 7 THEN 'failed' ELSE 'done' END,
				'{"callId":"' || ` + call + ` || '"}', 'api', 1, CASE WHEN i % 500 = 7 THEN 'twilio: 21211' ELSE '' END, $1 FROM n`,
		} {
			if err := db.exec(ctx, s, now); err != nil {
				return fmt.Errorf("inserting what belongs to calls: %w", err)
			}
		}
	}
	body := []byte(strings.Repeat("CallSid=CA0123456789abcdef&", 22))
	for from := 0; from < webhooks; from += part {
		to := min(from+part, webhooks)
		ofCall := fmt.Sprintf(`'%s' || (10000000 + i / %d)`, consoleCalls, perCall)
		if err := db.exec(ctx, `INSERT INTO webhook_events (id, event_id, kind, outcome, source, call_id, call_sid, account_sid, target, content_type, body,
			body_hash, idempotency_token, reply_status, reply_type, reply_body, error, attempt, duplicates, received_at, campaign_id) `+numbers(from, to)+
			` SELECT 'event' || (100000000 + i), 'CAbench' || i || ':status', CASE WHEN i % 10 = 0 THEN 'voice' ELSE 'status' END,
			CASE WHEN i % 2000 = 77 THEN 'failed' ELSE 'accepted' END, 'webhook', `+ofCall+fmt.Sprintf(`, 'CAbench' || (i / %d)`, perCall)+`, $2,
			'/api/webhooks/twilio/status?callId=x', 'application/x-www-form-urlencoded', $3, $4, '', 200, 'application/json', $4,
			CASE WHEN i % 2000 = 77 THEN 'no idea' ELSE '' END, 0, 0, $1, `+fmt.Sprintf(`'campaign' || ((i / %d) %% 20)`, perCall)+` FROM n`,
			now, accountSid, body, []byte(`{"success":true}`)); err != nil {
			return fmt.Errorf("inserting webhooks: %w", err)
		}
	}
	return db.exec(ctx, "ANALYZE")
}

// moment is the type of a time.
func moment(db database) string {
	if _, ok := db.(*postgres); ok {
		return "TIMESTAMPTZ"
	}
	return "TEXT"
}
