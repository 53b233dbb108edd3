package audio

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// mp3Label is the description of the ID3 frame that says which recording a file is.
const mp3Label = "simulator-recording"

// MP3 is a file of the recording's length that players accept and that the fake speech-to-text knows: an ID3v2.3
// tag naming the recording, then silent MPEG-1 Layer III frames of 32 kbit/s at 32 kHz. There is no encoder in the
// standard library, so the tones of the WAV are not in it.
func (f File) MP3() []byte {
	text := append([]byte{0}, mp3Label+"\x00"+f.Sid...) // encoding, description, value
	frame := append([]byte("TXXX"), binary.BigEndian.AppendUint32(nil, uint32(len(text)))...)
	frame = append(append(frame, 0, 0), text...)
	out := append([]byte("ID3\x03\x00\x00"), syncSafe(len(frame))...)
	out = append(out, frame...)

	mode := byte(0xC0) // one channel
	if len(f.Channels) == 2 {
		mode = 0x00
	}
	// 144 bytes and 36 ms a frame. All zeros after the header: no side information, no data, silence.
	silence := make([]byte, 144)
	copy(silence, []byte{0xFF, 0xFB, 0x18, mode})
	frames := int((f.Length + 35*time.Millisecond) / (36 * time.Millisecond))
	return append(out, bytes.Repeat(silence, max(frames, 1))...)
}

// FindID3 reads the recording's SID out of an MP3 that came from here.
func FindID3(file []byte) (string, bool) {
	if len(file) < 10 || string(file[:3]) != "ID3" {
		return "", false
	}
	head := file[:min(len(file), 4096)]
	_, after, ok := strings.Cut(string(head), mp3Label+"\x00")
	const length = len("RE") + 32
	if !ok || len(after) < length || !strings.HasPrefix(after, "RE") {
		return "", false
	}
	return after[:length], true
}

// syncSafe writes a length as ID3 wants it: four bytes of seven bits.
func syncSafe(n int) []byte {
	if n >= 1<<28 {
		panic(fmt.Sprintf("an ID3 tag of %d bytes", n))
	}
	return []byte{byte(n >> 21 & 0x7f), byte(n >> 14 & 0x7f), byte(n >> 7 & 0x7f), byte(n & 0x7f)}
}
