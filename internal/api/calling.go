package api

import (
	"strings"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/phone"
	"github.com/i-agent/iagent/internal/store"
)

// Bounds of what a campaign says of its calls.
const (
	maxOrganisation = 100
	maxPurpose      = 200
	maxVoice        = 64
	maxCap          = 1_000_000
)

// calling is what a campaign says of whom it calls for, when and how often.
type calling struct {
	// Identity is spoken first and last. A campaign that is ACTIVE must have all of it.
	Identity interview.Identity `json:"identity"`
	// Voice is Twilio's name of a voice such as Polly.Joanna-Neural, "" for its default.
	Voice string `json:"voice"`
	// Region is the country, such as US, by which numbers without a country code are read; "" for none.
	Region string `json:"region"`
	// CallingHours are when people may be called, by the clock where they are.
	CallingHours interview.CallingHours `json:"callingHours"`
	// Holidays are dates such as 2026-12-25, on which nobody is called.
	Holidays []string                `json:"holidays"`
	Attempts interview.AttemptPolicy `json:"attempts"`
	// MaxConcurrent and MaxPerDay are caps of the calls under way, and of those dialled within 24 hours; 0 is none.
	MaxConcurrent int `json:"maxConcurrent"`
	MaxPerDay     int `json:"maxPerDay"`
	// RequireConsentBasis lets only contacts be called that come with a basis of consent.
	RequireConsentBasis bool `json:"requireConsentBasis"`
	// StopWhenDecided lets nobody be called once every hypothesis has a verdict.
	StopWhenDecided bool `json:"stopWhenDecided"`
}

// callingChange is what to change of it: what is left out, or null, stays.
type callingChange struct {
	Identity            *interview.Identity      `json:"identity"`
	Voice               *string                  `json:"voice"`
	Region              *string                  `json:"region"`
	CallingHours        *interview.CallingHours  `json:"callingHours"`
	Holidays            *[]string                `json:"holidays"`
	Attempts            *interview.AttemptPolicy `json:"attempts"`
	MaxConcurrent       *int                     `json:"maxConcurrent"`
	MaxPerDay           *int                     `json:"maxPerDay"`
	RequireConsentBasis *bool                    `json:"requireConsentBasis"`
	StopWhenDecided     *bool                    `json:"stopWhenDecided"`
}

// callingOf shows what a campaign keeps, with the defaults in place of what it does not say.
func callingOf(c interview.Campaign) calling {
	shown := calling{Identity: c.Identity, Voice: c.Voice, Region: c.Region, CallingHours: c.CallingHours, Holidays: c.Holidays,
		Attempts: c.Attempts, MaxConcurrent: c.MaxConcurrent, MaxPerDay: c.MaxPerDay, RequireConsentBasis: c.RequireConsentBasis,
		StopWhenDecided: c.StopWhenDecided}
	if len(shown.CallingHours) == 0 { // counts as none given
		shown.CallingHours = interview.DefaultCallingHours()
	}
	if shown.Holidays == nil {
		shown.Holidays = []string{}
	}
	shown.Attempts.Max = max(shown.Attempts.Max, 1)
	if shown.Attempts.On == nil {
		shown.Attempts.On = interview.RetriedOutcomes()
	}
	return shown
}

// apply puts it into a campaign.
func (c calling) apply(to *interview.Campaign) {
	to.Identity, to.Voice, to.Region = trimmedIdentity(c.Identity), strings.TrimSpace(c.Voice), strings.ToUpper(strings.TrimSpace(c.Region))
	to.CallingHours, to.Holidays, to.Attempts = c.CallingHours, c.Holidays, c.Attempts
	to.MaxConcurrent, to.MaxPerDay = c.MaxConcurrent, c.MaxPerDay
	to.RequireConsentBasis, to.StopWhenDecided = c.RequireConsentBasis, c.StopWhenDecided
}

// apply puts it into a change.
func (c callingChange) apply(to *store.CampaignChange) {
	if c.Identity != nil {
		trimmed := trimmedIdentity(*c.Identity)
		to.Identity = &trimmed
	}
	trim(c.Voice)
	if c.Region != nil {
		*c.Region = strings.ToUpper(strings.TrimSpace(*c.Region))
	}
	to.Voice, to.Region, to.CallingHours, to.Holidays, to.Attempts = c.Voice, c.Region, c.CallingHours, c.Holidays, c.Attempts
	to.MaxConcurrent, to.MaxPerDay = c.MaxConcurrent, c.MaxPerDay
	to.RequireConsentBasis, to.StopWhenDecided = c.RequireConsentBasis, c.StopWhenDecided
}

func trimmedIdentity(i interview.Identity) interview.Identity {
	return interview.Identity{Organisation: strings.TrimSpace(i.Organisation), CallbackNumber: strings.TrimSpace(i.CallbackNumber),
		Purpose: strings.TrimSpace(i.Purpose)}
}

// identityFaults names what a campaign must say before it is ACTIVE.
func identityFaults(missing []string) []fault {
	return each(missing, func(field string) fault {
		return fault{Field: field, Error: "must be given before the campaign is ACTIVE: people are told who calls them"}
	})
}

func (c calling) faults() []fault {
	return callingChange{&c.Identity, &c.Voice, &c.Region, &c.CallingHours, &c.Holidays, &c.Attempts, &c.MaxConcurrent, &c.MaxPerDay,
		&c.RequireConsentBasis, &c.StopWhenDecided}.faults()
}

func (c callingChange) faults() []fault {
	var faults []fault
	if i := c.Identity; i != nil {
		faults = append(faults, textFaults("identity.organisation", i.Organisation, maxOrganisation, false)...)
		faults = append(faults, textFaults("identity.purpose", i.Purpose, maxPurpose, false)...)
		if number := strings.TrimSpace(i.CallbackNumber); number != "" && !interview.ValidPhoneNumber(number) {
			faults = append(faults, fault{Field: "identity.callbackNumber", Value: excerpt(number), Error: "must be an E.164 number such as +15551234567"})
		}
	}
	if c.Voice != nil {
		faults = append(faults, textFaults("voice", *c.Voice, maxVoice, false)...)
	}
	if c.Region != nil {
		if r := strings.TrimSpace(*c.Region); r != "" && !phone.KnownCountry(strings.ToUpper(r)) {
			faults = append(faults, fault{Field: "region", Value: excerpt(r), Error: "must be a country of two letters such as US (ISO 3166-1)"})
		}
	}
	if c.CallingHours != nil {
		faults = append(faults, each(c.CallingHours.Faults(), fieldFault)...)
	}
	if c.Holidays != nil {
		faults = append(faults, each(interview.HolidayFaults(*c.Holidays), fieldFault)...)
	}
	if c.Attempts != nil {
		faults = append(faults, each(c.Attempts.Faults(), fieldFault)...)
	}
	faults = append(faults, capFaults("maxConcurrent", c.MaxConcurrent)...)
	return append(faults, capFaults("maxPerDay", c.MaxPerDay)...)
}

func fieldFault(f interview.FieldFault) fault { return fault{Field: f.Field, Error: f.Problem} }

func capFaults(field string, value *int) []fault {
	if value == nil || *value >= 0 && *value <= maxCap {
		return nil
	}
	return []fault{{Field: field, Error: "must be between 0, which is no cap, and 1000000"}}
}

// nothingToDecide is the fault of a campaign that shall end with its verdicts, and never has one.
func nothingToDecide() fault {
	return fault{Field: "stopWhenDecided", Error: "must not be set without hypotheses: nothing would ever be decided"}
}
