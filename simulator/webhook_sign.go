package simulator

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// sign computes X-Twilio-Signature: base64 of HMAC-SHA1 over the URL and, sorted by name, each parameter's
// name and value (Twilio: Webhooks security). A repeated name counts once per different value, values sorted.
// rawURL is signed as it stands: see [signedURL]. params is nil for GET.
func sign(token, rawURL string, params url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(rawURL))
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		values := slices.Clone(params[name])
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			mac.Write([]byte(name))
			mac.Write([]byte(value))
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// signedURL is the form of a callback URL that Twilio signs: no fragment, no userinfo and, for https callbacks
// of a call, no port unless keepPort. Everything else stays byte for byte as the application wrote it.
func signedURL(rawURL string, keepPort bool) string {
	rawURL, _, _ = strings.Cut(rawURL, "#")
	scheme, authority, tail, ok := splitURL(rawURL)
	if !ok {
		return rawURL
	}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:]
	}
	if !keepPort && strings.EqualFold(scheme, "https") {
		authority = withoutPort(authority)
	}
	return scheme + "://" + authority + tail
}

// splitURL cuts a URL before and after its authority, byte for byte.
func splitURL(rawURL string) (scheme, authority, tail string, ok bool) {
	scheme, rest, ok := strings.Cut(rawURL, "://")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	return scheme, rest[:end], rest[end:], ok
}

// withoutPort cuts at the last colon after a closing bracket, if any: an IPv6 host has colons of its own.
func withoutPort(authority string) string {
	if colon := strings.LastIndexByte(authority, ':'); colon > strings.LastIndexByte(authority, ']') {
		return authority[:colon]
	}
	return authority
}
