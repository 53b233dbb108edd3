package signature

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"strings"
	"testing"
)

// The keyed states are our own reading of RFC 2104; they are compared with crypto/hmac,
// with keys below, at and above the block size.
func TestKeyedStateGivesTheHMACOfCryptoHMAC(t *testing.T) {
	m := newMAC()
	for _, token := range []string{"", "1", "12345", strings.Repeat("k", 63), strings.Repeat("k", 64), strings.Repeat("k", 65), strings.Repeat("é", 200)} {
		k := newKey(token)
		for _, message := range []string{"", "a", strings.Repeat("message ", 100)} {
			want := hmac.New(sha1.New, []byte(token))
			want.Write([]byte(message))
			m.start(&k)
			m.write([]byte(message))
			if got := string(m.text(&k)); got != base64.StdEncoding.EncodeToString(want.Sum(nil)) {
				t.Errorf("token of %d bytes, message of %d: another HMAC", len(token), len(message))
			}
		}
	}
}
