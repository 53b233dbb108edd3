package console

import (
	"net/url"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
)

// place is a page that is found by words of what it shows, where nothing has these words as its id.
type place struct {
	name, detail, page string
	// words are those by which it is found, in lower case.
	words string
}

// places are the pages that answer a question which has no id in it.
func places() []place {
	calls := func(name, value string) string { return address("/calls", url.Values{name: {value}}) }
	return []place{
		{"rejected claims", "the calls with a claim that a check has rejected; the claim's card says why", calls("claims", "rejected"), "rejected claims claim calls quote"},
		{"rejections", "requests refused without a valid signature, each with its cause", "/rejections", "rejections rejected refused requests signature forged"},
		{"stops", "all stops, each with the calls that waited for it and those that it ended", "/stops", "stops stopped stopping resumed resume waited waiting calls"},
		{"calls that still lack a recording", "late or not", calls("awaiting", string(interview.OverdueRecording)), "recordings missing lack calls"},
		{"calls of a second attempt", "or a later one", calls("minAttempt", "2"), "second attempts again repeated calls"},
		{"calls that came in", "people who called us", calls("direction", string(interview.DirectionInbound)), "inbound incoming came calls"},
		{"overdue", "what should have happened by now, and did not", "/overdue", "overdue late missing"},
		{"dead runs", "runs that failed for good", "/runs?state=failed", "dead failed runs"},
		{"webhooks that failed", "and are not accepted yet", "/webhooks?outcome=failed", "failed webhooks"},
		{"webhooks that came again", "duplicates, and those with another content", "/webhooks?outcome=duplicate", "duplicates duplicated webhooks again"},
		{"do-not-call list", "numbers that must not be called, and who put them there", "/do-not-call", "do-not-call dnc opted opt-out listed numbers"},
		{"campaigns", "each with its dispositions, contacts, calls and hypotheses", "/campaigns", "campaigns dispositions break-off refusal hypotheses rates"},
		{"audit log", "who did what, and why", "/audit", "audit log operators"},
		{"health", "services, backlog, charts, tokens", "/health", "health services backlog tokens database redis"},
	}
}

// placesOf are the pages that have all words of a text, but those that every question has.
func placesOf(text string) []place {
	var asked []string
	for word := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') }) {
		if !strings.Contains(" a an and are did do does for has have i in is it of on or that the there these they this to was were what when where which who why ", " "+word+" ") {
			asked = append(asked, word)
		}
	}
	var found []place
	for _, p := range places() {
		all := len(asked) > 0
		for _, word := range asked {
			all = all && len(word) > 2 && strings.Contains(" "+p.words, " "+word)
		}
		if all {
			found = append(found, p)
		}
	}
	return found
}

// addPlaces finds pages by words.
func (c *Console) addPlaces(p *findView) {
	for _, at := range placesOf(p.asked) {
		p.found = append(p.found, candidate{what: "page", name: at.name, detail: at.detail, at: c.path(at.page)})
	}
}
