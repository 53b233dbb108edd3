package console

import "github.com/i-agent/iagent/internal/evidence"

// shownText is a text that operators, people or services wrote, as somebody of the role may see it: a viewer sees no phone numbers
// in it, in digits or in words.
func shownText(role Role, text string) string {
	if role == Admin {
		return text
	}
	return evidence.ForViewer(text)
}
