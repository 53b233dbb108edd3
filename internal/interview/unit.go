package interview

import "strings"

// Unit is what the number of a claim counts.
type Unit string

// The units of a claim.
const (
	UnitUSD           Unit = "USD"
	UnitEUR           Unit = "EUR"
	UnitGBP           Unit = "GBP"
	UnitJPY           Unit = "JPY"
	UnitPercent       Unit = "PERCENT"
	UnitUnits         Unit = "UNITS"
	UnitCases         Unit = "CASES"
	UnitPallets       Unit = "PALLETS"
	UnitBoxes         Unit = "BOXES"
	UnitDays          Unit = "DAYS"
	UnitWeeks         Unit = "WEEKS"
	UnitMonths        Unit = "MONTHS"
	UnitUnitsPerDay   Unit = "UNITS_PER_DAY"
	UnitUnitsPerWeek  Unit = "UNITS_PER_WEEK"
	UnitUnitsPerMonth Unit = "UNITS_PER_MONTH"
	UnitNone          Unit = "NONE"
)

// Units are all units.
func Units() []Unit {
	return []Unit{UnitUSD, UnitEUR, UnitGBP, UnitJPY, UnitPercent, UnitUnits, UnitCases, UnitPallets, UnitBoxes, UnitDays,
		UnitWeeks, UnitMonths, UnitUnitsPerDay, UnitUnitsPerWeek, UnitUnitsPerMonth, UnitNone}
}

// ParseUnit reads a unit in the contract's words or in people's: "USD", "$", "dollars", "cases per week", "units/day".
// "" and "none" are UnitNone.
func ParseUnit(s string) (Unit, bool) {
	s = strings.TrimSpace(strings.ReplaceAll(s, "_", " "))
	switch strings.ToLower(s) {
	case "", "none", "null":
		return UnitNone, true
	}
	if measures := Measures("1 " + s); len(measures) == 1 && measures[0].Unit != "" && measures[0].Number == 1 {
		return measures[0].Unit, true
	}
	return "", false
}

// unitWords are the words for a unit as people say them, in lower case. Signs are spelled out before they are looked up.
var unitWords = spellings(map[Unit]string{
	UnitUSD:     "dollar dollars buck bucks usd",
	UnitEUR:     "euro euros eur",
	UnitGBP:     "pound pounds quid gbp",
	UnitJPY:     "yen jpy",
	UnitPercent: "percent percentage pct",
	UnitUnits:   "unit units piece pieces item items bottle bottles cans pack packs packet packets bag bags jar jars",
	UnitCases:   "case cases crate crates",
	UnitPallets: "pallet pallets skid skids",
	UnitBoxes:   "box boxes carton cartons",
	UnitDays:    "day days",
	UnitWeeks:   "week weeks",
	UnitMonths:  "month months",
	UnitNone:    "time times year years hour hours minute minutes",
})

// signWords spell out signs, so that "$5" and "5 dollars" are the same words.
var signWords = map[rune]string{'$': "dollars", '€': "euros", '£': "pounds", '¥': "yen", '￥': "yen", '%': "percent", '/': "per"}

// adverbs are rates in one word.
var adverbs = map[string]string{"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year", "annually": "year", "hourly": "hour"}

// periods are what a rate can be per. Those without a unit in the contract map to UnitNone.
var periods = map[string]Unit{
	"day": UnitUnitsPerDay, "week": UnitUnitsPerWeek, "month": UnitUnitsPerMonth,
	"hour": UnitNone, "minute": UnitNone, "quarter": UnitNone, "year": UnitNone,
}

// rate is the unit of a count per period. The contract's rates count units only, so "5 cases per week" is 5
// UNITS_PER_WEEK, a case being the unit that is sold: of the two losses, a rate without its period would turn sales into
// stock, while the container stays readable in the claim's ValueText. Money, percent and times keep their own unit.
func rate(base, per Unit) Unit {
	switch base {
	case "", UnitUnits, UnitCases, UnitPallets, UnitBoxes:
		return per
	}
	return base
}

func spellings(lists map[Unit]string) map[string]Unit {
	table := map[string]Unit{}
	for unit, list := range lists {
		for _, word := range strings.Fields(list) {
			table[word] = unit
		}
	}
	return table
}
