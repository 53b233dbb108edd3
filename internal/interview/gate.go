package interview

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

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

// Refusals lists the refusals of the gate, in the order in which it looks for them.
func Refusals() []Refusal {
	return []Refusal{
		RefusalDoNotCall, RefusalCampaign, RefusalNoConsentBasis, RefusalAttemptsUsed, RefusalDecided, RefusalZoneUnknown,
		RefusalStopped, RefusalCircuitOpen, RefusalLiveCall, RefusalOutsideHours, RefusalCapDay, RefusalCapConcurrent,
	}
}

// Valid reports whether r is one of the refusals above.
func (r Refusal) Valid() bool { return slices.Contains(Refusals(), r) }

const (
	// GatePoll is after how long the gate is asked again about what ends at no known time: a stop, a campaign that is not ACTIVE,
	// a live call, a full line.
	GatePoll = 30 * time.Second
	// CapWindow is the time over which the caps of a day count. It moves with the clock: a calendar day would let twice as many
	// calls through around midnight.
	CapWindow = 24 * time.Hour
)

// GateFacts is all that the gate looks at.
type GateFacts struct {
	Now time.Time
	// Zones are the person's candidate time zones: the contact's own alone, else all of the number. None is an unknown zone.
	Zones TimeZones
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
	// Dialled is when the campaign made its dial number MaxPerDay, counted back from the newest; nil when it made fewer. While that
	// is within CapWindow, the cap of a day is reached.
	Dialled *time.Time
	// PersonDialled is the same of the dials to the number by all campaigns, and of PersonCap.
	PersonDialled *time.Time
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
	// Until is when to look again, always after the moment that was asked about; nil for a final refusal and when the person may
	// be called.
	Until *time.Time `json:"until,omitempty"`
	// Detail says in words what it was about, without personal data, such as "mon-fri 09:00-20:00 in Europe/Berlin".
	Detail string `json:"detail,omitempty"`
	// Zones are those that were looked at, by their IANA names.
	Zones []string `json:"zones,omitempty"`
}

// Allowed reports whether the person may be called.
func (v GateVerdict) Allowed() bool { return v.Refusal == "" }

// ContactState is where the verdict leaves the contact: it is called, waits for Until, or is over. A contact without attempts left
// is EXHAUSTED, every other that may never be called is REFUSED.
func (v GateVerdict) ContactState() ContactState {
	switch {
	case v.Allowed():
		return ContactCalling
	case !v.Final:
		return ContactWaiting
	case v.Refusal == RefusalAttemptsUsed:
		return ContactExhausted
	}
	return ContactRefused
}

// CampaignWaits reports whether the campaign waits for a time or a switch, as v says of these facts, and not this person alone: another
// whom it wants to reach would wait just so, in the same zone.
func (f GateFacts) CampaignWaits(v GateVerdict) bool {
	switch v.Refusal {
	case RefusalStopped, RefusalCircuitOpen, RefusalCapConcurrent, RefusalCampaign, RefusalOutsideHours:
		return !v.Final
	case RefusalCapDay: // the campaign's, and not the person's
		return capUntil(f.Dialled, f.Campaign.MaxPerDay).After(f.Now)
	case RefusalDoNotCall, RefusalNoConsentBasis, RefusalZoneUnknown, RefusalAttemptsUsed, RefusalDecided, RefusalLiveCall:
	}
	return false
}

// MayCall decides whether a person may be called now. It is the only place where that is decided.
//
// What no time cures is looked for first: nobody waits for what never comes. Of what waits, a stop is looked for first.
func MayCall(f GateFacts) GateVerdict {
	v, refused := f.never()
	if !refused {
		v, _ = f.notNow()
	}
	v.Zones = f.Zones.Names()
	return v
}

// never finds the refusals that end a contact.
func (f GateFacts) never() (GateVerdict, bool) {
	final := func(r Refusal, detail string) (GateVerdict, bool) {
		return GateVerdict{Refusal: r, Final: true, Detail: detail}, true
	}
	switch {
	case f.Listed:
		return final(RefusalDoNotCall, "the number is on the do-not-call list")
	case f.Campaign.Status == CampaignCompleted:
		return final(RefusalCampaign, "the campaign is COMPLETED")
	case f.Campaign.RequireConsentBasis && !f.HasConsentBasis:
		return final(RefusalNoConsentBasis, "the campaign calls only contacts with a basis of consent")
	case f.Attempts >= f.Campaign.Attempts.Limit():
		return final(RefusalAttemptsUsed, fmt.Sprintf("%d of %d attempts were made", f.Attempts, f.Campaign.Attempts.Limit()))
	case f.Decided:
		return final(RefusalDecided, "every hypothesis of the campaign has a verdict")
	case len(f.Zones) == 0:
		return final(RefusalZoneUnknown, "nothing says in which time zone the person is")
	}
	return GateVerdict{}, false
}

// notNow finds the refusals that wait.
func (f GateFacts) notNow() (GateVerdict, bool) {
	wait := func(r Refusal, until time.Time, detail string) (GateVerdict, bool) {
		return GateVerdict{Refusal: r, Until: &until, Detail: detail}, true
	}
	soon := f.Now.Add(GatePoll)
	if f.Stopped {
		return wait(RefusalStopped, soon, "a stop is in force")
	}
	if obstacle := f.Campaign.obstacle(); obstacle != "" {
		return wait(RefusalCampaign, soon, obstacle)
	}
	if until := f.CircuitOpenUntil; until != nil && until.After(f.Now) {
		return wait(RefusalCircuitOpen, *until, "the newest calls of the campaign failed")
	}
	if f.LiveElsewhere {
		return wait(RefusalLiveCall, soon, "another call to the number is not over")
	}
	if v, refused := f.outsideHours(); refused {
		return v, true
	}
	if until := capUntil(f.Dialled, f.Campaign.MaxPerDay); until.After(f.Now) {
		return wait(RefusalCapDay, until, fmt.Sprintf("the campaign made %d calls within 24 hours", f.Campaign.MaxPerDay))
	}
	if until := capUntil(f.PersonDialled, f.PersonCap); until.After(f.Now) {
		return wait(RefusalCapDay, until, fmt.Sprintf("the number was called %d times within 24 hours", f.PersonCap))
	}
	if limit := f.Campaign.MaxConcurrent; limit > 0 && f.Concurrent >= limit {
		return wait(RefusalCapConcurrent, soon, fmt.Sprintf("%d of %d calls of the campaign are under way", f.Concurrent, limit))
	}
	return GateVerdict{}, false
}

// obstacle says what an operator has to change before the campaign may dial, "" for nothing.
func (c Campaign) obstacle() string {
	if c.Status != CampaignActive {
		return "the campaign is " + string(c.Status)
	}
	if missing := c.Identity.Missing(); len(missing) > 0 {
		return "the campaign has no " + strings.Join(missing, ", ")
	}
	for _, fault := range append(c.CallingHours.Faults(), HolidayFaults(c.Holidays)...) {
		return fault.Error()
	}
	return ""
}

func (f GateFacts) outsideHours() (GateVerdict, bool) {
	hours := f.Campaign.CallingHours
	until, ok := hours.NextOpen(f.Now, f.Zones, f.Campaign.Holidays)
	switch detail := hours.String() + " in " + f.Zones.String(); {
	case !ok:
		return GateVerdict{Refusal: RefusalOutsideHours, Final: true, Detail: "never within two weeks: " + detail}, true
	case until.After(f.Now):
		return GateVerdict{Refusal: RefusalOutsideHours, Until: &until, Detail: detail}, true
	}
	return GateVerdict{}, false
}

// capUntil is until when a cap of so many dials within CapWindow is reached: the oldest that counts then leaves the window.
func capUntil(oldest *time.Time, limit int) time.Time {
	if limit <= 0 || oldest == nil {
		return time.Time{}
	}
	return oldest.Add(CapWindow)
}
