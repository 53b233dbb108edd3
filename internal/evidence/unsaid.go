package evidence

import (
	"slices"

	"github.com/i-agent/iagent/internal/interview"
)

// Unsaid are the words of a quote that nobody but us said in the utterances, as the quote has them and each once. A quote that was not
// said may have none: then its words were said, but not together.
func Unsaid(quote string, utterances []interview.Utterance) []string {
	var said []token
	for _, u := range utterances {
		if u.Speaker != interview.SpeakerAgent {
			said = append(said, tokens(u.Text)...)
		}
	}
	var words []string
	for _, t := range withoutFillers(tokens(quote)) {
		word := quote[t.start:t.end]
		if !slices.Contains(words, word) && !slices.ContainsFunc(said, func(other token) bool { return difference(t, other) < 1 }) {
			words = append(words, word)
		}
	}
	return words
}
