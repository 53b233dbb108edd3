package pipeline

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"time"
)

// wav is a WAV file whose samples can be told apart without decoding them: PCM, float, mu-law or A-law. It stays where it
// is: what is needed of it is read when it is needed.
type wav struct {
	tag        uint16
	channels   int
	rate       uint32
	bits       uint16
	sampleSize int // bytes of one sample of one channel
	file       io.ReaderAt
	at         int64 // where the samples begin
	frames     int64 // samples of each channel
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

// openWAV reads the head of a WAV of so many bytes. A data chunk that claims more than there is, or nothing although more
// follows, as one that was written while it was streamed does, ends with the file. A file that ends before its data has no
// samples. Errors are errWAV, or of the file.
func openWAV(file io.ReaderAt, size int64) (wav, error) {
	w := wav{file: file}
	head, err := w.read(0, 12, size)
	if err != nil {
		return wav{}, err
	}
	if len(head) < 12 || string(head[:4]) != "RIFF" || string(head[8:12]) != "WAVE" {
		return wav{}, errWAV
	}
	for at := int64(12); ; {
		chunk, err := w.read(at, 8, size)
		if err != nil {
			return wav{}, err
		}
		if at > size {
			return wav{}, errWAV // a chunk claims more than there is: nobody knows what was in it
		}
		if len(chunk) < 8 {
			return w, nil
		}
		at += 8
		length := int64(binary.LittleEndian.Uint32(chunk[4:]))
		switch string(chunk[:4]) {
		case "fmt ":
			body, err := w.read(at, min(length, 64), size)
			if err != nil {
				return wav{}, err
			}
			if err := w.readFormat(body); err != nil {
				return wav{}, err
			}
		case "data":
			if w.sampleSize == 0 {
				return wav{}, errWAV
			}
			if length == 0 && !w.chunkAt(at, size) {
				length = size - at
			}
			w.at, w.frames = at, min(length, size-at)/int64(w.sampleSize*w.channels)
			return w, nil
		}
		at += length + length%2
	}
}

// read reads n bytes, or fewer at the end of the file.
func (w *wav) read(at, n, size int64) ([]byte, error) {
	b := make([]byte, max(min(n, size-at), 0))
	if _, err := w.file.ReadAt(b, at); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
}

// chunkAt reports whether the file goes on with a chunk that fits: then the one before was really empty.
func (w *wav) chunkAt(at, size int64) bool {
	chunk, err := w.read(at, 8, size)
	if err != nil || len(chunk) < 8 {
		return err == nil && size-at < 8
	}
	for _, c := range chunk[:4] {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return at+8+int64(binary.LittleEndian.Uint32(chunk[4:])) <= size
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
	switch {
	case w.tag == wavPCM && w.bits%8 == 0:
	case w.tag == wavFloat && (w.bits == 32 || w.bits == 64):
	case (w.tag == wavALaw || w.tag == wavMuLaw) && w.bits == 8:
	default:
		return errWAV
	}
	if w.channels == 0 || w.rate == 0 || w.bits == 0 || blockAlign != w.channels*int(w.bits/8) {
		return errWAV
	}
	w.sampleSize = int(w.bits / 8)
	return nil
}

// duration is how long it plays.
func (w wav) duration() time.Duration { return w.timeOf(w.frames) }

func (w wav) timeOf(frames int64) time.Duration {
	if w.rate == 0 {
		return 0 // nothing but the beginning of a head
	}
	return time.Duration(float64(frames) / float64(w.rate) * float64(time.Second))
}

// mono is a WAV file of one channel, counted from 0, from one frame to before another, in the same sample format: its size
// in bytes, and what reads it.
func (w wav) mono(channel int, from, to int64) (size int64, open func() io.Reader) {
	data := (to - from) * int64(w.sampleSize)
	head, tail := w.monoHead(data), make([]byte, data%2)
	return int64(len(head)) + data + int64(len(tail)), func() io.Reader {
		return io.MultiReader(bytes.NewReader(head), &channelReader{wav: w, channel: channel, frame: from, end: to}, bytes.NewReader(tail))
	}
}

func (w wav) monoHead(data int64) []byte {
	var b []byte
	u16 := func(v uint16) { b = binary.LittleEndian.AppendUint16(b, v) }
	u32 := func(v uint32) { b = binary.LittleEndian.AppendUint32(b, v) }
	formatSize := int64(16)
	if w.tag != wavPCM {
		formatSize = 18 // anything but PCM states the size of its extension
	}
	b = append(b, "RIFF"...)
	u32(uint32(4 + 8 + formatSize + 8 + data + data%2))
	b = append(b, "WAVEfmt "...)
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
	b = append(b, "data"...)
	u32(uint32(data))
	return b
}

// blockFrames is how much of a file is read at once.
const blockFrames = 4096

// channelReader reads the samples of one channel.
type channelReader struct {
	wav        wav
	channel    int
	frame, end int64
	block      []byte // of all channels
	ready      []byte // of ours, not yet read
	buffer     []byte
}

// Read implements io.Reader.
func (r *channelReader) Read(p []byte) (int, error) {
	if len(r.ready) == 0 {
		if r.frame >= r.end {
			return 0, io.EOF
		}
		block, n, err := r.wav.block(r.block, r.frame, r.end)
		if err != nil {
			return 0, err
		}
		r.block, r.frame, r.buffer = block, r.frame+n, r.buffer[:0]
		size, stride := r.wav.sampleSize, r.wav.sampleSize*r.wav.channels
		if size == 2 { // all recordings of Twilio: without a call for each sample
			for at := r.channel * size; at < len(block); at += stride {
				r.buffer = append(r.buffer, block[at], block[at+1])
			}
		} else {
			for at := r.channel * size; at < len(block); at += stride {
				r.buffer = append(r.buffer, block[at:at+size]...)
			}
		}
		r.ready = r.buffer
	}
	n := copy(p, r.ready)
	r.ready = r.ready[n:]
	return n, nil
}

// block reads frames, at most blockFrames and not beyond end, into a buffer that may be used again.
func (w wav) block(buffer []byte, from, end int64) (block []byte, frames int64, err error) {
	stride := int64(w.sampleSize * w.channels)
	frames = min(blockFrames, end-from)
	if int64(cap(buffer)) < frames*stride {
		buffer = make([]byte, frames*stride)
	}
	buffer = buffer[:frames*stride]
	_, err = io.ReadFull(io.NewSectionReader(w.file, w.at+from*stride, frames*stride), buffer)
	return buffer, frames, err
}
