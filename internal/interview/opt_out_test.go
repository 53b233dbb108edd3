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
