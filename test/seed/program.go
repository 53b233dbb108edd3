package seed

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/webhook"
)

// program is what makes calls: the store, with a clock that passes without waiting.
type program struct {
	store     *store.Store
	decide    webhook.Decision
	campaigns []interview.Campaign
	now       time.Time
	numbers   int
}

func (p *program) clock() time.Time     { return p.now }
func (p *program) pass(d time.Duration) { p.now = p.now.Add(d) }

// next is the number of the next call.
func (p *program) next() int {
	p.numbers++
	return p.numbers
}

// begin makes the campaigns. The tables are as old as what is in them.
func (p *program) begin(ctx context.Context, at time.Time) error {
	p.now = at
	if err := p.exec(ctx, `UPDATE goose_db_version SET tstamp = $1`, at.Add(-time.Minute)); err != nil {
		return err
	}
	for n := range campaigns {
		c, err := p.store.CreateCampaign(ctx, newCampaign(n))
		if err != nil {
			return err
		}
		p.campaigns = append(p.campaigns, c)
	}
	return nil
}

// day goes on to a moment, and to a turn at the gate.
func (p *program) day(ctx context.Context, at time.Time, gateSeq int64) error {
	p.now = at
	return p.exec(ctx, `UPDATE gate SET seq = $1 WHERE id = 1`, gateSeq)
}

// settle tells contacts how their calls ended.
func (p *program) settle(ctx context.Context) error {
	_, err := store.NewDispatcher(p.store).Pass(ctx)
	return err
}

// end leaves the tables as they are a day later: River's jobs that ended are gone.
func (p *program) end(ctx context.Context, gateSeq int64) error {
	if err := p.exec(ctx, `DELETE FROM river_job`); err != nil {
		return err
	}
	return p.exec(ctx, `UPDATE gate SET seq = $1 WHERE id = 1`, gateSeq)
}

func (p *program) counts(ctx context.Context) (events, calls int, err error) {
	err = p.scan(ctx, `SELECT (SELECT COUNT(*) FROM webhook_events WHERE outcome = 'accepted'), (SELECT COUNT(*) FROM calls)`, nil, &events, &calls)
	return events, calls, err
}

func (p *program) exec(ctx context.Context, statement string, args ...any) error {
	var err error
	if pool := p.store.Postgres(); pool != nil {
		_, err = pool.Exec(ctx, statement, args...)
	} else {
		_, err = p.store.SQLite().ExecContext(ctx, statement, args...)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

func (p *program) scan(ctx context.Context, query string, args []any, into ...any) error {
	if pool := p.store.Postgres(); pool != nil {
		return pool.QueryRow(ctx, query, args...).Scan(into...)
	}
	return p.store.SQLite().QueryRowContext(ctx, query, args...).Scan(into...)
}

// start takes a run.
func (p *program) start(ctx context.Context, function interview.Function, key string) (interview.Run, error) {
	var id string
	if err := p.scan(ctx, `SELECT id FROM function_runs WHERE function = $1 AND key = $2`, []any{string(function), key}, &id); err != nil {
		return interview.Run{}, fmt.Errorf("the run of %s: %w", function, err)
	}
	run, _, err := p.store.StartRun(ctx, id)
	return run, err
}

// playedCall is a call as Twilio knows it, and its id here.
type playedCall struct {
	id, phone, sid, recording string
	// media is the server of the recording, "" for Twilio's.
	media    string
	campaign interview.Campaign
	refused  bool
}

// play makes a call, ten minutes after the one before.
func (p *program) play(ctx context.Context, campaign interview.Campaign, number int, how func(*program, context.Context, *playedCall) error) (id string, err error) {
	p.pass(10 * time.Minute)
	c := &playedCall{phone: "+" + phoneOf(number), sid: sidOf("CA", number), recording: sidOf("RE", number), campaign: campaign}
	err = how(p, ctx, c)
	return c.id, err
}

// phoneOf is a number without its plus, in which digits of no area are.
func phoneOf(number int) string { return fmt.Sprintf("1555%07d", number) }

func sidOf(prefix string, number int) string {
	sum := sha256.Sum256([]byte(prefix + strconv.Itoa(number)))
	return prefix + hex.EncodeToString(sum[:16])
}

// delivery is a webhook of a call.
type delivery struct {
	kind   inbox.Kind
	query  string
	params []string
	// timed has a Timestamp, recorded the recording; fails says that nobody could decide it.
	timed, recorded, fails bool
}

func sent(kind inbox.Kind, query string, params ...string) delivery {
	return delivery{kind: kind, query: query, params: params}
}

func status(status string, sequence int, more ...string) delivery {
	return delivery{kind: inbox.KindStatus, timed: true,
		params: append([]string{"CallStatus", status, "SequenceNumber", strconv.Itoa(sequence), "CallbackSource", "call-progress-events"}, more...)}
}

func recording(status string) delivery {
	return delivery{kind: inbox.KindRecording, recorded: true, params: []string{"RecordingStatus", status, "RecordingChannels", "2",
		"RecordingSource", "StartCallRecordingAPI", "RecordingTrack", "both", "RecordingDuration", "48", "ErrorCode", "0"}}
}

var errUndecided = errors.New("the decision fails")

// send delivers webhooks, with the parameters that Twilio sends with all of a call, a few seconds after each other.
func (c *playedCall) send(ctx context.Context, p *program, list ...delivery) error {
	for _, d := range list {
		p.pass(3 * time.Second)
		form := url.Values{
			"CallSid": {c.sid}, "AccountSid": {Account}, "ApiVersion": {"2010-04-01"}, "Direction": {"outbound-api"},
			"From": {From}, "Caller": {From}, "CallerCity": {""}, "CallerCountry": {"US"}, "CallerState": {"CA"}, "CallerZip": {""}, "FromCountry": {"US"},
			"To": {c.phone}, "ToCity": {"SAN FRANCISCO"}, "ToCountry": {"US"}, "ToState": {"CA"}, "ToZip": {"94105"},
			"Called": {c.phone}, "CalledCity": {"SAN FRANCISCO"}, "CalledCountry": {"US"}, "CalledState": {"CA"}, "CalledZip": {"94105"},
		}
		if d.timed {
			form.Set("Timestamp", p.now.Format(time.RFC1123Z))
		}
		if d.recorded {
			form = url.Values{"CallSid": {c.sid}, "AccountSid": {Account}, "RecordingSid": {c.recording},
				"RecordingUrl":       {cmp.Or(c.media, "https://api.twilio.com") + "/2010-04-01/Accounts/" + Account + "/Recordings/" + c.recording},
				"RecordingStartTime": {p.now.Add(-time.Second).Format(time.RFC1123Z)}}
		}
		for i := 0; i < len(d.params); i += 2 {
			form.Set(d.params[i], d.params[i+1])
		}
		query, err := url.ParseQuery("callId=" + c.id + d.query)
		if err != nil {
			return err
		}
		event := &inbox.Event{Kind: d.kind, AccountSid: Account, CallSid: c.sid, Form: form, Query: query, Body: []byte(form.Encode()),
			Target: "/api/webhooks/twilio/" + string(d.kind) + "?callId=" + c.id + d.query, ContentType: "application/x-www-form-urlencoded; charset=UTF-8",
			IdempotencyToken: sidOf("", p.numbers), ReceivedAt: p.now.Add(123456 * time.Microsecond)}
		if event.ID, event.Subject, err = webhook.Identify(d.kind, form, query); err != nil {
			return err
		}
		decide := p.decide
		if d.fails {
			decide = func(interview.Call, *inbox.Event) (interview.Change, inbox.Reply, error) {
				return interview.Change{}, inbox.Reply{}, errUndecided
			}
		}
		if _, err := store.NewProcessor(p.store, decide).Process(ctx, event); (err != nil) != d.fails {
			return fmt.Errorf("%s %v: %w", d.kind, d.params, err)
		}
	}
	return nil
}
