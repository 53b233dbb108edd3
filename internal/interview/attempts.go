package interview

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// AttemptOutcome is how an attempt to reach a person ended that did not reach them.
type AttemptOutcome string

// The outcomes of an attempt. After all but the last a campaign may try again.
const (
	OutcomeBusy     AttemptOutcome = "BUSY"
	OutcomeNoAnswer AttemptOutcome = "NO_ANSWER"
	OutcomeMachine  AttemptOutcome = "MACHINE" // a machine answered
	OutcomeFailed   AttemptOutcome = "FAILED"
	OutcomeCanceled AttemptOutcome = "CANCELED" // by us
)

// RetriedOutcomes lists the outcomes after which a campaign may try again.
func RetriedOutcomes() []AttemptOutcome {
	return []AttemptOutcome{OutcomeBusy, OutcomeNoAnswer, OutcomeMachine, OutcomeFailed}
}

// AttemptPolicy says how often a campaign tries to reach a person.
type AttemptPolicy struct {
	// Max is how many attempts there are at most, the first one counted, up to MaxAttempts; 0 counts as 1.
	Max int `json:"max"`
	// On are the outcomes after which there is another; nil is RetriedOutcomes.
	On []AttemptOutcome `json:"on"`
	// WaitMinutes is how long after the end of an attempt the next may begin, in minutes, up to MaxWaitMinutes.
	WaitMinutes int `json:"waitMinutes"`
}

// The bounds of a policy.
const (
	MaxAttempts    = 20
	MaxWaitMinutes = 43_200 // 30 days
)

// DefaultAttemptPolicy is that of a campaign that names none: one attempt.
func DefaultAttemptPolicy() AttemptPolicy { return AttemptPolicy{Max: 1, WaitMinutes: 60} }

// UnmarshalJSON leaves the default where nothing is said.
func (p *AttemptPolicy) UnmarshalJSON(text []byte) error {
	type plain AttemptPolicy // without this method
	said := plain(DefaultAttemptPolicy())
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&said); err != nil {
		return err
	}
	*p = AttemptPolicy(said)
	return nil
}

// Faults says what is wrong with the policy, each fault with its field; nil for nothing. The zero policy is the default.
func (p AttemptPolicy) Faults() []FieldFault {
	if p.Max == 0 && p.On == nil && p.WaitMinutes == 0 {
		return nil
	}
	var faults []FieldFault
	if p.Max < 1 || p.Max > MaxAttempts {
		faults = append(faults, faultOf("attempts.max", "must be from 1 to %d, not %d", MaxAttempts, p.Max))
	}
	if p.Max > 1 && p.On != nil && len(p.On) == 0 {
		faults = append(faults, faultOf("attempts.on", "must name an outcome: after none, there is never another attempt, and max is %d", p.Max))
	}
	for i, outcome := range p.On {
		if !slices.Contains(RetriedOutcomes(), outcome) {
			faults = append(faults, faultOf(fmt.Sprintf("attempts.on[%d]", i), "must be BUSY, NO_ANSWER, MACHINE or FAILED, not %q", outcome))
		}
	}
	if p.WaitMinutes < 0 || p.WaitMinutes > MaxWaitMinutes {
		faults = append(faults, faultOf("attempts.waitMinutes", "must be from 0 to %d, not %d", MaxWaitMinutes, p.WaitMinutes))
	}
	if len(faults) == 0 && p.Max == 1 {
		return p.withoutEffect()
	}
	return faults
}

// withoutEffect says what a policy of one attempt chooses for the attempts after it, which never come. What the default is shown as
// is no choice, so that a policy which was read may be sent back.
func (p AttemptPolicy) withoutEffect() []FieldFault {
	var faults []FieldFault
	named := func(o AttemptOutcome) bool { return slices.Contains(p.On, o) }
	if len(p.On) > 0 && slices.ContainsFunc(RetriedOutcomes(), func(o AttemptOutcome) bool { return !named(o) }) {
		faults = append(faults, faultOf("attempts.on", "must be left out with max 1: after the only attempt nothing follows"))
	}
	if p.WaitMinutes != 0 && p.WaitMinutes != DefaultAttemptPolicy().WaitMinutes {
		faults = append(faults, faultOf("attempts.waitMinutes", "must be left out with max 1: after the only attempt nothing follows"))
	}
	return faults
}

// Limit is how many attempts there are at most.
func (p AttemptPolicy) Limit() int { return max(p.Max, 1) }

// Retries reports whether there may be another attempt after one that ended so.
func (p AttemptPolicy) Retries(outcome AttemptOutcome) bool {
	if p.On == nil {
		return slices.Contains(RetriedOutcomes(), outcome)
	}
	return slices.Contains(p.On, outcome)
}
