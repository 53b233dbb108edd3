package simulator

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
)

// seed is what every random decision of a run is drawn from. Each decision has labels of its own, so that a new kind of decision
// does not change the others: a seed with which a test failed last year still fails today.
type seed uint64

// digest hashes the seed and the labels. The parts are length-prefixed so that ("a","bc") and ("ab","c") differ.
func (s seed) digest(labels ...any) [sha256.Size]byte {
	h := sha256.New()
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(s))
	h.Write(n[:])
	for _, label := range labels {
		text := fmt.Sprint(label)
		binary.BigEndian.PutUint64(n[:], uint64(len(text)))
		h.Write(n[:])
		h.Write([]byte(text))
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// rand is a stream of numbers that only the seed and the labels decide.
func (s seed) rand(labels ...any) *rand.Rand {
	d := s.digest(labels...)
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(d[:8]), binary.BigEndian.Uint64(d[8:16])))
}

// happens draws whether something with this rate (0..1) happens.
func (s seed) happens(rate float64, labels ...any) bool {
	return rate > 0 && s.rand(labels...).Float64() < rate
}

// sid makes a Twilio identifier: two letters and 32 hexadecimal digits.
func (s seed) sid(prefix string, labels ...any) string {
	d := s.digest(append([]any{prefix}, labels...)...)
	return prefix + hex.EncodeToString(d[:16])
}

// uuid makes a token in the form of a version 4 UUID.
func (s seed) uuid(labels ...any) string {
	d := s.digest(append([]any{"uuid"}, labels...)...)
	d[6] = d[6]&0x0f | 0x40
	d[8] = d[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", d[0:4], d[4:6], d[6:8], d[8:10], d[10:16])
}
