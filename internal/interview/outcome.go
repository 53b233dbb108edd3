package interview

// OutcomeOf says how a call that is over ended as an attempt to reach a person: it reached them, or the outcome says why not. It
// reports "", false for a call that is not over.
//
// Somebody is reached who answered and decided on the consent, and also who answered and hung up before: nobody who hung up on us
// is called again. A call that was answered by nobody knows whom reached somebody, too.
//
// A machine reached nobody, whatever its greeting seemed to say, unless a person outranked the detector, by a consent or by a key,
// see [Call.Detect], or opted out.
func OutcomeOf(c Call) (outcome AttemptOutcome, reached bool) {
	if !c.Status.Terminal() {
		return "", false
	}
	if c.OptedOutAt != nil {
		return "", true
	}
	if c.answered() {
		if c.OnMachine() && c.ConsentBy != ConsentByKeypad && c.ConsentBy != ConsentByRequest {
			return OutcomeMachine, false
		}
		return "", true
	}
	switch c.Status {
	case CallBusy:
		return OutcomeBusy, false
	case CallNoAnswer:
		return OutcomeNoAnswer, false
	case CallCanceled:
		return OutcomeCanceled, false
	}
	return OutcomeFailed, false
}
