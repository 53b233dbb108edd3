package pipeline

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"
)

// wav is a WAV file whose samples can be told apart without decoding them: PCM, float, mu-law or A-law.
type wav struct {
	tag        uint16
	channels   int
	rate       uint32
	bits       uint16
	sampleSize int // bytes of one sample of one channel
	data       []byte
}

// The format tags of a WAV that have one fixed size for every sample (RFC 2361).
const (
	wavPCM        = 1
	wavFloat      = 3
	wavALaw       = 6
	wavMuLaw      = 7
	wavExtensible = 0xFFFE
)

var errWAV = errors.New("not a WAV file that can be split")

// parseWAV reads a WAV. A data chunk that claims more than there is, as one that was written while it was streamed
// does, ends with the file.
func parseWAV(file []byte) (wav, error) {
	if len(file) < 12 || string(file[:4]) != "RIFF" || string(file[8:12]) != "WAVE" {
		return wav{}, errWAV
	}
	var w wav
	for rest := file[12:]; len(rest) >= 8; {
		id, size := string(rest[:4]), uint64(binary.LittleEndian.Uint32(rest[4:8]))
		rest = rest[8:]
		body := rest[:min(size, uint64(len(rest)))]
		switch id {
		case "fmt ":
			if err := w.readFormat(body); err != nil {
				return wav{}, err
			}
		case "data":
			if w.sampleSize == 0 {
				return wav{}, errWAV
			}
			w.data = body[:len(body)-len(body)%(w.sampleSize*w.channels)]
			return w, nil
		}
		rest = rest[min(size+size%2, uint64(len(rest))):]
	}
	return wav{}, errWAV
}

func (w *wav) readFormat(body []byte) error {
	if len(body) < 16 {
		return errWAV
	}
	w.tag = binary.LittleEndian.Uint16(body)
	w.channels = int(binary.LittleEndian.Uint16(body[2:]))
	w.rate = binary.LittleEndian.Uint32(body[4:])
	blockAlign := int(binary.LittleEndian.Uint16(body[12:]))
	w.bits = binary.LittleEndian.Uint16(body[14:])
	if w.tag == wavExtensible {
		if len(body) < 26 {
			return errWAV
		}
		w.tag = binary.LittleEndian.Uint16(body[24:]) // the subformat's identifier begins with the tag
	}
	switch w.tag {
	case wavPCM, wavFloat, wavALaw, wavMuLaw:
	default:
		return errWAV
	}
	if w.channels == 0 || w.rate == 0 || w.bits == 0 || w.bits%8 != 0 || blockAlign != w.channels*int(w.bits/8) {
		return errWAV
	}
	w.sampleSize = int(w.bits / 8)
	return nil
}

// duration is how long it plays.
func (w wav) duration() time.Duration {
	frames := len(w.data) / (w.sampleSize * w.channels)
	return time.Duration(float64(frames) / float64(w.rate) * float64(time.Second))
}

// channel is a mono WAV file of one channel, counted from 0, in the same sample format.
func (w wav) channel(n int) []byte {
	stride := w.sampleSize * w.channels
	size := len(w.data) / w.channels
	var b bytes.Buffer
	b.Grow(46 + size + 1)
	u16 := func(v uint16) { b.Write(binary.LittleEndian.AppendUint16(nil, v)) }
	u32 := func(v uint32) { b.Write(binary.LittleEndian.AppendUint32(nil, v)) }

	formatSize := 16
	if w.tag != wavPCM {
		formatSize = 18 // anything but PCM states the size of its extension
	}
	b.WriteString("RIFF")
	u32(uint32(4 + 8 + formatSize + 8 + size + size%2))
	b.WriteString("WAVEfmt ")
	u32(uint32(formatSize))
	u16(w.tag)
	u16(1)
	u32(w.rate)
	u32(w.rate * uint32(w.sampleSize))
	u16(uint16(w.sampleSize))
	u16(w.bits)
	if w.tag != wavPCM {
		u16(0)
	}
	b.WriteString("data")
	u32(uint32(size))
	for at := n * w.sampleSize; at < len(w.data); at += stride {
		b.Write(w.data[at : at+w.sampleSize])
	}
	if size%2 == 1 {
		b.WriteByte(0)
	}
	return b.Bytes()
}
