package pipeline

import (
	"github.com/i-agent/iagent/internal/interview"
)

// assignSpeakers says who speaks on each of two channels, given what was recognised on each and what our TwiML said. Which
// channel is which is not certain from the order: Twilio's documentation and observation disagree.
//
// Channels are compared by their pairs of neighbouring words. Ours has many of the pairs that we said and few others;
// the other side has few even when it repeats a question. When the two are too alike, or nothing was recognised, nobody
// is named.
func assignSpeakers(recognised [2]string, said []string) [2]interview.Speaker {
	ours := make(map[string]bool)
	for _, s := range said {
		for _, p := range wordPairs(s) {
			ours[p] = true
		}
	}
	first, second := likeness(recognised[0], ours), likeness(recognised[1], ours)
	switch {
	case first >= minLikeness && first >= second*minLead:
		return [2]interview.Speaker{interview.SpeakerAgent, interview.SpeakerCallee}
	case second >= minLikeness && second >= first*minLead:
		return [2]interview.Speaker{interview.SpeakerCallee, interview.SpeakerAgent}
	}
	return [2]interview.Speaker{interview.SpeakerUnknown, interview.SpeakerUnknown}
}

const (
	minLikeness = 2.0 // about two pairs of words that only we would say
	minLead     = 1.5 // over the other channel
)

// likeness is the number of our word pairs that were recognised, times the share that they make of all that was recognised.
func likeness(recognised string, ours map[string]bool) float64 {
	seen := make(map[string]bool)
	hits := 0
	for _, p := range wordPairs(recognised) {
		if seen[p] {
			continue
		}
		seen[p] = true
		if ours[p] {
			hits++
		}
	}
	if len(seen) == 0 {
		return 0
	}
	return float64(hits) * float64(hits) / float64(len(seen))
}

// wordPairs are the neighbouring words of s, without case and punctuation.
func wordPairs(s string) []string {
	words := wordsOf(s)
	var pairs []string
	for i := 1; i < len(words); i++ {
		pairs = append(pairs, words[i-1]+" "+words[i])
	}
	return pairs
}
