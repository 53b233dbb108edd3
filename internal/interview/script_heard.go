package interview

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/i-agent/iagent/internal/lexicon"
)

// fewWords is how many words a sentence of the script has at most that is told from theirs by its punctuation alone: within a text
// anybody may say so few words one after another.
const fewWords = 3

// withoutScript is what the other side said in each utterance: nothing in one of ours, all in one of theirs, and where speakers could not
// be told apart the words that are not those of a sentence of the script. Sentences are found as sequences of words, wherever
// speech-to-text put its punctuation, and over utterances that follow one another.
func withoutScript(said []Utterance, script []string) []string {
	theirs := make([]string, len(said))
	var words []heardWord
	for i, u := range said {
		switch u.Speaker {
		case SpeakerAgent:
		case SpeakerUnknown:
			words = appendHeard(words, i, u.Text)
		case SpeakerCallee:
			theirs[i] = u.Text
		}
	}
	for _, sentence := range sentencesOf(script) {
		for first, end, found := findSentence(sentence, words); found; first, end, found = findSentence(sentence, words) {
			for i := first; i < end; i++ {
				words[i].ours = true
			}
		}
	}
	for i, u := range said {
		if u.Speaker == SpeakerUnknown {
			theirs[i] = textOfOthers(u.Text, i, words)
		}
	}
	return theirs
}

// heardWord is a word of an utterance.
type heardWord struct {
	text       string // as sentences are compared
	utterance  int
	start, end int  // in its text
	stop       bool // a sentence ends behind it
	ours       bool // it is of the script
}

// appendHeard appends the words of an utterance.
func appendHeard(words []heardWord, utterance int, text string) []heardWord {
	first, start := len(words), -1
	end := func(at int) {
		if start >= 0 {
			words = append(words, heardWord{text: spelling(text[start:at]), utterance: utterance, start: start, end: at})
		}
		start = -1
	}
	for at, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || lexicon.Apostrophe(r) == '\'' && start >= 0 {
			if start < 0 {
				start = at
			}
			continue
		}
		end(at)
		if strings.ContainsRune(sentenceEnds, r) && len(words) > first {
			words[len(words)-1].stop = true
		}
	}
	end(len(text))
	if len(words) > first {
		words[len(words)-1].stop = true
	}
	return words
}

// sentenceEnds are the signs that end a sentence.
const sentenceEnds = ".!?;…\n"

// spelling writes a word as sentences are compared: speech-to-text may leave out accents and capitals.
func spelling(word string) string {
	return strings.TrimRight(unaccented.Replace(strings.Map(lexicon.Apostrophe, strings.ToLower(word))), "'")
}

// sentencesOf are the sentences of the script, each as its words, the longest first.
func sentencesOf(script []string) [][]string {
	var sentences [][]string
	for _, text := range script {
		for sentence := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(sentenceEnds, r) }) {
			var words []string
			for _, w := range appendHeard(nil, 0, sentence) {
				words = append(words, w.text)
			}
			if len(words) > 0 {
				sentences = append(sentences, words)
			}
		}
	}
	slices.SortStableFunc(sentences, func(a, b []string) int { return cmp.Compare(len(b), len(a)) })
	return sentences
}

// findSentence finds the words[first:end] that are most like a sentence as speech-to-text may have heard it: enough of the words of both
// are the same, in the same order. Words that are ours already are nobody's else.
func findSentence(sentence []string, words []heardWord) (first, end int, found bool) {
	// A local alignment: a word that is the same counts 1, one that is another, or is only on one side, -1.
	type cell struct{ score, first, same int }
	before, row := make([]cell, len(sentence)+1), make([]cell, len(sentence)+1)
	var best cell
	for i, w := range words {
		row[0] = cell{first: i + 1}
		for j, s := range sentence {
			to := cell{first: i + 1}
			if !w.ours {
				from := before[j]
				if w.text == s {
					to = cell{from.score + 1, from.first, from.same + 1}
				} else if from.score > 1 {
					to = cell{from.score - 1, from.first, from.same}
				}
				for _, skipped := range []cell{before[j+1], row[j]} {
					if skipped.score-1 > to.score {
						to = cell{skipped.score - 1, skipped.first, skipped.same}
					}
				}
			}
			row[j+1] = to
			if to.score > 0 && to.score >= best.score && mostOf(to.same, len(sentence)) && mostOf(to.same, i+1-to.first) && whole(sentence, words, to.first, i+1) {
				best, end = to, i+1
			}
		}
		before, row = row, before
	}
	return best.first, end, best.score > 0
}

// mostOf reports whether n of so many are enough for both to be the same sentence, which speech-to-text heard.
func mostOf(n, of int) bool { return 100*n > recognisedAbove*of }

// whole reports whether words[first:end] may be the sentence: one of few words must stand between the ends of sentences.
func whole(sentence []string, words []heardWord, first, end int) bool {
	return len(sentence) > fewWords || (first == 0 || words[first-1].stop || words[first-1].ours) && (words[end-1].stop || end < len(words) && words[end].ours)
}

// textOfOthers is the text of an utterance with the end of a sentence in place of the words of the script.
func textOfOthers(text string, utterance int, words []heardWord) string {
	var theirs strings.Builder
	at := 0
	for i, w := range words {
		if w.utterance != utterance || !w.ours {
			continue
		}
		if i == 0 || words[i-1].utterance != utterance || !words[i-1].ours {
			theirs.WriteString(text[at:w.start])
			theirs.WriteString("\n")
		}
		at = w.end
		if r, size := utf8.DecodeRuneInString(text[at:]); strings.ContainsRune(sentenceEnds, r) && size > 0 {
			at += size
		}
	}
	theirs.WriteString(text[at:])
	return theirs.String()
}
