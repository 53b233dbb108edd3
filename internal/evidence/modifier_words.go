package evidence

import (
	"strings"
	"sync"

	"github.com/i-agent/iagent/internal/lexicon"
)

// The tables of what modifies a quote, a table for each kind. Words are in lower case, with "#" for a number; phrases are
// separated by commas. Negations are in negating, besides everything with "n't".
var modifying = tables(
	table{KindHedged, scopeClause, `almost never, almost always, nearly always, practically never, practically always, virtually never, virtually always, almost every`},
	table{KindOthers, scopeClause, `next door, down the road, down the street, across the street, across the road, around the corner, in town, the other side, previous owner, former owner, old owner, last owner, owner before, predecessor, predecessors`},
	table{KindNegated, scopeClause, `no longer, no way, a long way from, a far cry from, miles from, yet to, let alone, much less, far from, nowhere near, anything but, instead of, rather than, rarely, seldom,
		unable to, few, little, lack, lacked, lacking, nicht, kein, keine, keinen, niemals, niemand, jamais, nunca`},
	table{KindNegated, scopeObject, `fail to, fails to, failed to, failing to, failed, refuse, refuses, refused, refusing, deny, denies, denied, denying,
		dispute, disputes, disputed, stop, stops, stopped, stopping, quit, quits, cease, ceased, avoid, avoids, avoided, decline to, declined to,
		forgot to, forget to, prevent, prevents, prevented, wrong that, wrong to say, false that, false to say, untrue that, incorrect that,
		not true, no chance, no way, impossible, unlikely, improbable, implausible, nonsense that, a lie that, a myth that, a rumor that, a rumour that, exaggeration to say, exaggerated to say`},
	table{KindCompared, scopeNumber, `more than, less than, fewer than, greater than, higher than, lower than, cheaper than, larger than, smaller than,
		at most, at least, at the most, at the least, at best, at worst, up to, over, under, above, below, beyond, upwards of, north of, south of,
		almost, nearly, virtually, practically, not quite, just over, just under, close to, closer to, short of, shy of, # of, as much as, as many as,
		as low as, as high as, as little as, as few as, a maximum of, a minimum of, maximum is, minimum is, limit is, ceiling is, most is, least is, maximum, minimum, max, min, starting at, starts at,
		starting from, starts from, within, double, triple, by, beneath, exceeding,
		exceeds, exceeded, approaching, approaches, topping, towards, toward, cheaper by, off by`},
	table{KindCompared, scopeNext, `almost, nearly, virtually, practically, close to, on the verge of, about to, as good as, not quite, came close to,
		come close to, just short of, on the edge of, on the brink of`},
	table{KindConditional, scopeSentence, `give me, give us, picture this, picture that, if, unless, suppose, supposing, imagine, imagining, assume, assuming, presuming, provided, providing, as long as, so long as,
		in case, lest, otherwise, pretend, what if, hypothetically, in theory, theoretically, ideally, in an ideal world, in a perfect world, were it, were we, had we, should we,
		given that, on condition that, in the event, let's say, let us say`},
	table{KindConditional, scopeClause, `supposed to, meant to, wish, wishes, wished, as though, hope to, hopes to, hoped to, hoping to, want to, wants to, wanted to,
		plan to, plans to, planned to, planning to, intend to, intends to, intended to, aim to, aims to, aimed to, aiming to, ought to`},
	table{KindConditional, scopeObject, `wish, hope, hoped, hoping, fear, feared, dream, dreamed`},
	table{KindAsked, scopeObject, `whether, ask if, asks if, asked if, asking if, asked me if, asked us if, wonder if, see if, check if, know if, sure if, remember if, wonder, wonders, wondered, wondering, who says, who said, who told you, who claims, why would, why should,
		how could, how would, what makes you think, where did you hear, where did you read, where did you get, are you saying, is it true,
		do you mean, do you think, you mean, you are saying, you're saying, you ask, you asked, you asked me, asking, asked me, asked us`},
	table{KindReported, scopeSaid, `i heard, we heard, i hear, we hear, i've heard, we've heard, i have heard, we have heard, i was told, we were told, i've been told,
		i have been told, we've been told, we have been told, i'm told, i am told, we are told, we're told, i read, we read, i've read,
		rumor has it, rumour has it, rumors are, rumours are, word on the street is, word is, the word is, word has it, legend has it, it is said, it's said, the story goes,
		i saw somewhere, i have read`},
	table{KindReported, scopeSentence, `according to, supposedly, allegedly, reportedly, as reported by`},
	table{KindReported, scopeClause, `so-called, promised, advertised, quoted`},
	table{KindPast, scopeClause, `used to, formerly, once, at one time, once upon a time`},
	table{KindPast, scopeSentence, `previously, earlier on, in the old days, back in the day, back then, back when, years ago, a long time ago, in those days, in the past, long ago, in former times,
		before my time, in my previous, at my previous, in my old, at my old, in our old, at our old, in my former, at my former, in my last job, in my old job, at my old job, at my last job, when i was`},
	table{KindDoubted, scopeObject, `doubt, doubts, doubted, doubtful, doubting, questionable, unsure, uncertain, unclear, forget, forgot, unconvinced, sceptical,
		skeptical, mistaken, hard to believe, hard to imagine, hard time believing, hard time imagining, trouble believing, hard to say, hard to tell, difficult to say, i thought, we thought, i used to think`},
	table{KindHedged, scopeNumber, `about, around, between, roughly, approximately, approx, circa, some, like, or so, more or less, say, somewhere around, somewhere about,
		a good, easily, in the region of, in the neighborhood of, in the neighbourhood of, something like, an estimated, an average of, on average, ish`},
	table{KindHedged, scopeClause, `maybe, perhaps, possibly, probably, presumably, apparently, likely, may, will, should, i'll, we'll, it'll, they'll, that'll, going to,
		gonna, usually, normally, sometimes, occasionally, mostly, try to, tries to, tried to, trying to, expect to, expects to,
		expected to, expecting to`},
	table{KindHedged, scopeObject, `may be, may well be, guess is, estimate is, i guess, i suppose, possibly, probably, presumably, likely, i assume, we assume, maybe, perhaps, i imagine, i'm guessing, i am guessing, it seems, seems, seems like, it looks like, looks like, apparently,
		chances are, it could be, i reckon, i have a feeling`},
	table{KindHedged, scopeSentence, `only when, only if, originally, initially, at first, in the beginning, when, whenever, before, until, without the, with the discount, with a discount, with the promotion, with a coupon, with the offer, on offer, on sale, next year,
		next month, next week, last year's`},
)

// trailing are words that belong to what is right before them.
var trailing = tables(
	table{KindCompared, scopeNumber, `at most, at the most, at the very most, at the very least, at least, at the least, at best, at worst, or more, or less, or fewer, or under, or over, or above, or below,
		or better, or higher, or lower, or cheaper, max, maximum, minimum, tops, at the outside, and up, and above, and more, and over, plus, upwards, if that, if not more,
		more, less, fewer, cheaper, dearer, higher, lower, off, extra, short, too much, too many, too high, too low, under, over, above, below`},
	table{KindCompared, scopeClause, `is the most, is the least, is the maximum, is the minimum, is the limit, is our limit, is our maximum, is my limit, was the most, would be`},
	table{KindPast, scopeClause, `was the old, was the previous, was the former, was our old, was before, was last year's, was yesterday's, back then, in those days, years ago, a long time ago, long ago, in the old days, back in the day, in the past, at one time, before my time,
		no longer, anymore, any more, once upon a time, when i was`},
	table{KindConditional, scopeClause, `provided, providing, assuming, as long as, so long as, only if, in case, supposing, on condition, on the condition, depending, depends, otherwise, in theory,
		theoretically, hypothetically, in my dreams, with luck`},
	table{KindReported, scopeClause, `or so they, or so i, or so we, according to, supposedly, allegedly, reportedly, they say, they said, so they say, people say, he says, he said, she says, she said,
		i heard, i hear, i was told, i'm told, i am told, we were told, they claim, or so they say, or so i heard, so i heard, so i hear, so i was told,
		rumor has it, on their website, on your website, on the website`},
	table{KindAsked, scopeClause, `you say, you mean, you said, you think, you ask, you asked`},
	table{KindDoubted, scopeClause, `but i doubt it, i doubt it, but i'm not sure, but i am not sure, i'm not sure, i am not sure, not sure, not certain, but don't quote me, who knows,
		but i don't know, i don't think so, i don't think, i doubt, i don't believe so, i don't believe it, don't quote me`},
	table{KindNegated, scopeClause, `nowhere near, not at all, not us, not here, not anymore, not any more, not really, not quite, not exactly`},
	table{KindHedged, scopeClause, `only in, only on, only for, only at, only during, only with, only because, or so, or thereabouts, give or take, roughly, approximately, more or less, maybe, perhaps, possibly, probably, i guess, i suppose, or something,
		ish, on average, if i remember, apparently`},
)

// attributions say after a comma whose words those before it were.
var attributions = tables(
	table{KindReported, scopeClause, `they say, they said, they claim, they told, people say, he says, he said, she says, she said, i heard, i hear, i was told, so i heard,
		so i hear, so they say, or so they say, said nobody, said no one, according to, supposedly, allegedly, your website says, the website says, says the, said the, we were told`},
	table{KindDoubted, scopeClause, `i doubt, i'm not sure, i am not sure, not sure, i don't think, i don't believe, don't quote me, i don't know, who knows, i can't remember`},
	table{KindAsked, scopeClause, `you say, you mean, you said, is that what you, is that so, didn't we, don't we, isn't it, wasn't it, did we, do we, is it, was it`},
)

// neutralPhrases modify nothing, whatever words are in them.
var neutralPhrases = phrasesOf(`in no time, no doubt, no question, no question about it, without question, without a question, without a doubt, without doubt, without fail, not only, not just, not merely,
	not to mention, nothing but, no wonder, no problem, no kidding, no joke, why not, never mind, no matter, can't deny, cannot deny, couldn't deny, could not deny,
	can not deny, nobody can deny, no one can deny, don't doubt, do not doubt, never doubt, never doubted, didn't doubt, can't complain, cannot complain,
	couldn't agree more, could not agree more, couldn't be happier, couldn't be better, don't get me wrong, do not get me wrong, don't forget, do not forget, don't worry,
	can't help but, cannot help but, i won't lie, i will not lie, not gonna lie, not going to lie, i'm not lying, i can't lie, believe it or not, like it or not,
	last but not least, not least, more often than not, whether you believe it or not, if you ask me, if i remember, if i remember well, if my memory, if that's your question, if that is your question, if that's the question,
	if that's what you want to know, if that answers your question, if that's okay, if that is okay, if that's clear, if you don't mind my saying so, if you don't mind me saying so,
	if you don't mind me saying, if you don't mind, if you see what i mean, if you understand me, if you know, if i understand you, if i understood you, if i understand correctly,
	if i understand the question, if i can say so, if i can be honest, if i'm being honest, if i'm to be honest, if i am to be honest, if i look at, if you look at, if you consider,
	if you believe it, if you can believe it, if i may be frank, if we are honest, if we're honest, if you need to know, if you have to know, if you're asking, if you are asking,
	if you wonder, if you're wondering, if you are wondering, if that's any help, if that is any help, if it helps, if you please, if i'm correct, if i am correct,
	if i'm not wrong, if i check, if i may add, if i remember right, if i remember rightly,
	if i remember correctly, if i remember it right, if i recall, if i recall correctly, if i'm not mistaken, if i am not mistaken, if i'm not wrong,
	if i am not wrong, if i'm right, if i'm honest, if i am honest, if you want to know, if you must know, if you really want to know, if you want the truth,
	if you want my opinion, if you like, if you will, if anything, if i may say so, if i may, if memory serves, if you want the exact figure, if that helps,
	if that's what you mean, if that is what you mean, if you know what i mean, if that's what you are asking, i would say, i'd say, we would say, we'd say,
	i would guess, i'd guess, i would think, i'd think, i would estimate, i'd estimate, i would call, i'd call, i would have to say, i'd have to say,
	i would like to say, i could say, you could say, one could say, i might add, you might say, i should say, i must say, i have to say, i'd like to say, i will say,
	i'll say, i'll tell you, i will tell you, i can tell you, let me tell you, i would love, no idea, whatever they say, whatever people say, whatever he says, whatever you hear, nothing special, no big deal,
	not bad, not surprisingly, no surprise, would you believe, would you believe it, i wouldn't lie, up to now, up to date, over the, over and over, over there,
	over here, above all, under the, more than happy, more than enough, what else, as if by magic, never fails to, never failed to, never fail to,
	doesn't fail to, don't fail to, didn't fail to, not fail to, don't stop, doesn't stop, never stopped, never stop, didn't stop, never stops, haven't stopped, hasn't stopped,
	not stop, not stopped, won't stop, not unlikely, not impossible, not uncommon, not unusual, not rare, you will find, you'll find, not even counting, not counting,
	not including, to say the least, at least once, little by little, quite a few, i don't mind, i do not mind, don't mind, not a problem, no exceptions`)

// asides stand between commas, and what is around them goes on.
var asides = phrasesOf(`to be honest, honestly, to be fair, frankly, i think, i believe, i guess, i must say, i have to say, you know, you see, of course, in fact, actually, really,
	sorry to say, as far as i know, as far as i can tell, as far as i remember, as i said, like i said, as you know, i mean, well, ever, really, at all, um, okay, ok, so,
	thank god, thankfully, luckily, fortunately, unfortunately, sadly, believe me, trust me, let me see, let me think, let's see, hand on heart, in all honesty, by the way,
	mind you, for sure, certainly, definitely, clearly, obviously, at the moment, right now, these days, in the end, after all, generally, in general, strictly speaking,
	if you ask me, how shall i say, what can i say, i'm afraid, i am afraid, to tell the truth, to tell you the truth, believe it or not, come to think of it, like`)

// tagsThatAskNothing end a statement with the tone of a question.
var tagsThatAskNothing = phrasesOf(`you know, you see, okay, ok, you understand, understand, you get me, if you know what i mean, you know what i mean`)

// corrections take back what was said before.
var corrections = phrasesOf(`or rather, or actually, or better, i wish, or was it, or is it, or was that, scratch that, strike that, correction, i take that back, i take it back, let me correct, my mistake, my bad, i misspoke, i was wrong, i got that wrong,
	i got it wrong, i mixed that up, i mixed it up, no wait, wait no, just kidding, only kidding, i'm kidding, i am kidding, kidding, just joking, only joking, i'm joking, i am joking,
	joking, forget that, forget what i said, forget it, that came out wrong, on second thought, on second thoughts, i confused that, i confuse that, i said that wrong, the opposite,
	the other way around, quite the opposite, quite the contrary, on the contrary, as if, yeah right, in your dreams, no chance, no way, hardly, my foot, don't believe it,
	don't believe that, don't believe them, says who, who says, says who, which we never, which we don't, which we didn't, which never, which didn't, which it didn't, which it isn't,
	which it wasn't, ignore that, disregard that, cancel that, not so fast`)

var (
	contrasts     = lexicon.Set("but however nevertheless nonetheless")
	subordinators = lexicon.Set(`because although though while whereas when whenever where which who whose after before until till except besides despite
		unlike since`)
	subjects      = lexicon.Set("we i they he she")
	objects       = lexicon.Set("it you there this that these those here what")
	anaphors      = lexicon.Set("that it this which those these all")
	leadIns       = lexicon.Set("well but and so actually oh yeah yes though then now here today really however in fact reality truth us for still sadly currently")
	closers       = lexicon.Set("anymore any more really though at all here now then today yet either of course though us sir madam you know ever in fact actually")
	ourWay        = lexicon.Set("in with for at by our my this the any")
	nearby        = lexicon.Set("us ours here me mine we anymore really exactly quite all true so case now shop store market area place branch city town country")
	degrees       = lexicon.Set("really quite simply just totally completely entirely exactly at all even always necessarily actually plain so absolutely")
	degreesBefore = lexicon.Set("very so too only that and because have has sell")
	toBe          = lexicon.Set("is was are were be been being isn't wasn't aren't weren't am ain't 's")
	untrue        = lexicon.Set(`wrong false untrue incorrect nonsense lie lies rumor rumour rumors rumours rubbish joke mistake bullshit different mistaken myth fake outdated
		over history exaggerated exaggeration inaccurate hearsay misunderstanding hypothetical invented fiction ridiculous absurd crap garbage error typo unfounded misinformation`)
	truths        = lexicon.Set("true right correct so accurate case us ours here anymore exactly fact likely possible")
	others        = lexicon.Set("other another different competitor competitors competition else somebody someone others previous former old neighbor neighbour somewhere")
	anybody       = lexicon.Set("everyone everybody someone somebody nobody anyone anybody")
	askers        = lexicon.Set("asked ask asks asking wonder wondered know knew sure see check remember me us")
	superlatives  = lexicon.Set("most least maximum minimum highest lowest cheapest max min")
	quantified    = lexicon.Set("nobody none nothing neither never have has had few no haven't hasn't hadn't nobody's")
	followUps     = lexicon.Set("anything any do are can could would shall may will is what how why when where who which")
	followUpWords = lexicon.Set("you else more i other about there this that now")
	surprises     = lexicon.Set("oh ah sorry no wait actually oops")
	denials       = lexicon.Set("deny denies denied denying dispute disputes disputed")
	correctors    = lexicon.Set("sorry no wait actually rather pardon")
	addressees    = lexicon.Set("us me you them him her everyone everybody people here it there always that")
	ownPeople     = lexicon.Set(`colleague colleagues boss manager wife husband staff owner team employee employees partner assistant cashier son daughter accountant system
		books records report till register invoice receipt label tag customer customers client clients shoppers shopper buyers guests`)
	// otherPeople are those whose shops and goods are not what was asked about.
	otherPeople = lexicon.Set(`cousin cousins brother sister uncle aunt nephew niece mother mom father dad friend friends neighbor neighbors neighbour
		neighbours competitor competitors competition rival rivals website websites elsewhere others else chain chains giants discounter discounters amazon 
		other another`)
	// notSubject are words before others that show that the clause is not about them.
	notSubject = lexicon.Set("we i us than like from to unlike against with as each no every for any on if")
	// otherGoods follow "other" and "another" when these speak of somebody or something else.
	otherGoods = lexicon.Set(`brand brands shop shops store stores product products one ones company companies supplier suppliers place places chain chains guy guys people
		kind flavor flavour variety item items market markets branch branches seller sellers business businesses side`)
	theirs       = lexicon.Set("your their his her previous former old last ex")
	sellers      = lexicon.Set("sell sells sold charge charges charged stock stocks carry carries offer offers")
	spans        = lexicon.Set("when whenever until till before except")
	publications = lexicon.Set("website internet online sign ad advert advertisement flyer leaflet newspaper paper news radio tv television brochure catalogue catalog app")
	sayings      = lexicon.Set(`say says said saying tell tells told claim claims claimed think thinks thought believe believes believed reckon reckons reckoned insist insists
		insisted swear swears swore promise promises promised advertise advertises advertised mention mentions mentioned wrote write writes shows announce announced
		announces suggest suggests suggested complain complains complained state states stated report reports reported argue argues argued assume assumes assumed`)
	embedders = lexicon.Set(`something anything often think believe say says said saying claim claims know knew remember recall mean means meant feel guess suppose expect true correct right sure certain case like
		way chance clear saying convinced aware imagine agree confirm confirmed notice noticed see saw seen hear heard happen happened happens reason tell tells told
		accurate fair report reported mention mentioned proof evidence complain complained certain positive fact accept suggest suggested argue thinks
		believes knows thought believed wish understand figure doubt admit`)
	occasions     = lexicon.Set("point stage situation days weeks months years times moments weekends day week month year time moment weekend season case shop customer one")
	conditions    = lexicon.Set("if unless without with otherwise then imagine suppose assuming provided had")
	unreal        = lexicon.Set("would could might wouldve couldve would've could've might've should've")
	moves         = lexicon.Set("went go goes gone going rose risen rise rises rising jumped jump came come comes moved climbed raised raise put pushed crept grew grown")
	comparatives  = lexicon.Set("more less fewer cheaper dearer higher lower off extra short under over above below")
	approximators = lexicon.Set(`about around roughly approximately a an the just like some maybe perhaps only even say our approximately exactly somewhere probably well circa almost nearly
		really at dollars euros pounds sometimes still something easily usually like`)
	adverbsBefore = lexicon.Set(`really quite completely entirely totally just even still also ever actually already been be have has had being fully totally usually probably
		definitely once again nearly all simply the a an at to`)
	determiners    = lexicon.Set("the a an our my your his her their its this that these those some any no every each # prices people customers")
	interrogatives = lexicon.Set("who what when where why how which whose who's what's")
	clauseOpeners  = lexicon.Set("the our my a an this that these still then now nobody no never yes usually always therefore today yesterday people customers last next")
	auxiliaries    = lexicon.Set(`do does did have has had is am are was were can could will would may might shall should must don't doesn't didn't haven't hasn't hadn't isn't aren't
		wasn't weren't can't couldn't won't wouldn't shouldn't mustn't ain't cannot`)
	// finite are words that show that the pronoun before them is a subject.
	finite = lexicon.Set(`is was are were has had have costs cost sells sold sell went goes go came comes come runs ran run could would should will might may can cannot did does do never always
		just only really still also usually actually used gets got get takes took take stays stayed stay keeps kept keep moves moved looks feels seems says said ask asked
		know want pay paid buy bought need means mean must won't isn't wasn't aren't weren't hasn't hadn't haven't couldn't wouldn't shouldn't didn't doesn't don't can't lasts lasted
		depends works worked became becomes remains remained happened happens stopped started starts rose fell falls dropped increased doubled ain't makes made
		think remember ordered arrived stands sits says left leaves brings brought needs wants gave gives put puts hit hits jumped sounds varies`)
	pastForms   = lexicon.Set("sold paid ran had was were went got took made kept bought came fell rose lost gave put brought left became saw thought began")
	participles = lexicon.Set(`sold been paid run had gone got gotten taken made kept bought come fallen risen lost given put brought left become seen thought begun never just always already
		only said told heard better`)
	foreignNegations = lexicon.Set("nicht pas")
)

// apostrophes are more contractions as some speech recognition writes them, besides lexicon.Contractions.
var apostrophes = map[string]string{
	"hasnt": "hasn't", "havent": "haven't", "hadnt": "hadn't", "werent": "weren't", "mustnt": "mustn't", "thats": "that's", "theyre": "they're", "weve": "we've", "ive": "i've", "theyve": "they've", "youre": "you're", "noone": "nobody",
	"itd": "it'd", "thatd": "that'd", "theyd": "they'd", "youd": "you'd",
}

type table struct {
	kind  Kind
	scope scope
	list  string
}

// tables are read when the first quote is.
func tables(all ...table) func() []rule {
	return sync.OnceValue(func() []rule {
		var rules []rule
		for _, t := range all {
			for _, words := range splitPhrases(t.list) {
				rules = append(rules, rule{words, t.kind, t.scope})
			}
		}
		return rules
	})
}

func phrasesOf(list string) func() [][]string {
	return sync.OnceValue(func() [][]string { return splitPhrases(list) })
}

func splitPhrases(list string) [][]string {
	var all [][]string
	for phrase := range strings.SplitSeq(list, ",") {
		all = append(all, strings.Fields(phrase))
	}
	return all
}

// splitContraction cuts "it's" into "it" and "'s".
func splitContraction(word string) (base, contracted string, ok bool) {
	base, tail, ok := strings.Cut(word, "'")
	if ok {
		return base, "'" + tail, true
	}
	return word, "", false
}
