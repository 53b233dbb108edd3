package interview

import "strconv"

// The SIP responses that may end a call which was not answered: those of redirection, and of failure.
const (
	minSIPResponse = 300
	maxSIPResponse = 699
)

// FinalSIPResponse reports whether a number may be the SIP response with which a call ended that nobody answered.
func FinalSIPResponse(code int) bool { return code >= minSIPResponse && code <= maxSIPResponse }

// SIPResponseMessage is the ErrorMessage of a call of which Twilio says no more than its SIP response.
func SIPResponseMessage(code int) string { return "SIP response " + strconv.Itoa(code) }
