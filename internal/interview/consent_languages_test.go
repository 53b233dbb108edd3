package interview

import (
	"strings"
	"testing"
)

// The conformance test of a language's words of consent. English has more phrases, and more tests, in consent_answer_test.go.
func TestConsentIsReadAsMeantInEveryLanguage(t *testing.T) {
	for _, language := range scriptLanguages() {
		if language == "en" {
			continue
		}
		sections := phraseSections(t, "consent_"+language+".txt")
		for section, want := range map[string]Answer{"yes": AnswerYes, "no": AnswerNo, "unclear": AnswerUnclear} {
			for _, speech := range sections[section] {
				if got := readIn(language, speech); got != want {
					t.Errorf("%s [%s] %q is read as %s", language, section, speech, got)
				}
				// As recognisers write it: no accents, no capitals, no punctuation.
				plain := strings.Join(strings.FieldsFunc(unaccented.Replace(strings.ToLower(speech)), separates), " ")
				if got := readIn(language, plain); !strings.Contains(speech, "?") && got != want {
					t.Errorf("%s [%s] %q is read as %s", language, section, plain, got)
				}
			}
			if len(sections[section]) < 60 {
				t.Errorf("%s: only %d phrases of %s", language, len(sections[section]), section)
			}
		}
	}
}

func readIn(language, speech string) Answer {
	return ConsentAnswer{Speech: speech, Language: language}.Meaning()
}

// negationsOf are words that negate, as they are said; each language has some.
var negationsOf = map[string][]string{
	"es": {"no", "nunca", "jamás", "tampoco", "ningún", "sin", "nada"},
	"fr": {"non", "pas", "jamais", "ne", "n'", "aucun", "sans", "rien"},
	"de": {"nein", "nicht", "nie", "kein", "keine", "ohne", "nichts"},
}

func TestAddedNegationNeverTurnsNoIntoYesInAnyLanguage(t *testing.T) {
	for language, negations := range negationsOf {
		words := consentWordsOf(language)
		no := phraseSections(t, "consent_"+language+".txt")["no"]
		for phrase, meant := range words.phrases {
			if meant == phraseRefuses {
				no = append(no, phrase)
			}
		}
		for _, speech := range no {
			if readIn(language, speech) != AnswerNo {
				continue
			}
			for _, negation := range negations {
				inserted(speech, negation, func(more string) {
					if readIn(language, more) == AnswerYes {
						t.Errorf("%s: %q is a no, and %q a yes", language, speech, more)
					}
				})
			}
		}
	}
}

func TestUnknownWordNeverMakesAYesInAnyLanguage(t *testing.T) {
	for language := range negationsOf {
		for _, phrases := range phraseSections(t, "consent_"+language+".txt") {
			for _, speech := range phrases {
				for _, word := range []string{"banana", "42", "xylophon"} {
					inserted(speech, word, func(more string) {
						if readIn(language, more) == AnswerYes {
							t.Errorf("%s: %q has the unknown word %q and is a yes", language, more, word)
						}
					})
				}
			}
		}
	}
}

// A phrase that affirms or is a courtesy must not hide a refusal that stands beside it.
func TestRefusalStandsBesideAnyAffirmationInAnyLanguage(t *testing.T) {
	refusals := map[string][]string{
		"es": {"no quiero", "me niego", "no autorizo", "sin grabar"}, "fr": {"je refuse", "je ne veux pas", "pas d'accord"},
		"de": {"ich lehne ab", "nicht einverstanden", "auf keinen Fall"},
	}
	for language, denials := range refusals {
		for phrase, meant := range consentWordsOf(language).phrases {
			if meant != phraseAffirms && meant != phraseCourtesy {
				continue
			}
			for _, denial := range denials {
				for _, speech := range []string{denial + " " + phrase, phrase + " " + denial} {
					if readIn(language, speech) == AnswerYes {
						t.Errorf("%s: %q is a yes", language, speech)
					}
				}
			}
		}
	}
}
