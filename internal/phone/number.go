// Package phone reads phone numbers as people write them, and says in which time zones a number may be, with the tables of
// github.com/nyaruka/phonenumbers. That package loads its tables of numbers at the start of the program.
package phone

import (
	"errors"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/i-agent/iagent/internal/interview"
)

// Number is a phone number that was read.
type Number struct {
	// E164 is the number as Twilio takes it, such as +15551234567.
	E164 string
	// Warning says why the number looks wrong, or costs whoever calls it, "" for neither. It can be called nevertheless.
	Warning string
}

// The reasons for which a text is no number that may be called. The errors contain no part of the text.
var (
	ErrNoNumber   = errors.New("is no phone number")
	ErrNoCountry  = errors.New("has no country code, and no region says which")
	ErrExtension  = errors.New("has an extension, which cannot be dialled")
	ErrShort      = errors.New("is a short or emergency number")
	ErrNotCalled  = errors.New("is no E.164 number of 7 to 15 digits that anybody can have")
	ErrRegion     = errors.New("region is no country of two letters such as US (ISO 3166-1)")
	ErrCodeOfNone = errors.New("has a country code that no country has")
)

// maxText bounds what is read as a number; the longest that people write have some 30 characters.
const maxText = 100

// Normalize reads a number. region is the country, ISO 3166-1 alpha-2, by which a number without a country code is read, "" for none.
//
// A number that no operator gave out, as far as the tables know, is read with a warning: they call reserved numbers such as
// +1 555 invalid, too, and are older than the newest ranges.
func Normalize(text, region string) (Number, error) {
	text, region = strings.TrimSpace(text), strings.ToUpper(strings.TrimSpace(region))
	if text == "" || len(text) > maxText || strings.ContainsAny(text, "@") {
		return Number{}, ErrNoNumber
	}
	if region != "" && phonenumbers.GetCountryCodeForRegion(region) == 0 {
		return Number{}, ErrRegion
	}
	if region != "" && !strings.HasPrefix(text, "+") && isShort(text, region) {
		return Number{}, ErrShort
	}
	parsed, err := phonenumbers.Parse(text, region)
	switch {
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode) && (region != "" || strings.HasPrefix(text, "+")):
		return Number{}, ErrCodeOfNone
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode):
		return Number{}, ErrNoCountry
	case err != nil:
		return Number{}, ErrNoNumber
	case parsed.GetExtension() != "":
		return Number{}, ErrExtension
	}
	e164 := phonenumbers.Format(parsed, phonenumbers.E164)
	switch {
	case isShort(phonenumbers.GetNationalSignificantNumber(parsed), phonenumbers.GetRegionCodeForCountryCode(int(parsed.GetCountryCode()))):
		return Number{}, ErrShort
	case !interview.ValidPhoneNumber(e164) || !isRead(e164):
		return Number{}, ErrNotCalled
	}
	return Number{E164: e164, Warning: warning(parsed)}, nil
}

// isRead reports whether an E.164 number is read as itself. One that nobody can have, such as +33 0000777770, loses a zero each
// time it is read: it would be two numbers to whoever compares them, such as the do-not-call list.
func isRead(e164 string) bool {
	parsed, err := phonenumbers.Parse(e164, "")
	return err == nil && phonenumbers.Format(parsed, phonenumbers.E164) == e164
}

// isShort reports whether a number, dialled within a country, is an emergency number or another short one.
func isShort(national, region string) bool {
	digits := phonenumbers.NormalizeDigitsOnly(national)
	if phonenumbers.IsEmergencyNumber(digits, region) {
		return true
	}
	// The tables hold short numbers only; one that is a number of a subscriber somewhere has more digits.
	const longestShort = 6
	if len(digits) > longestShort {
		return false
	}
	parsed, err := phonenumbers.Parse(digits, region)
	return err == nil && phonenumbers.IsValidShortNumberForRegion(parsed, region)
}

func warning(number *phonenumbers.PhoneNumber) string {
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.UNKNOWN: // is not valid
		return "no operator is known to have given out this number"
	case phonenumbers.PREMIUM_RATE:
		return "this is a premium-rate number, which charges whoever calls it"
	case phonenumbers.SHARED_COST:
		return "this is a shared-cost number, which charges whoever calls it"
	case phonenumbers.TOLL_FREE, phonenumbers.UAN:
		return "this is the number of a service, not of a person"
	case phonenumbers.PAGER, phonenumbers.VOICEMAIL:
		return "nobody speaks at this number: it is a pager or a mailbox"
	}
	return ""
}
