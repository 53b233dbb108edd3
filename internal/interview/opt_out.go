package interview

import (
	"slices"
	"strings"
)

// OptOut is that a person asked never to be called again.
type OptOut struct {
	// Language is the language of the call, BCP 47.
	Language string
	// By is how they asked.
	By OptOutMeans
	// Step is where: OptOutAtConsent, or the number of the question from 1.
	Step int
}

// OptOutAtConsent is the step of an opt-out at the consent question.
const OptOutAtConsent = 0

// OptOutKey is the key that takes a person off the list, at any question.
const OptOutKey = "9"

// OptOutMeans is by what a person opted out.
type OptOutMeans string

// A person opts out in words or with a key.
const (
	OptOutBySpeech OptOutMeans = "speech"
	OptOutByKey    OptOutMeans = "key"
)

// OptOutMeansOf is by what a person opted out whose answer came with these Digits of a Gather.
func OptOutMeansOf(digits string) OptOutMeans {
	if strings.TrimSpace(digits) == OptOutKey {
		return OptOutByKey
	}
	return OptOutBySpeech
}

// OptsOut reports whether an answer asks never to be called again: by key 9, or plainly in words, at whatever question it was given.
//
// Words are read in the language of the call, BCP 47, and then in English, which people fall back to. What counts is a demand to us: to
// stop the calls, to call no more, to be taken off our list or put on a list of numbers not to be called, to forget the number, to be
// left alone, and "stop" when nothing else is said. What does not: to call at another time, what others do or said, what is denied, and
// to stop something else, such as the recording.
//
// It is decided on the person's side: a plain demand counts however unsure the recogniser says that it was, since Twilio does not promise
// that its Confidence is there or right. A wrong one costs a call that is not made; a missed one calls somebody who asked not to be
// called.
func OptsOut(language, digits, speech string) bool {
	if digits = strings.TrimSpace(digits); digits != "" {
		return digits == OptOutKey
	}
	return slices.ContainsFunc(optOutWordsFor(language), func(w *optOutWords) bool { return w.asks(speech) })
}

// OptedOutOnRecording finds in what was recorded that the person asked never to be called again, in plain words: of "stop" alone nobody
// can tell there whether it was all that was said. What is known to be ours is left out: where speakers could not be told apart, the
// sentences of the script, since a question may be about such calls.
func OptedOutOnRecording(script Script, said []Utterance) bool {
	theirs := withoutScript(said, script.Recorded())
	return slices.ContainsFunc(optOutWordsFor(script.Language), func(w *optOutWords) bool {
		return slices.ContainsFunc(theirs, func(text string) bool { return w.demanded(w.heard(text)) })
	})
}

// optOutWordsFor are the grammars by which an answer in a language is read: its own, when there is one, and English.
func optOutWordsFor(language string) []*optOutWords {
	switch primary, _ := splitLanguage(language); primary {
	case "es":
		return []*optOutWords{spanishOptOut(), englishOptOut()}
	case "fr":
		return []*optOutWords{frenchOptOut(), englishOptOut()}
	case "de":
		return []*optOutWords{germanOptOut(), englishOptOut()}
	}
	return []*optOutWords{englishOptOut()}
}
