package evidence

import (
	"slices"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/lexicon"
)

// Measure is a number in a text, with what it counts.
type Measure struct {
	// Number is the likeliest reading; of a range it is the low end and High the other, which is 0 else.
	Number, High float64
	// Readings are all readings of a single number, Number among them: "twelve fifty" is 1250 or 12.5.
	Readings []float64
	Range    bool
	// Unit is "" when the text names none, UnitNone when it names one that the contract has not ("a year").
	Unit interview.Unit
	// Start and End are its bytes in the text, unit and period included, and Words what stands there.
	Start, End int
	Words      string
}

// Measures finds the numbers of a text, in figures or in English words, and normalises their units: "$1,200" is 1200 USD,
// "5 cases per week" is 5 UNITS_PER_WEEK, "fifteen percent" is 15 PERCENT, "ten to fifteen boxes" is a range of BOXES.
func Measures(text string) []Measure { return measures(text, tokens(text)) }

func (w *wordsOf) measures(text string) []Measure { return measures(text, w.tokens(text)) }

func measures(text string, words []token) []Measure {
	var all []Measure
	for i := 0; i < len(words); {
		if !words[i].isNumber() {
			i++
			continue
		}
		m, n := measure(words[i:], i > 0 && words[i-1].word == "between")
		if i > 0 && m.Unit == "" && !words[i].broken { // "USD 5"
			if unit := unitWords[words[i-1].word]; isMoney(unit) {
				m.Unit, m.Start = unit, words[i-1].start
			}
		}
		if len(m.Readings) > 1 && isMoney(m.Unit) {
			m.Number = slices.Min(m.Readings)
		}
		m.Words = text[m.Start:m.End]
		all = append(all, m)
		i += n
	}
	return all
}

// measure reads the measure that words begin with, and how many words it takes. between says that this word came before.
func measure(words []token, between bool) (Measure, int) {
	m := Measure{Number: words[0].numbers[0], Readings: words[0].numbers, Start: words[0].start}
	unit, n := unitOf(words, 1)
	if high, ok := rangeEnd(words, n, between); ok {
		m.Range, m.High = true, words[high].numbers[0]
		m.Number, m.High = min(m.Number, m.High), max(m.Number, m.High)
		second, end := unitOf(words, high+1)
		if second != "" {
			unit = second
		}
		n = end
	}
	m.Unit, m.End = unit, words[n-1].end
	return m, n
}

// rangeEnd is the place of the number that ends a range whose first number, with its unit, is over before words[n].
func rangeEnd(words []token, n int, between bool) (int, bool) {
	if n+1 >= len(words) || words[n].broken || words[n+1].broken || !words[n+1].isNumber() {
		return 0, false
	}
	switch words[n].word {
	case "to", "-", "till":
		return n + 1, true
	case "or":
		return n + 1, n == 1 // "five or six cases", but not "five cases or six boxes"
	case "and":
		return n + 1, between
	}
	return 0, false
}

// unitOf reads the unit that stands at words[n], with its period, and says where it ends.
func unitOf(words []token, n int) (interview.Unit, int) {
	at := n
	if at < len(words) && !words[at].broken && adjectives[words[at].word] {
		at++
	}
	var base interview.Unit
	if at < len(words) && !words[at].broken {
		base = unitWords[words[at].word]
	}
	end := n
	if base != "" {
		end = at + 1
	}
	// "forty cases of coffee a week", "forty a week"
	for skip := range 4 {
		at := end + skip
		if skip > 0 && (base == "" || !follows(words, end, "of")) {
			break
		}
		if period, past := periodOf(words, at); past > at {
			return rate(base, period), past
		}
		if at >= len(words) || words[at].broken || words[at].isNumber() {
			break
		}
	}
	return base, end
}

// adjectives may stand between a number and its unit.
var adjectives = lexicon.Set("full whole extra more additional us american british large small big of")

// periodOf reads "per week", "a week", "/week", "every week", "weekly" at words[at], and says where it ends.
func periodOf(words []token, at int) (interview.Unit, int) {
	if at >= len(words) || words[at].broken {
		return "", at
	}
	if period, ok := adverbs[words[at].word]; ok {
		return periods[period], at + 1
	}
	switch words[at].word {
	case "per", "a", "an", "each", "every":
		if at+1 < len(words) && !words[at+1].broken {
			if unit, ok := periods[words[at+1].word]; ok {
				return unit, at + 2
			}
		}
	}
	return "", at
}

// ParseUnit reads a unit in the contract's words or in people's: "USD", "$", "dollars", "cases per week", "units/day".
// "" and "none" are UnitNone.
func ParseUnit(s string) (interview.Unit, bool) {
	s = strings.TrimSpace(strings.ReplaceAll(s, "_", " "))
	switch strings.ToLower(s) {
	case "", "none", "null":
		return interview.UnitNone, true
	}
	if measures := Measures("1 " + s); len(measures) == 1 && measures[0].Unit != "" && measures[0].Number == 1 {
		return measures[0].Unit, true
	}
	return "", false
}

// unitWords are the words for a unit as people say them, in lower case. Signs are spelled out before they are looked up.
var unitWords = spellings(map[interview.Unit]string{
	interview.UnitUSD:     "dollar dollars buck bucks usd",
	interview.UnitEUR:     "euro euros eur",
	interview.UnitGBP:     "pound pounds quid gbp",
	interview.UnitJPY:     "yen jpy",
	interview.UnitPercent: "percent percentage pct",
	interview.UnitUnits:   "unit units piece pieces item items bottle bottles cans pack packs packet packets bag bags jar jars",
	interview.UnitCases:   "case cases crate crates",
	interview.UnitPallets: "pallet pallets skid skids",
	interview.UnitBoxes:   "box boxes carton cartons",
	interview.UnitDays:    "day days",
	interview.UnitWeeks:   "week weeks",
	interview.UnitMonths:  "month months",
	interview.UnitNone:    "time times year years hour hours minute minutes",
})

// signWords spell out signs, so that "$5" and "5 dollars" are the same words.
var signWords = map[rune]string{'$': "dollars", '€': "euros", '£': "pounds", '¥': "yen", '￥': "yen", '%': "percent", '/': "per"}

// adverbs are rates in one word.
var adverbs = map[string]string{"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year", "annually": "year", "hourly": "hour"}

// periods are what a rate can be per. Those without a unit in the contract map to UnitNone.
var periods = map[string]interview.Unit{
	"day": interview.UnitUnitsPerDay, "week": interview.UnitUnitsPerWeek, "month": interview.UnitUnitsPerMonth,
	"hour": interview.UnitNone, "minute": interview.UnitNone, "quarter": interview.UnitNone, "year": interview.UnitNone,
}

// rate is the unit of a count per period. The contract's rates count units only, so "5 cases per week" is 5
// UNITS_PER_WEEK, a case being the unit that is sold: of the two losses, a rate without its period would turn sales into
// stock, while the container stays readable in the claim's ValueText. Money, percent and times keep their own unit.
func rate(base, per interview.Unit) interview.Unit {
	switch base {
	case "", interview.UnitUnits, interview.UnitCases, interview.UnitPallets, interview.UnitBoxes:
		return per
	}
	return base
}

func spellings(lists map[interview.Unit]string) map[string]interview.Unit {
	table := map[string]interview.Unit{}
	for unit, list := range lists {
		for _, word := range strings.Fields(list) {
			table[word] = unit
		}
	}
	return table
}
