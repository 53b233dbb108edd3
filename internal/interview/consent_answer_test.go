package interview

import (
	"os"
	"strings"
	"testing"
)

// heardSpeech is the meaning of speech that the recogniser was sure of.
func heardSpeech(speech string) Answer { return ConsentAnswer{Speech: speech}.Meaning() }

// consentPhrases reads testdata/consent.txt: the phrases of each section.
func consentPhrases(t testing.TB) map[string][]string {
	t.Helper()
	return phraseSections(t, "consent.txt")
}

// phraseSections reads a file of testdata: the lines of each section.
func phraseSections(t testing.TB, name string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	sections, section := map[string][]string{}, ""
	for line := range strings.Lines(string(text)) {
		switch line = strings.TrimSpace(line); {
		case line == "", strings.HasPrefix(line, "# "):
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
		default:
			sections[section] = append(sections[section], line)
		}
	}
	return sections
}

func TestConsentIsReadAsMeant(t *testing.T) {
	sections := consentPhrases(t)
	total := 0
	for section, right := range map[string]func(Answer) bool{
		"yes":       func(a Answer) bool { return a == AnswerYes },
		"no":        func(a Answer) bool { return a == AnswerNo },
		"never yes": func(a Answer) bool { return a != AnswerYes },
		"never no":  func(a Answer) bool { return a != AnswerNo },
	} {
		total += len(sections[section])
		for _, speech := range sections[section] {
			if got := heardSpeech(speech); !right(got) {
				t.Errorf("[%s] %q is read as %s", section, speech, got)
			}
		}
	}
	if total < 1000 {
		t.Errorf("only %d phrases were tried", total)
	}
}

func TestKeyCountsBeforeSpeech(t *testing.T) {
	for _, c := range []struct {
		digits, speech string
		want           Answer
	}{
		{"1", "", AnswerYes}, {"2", "", AnswerNo}, {"3", "", AnswerUnclear}, {"0", "yes", AnswerUnclear},
		{"*", "", AnswerUnclear}, {"12", "", AnswerUnclear}, {"1", "no", AnswerYes}, {"2", "yes", AnswerNo},
		{" 1 ", "", AnswerYes}, {"", "", AnswerUnclear}, {" ", "yes", AnswerYes},
	} {
		// The recogniser's doubts are not about keys.
		for _, confidence := range []string{"", "0.1"} {
			if c.speech != "" && c.digits == " " && confidence != "" {
				continue
			}
			if got := (ConsentAnswer{Digits: c.digits, Speech: c.speech, Confidence: confidence}).Meaning(); got != c.want {
				t.Errorf("keys %q and speech %q at confidence %q are read as %s, want %s", c.digits, c.speech, confidence, got, c.want)
			}
		}
	}
}

func TestSpeechOfLowConfidenceIsAskedAgain(t *testing.T) {
	for confidence, want := range map[string]Answer{
		"": AnswerYes, "1": AnswerYes, "0.9": AnswerYes, "0.5": AnswerYes, "0.4999": AnswerUnclear, "0.2": AnswerUnclear,
		"0.0": AnswerUnclear, "-1": AnswerUnclear, "NaN": AnswerUnclear, "high": AnswerUnclear,
	} {
		if got := (ConsentAnswer{Speech: "yes", Confidence: confidence}).Meaning(); got != want {
			t.Errorf("yes at confidence %q is read as %s, want %s", confidence, got, want)
		}
	}
}

func TestLanguageWithoutVocabularyIsAnsweredByKeypadOnly(t *testing.T) {
	for language, hears := range map[string]bool{"": true, "en": true, "en-US": true, "EN-gb": true, "xx": false, "ja-JP": false} {
		if UnderstandsConsent(language) != hears {
			t.Errorf("consent in %q is heard: %t", language, !hears)
		}
		spoken, pressed := AnswerUnclear, ConsentAnswer{Digits: "1", Language: language}.Meaning()
		if hears {
			spoken = AnswerYes
		}
		if got := (ConsentAnswer{Speech: "yes", Language: language}).Meaning(); got != spoken || pressed != AnswerYes {
			t.Errorf("in %q yes is read as %s, and 1 as %s", language, got, pressed)
		}
	}
}

func TestEveryPhraseMeansWhatItsListSays(t *testing.T) {
	want := map[meaning]Answer{
		phraseUnknown: AnswerUnclear, phraseAffirms: AnswerYes, phraseCourtesy: AnswerUnclear, phraseObject: AnswerUnclear,
		phraseLeans: AnswerUnclear, phraseRefuses: AnswerNo, phraseMachine: AnswerUnclear,
	}
	lists := map[string]meaning{}
	for meant, list := range englishConsentPhrases {
		phrases, _ := phraseTable(map[meaning]string{meant: list})
		for phrase := range phrases {
			if other, ok := lists[phrase]; ok {
				t.Errorf("phrase %q stands in lists %d and %d", phrase, other, meant)
			}
			lists[phrase] = meant
			if _, whole := englishConsent().whole[phrase]; whole {
				continue
			}
			if got := heardSpeech(phrase); got != want[meant] {
				t.Errorf("phrase %q is read as %s, its list says %s: fillers or spellings keep it from matching", phrase, got, want[meant])
			}
		}
	}
}

// vocabularyOf is every word that the tables know.
func vocabularyOf(w *consentWords) map[string]bool {
	known := map[string]bool{}
	for _, list := range []map[string]bool{w.fillers, w.intensifiers, englishNegations} {
		for word := range list {
			known[word] = true
		}
	}
	for phrase := range w.phrases {
		for _, word := range strings.Fields(phrase) {
			known[word] = true
		}
	}
	for phrase := range w.whole {
		for _, word := range strings.Fields(phrase) {
			known[word] = true
		}
	}
	for written, spelled := range w.spellings {
		for _, word := range append(strings.Fields(written), strings.Fields(spelled)...) {
			known[word] = true
		}
	}
	return known
}

// inserted calls f with speech that has one word more, at every place.
func inserted(speech, word string, f func(string)) {
	said := strings.Fields(speech)
	for i := range len(said) + 1 {
		f(strings.Join(said[:i], " ") + " " + word + " " + strings.Join(said[i:], " "))
	}
}

func checkUnknownWord(t *testing.T, speech, word string) {
	t.Helper()
	inserted(speech, word, func(more string) {
		if heardSpeech(more) == AnswerYes {
			t.Errorf("%q has the unknown word %q and is a yes", more, word)
		}
	})
}

func TestUnknownWordNeverMakesAYes(t *testing.T) {
	for _, phrases := range consentPhrases(t) {
		for _, speech := range phrases {
			for _, word := range []string{"banana", "rhubarb", "unrecordable", "42", "nicht"} {
				checkUnknownWord(t, speech, word)
			}
		}
	}
}

var negations = []string{"no", "not", "don’t", "do not", "without", "never", "nobody"}

func checkNegation(t *testing.T, speech string) {
	t.Helper()
	if heardSpeech(speech) != AnswerNo {
		return
	}
	for _, negation := range negations {
		inserted(speech, negation, func(more string) {
			if heardSpeech(more) == AnswerYes {
				t.Errorf("%q is a no, and %q a yes", speech, more)
			}
		})
	}
}

// Every no of the table, and every refusal beside every affirmation that holds a negation or has one word.
func TestAddedNegationNeverTurnsNoIntoYes(t *testing.T) {
	for _, speech := range consentPhrases(t)["no"] {
		checkNegation(t, speech)
	}
	var agreeing []string
	parts := map[string]bool{"do": true, "would": true}
	for phrase, meant := range englishConsent().phrases {
		if meant != phraseAffirms && meant != phraseCourtesy {
			continue
		}
		said := strings.Fields(phrase)
		negated := false
		for _, word := range said {
			negated = negated || englishConsent().negation(word)
		}
		if negated {
			for _, word := range said {
				parts[word] = true
			}
		}
		if negated || len(said) == 1 {
			agreeing = append(agreeing, phrase)
		}
	}
	for _, denial := range []string{"refuse", "i object", "don't record", "not okay", "without recording", "wrong number", "no way"} {
		for _, phrase := range agreeing {
			checkNegation(t, denial+" "+phrase)
			checkNegation(t, phrase+" "+denial)
		}
	}
	for a := range parts {
		for b := range parts {
			checkNegation(t, a+" "+b)
			for _, c := range []string{"problem", "mind", "objection", "issue", "doubt", "i"} {
				checkNegation(t, a+" "+b+" "+c)
			}
		}
	}
}

func FuzzConsentNeedsEveryWordUnderstood(f *testing.F) {
	for _, phrases := range consentPhrases(f) {
		for i := 0; i < len(phrases); i += 7 {
			f.Add("", phrases[i], "banana")
		}
	}
	f.Add("1", "no", "x")
	f.Add("", "'", "İ ŞÜRE 🤖")
	known := vocabularyOf(englishConsent())
	f.Fuzz(func(t *testing.T, digits, speech, word string) {
		switch (ConsentAnswer{Digits: digits, Speech: speech}).Meaning() {
		case AnswerYes, AnswerNo, AnswerUnclear:
		default:
			t.Fatal("no answer at all")
		}
		if len(speech) > 200 || len(word) > 40 {
			return
		}
		checkNegation(t, speech)
		if said := englishConsent().split(word); len(said) == 1 && !known[said[0]] {
			checkUnknownWord(t, speech, word)
		}
	})
}
