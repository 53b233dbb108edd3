package rejection

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

const (
	// maxParams bounds how many parameters of a request are stored.
	maxParams = 64
	// maxPath and maxText bound what is stored of a path and of a header, in bytes.
	maxPath, maxText = 200, 120
	// maxSummary bounds a line of text, in bytes.
	maxSummary = 1200
	// hashLength is that of a stored hash, in bytes: enough to find equal values, and not more.
	hashLength = 8
)

// redactor takes the values out of a request.
type redactor struct {
	values []byte // the key of hashes
	// text takes secrets and phone numbers out.
	text func(string) string
}

// newRedactor derives its keys from the auth token, which is not in the database: whoever has only that cannot find a value by
// trying all phone numbers.
func newRedactor(authToken string, text func(string) string) (*redactor, error) {
	values, err := hkdf.Key(sha256.New, []byte(authToken), nil, "i-agent rejections: values", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("deriving the key for rejections: %w", err)
	}
	if text == nil {
		text = func(s string) string { return s }
	}
	return &redactor{values: values, text: text}, nil
}

func (r *redactor) hash(value string) string {
	mac := hmac.New(sha256.New, r.values)
	mac.Write([]byte(value))
	return hex.EncodeToString(mac.Sum(nil)[:hashLength])
}

// tokenHash tells tokens apart. Its key is the token itself, so it is the same whatever else is configured.
func tokenHash(token string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("i-agent rejections: token"))
	return hex.EncodeToString(mac.Sum(nil)[:hashLength])
}

// request is what may be stored.
func (r *redactor) request(req *Request) store.RejectedRequest {
	kept := store.RejectedRequest{
		Host: r.header(req, "Host"), ForwardedHost: r.header(req, "X-Forwarded-Host"), ForwardedProto: r.header(req, "X-Forwarded-Proto"),
		ContentType: r.short(req.ContentType), BodyLength: len(req.Body), Incomplete: req.Incomplete, Signature: "present",
	}
	switch {
	case req.Signature == "":
		kept.Signature = "missing"
	case len(req.Signature) != signatureLength:
		kept.Signature = "malformed"
	}
	if req.Err != nil {
		kept.Error = r.line(req.Err.Error())
	}
	_, query, _ := strings.Cut(req.Target, "?")
	var more int
	kept.Query, more = r.params(query)
	kept.MoreParams += more
	kept.Params, more = r.params(string(req.Body))
	kept.MoreParams += more
	return kept
}

// signatureLength is that of 20 bytes in base64.
const signatureLength = 28

// params are the parameters of a form without their values.
func (r *redactor) params(form string) (list []store.RejectedParam, more int) {
	list = []store.RejectedParam{}
	for pair := range strings.SplitSeq(form, "&") {
		if pair == "" {
			continue
		}
		if len(list) == maxParams {
			more++
			continue
		}
		// One pair at a time, so that the order stays.
		for name, values := range signature.ParseForm(pair) {
			if !strings.Contains(pair, "=") || !plainName.MatchString(name) {
				// Not a form, perhaps: all of it is a value.
				list = append(list, store.RejectedParam{Length: len(pair), Hash: r.hash(pair)})
				continue
			}
			list = append(list, store.RejectedParam{Name: name, Length: len(values[0]), Hash: r.hash(values[0])})
		}
	}
	return list, more
}

// plainName is a text that says nothing but the name of a parameter. A value that stands where a name should, as in a body that is no
// form, is longer or has more digits.
var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z_.-]{0,39}[0-9]{0,3}$|^bodySHA256$`)

func (r *redactor) header(req *Request, name string) string { return r.short(req.Header.Get(name)) }

// short is printable, bounded, and without secrets and numbers.
func (r *redactor) short(s string) string {
	return bounded(digits.ReplaceAllString(r.text(s), "#"), maxText)
}

// line is a text of ours that may quote a part of a request, such as its path.
func (r *redactor) line(s string) string { return line(digits.ReplaceAllString(r.text(s), "#")) }

// path is what may be stored of a path: it may hold a number where somebody put one.
func (r *redactor) path(path string) string {
	return bounded(digits.ReplaceAllString(r.text(path), "#"), maxPath)
}

// digits are so many that they may be a phone number.
var digits = regexp.MustCompile(`[0-9]{7,}`)

func bounded(s string, most int) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, s)
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

// line is a text of ours, which may quote a request: bounded, without control characters.
func line(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return '?'
		}
		return c
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > maxSummary {
		return strings.ToValidUTF8(s[:maxSummary], "") + "…"
	}
	return s
}
