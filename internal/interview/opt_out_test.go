package interview

import (
	"testing"
)

// optOutPhrases reads testdata/opt_out_LANGUAGE.txt.
func optOutPhrases(t testing.TB, language string) map[string][]string {
	t.Helper()
	return phraseSections(t, "opt_out_"+language+".txt")
}

func TestOptOutIsHeardAndNothingElseIsTakenForOne(t *testing.T) {
	for _, language := range ScriptLanguages() {
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
