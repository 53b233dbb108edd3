package seed

import (
	"context"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/webhook"
)

// kind is what becomes of a call.
type kind struct {
	name string
	// share is how many of 1,000 calls it is.
	share int
	// events is how many webhooks are accepted of it.
	events int
	play   func(p *program, ctx context.Context, c *playedCall) error
}

const shares = 1000

func kinds() []kind {
	return []kind{
		{"interviewed", 660, 10, (*program).interviewed},
		{"interviewed, with a rejected claim", 40, 10, (*program).misquoted},
		{"not answered", 185, 3, (*program).notAnswered},
		{"refused", 90, 7, (*program).refused},
		{"busy", 10, 2, (*program).busy},
		{"failed at first", 6, 3, (*program).failedAtFirst},
		{"without a transcript", 4, 10, (*program).untranscribed},
		{"to no number", 5, 0, (*program).rejected},
	}
}

// answered is what came of a call that was answered, and of its recording.
func (p *program) answered(ctx context.Context, c *playedCall) error {
	if err := p.dial(ctx, c); err != nil {
		return err
	}
	return c.send(ctx, p,
		status("ringing", 1), sent(inbox.KindVoice, "", "CallStatus", "in-progress"), status("in-progress", 2),
		sent(webhook.KindConsent, "", "CallStatus", "in-progress", "SpeechResult", "Yes, sure.", "Confidence", "0.93"),
		sent(webhook.KindAMD, "", "AnsweredBy", "human", "MachineDetectionDuration", "2100"), recording("in-progress"),
		sent(webhook.KindAnswer, "&step=1", "CallStatus", "in-progress", "SpeechResult", "Three dollars.", "Confidence", "0.91"),
		status("completed", 3, "CallDuration", "61", "Duration", "2"), recording("completed"))
}

func (p *program) interviewed(ctx context.Context, c *playedCall) error {
	price, supports := 3.0, p.numbers%3 > 0
	return p.heard(ctx, c, interview.Claim{HypothesisID: c.campaign.Hypotheses[0].ID, Field: interview.FieldPrice, ValueNumber: &price, ValueText: "Three dollars",
		Unit: interview.UnitUSD, Text: "It costs three dollars.", RawText: "Three dollars.", StartSec: 3, EndSec: 5, Confidence: 0.9, Supports: &supports, Model: "seed"})
}

// misquoted is a call whose claim the model does not quote as it was said.
func (p *program) misquoted(ctx context.Context, c *playedCall) error {
	supports := true
	return p.heard(ctx, c, interview.Claim{HypothesisID: c.campaign.Hypotheses[0].ID, Field: interview.FieldPrice, Unit: interview.UnitNone,
		Text: "It costs nothing.", RawText: "Nothing at all.", Confidence: 0.9, Supports: &supports, Model: "seed", Rejected: "the quote is not in the transcript"})
}

// heard is an interview that was transcribed, and of which one claim was made.
func (p *program) heard(ctx context.Context, c *playedCall, claim interview.Claim) error {
	if err := p.answered(ctx, c); err != nil {
		return err
	}
	run, err := p.start(ctx, interview.TranscribeRecording, c.id+":"+c.recording)
	if err != nil {
		return err
	}
	if _, err := p.store.BeginTranscription(ctx, run, c.id, c.recording); err != nil {
		return err
	}
	if err := p.store.SaveTranscript(ctx, run, c.id, c.recording, []interview.Utterance{
		{Speaker: interview.SpeakerAgent, Text: "What does it cost?", StartSec: 1, EndSec: 3},
		{Speaker: interview.SpeakerCallee, Text: "Three dollars.", StartSec: 3, EndSec: 5},
	}); err != nil {
		return err
	}
	if run, err = p.start(ctx, interview.ExtractClaims, c.id+":"+c.recording); err != nil {
		return err
	}
	if err := p.store.SaveClaims(ctx, run, c.id, c.recording, []interview.Claim{claim}); err != nil {
		return err
	}
	return p.clear(ctx, c)
}

// judge judges the hypotheses by the claims that there are.
func (p *program) judge(ctx context.Context) error {
	for _, campaign := range p.campaigns {
		id := campaign.Hypotheses[0].ID
		var revision int
		if err := p.scan(ctx, `SELECT validation_revision FROM hypotheses WHERE id = $1`, []any{id}, &revision); err != nil {
			return err
		}
		if revision == 0 {
			continue
		}
		run, err := p.start(ctx, interview.ValidateClaim, interview.NewValidateClaim(id, revision, p.now).Key)
		if err != nil {
			return err
		}
		v, err := p.store.BeginValidation(ctx, run, id, revision)
		if err != nil {
			return err
		}
		if !v.Skip {
			if err := p.store.SaveVerdict(ctx, run, v.Judge(interview.Opinion{Status: interview.HypothesisValidated, Conclusion: "It is three dollars."})); err != nil {
				return err
			}
		}
	}
	return nil
}

// untranscribed is a call whose transcription died.
func (p *program) untranscribed(ctx context.Context, c *playedCall) error {
	if err := p.answered(ctx, c); err != nil {
		return err
	}
	run, err := p.start(ctx, interview.TranscribeRecording, c.id+":"+c.recording)
	if err != nil {
		return err
	}
	if err := p.store.FailRun(ctx, run, "permanent: openai: 400"); err != nil {
		return err
	}
	return p.clear(ctx, c)
}

// clear is Twilio's answer that it has no other recordings.
func (p *program) clear(ctx context.Context, c *playedCall) error {
	answers := 1
	if c.refused {
		answers = 4
	}
	for range answers {
		p.pass(time.Minute)
		if _, err := p.store.RecordingsListed(ctx, c.id, 0, answers, time.Duration(answers-1)*30*time.Second); err != nil {
			return err
		}
	}
	return p.store.EndOverdueChecks(ctx, c.id)
}

func (p *program) notAnswered(ctx context.Context, c *playedCall) error {
	if err := p.dial(ctx, c); err != nil {
		return err
	}
	if err := c.send(ctx, p, status("ringing", 1), status("no-answer", 2, "CallDuration", "0", "SipResponseCode", "487")); err != nil {
		return err
	}
	return p.store.EndOverdueChecks(ctx, c.id)
}

func (p *program) busy(ctx context.Context, c *playedCall) error {
	if err := p.dial(ctx, c); err != nil {
		return err
	}
	if err := c.send(ctx, p, status("busy", 1, "CallDuration", "0", "SipResponseCode", "486")); err != nil {
		return err
	}
	return p.store.EndOverdueChecks(ctx, c.id)
}

// refused is a person who did not agree to be recorded, asked twice.
func (p *program) refused(ctx context.Context, c *playedCall) error {
	if err := p.dial(ctx, c); err != nil {
		return err
	}
	err := c.send(ctx, p, status("ringing", 1), sent(inbox.KindVoice, "", "CallStatus", "in-progress"), status("in-progress", 2),
		sent(webhook.KindConsent, "", "CallStatus", "in-progress", "SpeechResult", "What?", "Confidence", "0.8"),
		sent(webhook.KindConsent, "&attempt=2", "CallStatus", "in-progress", "Digits", "2"),
		status("completed", 3, "CallDuration", "20", "Duration", "1"))
	if err != nil {
		return err
	}
	c.refused = true
	if err := p.store.NoVerdict(ctx, c.id); err != nil {
		return err
	}
	return p.clear(ctx, c)
}

// failedAtFirst has a webhook that was accepted at Twilio's second attempt.
func (p *program) failedAtFirst(ctx context.Context, c *playedCall) error {
	if err := p.dial(ctx, c); err != nil {
		return err
	}
	busy := status("ringing", 1)
	busy.fails = true
	if err := c.send(ctx, p, busy, status("ringing", 1), status("no-answer", 2, "CallDuration", "0", "SipResponseCode", "487")); err != nil {
		return err
	}
	return p.store.EndOverdueChecks(ctx, c.id)
}

// rejected is a call that Twilio did not place.
func (p *program) rejected(ctx context.Context, c *playedCall) error {
	run, err := p.intend(ctx, c)
	if err != nil {
		return err
	}
	if err := p.store.DialRefused(ctx, run, c.id, 21211, "not a number"); err != nil {
		return err
	}
	return p.store.EndOverdueChecks(ctx, c.id)
}

func (p *program) ringing(ctx context.Context, c *playedCall) error {
	if err := p.dial(ctx, c); err != nil {
		return err
	}
	return c.send(ctx, p, status("ringing", 1))
}

// intend begins the dial of a call.
func (p *program) intend(ctx context.Context, c *playedCall) (interview.Run, error) {
	_, err := p.store.CreateCalls(ctx, store.NewCalls{CampaignID: c.campaign.ID, PhoneNumbers: []string{c.phone},
		Answer: func(calls []interview.Call) (store.Answer, error) {
			c.id = calls[0].ID
			return store.Answer{Status: 202, Body: []byte("{}")}, nil
		}})
	if err != nil {
		return interview.Run{}, err
	}
	run, err := p.start(ctx, interview.OrchestrateCall, c.id)
	if err != nil {
		return run, err
	}
	_, err = p.store.BeginDial(ctx, run, c.id)
	return run, err
}

// dial has a call placed.
func (p *program) dial(ctx context.Context, c *playedCall) error {
	run, err := p.intend(ctx, c)
	if err != nil {
		return err
	}
	p.pass(time.Second)
	err = p.store.DialAccepted(ctx, run, c.id, interview.PlacedCall{Sid: c.sid, AccountSid: Account, Status: "queued"})
	if err != nil {
		return err
	}
	return c.send(ctx, p, status("initiated", 0))
}
