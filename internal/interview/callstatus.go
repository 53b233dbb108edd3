package interview

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
