package interview

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// scriptLanguages are the primary subtags of the languages that calls are held in: those with texts, words of consent and words of
// opting out.
func scriptLanguages() []string { return []string{"en", "es", "fr", "de"} }

func TestNothingBlankIsSpoken(t *testing.T) {
	for _, s := range []Script{
		{}, {Category: " "}, {CampaignName: "Cold brew"}, {Category: "coffee", CampaignName: "Cold brew"},
		{Questions: []string{" ", "", "\n"}}, {Questions: []string{" Why? ", ""}},
	} {
		for _, words := range append(s.Recorded(), s.Greeting(), s.ConsentQuestion(), s.ConsentAgain(), s.Declined(), s.NotUnderstood(), s.Ended()) {
			if strings.TrimSpace(words) != words || words == "" || strings.Contains(words, "about .") || strings.Contains(words, "about ?") {
				t.Errorf("%+v says %q", s, words)
			}
		}
	}
	if asks := (Script{Questions: []string{" Why? ", "", "How?"}}).Asks(); !slices.Equal(asks, []string{"Why?", "How?"}) {
		t.Errorf("asks %q", asks)
	}
}

// A loudspeaker on their side must not answer for the person.
func TestOurOwnQuestionIsNoAnswer(t *testing.T) {
	for _, words := range []string{Script{}.Greeting(), Script{}.ConsentQuestion(), Script{}.ConsentAgain(), Script{}.Thanks()} {
		if got := (ConsentAnswer{Speech: words}).Meaning(); got == AnswerYes {
			t.Errorf("hearing ourselves say %q is a %s", words, got)
		}
	}
}

// ourTexts are all that our side says, without the questions.
func ourTexts(s Script) []string {
	return []string{s.Greeting(), s.ConsentQuestion(), s.ConsentAgain(), s.Thanks(), s.Goodbye(), s.Declined(), s.NotUnderstood(), s.Ended(),
		s.OptedOut(), s.Stopped(), s.NoMessage(), s.InboundIntroduction(true), s.InboundMenu(true), s.InboundMenu(false), s.InboundGoodbye(), s.Asks()[0]}
}

var bakers = Identity{Organisation: "Bread & Data", CallbackNumber: "+12025550143", Purpose: "the price of bread."}

// Each language has all texts, in its own words, and each of them says what its place wants.
func TestEveryLanguageSaysAllThatIsToBeSaid(t *testing.T) {
	said := map[string]string{}
	for _, language := range scriptLanguages() {
		texts := reflect.ValueOf(*must(scriptTextsIn(language)))
		for i := range texts.NumField() {
			if texts.Field(i).Kind() == reflect.String && strings.TrimSpace(texts.Field(i).String()) == "" {
				t.Errorf("%s: no %s", language, texts.Type().Field(i).Name)
			}
		}
		for _, s := range []Script{{Language: language}, {Language: language, Category: "bread"}, {Language: language, Identity: bakers}} {
			for i, text := range ourTexts(s) {
				if strings.TrimSpace(text) != text || text == "" || strings.ContainsAny(text, "{}") || strings.Contains(text, "  ") || !strings.ContainsAny(text[len(text)-1:], ".?") {
					t.Errorf("%s: text %d is %q", language, i, text)
				}
				if other, ok := said[text]; ok && other != language {
					t.Errorf("%s and %s both say %q", language, other, text)
				}
				said[text] = language
				if OptsOut(language, "", text) {
					t.Errorf("%s: hearing ourselves say %q opts out", language, text)
				}
				if got := (ConsentAnswer{Speech: text, Language: language}).Meaning(); got == AnswerYes {
					t.Errorf("%s: hearing ourselves say %q is a %s", language, text, got)
				}
			}
		}
	}
}

func must(texts *scriptTexts, _ bool) *scriptTexts { return texts }

// Rule of the identity: first and last, with a number that is spoken digit by digit, and the key that ends it.
func TestIdentityIsSpokenFirstAndLast(t *testing.T) {
	const number = "1, 2 0 2, 5 5 5, 0 1 4 3"
	for _, language := range append(scriptLanguages(), "ja-JP", "") {
		s := Script{Language: language, Identity: bakers, Category: "bread"}
		greeting := s.Greeting()
		for _, want := range []string{bakers.Organisation, number, "the price of bread.", "9"} {
			if !strings.Contains(greeting, want) {
				t.Errorf("%q: the greeting lacks %q: %q", language, want, greeting)
			}
		}
		if !strings.HasPrefix(greeting, s.IdentitySaid()) || !strings.Contains(s.IdentitySaid(), number) {
			t.Errorf("%q: the call keeps %q of %q", language, s.IdentitySaid(), greeting)
		}
		for _, last := range []string{s.Goodbye(), s.Declined(), s.NotUnderstood(), s.Ended(), s.NoMessage(), s.OptedOut(), s.InboundGoodbye(), s.InboundIntroduction(true)} {
			if !strings.Contains(last, bakers.Organisation) || !strings.Contains(last, number) {
				t.Errorf("%q: %q does not say who called", language, last)
			}
		}
	}
}

func TestCampaignWithoutIdentitySaysWhatItSaidBefore(t *testing.T) {
	s := Script{CampaignName: "Cold brew"}
	for got, want := range map[string]string{
		s.Greeting():      "Hello. This is an automated research call about Cold brew.",
		s.Goodbye():       "Those were all our questions. Thank you for your time. Goodbye.",
		s.Declined():      "Understood. We keep no recording of this call. Goodbye.",
		s.NotUnderstood(): "We could not hear a clear answer, so nothing was recorded. Goodbye.",
		s.Ended():         "This interview has ended. Goodbye.",
		s.NoMessage():     "This was an automated research call. We leave no message. Goodbye.",
		s.IdentitySaid():  "",
	} {
		if got != want {
			t.Errorf("says %q, said %q before", got, want)
		}
	}
}

func TestLanguageIsSpokenAndHeardInTheRegionOfTheCampaign(t *testing.T) {
	for _, c := range []struct{ tag, voice, spoken, asked, heard, voiceOfTexts string }{
		{"", "", "en-US", "en-US", "en-US", ""},
		{"en-GB", "Polly.Amy-Neural", "en-GB", "en-GB", "en-GB", "Polly.Amy-Neural"},
		{"en-IE", "", "en-GB", "en-GB", "en-IE", ""},
		{"es", "", "es-ES", "es-ES", "es-ES", ""},
		{"es-MX", "", "es-MX", "es-MX", "es-MX", ""},
		{"es-ar", "", "es-MX", "es-MX", "es-AR", ""},
		{"es-US", "Polly.Lupe-Neural", "es-US", "es-US", "es-US", "Polly.Lupe-Neural"},
		{"fr", "", "fr-FR", "fr-FR", "fr-FR", ""},
		{"fr-CA", "", "fr-CA", "fr-CA", "fr-CA", ""},
		{"fr-BE", "", "fr-FR", "fr-FR", "fr-BE", ""},
		{"DE", "", "de-DE", "de-DE", "de-DE", ""},
		{"de-AT", "Polly.Hannah-Neural", "de-AT", "de-AT", "de-AT", "Polly.Hannah-Neural"},
		{"de-CH", "", "de-DE", "de-DE", "de-CH", ""},
		{"ja-JP", "Polly.Kazuha-Neural", "en-US", "ja-JP", "ja-JP", ""},
		{"zh-Hant-TW", "", "en-US", "zh-Hant-TW", "zh-Hant-TW", ""},
	} {
		s := Script{Language: c.tag, Voice: c.voice}
		if s.SpokenLanguage() != c.spoken || s.QuestionLanguage() != c.asked || s.HeardLanguage() != c.heard || s.SpokenVoice() != c.voiceOfTexts {
			t.Errorf("%q speaks %s with %q, asks in %s, hears %s", c.tag, s.SpokenLanguage(), s.SpokenVoice(), s.QuestionLanguage(), s.HeardLanguage())
		}
	}
}

func TestNumberIsSpokenDigitByDigit(t *testing.T) {
	for number, want := range map[string]string{
		"+12025550143": "plus 1, 2 0 2, 5 5 5, 0 1 4 3", "+442079460000": "plus 4 4, 2 0 7, 9 4 6, 0 0 0 0",
		"+4930901820": "plus 4 9, 3 0 9, 0 1 8, 2 0", "0800 123": "0 8 0, 0 1 2 3", "": "",
	} {
		if got := spokenNumber(number, "plus"); got != want {
			t.Errorf("%s is spoken %q, want %q", number, got, want)
		}
	}
}

func TestLanguageCodeIsWhatSpeechToTextTakes(t *testing.T) {
	for tag, want := range map[string]string{"": "en", "en-US": "en", "fr-CA": "fr", "zh-Hant-TW": "zh", "DE": "de", "fil": "", "fil-PH": ""} {
		if got := (Script{Language: tag}).LanguageCode(); got != want {
			t.Errorf("%q has the code %q, want %q", tag, got, want)
		}
	}
}
