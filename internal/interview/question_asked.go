package interview

import (
	"slices"
	"strings"
	"unicode"
)

// recognisedAbove is which share of a question's words must be heard, in percent, to say that it was asked: speech-to-text makes
// mistakes.
const recognisedAbove = 75

// QuestionAsked is the number, from 1, of the question that was asked in words of our side as speech-to-text heard them; 0 when it
// is none of them, or could be several. asks are those of [Script.Asks].
func QuestionAsked(asks []string, heard string) int {
	words := spokenWords(heard)
	best, at, several := 0, 0, false
	for i, ask := range asks {
		asked := spokenWords(ask)
		n := wordsAmong(asked, words)
		if len(asked) == 0 || 100*n <= recognisedAbove*len(asked) {
			continue
		}
		switch score := 1000 * n / len(asked); {
		case score > best:
			best, at, several = score, i+1, false
		case score == best:
			several = true
		}
	}
	if several {
		return 0
	}
	return at
}

// wordsAmong counts the words that are among others.
func wordsAmong(words, others []string) (n int) {
	for _, w := range words {
		if slices.Contains(others, w) {
			n++
		}
	}
	return n
}

func spokenWords(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' })
}

// QuestionsAsked follows a call to tell which question an utterance answers. The zero value but for Asks is ready.
type QuestionsAsked struct {
	Asks []string

	heard   strings.Builder
	current int
}

// Answers takes in the next utterance, and returns the number of the question that it answers: 0 for words of our side, before the
// first question, and when it is not known.
func (q *QuestionsAsked) Answers(u Utterance) int {
	if u.RecordingSid == "" && u.Speaker == SpeakerCallee && u.Position > 0 {
		return u.Position // a live answer
	}
	if u.Speaker == SpeakerAgent {
		q.heard.WriteString(u.Text + " ")
		return 0
	}
	if q.heard.Len() > 0 {
		q.current = QuestionAsked(q.Asks, q.heard.String())
		q.heard.Reset()
	}
	return q.current
}

// heardIn is what a transcript tells of the questions of a script.
type heardIn struct {
	// replied counts the questions after which somebody spoke, refused those of them after which that was a refusal to answer alone.
	replied, refused int
	// recognised says that one of the questions is in it, spoke that anybody but our side said anything.
	recognised, spoke bool
}

// repliesIn reads a transcript as calls have it.
func (s Script) repliesIn(transcript string) (heard heardIn) {
	asks := s.Asks()
	q := QuestionsAsked{Asks: asks}
	answered := map[int]bool{} // the questions after which somebody spoke: whether it was more than a refusal
	for line := range strings.Lines(transcript) {
		u := Utterance{RecordingSid: "transcript", Speaker: SpeakerUnknown, Text: strings.TrimSpace(line)}
		for _, speaker := range []Speaker{SpeakerAgent, SpeakerCallee} {
			if text, ok := strings.CutPrefix(u.Text, string(speaker)+": "); ok {
				u.Speaker, u.Text = speaker, text
			}
		}
		ours := u.Speaker == SpeakerAgent
		heard.spoke = heard.spoke || !ours && u.Text != ""
		heard.recognised = heard.recognised || ours && QuestionAsked(asks, u.Text) > 0
		if n := q.Answers(u); n > 0 {
			answered[n] = answered[n] || !RefusesAnswer(s.Language, u.Text)
		}
	}
	for _, more := range answered {
		heard.replied++
		if !more {
			heard.refused++
		}
	}
	return heard
}
