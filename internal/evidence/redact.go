package evidence

import (
	"regexp"
	"strings"
	"sync"

	"github.com/i-agent/iagent/internal/interview"
)

// redacted stands for a phone number that was left out. It has no letter or digit, so it is no word of a quote.
const redacted = "[…]"

// numberLike finds runs of figures with the separators of phone numbers.
var numberLike = regexp.MustCompile(`\+?\(?\d(?:[ \t().\-/\x{2010}-\x{2013}]{0,3}\d){6,19}`)

// spokenFigures finds seven and more figures in words.
var spokenFigures = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(?:(?:plus|double|triple|zero|oh|nought|one|two|three|four|five|six|seven|eight|nine|\d)\b[ ,.\-]*){7,}`)
})

// grouped is the shape of a number in groups: it ends in three or more figures, as prices beside each other do not.
var grouped = regexp.MustCompile(`^\(?\d{1,5}\)?(?:[ \t().\-/\x{2010}-\x{2013}]{1,3}\d{2,5})+$`)

// Redact leaves out what may be a phone number: a plus sign with figures, seven or more figures in a row or in groups, or
// seven figures spoken one by one. Amounts stay: figures after a sign for money, with a decimal part, or round.
func Redact(text string) string {
	text = replaceNumbers(text)
	return spokenFigures().ReplaceAllStringFunc(text, func(run string) string {
		kept := strings.TrimRight(run, " ,.-")
		return redacted + run[len(kept):]
	})
}

func replaceNumbers(text string) string {
	var b strings.Builder
	last := 0
	for _, at := range numberLike.FindAllStringIndex(text, -1) {
		run := text[at[0]:at[1]]
		if !phoneLike(text[:at[0]], run) {
			continue
		}
		b.WriteString(text[last:at[0]])
		b.WriteString(redacted)
		last = at[1]
	}
	b.WriteString(text[last:])
	return b.String()
}

func phoneLike(before, run string) bool {
	if strings.HasPrefix(run, "+") {
		return true
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, run)
	before = strings.TrimRight(before, " ")
	for sign := range signWords {
		if strings.HasSuffix(before, string(sign)) && sign != '/' {
			return false
		}
	}
	if digits == run {
		return !strings.HasSuffix(digits, "000")
	}
	return grouped.MatchString(run) && !decimals.MatchString(run)
}

// decimals are amounts beside each other, as in "12.50 13.50".
var decimals = regexp.MustCompile(`^\d+\.\d\d([ \t-]+\d+\.\d\d)+$`)

var (
	// ids are SIDs of Twilio and ids of ours, wherever they stand in a text.
	ids = regexp.MustCompile(`\b(?:[A-Z]{2}[0-9a-f]{32}|[0-7][0-9A-HJKMNP-TV-Z]{25})\b`)
	// dates are of ISO 8601, with or without a time.
	dates = regexp.MustCompile(`\b(?:19|20)\d\d-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?\b`)
	// connectors join the parts of an id, or words.
	connectors = strings.NewReplacer(":", " ", "_", " ", "/", " ", "#", " ", "=", " ")
)

// ForViewer is a text for somebody who may see no phone number, wherever it comes from: nothing is taken for an amount, other
// than in what is sent to a model. Ids stay whole.
func ForViewer(text string) string {
	// What is no number is taken out first, and joined parts are looked at apart.
	parts := connectors.Replace(dates.ReplaceAllString(ids.ReplaceAllString(text, " "), " "))
	masked := withoutNumbers(parts)
	if masked == parts {
		return text
	}
	if whole := withoutNumbers(text); whole != text {
		return whole
	}
	return masked
}

func withoutNumbers(text string) string { return Redact(interview.WithoutPhoneNumbers(text)) }

// Redacted is the extraction without phone numbers: what is sent to a model, and what its quotes are looked for in.
func Redacted(e interview.Extraction) interview.Extraction {
	utterances := make([]interview.Utterance, len(e.Utterances))
	for i, u := range e.Utterances {
		u.Text = Redact(u.Text)
		utterances[i] = u
	}
	e.Utterances = utterances
	return e
}
