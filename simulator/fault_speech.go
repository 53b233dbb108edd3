package simulator

import (
	"cmp"
	"slices"
	"strings"
)

// invention is by which figures a segment that nobody said can be recognised; zero for one that was said.
type invention struct {
	noSpeech, compression float64 // beyond those of speech
}

// shortestSilence is the shortest silence in which words are invented, in seconds; margin is their distance from speech.
const (
	shortestSilence = 3.0
	margin          = 0.8
)

// invent adds words to a silence of the transcript, as Whisper does: without a sign of it, with a high no_speech_prob, or as one
// phrase repeated many times. A client that has not measured the audio gets figures by which it can tell; in an answer without
// figures words are added only where nobody spoke at all. It reports whether it added any.
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
