package console

import (
	"net/url"
	"slices"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
)

// place is a page that is found by words of what it shows, where nothing has these words as its id.
type place struct {
	name, detail, page string
	// words are those by which it is found beside those of its name.
	words string
}

// callsByEnd are a step behind the page that leads to them, which its detail says.
const callsByEnd = "calls by how they ended for the person"

// places are the pages that answer a question which has no id in it: those of the menu, lists that people ask for, and the list of each
// status, state and reason.
func places() []place {
	calls := func(name, value string) string { return address("/calls", url.Values{name: {value}}) }
	list := []place{
		{"rejected claims", "the calls with a claim that a check has rejected; the claim's card says why", calls("claims", "rejected"), "claim calls quote"},
		{"rejections", "requests refused without a valid signature, each with its cause", "/rejections", "rejected refused requests signature forged 403 404 405 413 415"},
		{"stops", "all stops, each with the calls that waited for it and those that it ended", "/stops", "stopped stopping resumed resume waited waiting calls"},
		{"calls that still lack a recording", "late or not", calls("awaiting", string(interview.OverdueRecording)), "recordings missing no without"},
		{"calls of a second attempt", "or a later one", calls("minAttempt", "2"), "attempts again repeated redialled"},
		{"calls that came in", "people who called us", calls("direction", string(interview.DirectionInbound)), "inbound incoming"},
		{"overdue", "what should have happened by now, and did not", "/overdue", "late missing"},
		{"dead runs", "runs that failed for good, each with the way to retry it", "/runs?state=failed", "retry retries failed"},
		{"bulk jobs", "retries of many dead runs, replays of many failed webhooks", "/bulk", "retry replay"},
		{"webhooks that failed", "and are not accepted yet", "/webhooks?outcome=failed", "500 replay"},
		{"webhooks that came again", "each with how often", "/webhooks?outcome=duplicate", "duplicates duplicated delivered twice repeated"},
		{"webhooks that came again with other content", "the same event with another payload than the accepted one", "/webhooks?outcome=conflict", "conflict conflicting different payload"},
		{"webhooks that were refused", "verified, and not for one of our calls, or for one that is pruned", "/webhooks?outcome=refused", "404 409 mismatch unknown"},
		{"do-not-call list", "numbers that must not be called, and who put them there; people who opted out are on it", "/do-not-call", "dnc opted opt-out never again numbers suppressed blocked"},
		{"campaigns", "each with its contacts, calls, hypotheses and verdicts", "/campaigns", "hypothesis hypotheses verdicts rates"},
		{callsByEnd, "open a campaign: its dispositions, such as break-off and refusal, lead to those calls", "/campaigns", "break broke off hung hang up dispositions hears heard last words " + dispositionNames()},
		{"calls with consent", "", calls("consentGiven", "true"), "agreed yes recorded"},
		{"calls without consent", "", calls("consentGiven", "false"), "refused disagreed no recorded"},
		{"contacts", "whom campaigns want to reach, by state and reason", "/contacts", "people persons numbers"},
		{"audit log", "who did what, and why", "/audit", "operators"},
		{"health", "services, backlog, charts, caller ids, tokens, checks", "/health", "database redis twilio latency paused dialling"},
		{"calls", "all calls, newest first", "/calls", ""},
		{"webhooks", "all that Twilio sent", "/webhooks", "callbacks"},
		{"runs", "of functions", "/runs", "functions jobs"},
		{"River's jobs", "the queue's own pages", "/jobs", "queues"},
	}
	for _, status := range callStatuses() {
		words := ""
		if status == interview.CallCanceled {
			words = "cancelled"
		}
		list = append(list, place{"calls with status " + string(status), "", calls("status", string(status)), words})
	}
	for _, reason := range interview.Refusals() {
		list = append(list, place{"contacts: " + reasonWords(reason), "", address("/contacts", url.Values{"reason": {string(reason)}}), ""})
	}
	for _, what := range interview.Awaitable() {
		if what != interview.OverdueRecording {
			list = append(list, place{"calls that wait for " + awaited(what), "late or not", calls("awaiting", string(what)), ""})
		}
	}
	for _, function := range interview.Functions() {
		list = append(list, place{"runs of " + string(function), "", address("/runs", url.Values{"function": {string(function)}}), ""})
	}
	return list
}

func dispositionNames() string {
	var names []string
	for _, d := range interview.Dispositions() {
		names = append(names, d.Name())
	}
	return strings.Join(names, " ")
}

// wordsOf are the words of a text, in lower case.
func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
}

// saysNothing are words that every question has.
const saysNothing = " a an and are did do does for has have i in is it nothing of on or that the there these they this to was were what when where which who why "

// sameWord reports whether a word that is asked for is one of a place, which may be longer, or of which it is a form.
func sameWord(asked, of string) bool {
	if len(asked) < 3 {
		return asked == of
	}
	ending, found := strings.CutPrefix(asked, of)
	return strings.HasPrefix(of, asked) || found && len(of) > 3 && slices.Contains(endings, ending)
}

// endings are those of words in English that have the same stem.
var endings = []string{"s", "es", "d", "ed", "led", "ing", "ling", "ion", "ions", "er", "ers", "ment", "ments"}

// sectionNamed is the page of the menu that has words as its name.
func sectionNamed(asked []string) (place, bool) {
	for _, section := range sections {
		if slices.Equal(asked, wordsOf(section.name)) {
			return place{name: section.name, page: section.path}, true
		}
	}
	return place{}, false
}

// placesOf are the pages that have all words of a text, but those that every question has; or the one whose name it is. When no page
// has all words, these are the pages that have the most of them, and all is false.
func placesOf(text string) (found []place, all bool) {
	asked := wordsOf(text)
	if section, ok := sectionNamed(asked); ok {
		return []place{section}, true
	}
	asked = slices.DeleteFunc(asked, func(word string) bool { return strings.Contains(saysNothing, " "+word+" ") })
	most := 1
	for _, p := range places() {
		words, has := wordsOf(p.name+" "+p.words), 0
		for _, word := range asked {
			if slices.ContainsFunc(words, func(of string) bool { return sameWord(word, of) }) {
				has++
			}
		}
		if has > most {
			most, found = has, nil
		}
		if has == most {
			found = append(found, p)
		}
	}
	return found, most == len(asked)
}

// addPlaces finds pages by words.
func (c *Console) addPlaces(p *findView) {
	found, all := placesOf(p.asked)
	found = slices.DeleteFunc(found, func(at place) bool { return !(frame{role: p.role}).sees(at.page) })
	if len(found) > maxCandidates {
		found = found[:maxCandidates]
	}
	if !all && len(p.found) > 0 {
		return // something has all words
	}
	if !all && len(found) > 0 {
		p.partly = true
		p.notes = append(p.notes, "No page is about all of these words; these are about some.")
	}
	for _, at := range found {
		p.partly = p.partly || at.name == callsByEnd
		p.found = append(p.found, candidate{what: "page", name: at.name, detail: at.detail, at: c.path(at.page)})
	}
}
