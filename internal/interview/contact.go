package interview

import "time"

// ContactState is where a contact stands.
type ContactState string

// The states of a contact. The last three are final.
const (
	ContactWaiting   ContactState = "WAITING"   // for its first or next attempt
	ContactCalling   ContactState = "CALLING"   // an attempt is queued or under way
	ContactReached   ContactState = "REACHED"   // somebody answered and decided on the consent
	ContactExhausted ContactState = "EXHAUSTED" // no attempt is left
	ContactRefused   ContactState = "REFUSED"   // must not be called, Reason says why
)

// ContactStates lists the states of a contact.
func ContactStates() []ContactState {
	return []ContactState{ContactWaiting, ContactCalling, ContactReached, ContactExhausted, ContactRefused}
}

// Terminal reports whether nothing comes after the state.
func (s ContactState) Terminal() bool {
	return s == ContactReached || s == ContactExhausted || s == ContactRefused
}

// Valid reports whether s is one of the states above.
func (s ContactState) Valid() bool {
	return s == ContactWaiting || s == ContactCalling || s.Terminal()
}

// Contact is a person whom a campaign wants to reach. Its attempts are calls.
type Contact struct {
	ID         string
	CampaignID string
	// PhoneNumber is E.164, "" after an erasure.
	PhoneNumber string
	// ExternalID is the person's id in the system from which the contact came, "" for none.
	ExternalID string
	// TimeZone is the person's own, IANA such as Europe/Berlin, "" when nobody said.
	TimeZone string
	// Language is spoken with the person, BCP 47, "" for the campaign's.
	Language string
	// Variables fill the placeholders of questions, by name.
	Variables map[string]string
	// ConsentBasis says why the person may be called at all, such as "customer, agreed on the order form"; "" for none said.
	ConsentBasis string
	ConsentAt    *time.Time
	State        ContactState
	// Reason is the named refusal of a contact that waits or must not be called, "" for none.
	Reason Refusal
	// NextAt is when the contact is looked at again, nil while it is called and when it is over.
	NextAt *time.Time
	// Attempts counts the calls that were dialled.
	Attempts int
	// CallID is the newest attempt, "" before the first.
	CallID string
	// CallerID is the number that it was called from, which later attempts use again; "" before the first.
	CallerID  string
	Simulated bool
	CreatedAt time.Time
	UpdatedAt time.Time
}
