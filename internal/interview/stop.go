package interview

import "time"

// ScopeAll is the scope of a stop, or of an entry of the do-not-call list, that holds for all campaigns. Any other scope is the id
// of a campaign.
const ScopeAll = "all"

// StopMode says what a stop does to the calls under way. Those that nobody has answered yet are canceled in any case.
type StopMode string

// The modes of a stop.
const (
	StopFinish StopMode = "finish" // who is talking may finish
	StopHangUp StopMode = "hangup" // who is talking is told so in a sentence, and hung up
)

// Valid reports whether m is one of the modes above.
func (m StopMode) Valid() bool { return m == StopFinish || m == StopHangUp }

// Stop keeps everybody from being called, of all campaigns or of one, from its commit until it is ended.
type Stop struct {
	ID string
	// Scope is ScopeAll or a campaign's id.
	Scope string
	Mode  StopMode
	// RequestedBy says who asked, Reason why; "" for nobody said.
	RequestedBy, Reason string
	CreatedAt           time.Time
	// CarriedOutAt is when all calls that it ends were asked to end, nil while some were not.
	CarriedOutAt *time.Time
	// EndedAt and EndedBy are when and by whom it was ended, nil and "" while it is in force.
	EndedAt *time.Time
	EndedBy string
}

// InForce reports whether nobody must be called.
func (s Stop) InForce() bool { return s.EndedAt == nil }

// Ends reports whether the stop ends a call that is not over. A call that waits for its turn to be dialled is not ended: it goes on
// waiting, and is dialled when the stop is ended.
func (s Stop) Ends(c Call) bool {
	if c.Status.Terminal() || !c.Dialled() {
		return false
	}
	return s.Mode == StopHangUp || c.Status != CallInProgress
}
