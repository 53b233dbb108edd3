package evidence

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

// spanishNumber says a number below a thousand million.
func spanishNumber(n int) string {
	small := strings.Fields("cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve")
	tens := strings.Fields("treinta cuarenta cincuenta sesenta setenta ochenta noventa")
	hundreds := strings.Fields("ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos")
	short := func(s string) string { // before another word
		if s = strings.Replace(s, "veintiuno", "veintiún", 1); s == "uno" || strings.HasSuffix(s, " uno") {
			s = strings.TrimSuffix(s, "o")
		}
		return s
	}
	switch {
	case n < 30:
		return small[n]
	case n < 100 && n%10 == 0:
		return tens[n/10-3]
	case n < 100:
		return tens[n/10-3] + " y " + small[n%10]
	case n == 100:
		return "cien"
	case n < 1000:
		return joined(hundreds[n/100-1], n%100, spanishNumber)
	case n < 2000:
		return joined("mil", n%1000, spanishNumber)
	case n < 1_000_000:
		return joined(short(spanishNumber(n/1000))+" mil", n%1000, spanishNumber)
	case n < 2_000_000:
		return joined("un millón", n%1_000_000, spanishNumber)
	}
	return joined(short(spanishNumber(n/1_000_000))+" millones", n%1_000_000, spanishNumber)
}

func joined(words string, rest int, say func(int) string) string {
	if rest == 0 {
		return words
	}
	return words + " " + say(rest)
}

// frenchNumber says a number as in France, or with septante, huitante and nonante.
func frenchNumber(n int, swiss bool) string {
	say := func(n int) string { return frenchNumber(n, swiss) }
	small := strings.Fields("zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf")
	tens := strings.Fields("vingt trente quarante cinquante soixante septante huitante nonante")
	switch {
	case n < 20:
		return small[n]
	case n < 70 || swiss && n < 100:
		switch n % 10 {
		case 0:
			return tens[n/10-2]
		case 1:
			return tens[n/10-2] + " et un"
		}
		return tens[n/10-2] + "-" + small[n%10]
	case n == 71:
		return "soixante et onze"
	case n < 80:
		return "soixante-" + small[n-60]
	case n == 80:
		return "quatre-vingts"
	case n < 100:
		return "quatre-vingt-" + small[n-80]
	case n < 200:
		return joined("cent", n%100, say)
	case n < 1000 && n%100 == 0:
		return small[n/100] + " cents"
	case n < 1000:
		return small[n/100] + " cent " + say(n%100)
	case n < 2000:
		return joined("mille", n%1000, say)
	case n < 1_000_000:
		return joined(strings.Replace(strings.Replace(say(n/1000)+" mille", "vingts mille", "vingt mille", 1), "cents mille", "cent mille", 1), n%1000, say)
	case n < 2_000_000:
		return joined("un million", n%1_000_000, say)
	}
	return joined(say(n/1_000_000)+" millions", n%1_000_000, say)
}

// germanNumber says a number below a million in one word.
func germanNumber(n int) string {
	small := strings.Fields("null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn")
	tens := strings.Fields("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")
	short := func(n int) string {
		s := germanNumber(n)
		if strings.HasSuffix(s, "eins") {
			s = strings.TrimSuffix(s, "s")
		}
		return s
	}
	rest := func(n int) string {
		if n == 0 {
			return ""
		}
		return germanNumber(n)
	}
	switch {
	case n < 20:
		return small[n]
	case n < 100 && n%10 == 0:
		return tens[n/10-2]
	case n < 100:
		return short(n%10) + "und" + tens[n/10-2]
	case n < 1000:
		return short(n/100) + "hundert" + rest(n%100)
	case n < 1_000_000:
		return short(n/1000) + "tausend" + rest(n%1000)
	case n < 2_000_000:
		return joined("eine Million", n%1_000_000, germanNumber)
	}
	return joined(germanNumber(n/1_000_000)+" Millionen", n%1_000_000, germanNumber)
}

// The conformance test of a language's numbers: what is said is read back, from 0 to 999,999,999.
func TestNumbersInWordsAreReadInEveryLanguage(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	numbers := make([]int, 0, 2000)
	for n := range 1100 {
		numbers = append(numbers, n)
	}
	for _, top := range []int{10_000, 100_000, 1_000_000, 10_000_000, 1_000_000_000} {
		for range 150 {
			numbers = append(numbers, random.IntN(top))
		}
		numbers = append(numbers, top-1, top/10, top/10+1)
	}
	for name, say := range map[string]func(int) string{
		"es-MX": spanishNumber, "de-AT": germanNumber,
		"fr-FR": func(n int) string { return frenchNumber(n, false) }, "fr-CH": func(n int) string { return frenchNumber(n, true) },
	} {
		unit := map[string]string{"es": "cajas", "fr": "boîtes", "de": "Kartons"}[name[:2]]
		failed := 0
		for _, n := range numbers {
			text := say(n) + " " + unit
			m := wordsIn(name).measures(text)
			if (len(m) != 1 || m[0].Number != float64(n) || m[0].Unit != interview.UnitBoxes) && failed < 8 {
				failed++
				t.Errorf("%s: %q is read as %v", name, text, m)
			}
		}
	}
}

func TestUnitsAndFractionsAreReadInEveryLanguage(t *testing.T) {
	for _, c := range []struct {
		language, text string
		want           string // number unit, as fmt prints them; low-high for a range
	}{
		{"es", "cinco cajas por semana", "5 UNITS_PER_WEEK"}, {"es", "veintiún mil unidades", "21000 UNITS"}, {"es", "12,50 euros", "12.5 EUR"}, {"es-MX", "doce dólares", "12 USD"},
		{"es", "medio palet", "0.5 PALLETS"}, {"es", "dos y medio por ciento", "2.5 PERCENT"}, {"es", "tres coma cinco por ciento", "3.5 PERCENT"}, {"es", "1.234 unidades", "1234 UNITS"},
		{"es", "una docena de botellas", "12 "}, {"es", "entre diez y quince cajas", "10-15 BOXES"}, {"es", "tres días", "3 DAYS"}, {"es", "dos semanas", "2 WEEKS"}, {"es", "seis meses", "6 MONTHS"}, {"es", "$1,200", "1200 USD"},
		{"es", "cuarenta cajas a la semana", "40 UNITS_PER_WEEK"}, {"es", "doce euros con cincuenta", "12 EUR"}, {"es", "once euros", "11 EUR"},
		{"fr", "cinq caisses par semaine", "5 UNITS_PER_WEEK"}, {"fr", "quatre-vingt-dix-sept euros", "97 EUR"}, {"fr", "septante palettes", "70 PALLETS"}, {"fr-BE", "nonante-neuf pour cent", "99 PERCENT"},
		{"fr", "deux et demi pour cent", "2.5 PERCENT"}, {"fr", "une demi palette", "0.5 PALLETS"}, {"fr", "12,50 euros", "12.5 EUR"}, {"fr", "10 000 unités", "10000 UNITS"}, {"fr", "1,250 palettes", "1.25 PALLETS"},
		{"fr", "douze virgule cinq pour cent", "12.5 PERCENT"}, {"fr", "entre dix et quinze boîtes", "10-15 BOXES"}, {"fr", "trois jours", "3 DAYS"}, {"fr", "deux semaines", "2 WEEKS"}, {"fr", "six mois", "6 MONTHS"}, {"fr-CA", "vingt dollars", "20 USD"}, {"fr", "12 €", "12 EUR"}, {"fr", "douze euros cinquante", "12.5 EUR"},
		{"de", "fünf Kisten pro Woche", "5 UNITS_PER_WEEK"}, {"de", "einundzwanzig Paletten", "21 PALLETS"}, {"de", "anderthalb Paletten", "1.5 PALLETS"}, {"de", "eine halbe Palette", "0.5 PALLETS"}, {"de", "zweieinhalb Prozent", "2.5 PERCENT"},
		{"de", "12,50 Euro", "12.5 EUR"}, {"de", "1.250 Stück", "1250 UNITS"}, {"de-CH", "1'250 Stück", "1250 UNITS"}, {"de", "drei Komma fünf Prozent", "3.5 PERCENT"}, {"de", "zehn bis fünfzehn Kartons", "10-15 BOXES"}, {"de", "drei Tage", "3 DAYS"},
		{"de", "zwei Wochen", "2 WEEKS"}, {"de", "sechs Monate", "6 MONTHS"}, {"de", "zwölf Euro fünfzig", "12.5 EUR"}, {"de", "eine Kiste", "1 CASES"}, {"de", "drei und zwanzig Kisten", "23 CASES"}, {"de", "hundertzwanzig Kisten", "120 CASES"}, {"de", "zwei hundert Kisten", "200 CASES"},
	} {
		got := make([]string, 0, 1)
		for _, m := range wordsIn(c.language).measures(c.text) {
			if m.Range {
				got = append(got, fmt.Sprintf("%v-%v %s", m.Number, m.High, m.Unit))
			} else {
				got = append(got, fmt.Sprintf("%v %s", m.Number, m.Unit))
			}
		}
		if len(got) == 0 || got[0] != c.want {
			t.Errorf("%s: %q is read as %q, want %s", c.language, c.text, got, c.want)
		}
	}
}

func TestClaimsAreCheckedInTheLanguageOfTheCall(t *testing.T) {
	for _, c := range []struct {
		language, said, quote string
		number                float64
		unit                  string
		rejected              bool
	}{
		{"es-MX", "Pues vendemos unas cuarenta cajas por semana.", "vendemos unas cuarenta cajas por semana", 40, "UNITS_PER_WEEK", false},
		{"es-ES", "Nunca pagamos doce euros.", "pagamos doce euros", 12, "EUR", true},
		{"fr-FR", "On le vend quatre-vingt-dix euros.", "On le vend quatre-vingt-dix euros", 90, "EUR", false},
		{"fr-FR", "On le vend quatre-vingt-dix euros.", "On le vend quatre-vingt euros", 80, "EUR", true},
		{"de-DE", "Wir verkaufen einundzwanzig Kisten pro Woche.", "Wir verkaufen einundzwanzig Kisten pro Woche", 21, "UNITS_PER_WEEK", false},
		{"de-DE", "Das kostet nicht zwölf Euro.", "zwölf Euro", 12, "EUR", true},
	} {
		confidence := 0.9
		e := interview.Extraction{
			Call: interview.Call{ID: "c", Script: interview.Script{Language: c.language}}, Hypotheses: []interview.Hypothesis{{ID: "h"}},
			Utterances: []interview.Utterance{{Speaker: interview.SpeakerCallee, Text: c.said, EndSec: 3}},
		}
		got := CheckClaim(Candidate{HypothesisID: "h", Field: "PRICE", ValueNumber: &c.number, Unit: c.unit, Quote: c.quote, Utterance: 0, Confidence: &confidence}, e)
		if (got.Rejected != "") != c.rejected || !c.rejected && (got.ValueNumber == nil || *got.ValueNumber != c.number || string(got.Unit) != c.unit) {
			t.Errorf("%s: %q of %q: rejected %q, %v %s", c.language, c.quote, c.said, got.Rejected, got.ValueNumber, got.Unit)
		}
	}
}
