package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/openai"
)

// mostRepeats is how often in a row a phrase of so many words is still something that a person says: "no, no, no, no", or
// "I don't know" to one question after another. A model that is stuck goes on until its window of 30 s is full.
func mostRepeats(words int) int {
	switch {
	case words == 1:
		return 9
	case words <= 3:
		return 5
	}
	return 3
}

// longestPhrase bounds, in words, what is looked for.
const longestPhrase = 30

// minPause is the pause in seconds after which a person may say the same thing once more, for instance to another question.
const minPause = 0.7

// mostSegments bounds how many segments make a phrase that is looked for.
const mostSegments = 4

// withoutRepetitions takes out phrases that are repeated more often than a person would: segments that are alike, or some that
// come in turn, without a pause between them; and the same inside a segment, of which the rest stays.
func withoutRepetitions(segments []openai.Segment) (said []openai.Segment, repetitions []dropped) {
	for at := 0; at < len(segments); {
		if n, times := segmentRepetitionAt(segments[at:]); n > 0 {
			for _, s := range segments[at : at+n] {
				repetitions = append(repetitions, dropped{s, interview.DropRepetition, fmt.Sprintf("a phrase %d times", times)})
			}
			at += n
			continue
		}
		s := segments[at]
		rest, loop, times := cutRepetitions(s.Text)
		if times > 0 {
			cut := s
			cut.Text = loop
			repetitions = append(repetitions, dropped{cut, interview.DropRepetition, fmt.Sprintf("a phrase %d times", times)})
		}
		if s.Text = rest; rest != "" {
			said = append(said, s)
		}
		at++
	}
	return said, repetitions
}

// segmentRepetitionAt finds the shortest group of segments with which they begin again and again: how many segments that makes,
// and how often the group comes, or zeros.
func segmentRepetitionAt(segments []openai.Segment) (n, times int) {
	unbroken := 1
	for unbroken < len(segments) && segments[unbroken].Start-segments[unbroken-1].End < minPause {
		unbroken++
	}
	var texts []string
	for _, s := range segments[:unbroken] {
		texts = append(texts, strings.Join(wordsOf(s.Text), " "))
	}
	for size := 1; size <= mostSegments && 2*size <= unbroken; size++ {
		words := len(strings.Fields(strings.Join(texts[:size], " ")))
		times := repeats(texts, size)
		if words > 0 && times > mostRepeats(words) {
			return size * times, times
		}
	}
	return 0, 0
}

// repeats counts how often in a row the first so many come.
func repeats(list []string, size int) int {
	times := 1
	for at := size; at+size <= len(list) && slices.Equal(list[at:at+size], list[:size]); at += size {
		times++
	}
	return times
}

// cutRepetitions takes the phrases out of a text that are repeated too often. rest is the text around them, repetitions what was taken
// out, and times how often the worst one was said, 0 when there is none.
func cutRepetitions(text string) (rest, repetitions string, times int) {
	fields := strings.Fields(text)
	words := make([]string, len(fields))
	for i, f := range fields {
		words[i] = strings.Join(wordsOf(f), " ")
	}
	var kept, cut []string
	for at := 0; at < len(fields); {
		size, n := repetitionAt(words[at:])
		if n == 0 {
			kept = append(kept, fields[at])
			at++
			continue
		}
		times = max(times, n)
		end := at + size*n
		if rest := words[end:]; len(rest) < size && slices.Equal(rest, words[at:at+len(rest)]) {
			end = len(words) // the last time was cut off
		}
		cut = append(cut, fields[at:end]...)
		at = end
	}
	if times == 0 {
		return text, "", 0
	}
	return strings.Join(kept, " "), strings.Join(cut, " "), times
}

// repetitionAt finds the shortest phrase with which words begin again and again: its length and how often, or zeros.
func repetitionAt(words []string) (size, times int) {
	for size := 1; size <= longestPhrase && size*(mostRepeats(size)+1) <= len(words); size++ {
		if times := repeats(words, size); times > mostRepeats(size) {
			return size, times
		}
	}
	return 0, 0
}
