package explain

import (
	"strings"

	"github.com/i-agent/iagent/signature"
)

// Cure says what to do about a cause that was found, in terms of our settings.
func Cure(c signature.Cause) string {
	switch c.Kind {
	case signature.CauseToken:
		if strings.Contains(c.Text, "was configured") || strings.Contains(c.Text, "is written") {
			return "write TWILIO_AUTH_TOKEN, TWILIO_AUTH_TOKEN_SECONDARY and TWILIO_ACCOUNT_TOKENS without anything around the token"
		}
		if strings.Contains(c.Text, "which is not the account") {
			return "give each account its own token: TWILIO_AUTH_TOKEN for the main account, TWILIO_ACCOUNT_TOKENS=AC…=TOKEN for a subaccount"
		}
		return KindCure(c.Kind)
	case signature.CauseAccount, signature.CauseUnknown:
		return KindCure(c.Kind)
	}
	if c.Cure == "" {
		return KindCure(c.Kind)
	}
	text := strings.ReplaceAll(c.Cure, "set the public base URL to ", "set APP_URL=")
	return strings.ReplaceAll(text, "the public base URL", "APP_URL")
}

// KindCure is the cure of which only the kind is known, "" where there is none.
func KindCure(kind signature.CauseKind) string {
	switch kind {
	case signature.CauseScheme, signature.CauseHost:
		return "set APP_URL to the URL that Twilio calls, or give Twilio the one that APP_URL says"
	case signature.CausePort:
		return "set APP_URL to the URL that Twilio calls, with its port"
	case signature.CausePath:
		return "let the proxy pass the path on as it is; if it cuts a prefix off, set APP_URL to the URL with that prefix"
	case signature.CauseToken:
		return "set TWILIO_AUTH_TOKEN to the primary token in the Twilio console, and during a rotation TWILIO_AUTH_TOKEN_SECONDARY to the other; " +
			"a subaccount's goes into TWILIO_ACCOUNT_TOKENS=AC…=TOKEN"
	case signature.CauseAccount:
		return "add AC…=TOKEN of that account to TWILIO_ACCOUNT_TOKENS, or set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to that account"
	case signature.CauseQuery:
		return "let the proxy pass the query on byte for byte"
	case signature.CauseBody, signature.CauseBodyHash:
		return "let the proxy pass the body on byte for byte"
	case signature.CauseContentType:
		return "let the proxy pass the Content-Type on as it is"
	case signature.CauseMethod:
		return "choose POST beside the URL at Twilio, and give it the URL that nothing redirects"
	case signature.CauseSigner:
		return "sign as Twilio does: over the decoded parameters, sorted by name, each value once"
	case signature.CauseWebSocket:
		return "let the proxy pass the headers Upgrade and Connection on"
	case signature.CauseHeader:
		return "let the proxy pass " + signature.Header + " on; without it the request is not Twilio's"
	case signature.CauseMalformed:
		return "the request is not Twilio's, or something on the way repeated its parameters"
	case signature.CauseUnknown:
		return "if it is Twilio's, compare the URL that Twilio's debugger shows with APP_URL, and the tokens with TWILIO_AUTH_TOKEN, " +
			"TWILIO_AUTH_TOKEN_SECONDARY and TWILIO_ACCOUNT_TOKENS; if these are right, somebody else sent it, and there is nothing to do"
	}
	return ""
}
