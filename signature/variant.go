package signature

import (
	"strings"
)

// Variant says how the URL that was signed differs from the configured one plus
// the request target. It is a set: zero is the URL exactly as received.
type Variant uint8

const (
	// NoUserinfo: user:password@ was dropped, as Twilio documents.
	NoUserinfo Variant = 1 << iota
	// NoPort: the port was dropped, as Twilio does for voice over https.
	NoPort
	// DefaultPort: :443 or :80 was added.
	DefaultPort
	// NoSlash: the URL was configured without a path, "https://example.com".
	NoSlash
	// QuotesEscaped: ' in the query was signed as %27.
	QuotesEscaped
	// QuotesUnescaped: %27 in the query was signed as '.
	QuotesUnescaped
	// Unescaped: %40, %3A and %27 in the query of a GET were signed as @ : '.
	Unescaped
	// FinalSlash: a WebSocket URL was signed with a slash at its end.
	FinalSlash
)

// String names the differences, such as "no port, no userinfo", or "as received".
func (v Variant) String() string {
	if v == 0 {
		return "as received"
	}
	names := [...]string{"no userinfo", "no port", "default port", "no slash",
		"quotes escaped", "quotes unescaped", "unescaped", "final slash"}
	var parts []string
	for i, name := range names {
		if v&(1<<i) != 0 {
			parts = append(parts, name)
		}
	}
	return strings.Join(parts, ", ")
}
