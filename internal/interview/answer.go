package interview

import (
	"strings"
	"unicode"
)

// Answer is what a person meant by their answer to a yes-or-no question.
type Answer string

// Only a clear yes is a yes. Silence is unclear.
const (
	AnswerYes     Answer = "yes"
	AnswerNo      Answer = "no"
	AnswerUnclear Answer = "unclear"
)

// DecideConsent reads the answer to the consent question from the Digits and SpeechResult of a Gather.
//
// A key counts first: 1 is yes, 2 is no, any other unclear. Speech is read in whole words, in any case and punctuation,
// English only. A denial anywhere makes it a no ("yes, I do not consent"); else a doubt, a question or a condition
// anywhere makes it unclear ("yes, who is this?"); else an affirmation makes it a yes; the rest is unclear. Phrases go
// before their words, the longest first: "no problem" affirms, "not sure" doubts.
//
// The rule would rather ask again or hang up than record somebody who did not agree: "no, go ahead" is a no, and "yes, I
// guess" is asked once more. Adding a negation never turns a no into a yes.
func DecideConsent(digits, speech string) Answer {
	switch strings.TrimSpace(digits) {
	case "":
	case "1":
		return AnswerYes
	case "2":
		return AnswerNo
	default:
		return AnswerUnclear
	}

	said := words(speech)
	if answer, ok := wholeAnswers[strings.Join(said, " ")]; ok {
		return answer
	}
	var affirmed, doubted bool
	for len(said) > 0 {
		meant, n := nextPhrase(said)
		said = said[n:]
		switch meant {
		case denies:
			return AnswerNo
		case doubts:
			doubted = true
		case affirms:
			affirmed = true
		}
	}
	if affirmed && !doubted {
		return AnswerYes
	}
	return AnswerUnclear
}

// nextPhrase returns what the longest known phrase at the start of said means, and its length in words.
func nextPhrase(said []string) (meaning, int) {
	for n := min(longestPhrase, len(said)); n > 0; n-- {
		if meant, ok := phrases[strings.Join(said[:n], " ")]; ok {
			return meant, n
		}
	}
	if strings.HasSuffix(said[0], "n't") {
		return denies, 1
	}
	return nothing, 1
}

// words splits speech into lower-case words without fillers, with contractions written one way: "do not" and "dont"
// both become "don't".
func words(speech string) []string {
	var all []string
	for _, word := range strings.FieldsFunc(strings.ToLower(speech), separates) {
		word = strings.Trim(strings.Map(straighten, word), "'")
		if written, ok := contractions[word]; ok {
			word = written
		}
		if word == "" || fillers[word] {
			continue
		}
		if last := len(all) - 1; word == "not" && last >= 0 {
			if contracted, ok := withNot[all[last]]; ok {
				all[last] = contracted
				continue
			}
		}
		all = append(all, word)
	}
	return all
}

func separates(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsNumber(r) && straighten(r) != '\''
}

// straighten turns the apostrophes that recognisers and keyboards write into one.
func straighten(r rune) rune {
	switch r {
	case '’', '‘', 'ʼ', '`', '´', '′', '＇':
		return '\''
	}
	return r
}
