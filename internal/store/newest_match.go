package store

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// Matches reports whether a call of Newest is one that the filter chooses. It does not of one that does not choose
// ByColumns: what is overdue or awaited, and what became of claims, is not in the row of a call.
func (by CallFilter) Matches(c interview.Call) bool {
	return by.ByColumns() && (by.CampaignID == "" || c.CampaignID == by.CampaignID) &&
		(len(by.Statuses) == 0 || slices.Contains(by.Statuses, c.Status)) &&
		(by.PhoneNumber == "" || c.PhoneNumber == by.PhoneNumber) && (by.CallSid == "" || c.TwilioSid == by.CallSid) &&
		(by.ErrorCode == 0 || c.ErrorCode == by.ErrorCode) &&
		(by.SIPResponse == 0 || c.ErrorMessage == interview.SIPResponseMessage(by.SIPResponse)) && (by.Consent == nil || c.Consent == *by.Consent) &&
		(by.Direction == "" || cmp.Or(c.Direction, interview.DirectionOutbound) == by.Direction) &&
		(by.Simulated == nil || c.Simulated == *by.Simulated) && c.Attempt >= by.MinAttempt &&
		within(c.CreatedAt, by.Since, by.Until)
}

// MatchedAt is since when a call that the filter chooses is one that it chooses, as far as its own times say it.
func (by CallFilter) MatchedAt(c interview.Call) time.Time {
	at := c.CreatedAt
	later := func(t *time.Time) {
		if t != nil && t.After(at) {
			at = *t
		}
	}
	if by.ErrorCode != 0 || by.SIPResponse != 0 {
		later(c.CompletedAt)
	}
	if by.CallSid != "" {
		later(c.DialedAt)
	}
	if by.Consent != nil {
		later(c.ConsentAt)
	}
	if len(by.Statuses) > 0 {
		later(by.enteredAt(c))
	}
	return at
}

// enteredAt is when a call came to have one of the statuses: it may have passed several of them. It is nil for a call that has
// had no other.
func (by CallFilter) enteredAt(c interview.Call) *time.Time {
	stages := []struct {
		statuses []interview.CallStatus
		at       *time.Time
	}{
		{[]interview.CallStatus{interview.CallQueued}, nil},
		{[]interview.CallStatus{interview.CallDialing, interview.CallDialUnknown, interview.CallRinging}, c.DialedAt},
		{[]interview.CallStatus{interview.CallInProgress}, c.StartedAt},
		{[]interview.CallStatus{c.Status}, c.CompletedAt}, // over
	}
	n := len(stages) - 1
	for n > 0 && !slices.Contains(stages[n].statuses, c.Status) || n == len(stages)-1 && !c.Status.Terminal() {
		n--
	}
	entered := stages[n].at
	for n--; n >= 0; n-- {
		if n > 0 && stages[n].at == nil { // it did not come by
			continue
		}
		if slices.ContainsFunc(stages[n].statuses, func(s interview.CallStatus) bool { return !slices.Contains(by.Statuses, s) }) {
			break
		}
		entered = stages[n].at
	}
	return entered
}

// Matches reports whether an event of Newest is one that the filter chooses.
func (by WebhookFilter) Matches(w Webhook) bool {
	outcome := by.Outcome == "" || w.Outcome == by.Outcome || by.Outcome == inbox.Duplicate && w.Duplicates > 0
	outcome = outcome && (!by.NotAccepted || w.Outcome != inbox.Accepted)
	return outcome && (by.Kind == "" || w.Kind == by.Kind) && (by.CallID == "" || w.CallID == by.CallID) &&
		(by.CallSid == "" || w.CallSid == by.CallSid) && (by.CampaignID == "" || w.CampaignID == by.CampaignID) &&
		(by.Error == "" || strings.Contains(strings.ToLower(w.Error), strings.ToLower(by.Error))) && within(w.ReceivedAt, by.Since, by.Until)
}

// Matches reports whether a rejection is one that the filter chooses.
func (by RejectionFilter) Matches(r Rejection) bool {
	return (by.Cause == "" || r.Cause == by.Cause) && (by.Kind == "" || r.Kind == by.Kind) && (by.Client == "" || r.Client == by.Client) &&
		within(r.ReceivedAt, by.Since, by.Until)
}

// within reports whether a time is from since on and before until; a zero time is no bound.
func within(at, since, until time.Time) bool {
	return !at.Before(since) && (until.IsZero() || at.Before(until))
}
