package phone

import "github.com/nyaruka/phonenumbers"

// SameCountry are those of some E.164 numbers from which somebody is best called: the numbers of their own country; where there is none,
// those with its country code, which several countries may share; else all of them. Their order stays.
func SameCountry(numbers []string, callee string) []string {
	country, code := countryOf(callee)
	var near, sharing []string
	for _, number := range numbers {
		theirs, theirCode := countryOf(number)
		if code != 0 && theirCode == code {
			sharing = append(sharing, number)
			if country != "" && theirs == country {
				near = append(near, number)
			}
		}
	}
	switch {
	case len(near) > 0:
		return near
	case len(sharing) > 0:
		return sharing
	}
	return numbers
}

// KnownCountry reports whether the tables have a country, ISO 3166-1 alpha-2 such as US: by any other no number without a country code can
// be read.
func KnownCountry(country string) bool { return phonenumbers.GetSupportedRegions()[country] }

// CountryOf is the country of an E.164 number, ISO 3166-1 alpha-2, "" when the tables do not tell.
func CountryOf(e164 string) string {
	country, _ := countryOf(e164)
	return country
}

// SameCode reports whether two E.164 numbers have the same country code, which several countries may share.
func SameCode(a, b string) bool {
	_, code := countryOf(a)
	_, other := countryOf(b)
	return code != 0 && code == other
}

// countryOf is the country of an E.164 number, ISO 3166-1 alpha-2, "" when the tables do not tell, and its country code, 0 of no number.
func countryOf(e164 string) (country string, code int) {
	parsed, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return "", 0
	}
	return phonenumbers.GetRegionCodeForNumber(parsed), int(parsed.GetCountryCode())
}
