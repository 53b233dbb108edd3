// Package lexicon holds what the word tables of several packages share: sets of words, one apostrophe, and one spelling of
// the contractions that speech recognition writes without it.
package lexicon

import "strings"

// Set makes a set of a list of words, separated by spaces or line breaks.
func Set(list string) map[string]bool {
	members := map[string]bool{}
	for _, word := range strings.Fields(list) {
		members[word] = true
	}
	return members
}

// Apostrophe turns every sign that recognisers and keyboards write for an apostrophe into "'". Any other rune stays as it is.
func Apostrophe(r rune) rune {
	switch r {
	case '’', '‘', 'ʼ', '`', '´', '′', '＇':
		return '\''
	}
	return r
}

// Contractions maps spellings without an apostrophe to the one with it. Nobody writes to it.
var Contractions = map[string]string{
	"dont": "don't", "cant": "can't", "wont": "won't", "didnt": "didn't", "doesnt": "doesn't", "isnt": "isn't",
	"wouldnt": "wouldn't", "couldnt": "couldn't", "shouldnt": "shouldn't", "aint": "ain't", "arent": "aren't",
	"wasnt": "wasn't", "im": "i'm", "whos": "who's", "whats": "what's",
}
