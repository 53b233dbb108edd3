package interview

import "time"

// EndedAttempt is an attempt that is over, and what its consequences depend on.
type EndedAttempt struct {
	Contact  Contact
	Campaign Campaign
	Call     Call
	// Earlier is when the contact's attempts before this one ended, oldest first.
	Earlier []time.Time
	// Zones are as for the gate.
	Zones TimeZones
	// StopEnded says that a stop canceled the call, not somebody who meant this call.
	StopEnded bool
}

// Settlement is what an attempt that ended makes of its contact.
type Settlement struct {
	State ContactState
	// Reason is the named refusal of a contact that is REFUSED, "" for none.
	Reason Refusal
	// NextAt is when a contact that is WAITING is looked at again, nil for the others.
	NextAt *time.Time
	// Outcome is how the attempt ended, "" when it reached somebody.
	Outcome AttemptOutcome
}

// SettleAttempt decides what an attempt that ended makes of its contact. It is the only place where that is decided; whether the
// contact may really be called again is the gate's matter, at that time.
//
// What a stop took back before it was dialled is no attempt and waits to be called, when the stop is over; what it canceled while it
// rang counts as not answered. Any other call that was canceled was meant: the contact is over.
func SettleAttempt(a EndedAttempt, now time.Time) Settlement {
	outcome, reached := OutcomeOf(a.Call)
	if reached {
		return Settlement{State: ContactReached}
	}
	if outcome == OutcomeCanceled && a.StopEnded {
		if !a.Call.Dialled() {
			return Settlement{State: ContactWaiting, NextAt: &now, Outcome: outcome}
		}
		outcome = OutcomeNoAnswer
	}
	if outcome == OutcomeCanceled && a.Campaign.Status == CampaignCompleted {
		return Settlement{State: ContactRefused, Reason: RefusalCampaign, Outcome: outcome}
	}
	over := Settlement{State: ContactExhausted, Outcome: outcome}
	if !a.Campaign.Attempts.Retries(outcome) || a.Call.Attempt >= a.Campaign.Attempts.Limit() {
		return over
	}
	ended := now
	if a.Call.CompletedAt != nil {
		ended = *a.Call.CompletedAt
	}
	next, ok := NextAttempt(Retry{ContactID: a.Contact.ID, Policy: a.Campaign.Attempts, Hours: a.Campaign.CallingHours,
		Holidays: a.Campaign.Holidays, Zones: a.Zones, Ended: append(append([]time.Time{}, a.Earlier...), ended)})
	if !ok {
		next = now // the gate says why nothing is open, by name
	}
	return Settlement{State: ContactWaiting, NextAt: &next, Outcome: outcome}
}
