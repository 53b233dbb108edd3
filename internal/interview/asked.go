package interview

// Asked is what came of asking Twilio about one call.
type Asked struct {
	// About is what the call waited for, "" when it waited for nothing: then Twilio was not asked.
	About Overdue
	// Repaired counts the events that were missing and are here now.
	Repaired int
}
