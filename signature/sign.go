package signature

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
)

// Sign returns the signature that Twilio gives to a request for rawURL with
// these form parameters; nil params are a GET. The URL is taken byte for byte,
// but for the fragment, which Twilio never signs. Repeated values of one name
// count once, in byte order.
func Sign(token, rawURL string, params url.Values) string {
	var f form
	for name, values := range params {
		for _, value := range values {
			f.add(name, value)
		}
	}
	f.sort()
	return sign(token, rawURL, &f)
}

// SignForm is [Sign] for a raw application/x-www-form-urlencoded body, read as
// [ParseForm] reads it. There is no body that it cannot sign: the error is
// always nil.
func SignForm(token, rawURL string, body []byte) (string, error) {
	var f form
	f.parse(body)
	return sign(token, rawURL, &f), nil
}

// SignBody signs a request whose body is not a form, such as JSON. Twilio adds
// the body's hash to the query as bodySHA256, so the request must go to
// signedURL; its fragment is cut.
func SignBody(token, rawURL string, body []byte) (signedURL, signature string) {
	rawURL, _, _ = strings.Cut(rawURL, "#")
	sum := sha256.Sum256(body)
	sep := "?"
	if strings.Contains(rawURL, "?") {
		sep = "&"
	}
	signedURL = rawURL + sep + "bodySHA256=" + hex.EncodeToString(sum[:])
	return signedURL, sign(token, signedURL, &form{})
}

func sign(token, rawURL string, f *form) string {
	rawURL, _, _ = strings.Cut(rawURL, "#")
	k, m := newKey(token), newMAC()
	m.start(&k)
	m.write([]byte(rawURL))
	m.write(f.appendSigned(nil))
	return string(m.text(&k))
}
