package inngest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"time"
)

const signatureHeader = "X-Inngest-Signature"

var keyPrefix = regexp.MustCompile(`^signkey-\w+-`)

// sign is the header of a signed body: the HMAC-SHA256 of the body and the time in seconds.
func sign(key string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, []byte(keyPrefix.ReplaceAllString(key, "")))
	mac.Write(body)
	fmt.Fprint(mac, at.Unix())
	return fmt.Sprintf("t=%d&s=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

func verify(key, header string, body []byte) error {
	parts, err := url.ParseQuery(header)
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(parts.Get("t"), 10, 64)
	if err != nil {
		return errors.New("is not signed")
	}
	if header != sign(key, time.Unix(seconds, 0), body) {
		return errors.New("has a wrong signature")
	}
	return nil
}

// canonical is JSON in the form that is signed (RFC 8785): sorted keys, nothing escaped without need. It is right for
// what we send: ASCII names, and numbers that are whole and small.
func canonical(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // maps, strings and numbers
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
