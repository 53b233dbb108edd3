package interview

// Which share of the questions must be answered, in percent: above completeAbove an interview is complete, from partialFrom on it
// is partial. Source: one of the rules that AAPOR's Standard Definitions, 9th edition, offer for complete and partial interviews. By it a
// question is answered with other than a refusal or no answer.
const (
	completeAbove = 80
	partialFrom   = 50
)

// Disposition is what one attempt tells about its contact, DispositionOpen for a call that is not over or was never dialled.
//
// Whoever picks up and hangs up before the consent is decided has refused. A person's consent that is withdrawn later, also by an
// erasure, is a refusal: nothing that was said may be used.
func (c *Call) Disposition() Disposition {
	if !c.Status.Terminal() || c.Direction != DirectionInbound && !c.Dialled() {
		return DispositionOpen
	}
	switch {
	case c.Consent == ConsentGiven:
		return c.interviewed()
	case c.AnsweredBy == "fax":
		return DispositionFax
	case c.OptedOutAt != nil:
		return DispositionRefusal
	case c.AnsweredBy.Machine(), c.ConsentBy == ConsentByDetector:
		return DispositionMachine
	}
	switch c.Status {
	case CallBusy:
		return DispositionBusy
	case CallNoAnswer:
		return DispositionNoAnswer
	case CallFailed:
		return dispositionOfError(c.ErrorCode)
	case CallCompleted:
		return c.declined()
	case CallCanceled, CallQueued, CallDialing, CallDialUnknown, CallRinging, CallInProgress:
	}
	return DispositionNotAttempted
}

// interviewed is the disposition of a call with consent.
func (c *Call) interviewed() Disposition {
	answered, asked, known := c.questionsAnswered()
	switch share := 100 * answered; {
	case !known, share > completeAbove*asked:
		return DispositionComplete
	case share >= partialFrom*asked:
		return DispositionPartial
	case c.OptedOutAt == nil && (c.CancelRequestedAt != nil || c.Status != CallCompleted):
		return DispositionOther
	}
	return DispositionBreakOff
}

// declined is the disposition of an answered call without consent.
func (c *Call) declined() Disposition {
	undecided := c.Consent == ConsentUnknown
	if undecided && (c.CancelRequestedAt != nil || c.Direction == DirectionInbound) {
		return DispositionOther
	}
	return DispositionRefusal
}

// questionsAnswered counts the questions that were answered, by live answers or, where those are on the recording alone, by its transcript.
// Those to which the transcript has nothing but a refusal are not. known is false when somebody spoke on a recording in which none of the questions is recognised.
func (c *Call) questionsAnswered() (answered, asked int, known bool) {
	asked = len(c.Script.Asks())
	heard := c.Script.repliesIn(c.Transcript)
	answered = min(max(c.Answers, heard.replied), asked) - heard.refused
	known = c.Script.AnswerMode == AnswerGather || heard.recognised || !heard.spoke
	return answered, asked, known
}

// dispositionOfError is what an error of Twilio's tells about the number of a call that failed. Which codes there are and what they
// mean is in package twilio, whose tests compare. A code that concerns our account tells nothing: the number was not attempted.
func dispositionOfError(code int) Disposition {
	switch code {
	case 21201, 21211, 21214, 21217, 13223, 13224, 13226:
		return DispositionNotWorking
	case 21216, 13225:
		return DispositionBlocked
	case 21202:
		return DispositionIneligible
	case 21215, 13227, 32205, 21219, 573002, 573005: // our account may not call there
		return DispositionNotAttempted
	case 10001, 10002, 10004, 10005, 20003, 20005, 20006, 20008, 20403, 20404, 20429, 70051, 90010, 21205, 21209, 21210, 21212, 21213,
		21262, 21606, 21609:
		return DispositionNotAttempted
	}
	return DispositionTechnical
}
