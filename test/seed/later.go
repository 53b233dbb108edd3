package seed

import (
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// Campaign adds a campaign that calls nobody, and returns its id.
func Campaign(ctx context.Context, databaseURL, prompt string) (string, error) {
	p, err := newProgram(ctx, databaseURL)
	if err != nil {
		return "", err
	}
	defer p.store.Close()
	p.now = time.Now().UTC()
	c := newCampaign(campaigns)
	c.PromptTemplate, c.Status, c.Region = prompt, interview.CampaignPaused, "US"
	c, err = p.store.CreateCampaign(ctx, c)
	return c.ID, err
}

// Unheard adds calls that were dialled at a time, and of which nothing was heard after. place has Twilio place each, and returns its
// CallSid.
func Unheard(ctx context.Context, databaseURL string, at time.Time, calls int, place func(ctx context.Context, to string) (callSid string, err error)) error {
	return later(ctx, databaseURL, at, calls, func(p *program, c *playedCall) error {
		run, err := p.intend(ctx, c)
		if err != nil {
			return err
		}
		if c.sid, err = place(ctx, c.phone); err != nil {
			return err
		}
		return p.store.DialAccepted(ctx, run, c.id, interview.PlacedCall{Sid: c.sid, AccountSid: Account, Status: "queued"})
	})
}

// Recorded adds calls that are over since a time, and whose recordings, at mediaURL, are to be transcribed.
func Recorded(ctx context.Context, databaseURL string, at time.Time, calls int, mediaURL string) error {
	return later(ctx, databaseURL, at, calls, func(p *program, c *playedCall) error {
		c.media = mediaURL
		return p.answered(ctx, c)
	})
}

// later adds calls of a campaign of their own, to numbers that Make does not use.
func later(ctx context.Context, databaseURL string, at time.Time, calls int, play func(p *program, c *playedCall) error) error {
	p, err := newProgram(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer p.store.Close()
	p.now = at.UTC().Truncate(time.Second)
	campaign, err := p.store.CreateCampaign(ctx, newCampaign(campaigns))
	if err != nil {
		return err
	}
	var there int
	if err := p.scan(ctx, `SELECT COUNT(*) FROM calls`, nil, &there); err != nil {
		return err
	}
	for n := range calls {
		number := 9_000_000 + there + n
		c := &playedCall{phone: "+" + phoneOf(number), sid: sidOf("CA", number), recording: sidOf("RE", number), campaign: campaign}
		if err := play(p, c); err != nil {
			return fmt.Errorf("call %d: %w", n, err)
		}
	}
	return nil
}
