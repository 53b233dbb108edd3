package interview

import (
	"strings"
	"testing"
)

// optOutPhrases reads testdata/opt_out_LANGUAGE.txt.
func optOutPhrases(t testing.TB, language string) map[string][]string {
	t.Helper()
	return phraseSections(t, "opt_out_"+language+".txt")
}

func TestOptOutIsHeardAndNothingElseIsTakenForOne(t *testing.T) {
	for _, language := range scriptLanguages() {
		sections := optOutPhrases(t, language)
		for _, speech := range sections["opt out"] {
			if !OptsOut(language, "", speech) {
				t.Errorf("%s: %q is no opt-out", language, speech)
			}
		}
		for _, speech := range sections["ordinary"] {
			if OptsOut(language, "", speech) {
				t.Errorf("%s: %q is an opt-out", language, speech)
			}
		}
		if len(sections["opt out"]) < 80 || len(sections["ordinary"]) < 120 {
			t.Errorf("%s: only %d opt-outs and %d others were tried", language, len(sections["opt out"]), len(sections["ordinary"]))
		}
	}
}

func TestKeyNineOptsOut(t *testing.T) {
	for _, c := range []struct {
		language, digits, speech string
		want                     bool
	}{
		{"en-US", "9", "", true}, {"ja-JP", " 9 ", "", true}, {"", "9", "yes", true},
		{"en-US", "1", "stop calling me", false}, {"en-US", "99", "", false}, {"en-US", "", "", false},
	} {
		if got := OptsOut(c.language, c.digits, c.speech); got != c.want {
			t.Errorf("%+v opts out: %t", c, got)
		}
	}
}

func TestEnglishOptOutIsHeardInACallOfAnotherLanguage(t *testing.T) {
	for _, language := range []string{"es-MX", "fr-CA", "de-AT", "ja-JP", ""} {
		if !OptsOut(language, "", "Stop calling me!") {
			t.Errorf("%q: not heard", language)
		}
	}
}

func FuzzOptsOut(f *testing.F) {
	f.Add("en", "stop, calling. me | , |")
	f.Add("de", "ÄÖÜ ß İ '' ,,..")
	f.Fuzz(func(_ *testing.T, language, speech string) { OptsOut(language, "", speech) })
}

// A question may hold the words of an opt-out. Where nobody can tell who spoke, it must not put everybody on the list who was asked it.
func TestQuestionAboutUnwantedCallsIsNoOptOutOnARecording(t *testing.T) {
	script := Script{Language: "en", Questions: []string{
		"What do you say to a company so that it does stop calling you? Please take me off your list, for example.",
		"Which number do you give?",
	}}
	for heard, want := range map[string]bool{
		"What do you say to a company so that it does stop calling you? Please take me off your list, for example.":                            false,
		"what do you say to the company so that it does stop calling you? Please take me off your list for example. I say nothing, I hang up.": false,
		"Please take me off your list, for example. Which number do you give?":                                                                 false,
		"Please take me off your list, for example. Take me off your list right now, I mean it, and do not ever call again.":                   true,
		"Which number do you give? Never call me again.":                                                                                       true,
		"Take me off your list": true,
	} {
		if got := OptedOutOnRecording(script, []Utterance{{Speaker: SpeakerUnknown, Text: heard}}); got != want {
			t.Errorf("%q: %t", heard, got)
		}
		if got := OptedOutOnRecording(script, []Utterance{{Speaker: SpeakerAgent, Text: heard}}); got {
			t.Errorf("%q is our own", heard)
		}
	}
	if !OptedOutOnRecording(script, []Utterance{{Speaker: SpeakerCallee, Text: "Please take me off your list, for example."}}) {
		t.Error("the person's own channel is theirs, whatever the script says")
	}
}

// Speech-to-text may write no punctuation at all, and divide a text anywhere: the words of the script are the same.
func TestScriptIsToldFromAnswersWithoutPunctuation(t *testing.T) {
	for language, call := range map[string]struct{ question, misheard, demand, harmless string }{
		"en-US": {"Did you ever say to a company: please stop calling me and take me off your list?",
			"did you ever say to the company please stop calling me and take me of your list", "take me off your list", "yes I did last year"},
		"es-MX": {"¿Qué le parece esta frase: no me llamen más y bórrenme de su lista?",
			"que le parece la frase no me llamen mas y borrenme de su lista", "no me llamen más", "sí el año pasado"},
		"fr-FR": {"Avez-vous déjà dit à une entreprise : ne m'appelez plus et rayez-moi de votre liste ?",
			"avez vous deja dit a une entreprise ne m’appelez plus et rayez moi de la liste", "ne m'appelez plus", "oui l'année dernière"},
		"de-DE": {"Haben Sie je zu einer Firma gesagt: Rufen Sie mich nicht mehr an und streichen Sie mich von Ihrer Liste?",
			"haben sie je zu einer firma gesagt rufen sie mich nicht mehr an und streichen sie mich von der liste", "rufen sie mich nicht mehr an", "ja letztes jahr"},
		"pt-BR": {"You may answer in English: did you ever say, stop calling me, take me off your list?",
			"you may answer in english did you ever say stop calling me take me off the list", "stop calling me", "sim no ano passado"},
	} {
		script := Script{Language: language, Questions: []string{call.question, "B?"}}
		for _, spoken := range []string{call.question, call.misheard} {
			plain := strings.Join(strings.FieldsFunc(strings.ToLower(spoken), func(r rune) bool { return strings.ContainsRune(" ¿?.:,-", r) }), " ")
			if !OptedOutOnRecording(Script{Language: language}, []Utterance{{Speaker: SpeakerUnknown, Text: plain}}) {
				t.Errorf("%s: the question has no words of an opt-out: %q", language, plain)
			}
			thanks := strings.ToLower(strings.NewReplacer(".", "", ",", "").Replace(script.Thanks()))
			for heard, want := range map[string]bool{
				plain: false,
				thanks + " " + plain + " " + call.harmless:          false,
				plain + " " + call.harmless + " " + plain:           false,
				plain + " " + call.demand:                           true,
				thanks + " " + call.demand + " " + plain:            true,
				call.harmless + " " + plain + " yes " + call.demand: true,
			} {
				words := strings.Fields(heard)
				for _, at := range []int{0, len(words) / 3, len(words) / 2, len(words) - 2} {
					said := []Utterance{{Speaker: SpeakerUnknown, Text: strings.Join(words[:at], " ")}, {Speaker: SpeakerUnknown, Text: strings.Join(words[at:], " ")}}
					// A demand that is divided itself is not one of either part.
					if got := OptedOutOnRecording(script, said); got != want && !(want && divides(heard, call.demand, said[0].Text)) {
						t.Errorf("%s: %q, %q: %t", language, said[0].Text, said[1].Text, got)
					}
				}
			}
		}
	}
}

// divides reports whether a text that begins like heard ends within a phrase.
func divides(heard, phrase, begin string) bool {
	for at := 0; ; at++ {
		next := strings.Index(heard[at:], phrase)
		if next < 0 {
			return false
		}
		if at += next; len(begin) > at && len(begin) < at+len(phrase) {
			return true
		}
	}
}

// A few words that the script has, too, are the person's where they stand among others.
func TestFewWordsOfTheScriptAreNotTakenFromAnAnswer(t *testing.T) {
	script := Script{Language: "en", Questions: []string{"Calling me?", "What now?"}}
	if !OptedOutOnRecording(script, []Utterance{{Speaker: SpeakerUnknown, Text: "what now I said stop calling me"}}) {
		t.Error("an answer lost words to a short question")
	}
}
