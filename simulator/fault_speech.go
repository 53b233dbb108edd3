package simulator

import (
	"cmp"
	"slices"
	"strings"
)

// invention is what gives words away that nobody said; zero of a segment that was said.
type invention struct {
	noSpeech, compression float64 // beyond those of speech
}

// shortestSilence is the least in which words are invented, in seconds; margin is how far they stay from speech.
const (
	shortestSilence = 3.0
	margin          = 0.8
)

// invent puts words into a silence of the transcript, as Whisper does: sure of them, with a high no_speech_prob, or one
// phrase over and over. Whoever cannot tell by the samples is given figures to tell by; an answer without figures has
// words only where nobody spoke at all. It reports whether it did.
func (t *transcript) invent(verbose bool, s seed) bool {
	at, end := 0.0, 0.0
	from := 0.0
	for _, g := range append(slices.Clone(t.segments), segment{start: t.seconds, end: t.seconds}) {
		if g.start-from > end-at {
			at, end = from, g.start
		}
		from = max(from, g.end)
	}
	at, end = at+margin, end-margin
	if end-at < shortestSilence-2*margin || !verbose && len(t.segments) > 0 || !verbose && !t.measured {
		return false
	}
	chance := s.rand(t.key, "invention")
	text := []string{"Thank you for watching!", "The price is five dollars a case.", "Thanks for watching, see you next time!", "We sell forty cases a week."}[chance.IntN(4)]
	g := segment{start: at, end: min(at+2, end)}
	switch kind := chance.IntN(3); {
	case kind == 0 && t.measured: // sure of it
	case kind == 1:
		text = strings.Repeat(text+" ", 20)
		g.end, g.invention.compression = end, 15
	default:
		g.invention.noSpeech = 0.96
	}
	for word := range strings.FieldsSeq(text) {
		g.words = append(g.words, timedWord{word, g.start, g.end})
	}
	t.segments = append(t.segments, g)
	slices.SortStableFunc(t.segments, func(a, b segment) int { return cmp.Compare(a.start, b.start) })
	return true
}

// nth counts the requests about something.
func (s *Simulator) nth(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[key]++
	return s.asked[key]
}
