// Package seed fills a database with so many calls as the program would have left behind, in minutes: of each kind of call the
// real inbox and the real transactions of the functions make one for each day, and its rows are copied under other ids and numbers.
// So `iagent verify` finds nothing wrong with it.
package seed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/webhook"
)

const (
	// Account is the account that dialled, From its number.
	Account = "AC5d0f4b6ed4b04b1a9c7e1b8a2f3c4d5e"
	From    = "+15005550006"
	// campaigns is how many there are.
	campaigns = 20
)

// Seed says what to make.
type Seed struct {
	// Calls is how many there are, about; they have eight webhooks each.
	Calls int
	// Days is over how many days they are spread, up to two hours before Now.
	Days int
	Now  time.Time
	// Live is how many calls more ring at Now. Nobody will ever tell how they ended.
	Live int
}

// Made names some of what was made.
type Made struct {
	// Campaigns are the ids of the campaigns, Hypotheses those of their hypotheses, Call that of a call in the middle.
	Campaigns, Hypotheses []string
	Call                  string
	// Events and Calls are how many accepted webhooks and calls there are.
	Events, Calls int
}

// EventsPerCall is how many webhooks a call has, on average.
func EventsPerCall() float64 {
	events := 0
	for _, k := range kinds() {
		events += k.share * k.events
	}
	return float64(events) / shares
}

// Make fills a database that is migrated, has no calls, and is used by nobody else.
func (s Seed) Make(ctx context.Context, databaseURL string) (made Made, err error) {
	if s.Calls < 1 || s.Days < 1 {
		return made, errors.New("seeding: there must be at least one call and one day")
	}
	p, err := newProgram(ctx, databaseURL)
	if err != nil {
		return made, err
	}
	defer p.store.Close()
	first := s.Now.Add(-2*time.Hour - time.Duration(s.Days)*24*time.Hour).UTC().Truncate(time.Second)
	if err := p.begin(ctx, first); err != nil {
		return made, err
	}
	// Each day has room for the turns of its calls at the gate, so that they are in the order of time.
	templates, room := []*template{}, int64(2*s.Calls/s.Days+10_000)
	for day := range s.Days {
		if err := p.day(ctx, first.Add(time.Duration(day+1)*24*time.Hour), int64(day)*room); err != nil {
			return made, err
		}
		turn := int64(day)*room + 1000
		for i, k := range kinds() {
			t := &template{copies: max(0, s.Calls*k.share/shares/s.Days-1), gateSeq: turn}
			turn += int64(t.copies)
			if err := t.make(ctx, p, day+3*i, k); err != nil {
				return made, fmt.Errorf("a call that is %s: %w", k.name, err)
			}
			templates = append(templates, t)
		}
		if err := p.settle(ctx); err != nil {
			return made, err
		}
	}
	if err := p.judge(ctx); err != nil {
		return made, err
	}
	if s.Live > 0 {
		if err := p.day(ctx, s.Now.UTC().Truncate(time.Second), int64(s.Days)*room); err != nil {
			return made, err
		}
		t := &template{copies: s.Live - 1, gateSeq: int64(s.Days)*room + 1000}
		if err := t.make(ctx, p, 0, kind{name: "ringing", play: (*program).ringing}); err != nil {
			return made, err
		}
		templates = append(templates, t)
	}
	if err := p.end(ctx, int64(s.Days+1)*room); err != nil {
		return made, err
	}
	for _, c := range p.campaigns {
		made.Campaigns, made.Hypotheses = append(made.Campaigns, c.ID), append(made.Hypotheses, c.Hypotheses[0].ID)
	}
	made.Call = templates[len(templates)/2].callID
	if err := copyAll(ctx, p, templates, slices.Concat(made.Campaigns, made.Hypotheses)); err != nil {
		return made, err
	}
	made.Events, made.Calls, err = p.counts(ctx)
	return made, err
}

// make has the program make the call.
func (t *template) make(ctx context.Context, p *program, campaign int, k kind) (err error) {
	t.number = p.next()
	t.callID, err = p.play(ctx, p.campaigns[campaign%len(p.campaigns)], t.number, k.play)
	return err
}

// newCampaign is one that may dial at any time.
func newCampaign(n int) interview.Campaign {
	return interview.Campaign{
		Name: fmt.Sprintf("Campaign %d", n), Category: "retail", PromptTemplate: "- What does it cost?\n- How many are left?", Status: interview.CampaignActive,
		Identity:     interview.Identity{Organisation: "Shelf Research", CallbackNumber: "+15550009999", Purpose: "prices on the shelf"},
		Hypotheses:   []interview.Hypothesis{{Question: "Does it cost three dollars?"}},
		CallingHours: interview.AllHours(), AnswerMode: interview.AnswerGather, Attempts: interview.AttemptPolicy{Max: 1},
	}
}

// newProgram opens the database as the program does, with a clock of its own.
func newProgram(ctx context.Context, databaseURL string) (*program, error) {
	p := &program{}
	s, err := store.Open(ctx, databaseURL, store.Options{Now: p.clock, DialsPerMinute: 10_000, PersonCallsPerDay: -1, DialFrom: From, DialAccount: Account})
	if err != nil {
		return nil, err
	}
	p.store, p.decide = s, webhook.New(webhook.Config{}).Decide
	return p, nil
}
