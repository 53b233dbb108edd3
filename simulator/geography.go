package simulator

import (
	"cmp"
	"slices"
	"strings"
)

// place is what Twilio says of where a number is from, in capitals.
type place struct{ city, state, zip string }

// areas are some area codes of the United States; of other numbers Twilio often knows no more than the country either.
func areas() map[string]place {
	return map[string]place{
		"+1206": {"SEATTLE", "WA", "98101"}, "+1212": {"NEW YORK", "NY", "10001"}, "+1213": {"LOS ANGELES", "CA", "90012"},
		"+1303": {"DENVER", "CO", "80202"}, "+1305": {"MIAMI", "FL", "33101"}, "+1312": {"CHICAGO", "IL", "60601"},
		"+1404": {"ATLANTA", "GA", "30303"}, "+1415": {"SAN FRANCISCO", "CA", "94105"}, "+1602": {"PHOENIX", "AZ", "85004"},
		"+1617": {"BOSTON", "MA", "02108"}, "+1713": {"HOUSTON", "TX", "77002"}, "+1808": {"HONOLULU", "HI", "96813"},
	}
}

// placeOf says where a number is from; empty when nobody knows.
func placeOf(number string) place {
	if len(number) < 5 {
		return place{}
	}
	return areas()[number[:5]]
}

// country is the ISO code of a number's country; "" when the simulator does not know it.
func country(number string) string {
	if strings.HasPrefix(number, "+1") {
		return "US"
	}
	longest := permitted{}
	for _, c := range slices.Concat(countries, moreCountries()) {
		if strings.HasPrefix(number, c.code) && len(c.code) > len(longest.code) {
			longest = c
		}
	}
	return cmp.Or(longest.iso, "")
}

// moreCountries are further ones whose numbers are recognised.
func moreCountries() []permitted {
	return []permitted{{iso: "ES", code: "+34"}, {iso: "MX", code: "+52"}, {iso: "AT", code: "+43"}, {iso: "CH", code: "+41"}, {iso: "BE", code: "+32"},
		{iso: "BR", code: "+55"}, {iso: "JP", code: "+81"}, {iso: "NZ", code: "+64"}, {iso: "ZA", code: "+27"}, {iso: "CL", code: "+56"}}
}
