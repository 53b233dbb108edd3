package interview

// Consent is whether the person agreed to be recorded.
type Consent string

// Consent is unknown until an answer decided it. Only ConsentGiven allows audio.
const (
	ConsentUnknown Consent = ""
	ConsentGiven   Consent = "given"
	ConsentRefused Consent = "refused"
)
