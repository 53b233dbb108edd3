package signature

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding"
	"encoding/base64"
	"hash"
)

// key is an auth token made ready: the two hash states that HMAC (RFC 2104)
// reaches once the padded key has been written. Starting from them saves two of
// the blocks of every signature, and a key can be shared by all goroutines
// since it never changes. It is as secret as the token.
type key struct {
	inner, outer []byte
}

func newKey(token string) key {
	k := []byte(token)
	if len(k) > sha1.BlockSize {
		sum := sha1.Sum(k)
		k = sum[:]
	}
	return key{inner: padded(k, 0x36), outer: padded(k, 0x5c)}
}

func padded(k []byte, with byte) []byte {
	var block [sha1.BlockSize]byte
	copy(block[:], k)
	for i := range block {
		block[i] ^= with
	}
	h := sha1.New()
	h.Write(block[:])
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		panic("signature: keeping a SHA-1 state: " + err.Error()) // crypto/sha1 promises that it can
	}
	return state
}

// mac computes one signature at a time: start, write the message, then equals
// or text. It is scratch state and allocates only when it is made.
type mac struct {
	hash  hash.Hash
	state encoding.BinaryUnmarshaler
	sum   [sha1.Size]byte
	enc   [signatureLen]byte
}

// signatureLen is the length of every signature: 20 bytes in base64.
const signatureLen = 28

func newMAC() mac {
	h := sha1.New()
	return mac{hash: h, state: h.(encoding.BinaryUnmarshaler)}
}

func (m *mac) start(k *key) { m.restore(k.inner) }

func (m *mac) write(p []byte) { m.hash.Write(p) }

// restore panics rather than go on: a hash that silently lost its key would
// give signatures that anybody can compute.
func (m *mac) restore(state []byte) {
	if err := m.state.UnmarshalBinary(state); err != nil {
		panic("signature: restoring a SHA-1 state: " + err.Error())
	}
}

// text ends the message and returns its signature, valid until the next call.
func (m *mac) text(k *key) []byte {
	inner := m.hash.Sum(m.sum[:0])
	m.restore(k.outer)
	m.hash.Write(inner)
	base64.StdEncoding.Encode(m.enc[:], m.hash.Sum(m.sum[:0]))
	return m.enc[:]
}

// equals ends the message and compares its signature in constant time.
func (m *mac) equals(k *key, signature []byte) bool {
	return subtle.ConstantTimeCompare(m.text(k), signature) == 1
}
