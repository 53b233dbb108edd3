package interview

// MilestoneKind is a step in the life of a call, of which the log has one line.
type MilestoneKind string

// The steps. Each is taken once, or again only when it is taken back: a consent can change.
const (
	MilestoneDialled     MilestoneKind = "call dialled"     // Twilio has it
	MilestoneCameIn      MilestoneKind = "call came in"     // somebody called us
	MilestoneAnswered    MilestoneKind = "call answered"    // by somebody, or something
	MilestoneConsent     MilestoneKind = "call consent"     // was decided
	MilestoneOptedOut    MilestoneKind = "call opted out"   // the person wants no more calls
	MilestoneEnded       MilestoneKind = "call ended"       // is in a terminal status
	MilestoneTranscribed MilestoneKind = "call transcribed" // a recording of it was
	MilestoneClaims      MilestoneKind = "claims extracted" // from a recording
	MilestoneJudged      MilestoneKind = "hypothesis judged"
	MilestoneCanceled    MilestoneKind = "queued calls canceled" // with their campaign

	MilestoneCircuitOpen   MilestoneKind = "circuit breaker opened" // of a campaign: nearly all of its newest calls failed
	MilestoneCircuitClosed MilestoneKind = "circuit breaker closed"
)

// Milestone is a step that was taken, and committed. Ids that do not apply are "".
type Milestone struct {
	Kind MilestoneKind
	// Call is the call as it is then; of MilestoneJudged and those of campaigns its zero value.
	Call Call
	// CampaignID is set for MilestoneCanceled and the circuit breaker alone, and Count is how many calls it were.
	CampaignID string
	// Event is the webhook by which it was taken, Request the HTTP request that brought it, Run the run that did it.
	Event, Request, Run string
	// Recording is set for MilestoneTranscribed and MilestoneClaims. Count is the utterances, or the claims, Rejected of them.
	Recording       string
	Count, Rejected int
	// Verdict is set for MilestoneJudged, with some of the calls that are evidence.
	Verdict Verdict
	Calls   []string
}

// MilestonesBetween are the steps that lie between two states of a call; a new one was in no status. A repetition changes nothing, so it takes none.
func MilestonesBetween(was, is Call) []MilestoneKind {
	var kinds []MilestoneKind
	if was.Status == "" && is.Inbound() {
		kinds = append(kinds, MilestoneCameIn)
	}
	if was.TwilioSid == "" && is.TwilioSid != "" {
		kinds = append(kinds, MilestoneDialled)
	}
	if !was.answered() && is.answered() {
		kinds = append(kinds, MilestoneAnswered)
	}
	if was.Consent != is.Consent {
		kinds = append(kinds, MilestoneConsent)
	}
	if was.OptedOutAt == nil && is.OptedOutAt != nil {
		kinds = append(kinds, MilestoneOptedOut)
	}
	if !was.Status.Terminal() && is.Status.Terminal() {
		kinds = append(kinds, MilestoneEnded)
	}
	return kinds
}
