package signature

import (
	"net/url"
	"strings"
)

// mostPairs bounds the room that is made for a form before it is read.
const mostPairs = 64

// ParseForm reads application/x-www-form-urlencoded text, a body or a raw query,
// exactly as the signature of a body is checked: whoever reads a verified
// request with it sees the parameters that were signed.
//
// The pairs are separated by "&" alone, so ";" is an ordinary byte. "a" and "a="
// are both an empty value, an empty name is a name, empty pairs ("&&") are none.
// "+" is a space. A "%" without two hexadecimal digits behind it means itself.
// Nothing is ever refused, unlike by [url.ParseQuery]: the frameworks in front
// of Twilio's own SDKs refuse nothing either, and Twilio does not send again what
// is answered 400. Values may be any bytes, NUL and invalid UTF-8 included.
func ParseForm(encoded string) url.Values {
	if encoded == "" {
		return url.Values{}
	}
	pairs := min(strings.Count(encoded, "&")+1, mostPairs)
	form, values := make(url.Values, pairs), make([]string, 0, pairs)
	for encoded != "" {
		var pair string
		pair, encoded, _ = strings.Cut(encoded, "&")
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key, value = unescapeForm(key), unescapeForm(value)
		if earlier, repeated := form[key]; repeated {
			form[key] = append(earlier, value)
			continue
		}
		values = append(values, value)
		form[key] = values[len(values)-1 : len(values) : len(values)]
	}
	return form
}

// ParseTarget is [ParseForm] for the query of a request target, such as
// [net/http.Request.RequestURI]. A fragment is left out, as it is from the
// signature: it does not belong on a request line, and nobody signed it.
func ParseTarget(target string) url.Values {
	target, _, _ = strings.Cut(target, "#")
	_, query, _ := strings.Cut(target, "?")
	return ParseForm(query)
}

// unescapeForm decodes a name or a value.
func unescapeForm(s string) string {
	first := strings.IndexAny(s, "%+")
	if first < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:first])
	for i := first; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b.WriteByte(' ')
		case c == '%' && i+2 < len(s) && unhex(s[i+1])|unhex(s[i+2]) >= 0:
			b.WriteByte(byte(unhex(s[i+1])<<4 | unhex(s[i+2])))
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
