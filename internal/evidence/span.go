package evidence

import "strings"

// Span is a part of an utterance: its index among those that were searched, and the bytes of its text.
type Span struct{ Utterance, Start, End int }

// Spans are the parts of the utterances that are the quote, in order: one for each utterance that it touches.
func (q Quote) Spans() []Span {
	var spans []Span
	for n, at := range q.in.starts {
		text := q.in.utterances[n].Text
		start, end := max(q.start-at, 0), min(q.end-at, len(text))
		if start < end && strings.TrimSpace(text[start:end]) != "" {
			spans = append(spans, Span{Utterance: q.in.first + n, Start: start, End: end})
		}
	}
	return spans
}
