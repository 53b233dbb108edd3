package console

import (
	"regexp"

	"github.com/i-agent/iagent/internal/evidence"
	"github.com/i-agent/iagent/internal/interview"
)

var (
	// ids are SIDs of Twilio and ids of ours, wherever they stand in a text.
	ids = regexp.MustCompile(`\b(?:[A-Z]{2}[0-9a-f]{32}|[0-7][0-9A-HJKMNP-TV-Z]{25})\b`)
	// word is a text without blanks and without digits enough for a phone number.
	word = regexp.MustCompile(`^(?:[A-Za-z_:./-]|[0-9]{1,5}(?:[^0-9]|$))*$`)
)

// shownText is a text that operators, people or services wrote, as somebody of the role may see it: a viewer sees no phone numbers
// in it, in digits or in words. Ids stay as they are.
func shownText(role Role, text string) string {
	if role == Admin || word.MatchString(ids.ReplaceAllString(text, "")) {
		return text
	}
	return evidence.Redact(interview.WithoutPhoneNumbers(text))
}
