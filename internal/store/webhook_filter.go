package store

import (
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/inbox"
)

// WebhookFilter chooses events; an empty field asks for nothing. The outcome inbox.Duplicate chooses the events that
// were delivered more than once. A payload that fails again keeps the place of
// its first failure in a list, with the ReceivedAt of the last.
type WebhookFilter struct {
	Outcome inbox.Outcome
	// NotAccepted chooses the events that did not take effect, whatever their outcome; Outcome is "" then.
	NotAccepted bool
	Kind        inbox.Kind
	CallID      string
	// CallSid also finds events that were refused because they name the call of another CallSid, or none.
	CallSid    string
	CampaignID string
	// Error is a part of the error, in upper or lower case.
	Error string
	// Since and Until bound ReceivedAt: from Since on, before Until.
	Since, Until time.Time
}

// receivedSlack is more than a webhook can wait for its commit: its id is made there.
const receivedSlack = time.Minute

func (by WebhookFilter) conditions() filter {
	var f filter
	if by.Outcome == inbox.Duplicate {
		f.conditions = append(f.conditions, "duplicates > 0") // as its index says it
	} else if f.equalWord("outcome", string(by.Outcome)); by.Outcome != "" && by.Outcome != inbox.Accepted {
		f.conditions = append(f.conditions, notAccepted)
	}
	f.ofKind(by.Kind)
	f.equal("call_id", by.CallID)
	if by.CampaignID != "" {
		f.conditions = append(f.conditions, "campaign_id <> ''")
		f.equal("campaign_id", by.CampaignID)
	}
	f.contains("error", by.Error)
	if by.CallSid != "" {
		sid := f.arg(by.CallSid)
		f.anyOf = []string{
			"call_id = (SELECT calls.id FROM calls WHERE twilio_sid <> '' AND twilio_sid = " + sid + ") AND call_sid = " + sid,
			notAccepted + " AND call_sid = " + sid,
		}
	}
	if by.NotAccepted {
		f.notAccepted()
	}
	f.receivedBetween(by.Since, by.Until)
	return f
}

// ofKind chooses the webhooks of a kind. Its index has no status callbacks, and says so in these words.
func (f *filter) ofKind(kind inbox.Kind) {
	f.equalWord("kind", string(kind))
	if kind != "" && kind != inbox.KindStatus {
		f.conditions = append(f.conditions, "kind <> 'status'")
	}
}

// notAccepted chooses each of the rare outcomes by itself, which their index finds.
func (f *filter) notAccepted() {
	if len(f.anyOf) > 0 { // a CallSid's, which are few
		f.conditions = append(f.conditions, notAccepted)
		return
	}
	for _, outcome := range []inbox.Outcome{inbox.Conflict, inbox.Failed, inbox.Refused, Forced} {
		f.anyOf = append(f.anyOf, notAccepted+" AND outcome = '"+string(outcome)+"'")
	}
}

// receivedBetween keeps what was received in a time. Ids begin with that time, but for payloads that failed again: those have
// the id of their first failure.
func (f *filter) receivedBetween(since, until time.Time) {
	f.before("webhook_events", "received_at", until, receivedSlack)
	if since.IsZero() {
		return
	}
	f.compare("received_at", ">=", since.UTC())
	first := f.arg(firstID(since.Add(-receivedSlack)))
	newer, failedAgain := "webhook_events.id >= "+first, notAccepted+" AND outcome = 'failed' AND webhook_events.id < "+first
	if len(f.anyOf) == 0 {
		f.anyOf = []string{newer, failedAgain}
		return
	}
	var both []string
	for _, one := range f.anyOf {
		both = append(both, one+" AND "+newer, one+" AND "+failedAgain)
	}
	f.anyOf = both
}

// Webhooks lists events.
func (s *Store) Webhooks(ctx context.Context, by WebhookFilter, page Page) (List[Webhook], error) {
	out, err := list(ctx, s.read(), selectWebhooks, "webhook_events", by.conditions(), page, scanWebhook,
		func(w Webhook) string { return w.ID })
	if err != nil {
		return out, fmt.Errorf("listing webhooks: %w", err)
	}
	return out, nil
}
