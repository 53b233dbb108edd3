package interview

import "time"

// CallStatus is where a call stands. It never goes back.
type CallStatus string

// The statuses of a call, in the order in which a call passes them.
const (
	CallQueued      CallStatus = "QUEUED"       // accepted by us, not dialled
	CallDialing     CallStatus = "DIALING"      // dial intent written, Twilio has or will get it
	CallDialUnknown CallStatus = "DIAL_UNKNOWN" // dialled with unknown outcome
	CallRinging     CallStatus = "RINGING"
	CallInProgress  CallStatus = "IN_PROGRESS"
	CallCompleted   CallStatus = "COMPLETED"
	CallBusy        CallStatus = "BUSY"
	CallNoAnswer    CallStatus = "NO_ANSWER"
	CallFailed      CallStatus = "FAILED"
	CallCanceled    CallStatus = "CANCELED"
)

// Direction says who made a call.
type Direction string

// The directions of a call.
const (
	DirectionOutbound Direction = "outbound"
	DirectionInbound  Direction = "inbound"
)

// Valid reports whether d is one of the directions.
func (d Direction) Valid() bool { return d == DirectionOutbound || d == DirectionInbound }

// CallStatuses lists the statuses of a call.
func CallStatuses() []CallStatus {
	return []CallStatus{CallQueued, CallDialing, CallDialUnknown, CallRinging, CallInProgress,
		CallCompleted, CallBusy, CallNoAnswer, CallFailed, CallCanceled}
}

// Call is one phone interview.
type Call struct {
	ID         string
	CampaignID string
	// ContactID is the contact whom the call is to reach, and Attempt which of its calls this is, from 1.
	ContactID string
	Attempt   int
	// Direction is who called: we, unless it says otherwise.
	Direction Direction
	// PhoneNumber is whom we call, or who called us, E.164.
	PhoneNumber string
	// LiveNumber is the number that no other call may be made to while this one is not over, "" when another call has it.
	// Of an erased call it is all that is left of the number, until the call is over.
	LiveNumber string
	// TwilioSid is the CallSid, "" until Twilio told us.
	TwilioSid string
	// AccountSid is the Twilio account that places the call, "" until known.
	AccountSid string
	Status     CallStatus
	// Sequence is the SequenceNumber of the status callback that set Status, -1 for none.
	Sequence int
	Consent  Consent
	// ConsentMeans is by what Consent was decided, "" while it is not, and for calls of before this was kept.
	ConsentBy ConsentMeans
	// ConsentAttempts counts the answers to the consent question that came in.
	ConsentAttempts int
	ConsentAt       *time.Time
	// Duration is in seconds, nil until Twilio told us.
	Duration *int
	// Version is the version of the webhooks with which the call was dialled, Unversioned until it is.
	Version Version
	// DialedAt is when the intent to dial was committed.
	DialedAt    *time.Time
	StartedAt   *time.Time // answered
	CompletedAt *time.Time // reached a terminal status
	// ErrorCode and ErrorMessage keep Twilio's own words when a call was refused.
	ErrorCode    int
	ErrorMessage string
	// Transcript is the joined text of the utterances, "" until something was recognised.
	Transcript string
	// AnsweredBy is who picked up, by Twilio's machine detection, "" until it told us.
	AnsweredBy AnsweredBy
	// AnswerStep is the last question whose live answer came in, counted from 1; 0 for none.
	AnswerStep int
	// Answers counts the live answers in which something was said.
	Answers int
	// EarlyRecordings are the sids of the recordings that were seen before the consent, separated by blanks.
	EarlyRecordings string
	// ClearedAt is when it was certain that Twilio has no recording of the call that must not be kept, nil while it is not.
	ClearedAt *time.Time
	// PrunedAt is since when event ids of the call are not kept any more, nil while they are. Its webhooks are refused from then
	// on: a signature has no date, so an old request could be sent again.
	PrunedAt *time.Time
	// ErasedAt is when the personal data of the call was erased on request, nil for never.
	ErasedAt *time.Time
	// CancelRequestedAt is when somebody asked for the call to be ended while it was under way, nil for never.
	CancelRequestedAt *time.Time
	// CancelReason is why it was canceled, or is to be.
	CancelReason CancelReason
	// OptedOutAt is when the person said that they want no more calls, nil for never.
	OptedOutAt *time.Time
	// IdentitySaid is what the call said of who is calling, and IdentitySaidAt when, "" and nil while it has not.
	IdentitySaid   string
	IdentitySaidAt *time.Time
	// StirStatus is Twilio's word for how the call was attested (STIR/SHAKEN), "" until it told us: A, B or C of a call of ours,
	// its StirVerstat of one that came in.
	StirStatus string
	// CanInterview says that the interview can be held in a call that came in: the person was called within CallBackWithin, the
	// campaign is ACTIVE, and no stop is in force. It is looked up for each decision, and not kept.
	CanInterview bool
	// Simulated says that a simulator plays the call, since its campaign is simulated. It never changes.
	Simulated bool
	CreatedAt time.Time

	// Script is what the call says. It belongs to the campaign and is only read here.
	Script Script
}

// Terminal reports whether a call with this status is over. A terminal status is final.
func (s CallStatus) Terminal() bool {
	switch s {
	case CallCompleted, CallBusy, CallNoAnswer, CallFailed, CallCanceled:
		return true
	}
	return false
}

// Rank orders the statuses: a call moves only to a higher rank. All terminal statuses share the highest one, so none
// replaces another. DIAL_UNKNOWN ranks below DIALING because any word from Twilio, even "initiated", resolves it. An
// unknown status has rank 0, below all.
func (s CallStatus) Rank() int {
	switch s {
	case CallQueued:
		return 1
	case CallDialUnknown:
		return 2
	case CallDialing:
		return 3
	case CallRinging:
		return 4
	case CallInProgress:
		return 5
	case CallCompleted, CallBusy, CallNoAnswer, CallFailed, CallCanceled:
		return 6
	}
	return 0
}

// Valid reports whether s is one of the statuses of a call.
func (s CallStatus) Valid() bool { return s.Rank() > 0 }

// CallStatusFromTwilio translates the CallStatus parameter of a callback, or the status of a Call resource. It reports
// false for a word that we do not know; such an event changes nothing. Source: Twilio: Call resource, status callbacks.
func CallStatusFromTwilio(s string) (CallStatus, bool) {
	switch s {
	case "queued", "initiated":
		return CallDialing, true
	case "ringing":
		return CallRinging, true
	case "in-progress":
		return CallInProgress, true
	case "completed":
		return CallCompleted, true
	case "busy":
		return CallBusy, true
	case "no-answer":
		return CallNoAnswer, true
	case "failed":
		return CallFailed, true
	case "canceled":
		return CallCanceled, true
	}
	return "", false
}
