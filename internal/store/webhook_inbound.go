package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// findCalls finds the calls of the events that name none: those of calls that came in. A call that is not known yet is made of its
// first request for TwiML; it is written with what is decided on it.
func (b *batch) findCalls(ctx context.Context) error {
	known := map[string]string{}
	for _, d := range b.deliveries {
		if d.arrived != nil {
			d.event = d.arrived // as it was before an attempt that was rolled back
		}
		if d.event.Subject == "" {
			d.arrived = d.event
			known[d.event.CallSid] = ""
		}
	}
	if len(known) == 0 {
		return nil
	}
	condition, args := b.tx.in("twilio_sid", 1, slices.Sorted(maps.Keys(known)))
	err := collect(ctx, b.tx, func(r row) error {
		var sid, id string
		err := r.Scan(&sid, &id)
		known[sid] = id
		return err
	}, `SELECT twilio_sid, id FROM calls WHERE twilio_sid <> '' AND `+condition, args...)
	if err != nil {
		return fmt.Errorf("looking for the calls that came in: %w", err)
	}
	for _, d := range b.deliveries {
		if d.arrived == nil {
			continue
		}
		id := known[d.event.CallSid]
		if id == "" && d.event.Kind == inbox.KindVoice {
			call, err := b.tx.inboundCall(ctx, d.event)
			if err != nil {
				return err
			}
			id = call.ID
			known[d.event.CallSid], b.made[id] = id, call
		}
		_, d.made = b.made[id]
		found := *d.event // an event is never written to
		found.Subject = id
		d.event = &found
	}
	return nil
}

// inboundCall makes a call of the first request for its TwiML. It belongs to the campaign that called the person last, best from the
// number that they call now, and to their contact. Of somebody whom nobody called it belongs to the newest campaign, since that says
// who we are, and to no contact. Without any campaign it has none, and is not kept.
func (tx *Tx) inboundCall(ctx context.Context, event *inbox.Event) (interview.Call, error) {
	call := interview.Call{ID: tx.newID(), Direction: interview.DirectionInbound, PhoneNumber: interview.CallerNumber(event.Form.Get("From")),
		TwilioSid: event.CallSid, AccountSid: event.AccountSid, Status: interview.CallRinging, Sequence: interview.NoSequence,
		Version: interview.VersionOf(event.Target), CreatedAt: tx.Now}
	err := sql.ErrNoRows
	if call.PhoneNumber != "" {
		err = tx.QueryRow(ctx, `SELECT calls.campaign_id, calls.contact_id FROM calls LEFT JOIN dial_intents ON dial_intents.call_id = calls.id
			WHERE calls.phone_number <> '' AND calls.phone_number = $1 AND calls.dialed_at >= $2 AND calls.direction = 'outbound' AND NOT calls.simulated
			ORDER BY CASE WHEN dial_intents.from_number = $3 THEN 0 ELSE 1 END, calls.id DESC LIMIT 1`,
			call.PhoneNumber, tx.Now.Add(-interview.CallBackWithin), event.Form.Get("To")).Scan(&call.CampaignID, &call.ContactID)
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = tx.QueryRow(ctx, `SELECT id FROM campaigns WHERE NOT simulated
			ORDER BY CASE WHEN organisation <> '' THEN 0 ELSE 1 END, CASE WHEN status = 'ACTIVE' THEN 0 ELSE 1 END, id DESC LIMIT 1`).Scan(&call.CampaignID)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return call, nil
	}
	if err == nil {
		var s scriptRow
		err = tx.QueryRow(ctx, `SELECT `+scriptColumns+` FROM campaigns LEFT JOIN contacts ON contacts.id = $2 WHERE campaigns.id = $1`,
			call.CampaignID, call.ContactID).Scan(s.fields(&call)...)
		s.fill(&call)
	}
	if err != nil {
		return call, fmt.Errorf("looking for the campaign of a call that came in: %w", err)
	}
	return call, nil
}

// findInterviews looks up in which of the calls that came in the interview can be held.
func (b *batch) findInterviews(ctx context.Context) error {
	campaigns := map[string]bool{}
	for _, c := range b.calls {
		if c.Inbound() && c.ContactID != "" && c.CampaignID != "" {
			campaigns[c.CampaignID] = false
		}
	}
	if len(campaigns) == 0 {
		return nil
	}
	condition, args := b.tx.in("id", 1, slices.Sorted(maps.Keys(campaigns)))
	err := collect(ctx, b.tx, func(r row) error {
		var id, template string
		var status interview.CampaignStatus
		var stopped int
		err := r.Scan(&id, &status, &template, &stopped)
		questions := interview.Questions(template)
		asks := len(questions) == 0 || len(interview.WithoutVariables(questions)) > 0
		campaigns[id] = status == interview.CampaignActive && stopped == 0 && asks
		return err
	}, `SELECT id, status, prompt_template, CASE WHEN EXISTS (SELECT 1 FROM stops WHERE ended_at IS NULL AND (scope = '`+interview.ScopeAll+`' OR scope = campaigns.id))
		THEN 1 ELSE 0 END FROM campaigns WHERE `+condition, args...)
	if err != nil {
		return fmt.Errorf("looking for interviews that can be held: %w", err)
	}
	for id, c := range b.calls {
		if c.Inbound() && c.ContactID != "" {
			c.CanInterview = campaigns[c.CampaignID]
			b.calls[id] = c
		}
	}
	return nil
}

// stored makes the row of an event: bodiless when its call is erased, and when there is no call that an erasure would find it by.
func (b *batch) stored(d *delivery, call interview.Call, outcome inbox.Outcome) *storedEvent {
	event := b.tx.newEvent(d, outcome)
	event.bodiless, event.campaign = forgets(call, d.event.Kind), call.CampaignID
	if call.CampaignID == "" {
		event.event, event.bodiless = d.arrived, true
	}
	return event
}

// insertInbound writes a call that came in, and has it checked: Twilio does not tell of its end unless the number is set up so.
func (b *stmtBatch) insertInbound(call interview.Call) {
	if call.CampaignID == "" {
		return
	}
	callInsert.add(b, "keeping a call that came in", [][]any{b.tx.newCall(call)})
	b.resumeOverdueChecks([]string{call.ID})
}

// madeMeanwhile reports whether a batch failed since another process has kept the same call that came in, of another of its webhooks,
// between our look for it and our commit. Then it is found the next time. On SQLite nobody else writes between the two.
func madeMeanwhile(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.ConstraintName == "calls_twilio_sid"
}

// callers are the calls that came in, of contacts, in which the consent was decided just now.
func (b *batch) callers() []interview.Call {
	var callers []interview.Call
	for _, id := range slices.Sorted(maps.Keys(b.changed)) {
		was, is := b.changed[id], b.calls[id]
		if is.Inbound() && is.ContactID != "" && was.Consent == interview.ConsentUnknown && is.Consent != interview.ConsentUnknown {
			callers = append(callers, is)
		}
	}
	return callers
}

// reachCallers settles the contacts who called back and decided on the consent: they are reached, and not called any more.
func (b *batch) reachCallers(ctx context.Context) error {
	for _, is := range b.callers() {
		_, err := b.tx.Exec(ctx, `UPDATE contacts SET state = 'REACHED', reason = '', next_at = NULL, updated_at = $2
			WHERE id = $1 AND state IN ('WAITING', 'CALLING')`, is.ContactID, b.tx.Now)
		if err != nil {
			return fmt.Errorf("settling the contact of call %s: %w", is.ID, err)
		}
		if _, err := b.tx.cancelUndialled(ctx, byCallBack, `contact_id <> '' AND contact_id = $2`, is.ContactID); err != nil {
			return err
		}
	}
	return nil
}
