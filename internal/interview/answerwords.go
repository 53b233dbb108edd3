package interview

import "strings"

// meaning is what a phrase contributes to an answer.
type meaning int

const (
	nothing meaning = iota // as any word that is not in the vocabulary
	affirms
	doubts
	denies
)

// phrases is the whole vocabulary, one phrase per line or separated by commas. Rules for adding one:
//   - A phrase that affirms, or means nothing, contains at most one negation, and none of its remaining words denies by itself; else adding
//     a negation to a no could make a yes ("I object", "I don't object"). Double negations go to the doubts.
//   - A word that people also use in questions ("agree", "consent", "can") affirms only inside a phrase.
//
// Contractions are written as words returns them ("don't" for "do not").
var phrases, longestPhrase = vocabulary(map[meaning]string{
	affirms: `
		yes, yeah, yea, yep, yup, yeh, yah, aye, sure, ok, okay, okey, o k, alright, all right, fine, good idea
		absolutely, definitely, certainly, affirmative, of course, for sure, surely, naturally, gladly
		i agree, we agree, i do agree, agreed, i accept, i do accept, accepted, i consent, we consent, i do consent
		give consent, give my consent, giving consent, giving my consent, have my consent, have my permission, give permission
		give my permission, permission granted, consent granted, i'm in agreement, i approve, i allow it, i allow that
		go ahead, go for it, go right ahead, please do, by all means, be my guest, feel free, happy to, sounds good, works for me
		i'm fine with, i am fine with, i'm good with, i'm happy with, you may record, you can record, please record
		no problem, no problems, not a problem, no worries, no objection, no objections, no issue, no issues, no doubt
		don't mind, wouldn't mind, don't have a problem, don't have any problem, don't have any problems
		don't have any objection, don't have any objections, without a doubt, without doubt`,

	nothing: `why not, you know what`, // keeps their words from denying and doubting: "sure, why not"

	doubts: `
		not sure, not certain, unsure, uncertain, undecided, don't know, dunno, no idea, no clue, not yet, can't say
		can't decide, maybe, perhaps, possibly, probably, might, i guess, i suppose, i think, depends, yes or no, yes and no
		don't see why not, can't see why not, see no reason why not, don't object, don't disagree, don't refuse
		wouldn't object, i do mind, i mind, if, unless, but, later, another time, call back, call me back, busy
		wait, hold on, hang on, a moment, one moment, one second, a minute, a second, let me think, think about
		hello, who is, who's, who are, what is, what's, what for, what do, what are, why are, why do, why is, why would
		how long, how do, how did, are you, you sure, is this, is that, is it, can you, could you, would you, will you
		do you, did you, do i, did i, should i, must i, can i, may i, have to, make sure, say again, come again, repeat
		pardon, don't understand, didn't understand, don't hear, didn't hear, can't hear, couldn't hear, didn't catch
		don't get it, didn't get that, i'm fine, i am fine
		hardly, barely, scarcely, what, yeah right, i hear, i heard, ok google, okay google`,

	denies: `
		no, nope, nah, naw, nay, not, never, none, nothing, nobody, neither, nor, cannot, without, negative, no way
		refuse, refused, refusing, decline, declined, reject, deny, denied, disagree, object, oppose, opposed, against
		forbid, prohibit, stop, quit, hang up, hanging up, go away, get lost, leave me alone, remove me, take me off
		unsubscribe, turn it off, switch it off, piss off, fuck off, bugger off, wrong number, withdraw, revoke
		bye, goodbye, good bye, bye bye`,
})

// wholeAnswers count only when nothing else was said: inside a sentence they mean something else.
var wholeAnswers = map[string]Answer{
	"1": AnswerYes, "one": AnswerYes, "press one": AnswerYes, "press 1": AnswerYes, "number one": AnswerYes,
	"2": AnswerNo, "two": AnswerNo, "press two": AnswerNo, "press 2": AnswerNo, "number two": AnswerNo,
	"i do": AnswerYes, "you may": AnswerYes, "you can": AnswerYes, "agree": AnswerYes, "accept": AnswerYes,
	"i allow": AnswerYes, "granted": AnswerYes,
}

// fillers are dropped before phrases are looked for: "not really sure" is "not sure".
var fillers = set(`uh um uhm er erm hmm hm oh ah well really quite so just actually very too entirely completely totally
	fully honestly sir madam ma'am`)

// contractions maps spellings to the one that phrases use.
var contractions = map[string]string{
	"dont": "don't", "cant": "can't", "wont": "won't", "didnt": "didn't", "doesnt": "doesn't", "isnt": "isn't",
	"wouldnt": "wouldn't", "couldnt": "couldn't", "shouldnt": "shouldn't", "aint": "ain't", "arent": "aren't",
	"wasnt": "wasn't", "im": "i'm", "whos": "who's", "whats": "what's",
}

// withNot maps a word to its contraction with a following "not".
var withNot = map[string]string{
	"do": "don't", "did": "didn't", "can": "can't", "could": "couldn't", "would": "wouldn't",
}

func vocabulary(lists map[meaning]string) (map[string]meaning, int) {
	table, longest := map[string]meaning{}, 0
	for meant, list := range lists {
		for phrase := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == '\n' }) {
			if phrase = strings.TrimSpace(phrase); phrase != "" {
				table[phrase] = meant
				longest = max(longest, len(strings.Fields(phrase)))
			}
		}
	}
	return table, longest
}

func set(list string) map[string]bool {
	members := map[string]bool{}
	for _, word := range strings.Fields(list) {
		members[word] = true
	}
	return members
}
