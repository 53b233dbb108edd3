package interview

import "time"

// Refusal names why a person may not be called, now or at all; "" is none.
type Refusal string

// The refusals of the gate.
const (
	RefusalDoNotCall      Refusal = "DO_NOT_CALL"
	RefusalOutsideHours   Refusal = "OUTSIDE_HOURS"
	RefusalZoneUnknown    Refusal = "ZONE_UNKNOWN"
	RefusalNoConsentBasis Refusal = "NO_CONSENT_BASIS"
	RefusalLiveCall       Refusal = "LIVE_CALL"
	RefusalAttemptsUsed   Refusal = "ATTEMPTS_USED"
	RefusalCapConcurrent  Refusal = "CAP_CONCURRENT"
	RefusalCapDay         Refusal = "CAP_DAY"
	RefusalStopped        Refusal = "STOPPED"
	RefusalCampaign       Refusal = "CAMPAIGN"
	RefusalCircuitOpen    Refusal = "CIRCUIT_OPEN"
	RefusalDecided        Refusal = "DECIDED"
)

// GateFacts is all that the gate looks at.
type GateFacts struct {
	Now time.Time
	// Zones are the person's candidate time zones, IANA: the contact's own alone, else those of the number.
	Zones []string
	// HasConsentBasis says that the contact comes with one.
	HasConsentBasis bool
	// Campaign is the campaign as it stands.
	Campaign Campaign
	// Listed says that the number is on the do-not-call list, for all campaigns or for this one.
	Listed bool
	// Stopped says that a stop is in force, for all campaigns or for this one.
	Stopped bool
	// LiveElsewhere says that another call to the number is not over.
	LiveElsewhere bool
	// Attempts counts the calls of the contact that were dialled.
	Attempts int
	// Concurrent counts the campaign's calls that were dialled and are not over.
	Concurrent int
	// Dialled are the campaign's newest dials of the last 24 hours, oldest first, at most as many as its cap of a day.
	Dialled []time.Time
	// PersonDialled are the newest dials to the number of the last 24 hours, by all campaigns, oldest first, at most PersonCap.
	PersonDialled []time.Time
	// PersonCap is how many calls one person gets within 24 hours over all campaigns; 0 for no cap.
	PersonCap int
	// CircuitOpenUntil is until when the campaign's circuit breaker keeps it from dialling, nil for closed.
	CircuitOpenUntil *time.Time
	// Decided says that the campaign stops when decided and that all its hypotheses are.
	Decided bool
}

// GateVerdict is what the gate says about one person at one moment.
type GateVerdict struct {
	// Refusal is "" when the person may be called now.
	Refusal Refusal `json:"refusal,omitempty"`
	// Final says that no time cures it: the contact ends.
	Final bool `json:"final,omitempty"`
	// Until is when to look again, nil for a final refusal and when the person may be called.
	Until *time.Time `json:"until,omitempty"`
	// Detail says in words what it was about, without personal data, such as "09:00-20:00 in Europe/Berlin".
	Detail string `json:"detail,omitempty"`
	// Zones are those that were looked at.
	Zones []string `json:"zones,omitempty"`
}

// Allowed reports whether the person may be called.
func (v GateVerdict) Allowed() bool { return v.Refusal == "" }
