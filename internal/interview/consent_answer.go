package interview

import (
	"strconv"
	"strings"
)

// Answer is what a person meant by their answer to a yes-or-no question.
type Answer string

// Only a clear yes is a yes. Silence is unclear.
const (
	AnswerYes     Answer = "yes"
	AnswerNo      Answer = "no"
	AnswerUnclear Answer = "unclear"
)

// MinSpeechConfidence is the lowest confidence of a speech recognition, from 0 to 1, at which its text counts as an answer.
const MinSpeechConfidence = 0.5

// maxConsentWords bounds a spoken yes: people who agree use few words, recordings and speeches many.
const maxConsentWords = 10

// ConsentAnswer is what a Gather recognised as the answer to the consent question.
type ConsentAnswer struct {
	// Digits are the keys that were pressed, "" for none.
	Digits string
	// Speech is the recognised text (SpeechResult), "" for none.
	Speech string
	// Confidence is that of the recognition, a number from 0 to 1 as Twilio sends it, or "" when it sent none.
	Confidence string
	// Language is the language that was spoken, BCP 47; "" means English. Speech in a language without a table of words is
	// never understood.
	Language string
}

// UnderstandsConsent reports whether a spoken answer to the consent question can be understood in a language, BCP 47. Where it
// cannot, the question is asked for the keypad only.
func UnderstandsConsent(language string) bool { return consentWordsOf(language) != nil }

// Meaning reads the answer to the consent question.
//
// A key counts first: 1 is yes, 2 is no, any other unclear. Speech is a yes only if every word of it is understood, as an
// affirmation or a courtesy, and nothing is asked: an unknown word, a question, a condition, a third person or a long
// speech make it unclear. It is a no if it refuses in so many words ("I'd rather not", "stop calling me"), or says a
// negation and nothing that agrees or hesitates. "No, go ahead" is unclear, and so are the greeting of a mailbox, the
// questions of a call screener, and text that the recogniser was not sure of.
//
// Adding a negation never turns a no into a yes, and adding an unknown word never makes a yes.
func (a ConsentAnswer) Meaning() Answer {
	switch strings.TrimSpace(a.Digits) {
	case "":
	case "1":
		return AnswerYes
	case "2":
		return AnswerNo
	default:
		return AnswerUnclear
	}
	words := consentWordsOf(a.Language)
	if words == nil || a.unsure() {
		return AnswerUnclear
	}
	return words.read(a.Speech)
}

// unsure reports that the recogniser was not sure, or that nobody can tell whether it was.
func (a ConsentAnswer) unsure() bool {
	if a.Confidence == "" {
		return false
	}
	confidence, err := strconv.ParseFloat(a.Confidence, 64)
	return err != nil || !(confidence >= MinSpeechConfidence) // NaN is not sure either
}
