package interview

import (
	"strings"
	"time"
)

// SourceCall is the source of an entry of the do-not-call list for what somebody said or pressed on a call.
const SourceCall = "call"

// SourceTranscript is the source of an entry for what was found on the transcript of a recording: an answer that is only recorded is read
// after the call.
const SourceTranscript = "transcript"

// DoNotCall is an entry of the do-not-call list: a number that must not be called. The number itself is not kept, so that an erasure
// of the person does not end the entry.
type DoNotCall struct {
	ID string
	// Hash is the keyed hash of the number.
	Hash []byte
	// Masked is the number as people recognise it, such as +1******4567, "" once the person is erased.
	Masked string
	// Scope is ScopeAll or a campaign's id.
	Scope string
	// Source says where the entry comes from: SourceCall, SourceTranscript, or what whoever wrote it said, such as "api" or "import".
	Source string
	// Reason and RequestedBy say why and who asked; "" for nobody said.
	Reason, RequestedBy string
	// CallID is the call on which it was asked for, "" for none.
	CallID    string
	CreatedAt time.Time
}

// Covers reports whether the entry forbids calls of a campaign.
func (d DoNotCall) Covers(campaignID string) bool {
	return d.Scope == ScopeAll || d.Scope == campaignID
}

// NormalPhoneNumber takes the signs out of a number with its country code with which people write it, as in +1 (555) 123-4567. It
// reports false when what is left is not E.164.
func NormalPhoneNumber(s string) (string, bool) {
	number := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\u00a0', '-', '.', '/', '(', ')':
			return -1
		}
		return r
	}, s)
	return number, ValidPhoneNumber(number)
}
