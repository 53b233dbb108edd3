package app

import (
	"regexp"
	"strings"
)

// twilioSid is a SID of Twilio's: two letters and 32 hexadecimal digits (Twilio: String identifier).
var twilioSid = regexp.MustCompile(`^[A-Z]{2}[0-9a-fA-F]{32}$`)

// minToken is far below the 32 hexadecimal digits that Twilio's auth tokens have, whose form is not promised (Twilio: Auth tokens and
// how to change them): what is shorter is cut off, or a placeholder.
const minToken = 16

// wrongToken says why a text is certainly no auth token, "" if it may be one. It does not quote the text.
func wrongToken(token string) string {
	switch {
	case token == "":
		return ""
	case strings.ContainsAny(token, " \t\r\n\u00a0\u200b\ufeff"):
		return "contains white space; copy the token again without it"
	case strings.ContainsAny(token, "\"'`\u201c\u201d\u2018\u2019"):
		return "contains a quotation mark; write the token without quotes"
	case strings.HasPrefix(token, "SK") && twilioSid.MatchString(token):
		return "is the SID of an API key, which signs no webhooks; set it to the auth token from the Twilio console"
	case twilioSid.MatchString(token):
		return "is a SID; set it to the auth token from the Twilio console, which is beside the AccountSid"
	case strings.Contains(token, ":"):
		return "contains a colon, which no auth token has; copy the token again"
	case len(token) < minToken:
		return "is too short; an auth token has 32 hexadecimal digits: copy it again from the Twilio console"
	}
	return ""
}
