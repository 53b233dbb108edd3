package evidence

import (
	"strings"
	"sync"

	"github.com/i-agent/iagent/internal/lexicon"
)

var germanWords = sync.OnceValue(newGermanWords)

func newGermanWords() *wordsOf {
	w := &wordsOf{
		atoms: map[string]float64{"null": 0, "eins": 1, "zwo": 2, "anderthalb": 1.5, "eineinhalb": 1.5}, hundred: lexicon.Set("hundert"), thousand: lexicon.Set("tausend"),
		millions: map[string]float64{"million": 1e6, "millionen": 1e6, "milliarde": 1e9, "milliarden": 1e9}, one: lexicon.Set("ein eine einen einem einer"), and: lexicon.Set("und"),
		unitsFirst: true, point: lexicon.Set("komma"), half: lexicon.Set("halb halbe halben halber halbes"), commaOnly: true,
	}
	counted(1, 1, `ein/eine/einen/einem/einer zwei drei vier funf/fuenf sechs sieben acht neun zehn elf zwolf/zwoelf dreizehn vierzehn funfzehn/fuenfzehn sechzehn siebzehn achtzehn neunzehn zwanzig`, w.atoms)
	counted(30, 10, `dreissig vierzig funfzig/fuenfzig sechzig siebzig achtzig neunzig`, w.atoms)
	w.compound = func(word string) (float64, bool) { return germanCompound(w.atoms, word) }
	w.phrases, w.longest = phraseWords(`
		dollar, dollars = dollars; euro, euros = euros; pfund sterling, pfund = pounds; yen = yen; prozent = percent; cent, cents, rappen = cents;
		stuck, stueck, einheit, einheiten, flasche, flaschen, dose, dosen, packung, packungen, packerl, sack, sacke, glas, glaser, artikel, packchen = units;
		kiste, kisten, kasten, harass = cases; karton, kartons, schachtel, schachteln, box, boxen = boxes; palette, paletten = pallets;
		tag, tage, tagen = days; woche, wochen = weeks; monat, monate, monaten = months; jahr, jahre, jahren = years; stunde, stunden = hours; minute, minuten = minutes; mal = times; dutzend = dozen;
		pro tag, am tag, jeden tag = per day; taglich = daily; pro woche, jede woche, die woche = per week; in der woche = per week; wochentlich = weekly; pro monat, im monat, jeden monat = per month; monatlich = monthly; pro jahr, im jahr = per year; pro stunde, in der stunde = per hour; jahrlich = yearly;
		bis = to; zwischen = between; und = and; oder = or; weniger = less; mehr = more; mehr als = more than; weniger als = less than; mindestens, wenigstens = minimum; hochstens, maximal = maximum; fast, beinahe = almost; ungefahr, etwa, circa, rund = about; wenn, falls = if; uber = over; unter = under;
		nicht = nicht; nie, niemals = never; nichts = nothing; niemand = nobody; kein, keine, keinen, keiner, keinem = no; weder = neither; noch nie = never; ohne = without; kaum = hardly; vielleicht = maybe; angeblich = supposedly; fruher = formerly`)
	return w
}

// germanCompound reads a number in one word, such as "dreiundzwanzigtausendvierhundert" or "zweieinhalb".
func germanCompound(atoms map[string]float64, word string) (float64, bool) {
	if value, ok := atoms[word]; ok {
		return value, true
	}
	if whole, ok := strings.CutSuffix(word, "einhalb"); ok && whole != "" {
		value, ok := germanCompound(atoms, whole)
		return value + 0.5, ok
	}
	for _, scale := range []struct {
		word  string
		value float64
	}{{"tausend", 1000}, {"hundert", 100}} {
		before, after, ok := strings.Cut(word, scale.word)
		if !ok {
			continue
		}
		times, rest := 1.0, 0.0
		if before != "" {
			if times, ok = germanCompound(atoms, before); !ok || times < 1 || times >= 1000 {
				return 0, false
			}
		}
		if after = strings.TrimPrefix(after, "und"); after != "" {
			if rest, ok = germanCompound(atoms, after); !ok || rest >= scale.value {
				return 0, false
			}
		} else if before == "" {
			return 0, false // the word by itself multiplies what is before it
		}
		return times*scale.value + rest, true
	}
	for at := strings.Index(word, "und"); at > 0; at = -1 {
		unit, ok := atoms[word[:at]]
		tens, okTens := atoms[word[at+3:]]
		if ok && okTens && unit < 10 && tens >= 20 && tens < 100 {
			return unit + tens, true
		}
	}
	return 0, false
}
