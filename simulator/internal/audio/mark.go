package audio

import (
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
)

// Mark says which recording and channel a piece of audio is, and where in the recording it is. It is written in
// the lowest bit of the first samples of every second, so that it survives a stereo file being split into its
// channels, or cut into pieces of more than two seconds; nobody would hear it.
type Mark struct {
	Sid     string // RE and 32 hexadecimal digits
	Channel int    // 1 or 2; 0 with both sides mixed
	Second  int    // of the recording
}

const (
	markMagic = 0x7157_1111
	markBytes = 4 + 16 + 1 + 2 + 4 // magic, SID, channel, second, checksum
	markBits  = markBytes * 8
)

// stamp writes the mark into every second of a track that has room for it, and clears all other lowest bits.
func stamp(track []int16, m Mark) {
	for i := range track {
		track[i] &^= 1
	}
	for second := 0; second*SampleRate+markBits <= len(track); second++ {
		m.Second = second
		code := m.encode()
		for i := range markBits {
			track[second*SampleRate+i] |= int16(code[i/8] >> (7 - i%8) & 1)
		}
	}
}

func (m Mark) encode() [markBytes]byte {
	var code [markBytes]byte
	binary.BigEndian.PutUint32(code[:], markMagic)
	raw, _ := hex.DecodeString(m.Sid[2:]) // our own SIDs are always hexadecimal
	copy(code[4:20], raw)
	code[20] = byte(m.Channel)
	binary.BigEndian.PutUint16(code[21:], uint16(m.Second))
	binary.BigEndian.PutUint32(code[23:], crc32.ChecksumIEEE(code[:23]))
	return code
}

// FindMark looks for the first whole mark in a track and says at which sample it begins.
func FindMark(track []int16) (m Mark, at int, ok bool) {
	var window uint32
	for i, sample := range track {
		window = window<<1 | uint32(sample&1)
		if window != markMagic || i < 31 || i-31+markBits > len(track) {
			continue
		}
		var code [markBytes]byte
		start := i - 31
		for bit := range markBits {
			code[bit/8] |= byte(track[start+bit]&1) << (7 - bit%8)
		}
		if binary.BigEndian.Uint32(code[23:]) == crc32.ChecksumIEEE(code[:23]) {
			return Mark{Sid: "RE" + hex.EncodeToString(code[4:20]), Channel: int(code[20]),
				Second: int(binary.BigEndian.Uint16(code[21:]))}, start, true
		}
	}
	return Mark{}, 0, false
}
