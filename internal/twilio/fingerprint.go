package twilio

import (
	"crypto/sha256"
	"encoding/hex"
)

// Fingerprint names an auth token without telling it: 16 hexadecimal digits, the same for the same token. A token of Twilio's has
// 128 random bits, so nobody finds it by trying.
func Fingerprint(token string) string {
	sum := sha256.Sum256([]byte("fingerprint of a Twilio auth token\x00" + token))
	return hex.EncodeToString(sum[:8])
}
