package interview

import (
	"maps"
	"strings"
	"sync"

	"github.com/i-agent/iagent/internal/lexicon"
)

// englishConsent is the vocabulary of English. How to add to it:
//   - A phrase that affirms must be a yes when nothing else is said, and a courtesy must not change the meaning of a yes it
//     stands beside. Whatever is not listed makes an answer unclear, which costs a second asking; a wrong entry records
//     somebody who did not agree.
//   - A phrase that affirms or is a courtesy contains at most one negation, and is no refusal without it; else adding a
//     negation to a no could make a yes ("I object", "I don't object"). Double negations lean.
//   - A word that people also use in questions ("agree", "can") affirms only inside a phrase.
//   - Contractions are written as split returns them: "don't" for "do not" and "dont".
var englishConsent = sync.OnceValue(newEnglishConsent)

func newEnglishConsent() *consentWords {
	w := &consentWords{
		whole: map[string]Answer{
			"1": AnswerYes, "one": AnswerYes, "number one": AnswerYes, "number 1": AnswerYes, "option one": AnswerYes,
			"2": AnswerNo, "two": AnswerNo, "number two": AnswerNo, "number 2": AnswerNo, "option two": AnswerNo, "press two": AnswerNo,
			"agree": AnswerYes, "accept": AnswerYes, "i allow": AnswerYes, "granted": AnswerYes, "approved": AnswerYes,
			"permitted": AnswerYes, "record it": AnswerYes, "record me": AnswerYes, "record this call": AnswerYes, "delighted": AnswerYes, "proceed": AnswerYes,
			"stop": AnswerNo, "stop it": AnswerNo, "please stop": AnswerNo, "stop please": AnswerNo, "pass": AnswerNo, "goodbye": AnswerNo, "bye": AnswerNo,
		},
		refusals:     lexicon.Set(`no nope nah naw nay never`),
		fillers:      lexicon.Set(`uh um uhm er erm hmm hm mm well`),
		intensifiers: lexicon.Set(`absolutely really totally completely perfectly entirely quite very actually honestly`),
		spellings:    englishSpellings(),
		negation: func(word string) bool {
			return englishNegations[word] || strings.HasSuffix(word, "n't")
		},
		notQuestions: []string{"why not"},
	}
	w.phrases, w.longest = phraseTable(englishConsentPhrases)
	return w
}

var englishNegations = lexicon.Set(`no nope nah naw nay not never none nothing nobody neither nor cannot without hardly barely scarcely`)

var englishConsentPhrases = map[meaning]string{
	phraseAffirms: `
		yes, yeah, yea, yep, yup, yeh, yah, ya, aye, yessir, mhm, sure, sure thing, for sure, ok, okay, okay dokey, alright, all right, fine
		absolutely, definitely, certainly, affirmative, of course, surely, naturally, gladly, with pleasure, you bet, you bet ya
		very well, good idea, sounds {good fine okay}, that sounds {good fine okay}, yes indeed, by all means, be my guest, feel free, why sure
		{i we} {agree accept consent approve}, {i we} do, {i we} do {agree accept consent}, {i we} fully {agree consent}, agreed, accepted
		{i'm i_am we're we_are} {in_agreement agreeable willing okay_with fine_with good_with happy_with cool_with alright_with all_right_with}
		{i'm i_am we're we_are} {okay fine good happy cool alright glad willing} to {do_that do_so be_recorded}
		{i'm i_am we're we_are} {okay fine good happy cool alright} {being_recorded with_being_recorded}
		{i'd i_would we'd we_would} be {happy glad pleased delighted} to, {i'm i_am we're we_are} {happy glad} to, {i'd i_would} love to, happy to, happy to be recorded, glad to
		{i we} {give have_given} {my our _} {consent permission}, {i we} {give} you {my our _} {consent permission}
		you have {my our the _} {consent permission okay approval}, you've got {my our the _} {consent permission okay approval}
		permission {is _} granted, consent {is _} {granted given}, i {hereby willingly} {consent agree}, most {certainly definitely}, you got it
		{recording the_recording} is {okay fine alright all_right}, {that's that_is it's it_is} no problem {_ at_all}
		{i'm i_am we're we_are _} {happy glad okay fine} for you to record {_ it me us this that this_call the_call}
		{you're you_are} welcome to record {_ it me us this that this_call the_call}
		 i grant {permission consent}, i grant you permission, {i we} {authorize authorise allow permit} {it that this}
		{i we} {authorize authorise allow permit} {the_recording this_recording recording}
		{i we} {authorize authorise allow permit} you to record {_ it me us this that this_call the_call}
		you {can may} {go_ahead proceed _}, you {can may} {start begin} recording, {it's that's it_is that_is} a yes
		{you_can you_may please you_can_go_ahead_and you_may_go_ahead_and go_ahead_and} record {_ it me us this that this_call the_call}
		go ahead, go right ahead, go for it, please {do proceed go_ahead}, {start begin} recording, record away
		{that's that_is it's it_is this_is that'll_be that_will_be that_would_be that'd_be it'll_be it_would_be} {okay fine alright all_right}
		that works, {that it this _} works for {me us}, {fine okay good alright all_right cool} {with by} {me us}
		{that's that_is it's it_is this_is} {good cool} {with by} {me us}
		no {problem problems worries objection objections issue issues big_deal}, never a problem, no problem at all, no problem whatsoever
		{i_have i've we_have i've_got i_have_got} no {problem problems objection objections issue issues worries}
		no objections here, {i we _} {don't wouldn't} mind {_ at_all}, {that's it's _} not a problem {_ at_all}
		{that it} {isn't won't_be wouldn't_be shouldn't_be} a problem {_ at_all}, no objection at all, no objections at all`,

	phraseCourtesy: `
		please, thanks, thank you, thanks a lot, many thanks, thank you {so very} much, thank you much, thank you kindly
		sir, madam, ma'am, mister, man, mate, buddy, pal, oh, great, perfect, excellent, wonderful, lovely
		cool, good, i'm sure, i am sure, why not, you know what, let's go, let's do it, let's do this, {oh ah} {okay alright all_right fine}, no doubt, without a doubt, without doubt`,

	phraseObject: `
		with {it that this}, to {it that this me us}, of {this the} call, for {me us}, from {me us}, with {me us}, by {me us}, from {my our} side, on {my our} {end side}
		{to with} {recording being_recorded be_recorded the_recording this_recording you_recording}, being recorded, to have it recorded
		{to with _} {record recording you_recording being_recording} {it me us this that this_call the_call our_call my_call the_conversation this_conversation my_answers the_interview this_interview}
		{to with} {this_call the_call our_call this_conversation the_conversation me this it} being recorded, to have this call recorded
		for you to record {_ it me us this that this_call the_call}, for {this the} {call recording interview}
		if you record {_ it me us this that this_call the_call}, record {it me us this that this_call the_call}, to record, with the call
		with that at all, to having {this_call the_call it me us} recorded, record, {the this our} conversation, the call, this call, it, that, this, the recording, this recording, recording, you recording, me being recorded`,

	phraseLeans: `
		{not_really not_completely not_entirely not} {sure certain}, unsure, uncertain, undecided, don't know, dunno, no {idea clue}, not yet, can't say, can't decide
		maybe, perhaps, possibly, probably, might, go on then, i guess, i suppose, suppose so, i think, depends, yes {or and} no
		{don't can't cannot couldn't} see {why_not a_problem any_problem any_problems a_reason_not any_reason_not an_issue any_issue}, see no {problem problems reason issue harm}, see nothing wrong
		{don't didn't wouldn't won't can't} {object disagree refuse oppose complain}, {don't haven't} {_ have got} {a any an} {problem problems objection objections issue issues}
		{can't won't wouldn't don't couldn't never} say no, not {opposed against bothered fussed}, nothing against, have nothing against, nothing wrong
		{doesn't don't won't wouldn't didn't} {bother hurt} me, {doesn't don't won't wouldn't didn't} {matter hurt}, {not no} bother, {not no} bother at all
		{don't couldn't wouldn't} care {less _}, makes no difference, never mind, mind not, not at all, not {an a} {issue big_deal worry bother}
		no {biggie sweat drama trouble qualms harm hesitation question fuss stress hassle need strings reservations reason complaints secrets big_thing difficulty probs prob}
		without {hesitation reservation objection objections question}, nothing to hide, can't {hurt wait}, couldn't hurt, don't worry, don't {have need} to ask
		not {the least the_slightest} {_ problem issue}, not {too so} bad, no skin off, i do mind, i mind, uh-uh
		no wait, wait, hold on, hang on, {a one just_a} {moment second minute}, let me think, think about, why not though
		hello, who {is are}, who's, what's, what {is are do for}, why {are do is would should}, how {long do did come is}, are you, you sure, is {this that it}
		{can could would will do did} you, {do did should must can may} i, say again, come again, repeat, pardon, i hear, i heard
		{don't didn't can't couldn't cannot} {understand hear catch get_it get_that follow}, oui, si`,

	phraseRefuses: `
		{don't won't can't cannot never may_not mustn't shouldn't couldn't wouldn't not} {_ ever want_to_be wish_to_be want_you_to like_to_be be} {record recorded recording tape taped taping consent agree accept approve permit authorize authorise}
		{don't won't can't cannot} {allow give _let} {it that this you consent permission my_consent my_permission you_permission them}, don't {want wish like} {it this that to_be_recorded you any_recording}
		{don't stop quit never} {call calling phone ring bothering ringing contact contacting} {_ me us here again}, don't bother, {stop quit} bothering me, not {allowed permitted welcome}
		{not isn't ain't wasn't aren't} {okay fine alright all_right good cool happy comfortable agreeable willing interested agreed acceptable}, not {for with by} {me us}
		don't feel comfortable, {i'd i_would i} {rather prefer} {not you_didn't you_don't you_not}, rather not, prefer not, prefer you {don't didn't}
		{i_am i'm} afraid not, {absolutely of_course certainly definitely surely probably obviously clearly} not, {i_guess i_suppose i_think i_hope guess suppose think hope} not, you may not, no {thanks thank_you way chance can_do siree}
		hell no, heck no, not {a_chance happening going_to_happen on_your_life interested}, no means no, said no, say no, {under in} no {circumstances way}, by no means
		refuse, i {refuse decline reject object oppose disagree}, {we i_must i_have_to i'd_have_to i_will i'll} {refuse decline reject object pass}, declined, negative, i've an objection, i have an objection
		fat chance, zero chance, no deal, over my dead body, forget it, forget about it, count me out, leave me {alone out be}, leave us alone
		{remove delete erase lose} {me us my_name my_number this_number our_number my_data}
		{take strike cross} {me us my_name my_number this_number our_number} {off from out}, off your {list lists}, unsubscribe, opt out, opt me out, do not call list
		turn {it that the_recording the_recorder the_tape} off, turn off {it that the_recording the_recorder the_tape recording}, switch {it that} off, stop {recording taping it that this the_call this_call}, keep the {tape recorder} off, keep it off
		without {recording being_recorded the_recording a_recording}, no {recording recordings recorder tape}, unrecorded, off the record, hang up, hanging up, {go get} {away lost}, {piss fuck bugger buzz} off, wrong number
		withdraw my consent, revoke my consent, i {withdraw revoke}, hell to that`,

	// What people say of themselves in nearly the same words as they agree with.
	phraseUnknown: `
		{i'm i_am we're we_are you're you_are you you_sound you_look} {okay fine good alright all_right cool happy}, {i'm i_am} all {set good}
		yeah right, {okay fine alright all_right} {thanks thank_you}, {that's it's that_is it_is} {okay alright all_right} {thanks thank_you}`,

	phraseMachine: `
		{leave record leaving take} {a your _} {message messages}, {your a} message, {the at_the after_the} {tone beep}, mailbox, voicemail, voice mail, answering machine, answering service
		{you've you_have} reached, {say state record} your name, {say state} {the_reason why_you're_calling}, reason for {your_call calling}, {isn't not} available, unavailable, has been forwarded, {party person number customer} you {dialed dialled have_dialed are_calling called}
		please hold, press {one 1 two 2 zero 0 star pound} {for to}, press {one 1}, para español, {your this} call {may is will has} {be being been} {recorded monitored forwarded}, this call is being recorded, {for quality}, thank you for calling, thanks for calling
		can't {come_to get_to take} {the your} {phone call}, {cannot can't} take your call, {get_back_to_you call_you_back return_your_call} as soon as, customer service, your call is important
		call screening, screening service, stay on the line, if this person is available, isn't accepting, not in service, been disconnected, google voice subscriber, virtual assistant`,
}

// englishSpellings maps what recognisers and people write to what the phrases say: contractions, and sounds of agreeing.
func englishSpellings() map[string]string {
	spellings := map[string]string{
		"ive": "i've", "thats": "that's", "its": "it's",
		"lets": "let's", "youve": "you've", "id": "i'd", "havent": "haven't",
		"k": "okay", "ok": "okay", "okey": "okay", "o k": "okay", "okie": "okay", "dokie": "dokey", "okies": "okay", "okay then": "okay", "ok then": "okay", "right then": "right", "alright then": "alright", "sure then": "sure", "fine then": "fine",
		"mm hmm": "mhm", "mm hm": "mhm", "m hm": "mhm", "m hmm": "mhm", "mmhmm": "mhm", "mhmm": "mhm", "mmhm": "mhm",
		"hm hmm": "mhm", "uh huh": "mhm", "uhhuh": "mhm", "ah huh": "mhm", "uhuh": "uh-uh", "uh uh": "uh-uh", "mm mm": "uh-uh",
		"nuh uh": "nope", "can not": "cannot", "very well": "okay",
	}
	for _, word := range strings.Fields("do did does is are was were would could should have has had") {
		spellings[word+" not"] = word + "n't"
	}
	maps.Copy(spellings, lexicon.Contractions)
	return spellings
}
