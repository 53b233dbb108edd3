package telemetry

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
)

const (
	redacted = "[redacted]"
	// minSecret is the shortest secret that is looked for: a shorter one would be found everywhere.
	minSecret = 6
)

// secretKeys are the ends of the names of attributes that are never shown, whatever their value.
var secretKeys = []string{"authorization", "password", "secret", "token", "api_key", "apikey"}

// Redactor takes out of texts what must not be seen: phone numbers, of which the end stays so that they can be told apart
// (+1******4567), and secrets. It is immutable.
type Redactor struct{ secrets []string }

// Redact returns a Redactor that knows these secrets, also in the form in which they stand in a URL. Secrets of fewer than
// six characters are not looked for; none at all leaves phone numbers.
func Redact(secrets ...string) Redactor {
	var r Redactor
	for _, secret := range secrets {
		if len(secret) < minSecret {
			continue
		}
		r.secrets = append(r.secrets, secret, url.QueryEscape(secret), url.PathEscape(secret))
	}
	// The longest first: one secret may be the beginning of another.
	slices.SortFunc(r.secrets, func(a, b string) int {
		if d := len(b) - len(a); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	r.secrets = slices.Compact(r.secrets)
	return r
}

// Text returns the text without what must not be seen.
func (r Redactor) Text(text string) string {
	for _, secret := range r.secrets {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	return maskPhoneNumbers(text)
}

// Attr is the same for an attribute of the log; it is a ReplaceAttr of [slog.HandlerOptions], which also sees the message.
func (r Redactor) Attr(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		if secretKey(a.Key) && a.Value.String() != "" {
			a.Value = slog.StringValue(redacted)
			break
		}
		a.Value = slog.StringValue(r.Text(a.Value.String()))
	case slog.KindAny:
		if secretKey(a.Key) {
			a.Value = slog.StringValue(redacted)
			break
		}
		a.Value = r.value(a.Value)
	}
	return a
}

// value leaves a value as it is unless its text, however the handler will write it, shows something.
func (r Redactor) value(v slog.Value) (clean slog.Value) {
	defer func() {
		// A nil in the guise of an error or a Stringer; the handler knows how to write it.
		if recover() != nil {
			clean = v
		}
	}()
	switch x := v.Any().(type) {
	case nil, slog.Level, *slog.Source:
		return v
	case error:
		return slog.StringValue(r.Text(x.Error()))
	case fmt.Stringer:
		return slog.StringValue(r.Text(x.String()))
	case []byte:
		return slog.StringValue(r.Text(string(x)))
	default:
		text := fmt.Sprintf("%+v", x)
		if clean := r.Text(text); clean != text {
			return slog.StringValue(clean)
		}
		if data, err := json.Marshal(x); err == nil && r.Text(string(data)) != string(data) {
			return slog.StringValue(r.Text(string(data)))
		}
		return v
	}
}

func secretKey(key string) bool {
	key = strings.ToLower(key)
	return slices.ContainsFunc(secretKeys, func(end string) bool { return strings.HasSuffix(key, end) })
}

var (
	// phoneNumber finds E.164 numbers, also as a URL, JSON or a page escapes the plus sign. More digits than a number can have
	// are masked all the same.
	phoneNumber = regexp.MustCompile(`(\+|%(?:25)*2[Bb]|\\u002[Bb]|&#43;|&#[xX]2[Bb];)[1-9][0-9]{6,}`)
	// bareNumber finds what may be a number without its plus sign: from 9 digits on, that are no part of a word, of a decimal
	// fraction or of something joined by hyphens, as dates are. Nine are less than most numbers have, and more than a port or a day.
	bareNumber = regexp.MustCompile(`(^|[^0-9A-Za-z.*+_-])([1-9][0-9]{8,14})($|[^0-9A-Za-z*_])`)
	// spelledNumber finds a number after a plus sign with signs between its digits.
	spelledNumber = regexp.MustCompile(`\+[1-9](?:[ ().-]{0,2}[0-9]){6,14}`)
)

func maskPhoneNumbers(text string) string {
	if !hasDigits(text, 7) {
		return text
	}
	text = phoneNumber.ReplaceAllStringFunc(text, func(found string) string {
		if found[0] == '+' {
			return interview.MaskPhoneNumber(found)
		}
		digits := strings.LastIndexAny(found, "Bb;") // the end of the escaped sign
		return found[:digits+1] + strings.TrimPrefix(interview.MaskPhoneNumber("+"+found[digits+1:]), "+")
	})
	text = spelledNumber.ReplaceAllStringFunc(text, func(found string) string {
		plain := strings.Map(func(r rune) rune {
			if r == '+' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, found)
		return interview.MaskPhoneNumber(plain)
	})
	return maskBare(text)
}

// maskBare masks numbers without a plus sign. What separates two numbers belongs to both matches, hence twice.
func maskBare(text string) string {
	for range 2 {
		text = bareNumber.ReplaceAllStringFunc(text, func(found string) string {
			parts := bareNumber.FindStringSubmatch(found)
			return parts[1] + strings.TrimPrefix(interview.MaskPhoneNumber("+"+parts[2]), "+") + parts[3]
		})
	}
	return text
}

// hasDigits says whether a text has as many digits as a number has at least.
func hasDigits(text string, least int) bool {
	for i := range len(text) {
		if text[i] >= '0' && text[i] <= '9' {
			if least--; least == 0 {
				return true
			}
		}
	}
	return false
}
