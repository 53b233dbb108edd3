package pipeline

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"time"
)

// stereo makes a WAV of two channels at 8 kHz with a sample of the given size in each, numbered so that a mix-up shows.
func stereo(tag, bits uint16, frames int, extra ...byte) []byte {
	size := int(bits / 8)
	var data []byte
	for i := range frames {
		for channel := range 2 {
			for b := range size {
				data = append(data, byte(channel*128+(i+b)%100))
			}
		}
	}
	le := binary.LittleEndian
	format := le.AppendUint16(nil, tag)
	format = le.AppendUint16(format, 2)
	format = le.AppendUint32(format, 8000)
	format = le.AppendUint32(format, uint32(8000*2*size))
	format = le.AppendUint16(format, uint16(2*size))
	format = le.AppendUint16(format, bits)
	format = append(format, extra...)

	file := append([]byte("RIFF\xff\xff\xff\xffWAVE"), chunk("LIST", []byte("INFOx"))...)
	file = append(file, chunk("fmt ", format)...)
	return append(file, chunk("data", data)...)
}

func chunk(id string, body []byte) []byte {
	c := binary.LittleEndian.AppendUint32([]byte(id), uint32(len(body)))
	c = append(c, body...)
	if len(body)%2 == 1 {
		c = append(c, 0)
	}
	return c
}

func openBytes(file []byte) (wav, error) { return openWAV(bytes.NewReader(file), int64(len(file))) }

// monoFile reads all of a channel.
func monoFile(t testing.TB, w wav, channel int) []byte {
	t.Helper()
	size, open := w.mono(channel, 0, w.frames)
	file, err := io.ReadAll(open())
	if err != nil || int64(len(file)) != size {
		t.Fatalf("channel %d: %d of %d bytes, %v", channel, len(file), size, err)
	}
	return file
}

// samples are the bytes of a mono file's samples.
func samples(t testing.TB, w wav) []byte {
	t.Helper()
	b := make([]byte, w.frames*int64(w.sampleSize))
	if _, err := w.file.ReadAt(b, w.at); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return b
}

func TestChannelsAreNotMixedUp(t *testing.T) {
	extensible := append([]byte{22, 0, 16, 0, 3, 0, 0, 0}, append([]byte{1, 0}, make([]byte, 14)...)...)
	for name, test := range map[string]struct {
		file []byte
		tag  uint16
		size int
	}{
		"16 bit":       {stereo(wavPCM, 16, 801), wavPCM, 2},
		"8 bit, odd":   {stereo(wavPCM, 8, 801), wavPCM, 1},
		"24 bit":       {stereo(wavPCM, 24, 801), wavPCM, 3},
		"mu-law":       {stereo(wavMuLaw, 8, 801, 0, 0), wavMuLaw, 1},
		"A-law":        {stereo(wavALaw, 8, 800, 0, 0), wavALaw, 1},
		"extensible":   {stereo(wavExtensible, 16, 801, extensible...), wavPCM, 2},
		"float":        {stereo(wavFloat, 32, 801), wavFloat, 4},
		"no samples":   {stereo(wavPCM, 16, 0), wavPCM, 2},
		"while stream": {streamed(stereo(wavPCM, 16, 801), "\xff\xff\xff\xff"), wavPCM, 2},
		"no size":      {streamed(stereo(wavPCM, 16, 801), "\x00\x00\x00\x00"), wavPCM, 2},
		"many blocks":  {stereo(wavPCM, 16, 3*blockFrames+1), wavPCM, 2},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := openBytes(test.file)
			if err != nil || w.channels != 2 {
				t.Fatalf("%+v, %v", w.channels, err)
			}
			for channel := range 2 {
				mono, err := openBytes(monoFile(t, w, channel))
				if err != nil {
					t.Fatal(err)
				}
				if mono.channels != 1 || mono.rate != 8000 || mono.tag != test.tag || mono.sampleSize != test.size {
					t.Errorf("channel %d: %+v", channel, mono)
				}
				if mono.frames != w.frames || mono.duration() != w.duration() {
					t.Errorf("channel %d has %d of %d frames, plays %v of %v", channel, mono.frames, w.frames, mono.duration(), w.duration())
				}
				for i, b := range samples(t, mono) {
					if (b >= 128) != (channel == 1) {
						t.Fatalf("byte %d of channel %d came from the other one", i, channel)
					}
				}
			}
		})
	}
}

// streamed is a file whose sizes were never filled in.
func streamed(file []byte, size string) []byte {
	at := bytes.Index(file, []byte("data"))
	file = bytes.Clone(file)
	copy(file[at+4:], size)
	return file
}

func TestMonoFileStatesItsSizes(t *testing.T) {
	w, err := openBytes(stereo(wavMuLaw, 8, 3, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	file := monoFile(t, w, 1)
	if got := binary.LittleEndian.Uint32(file[4:]); int(got) != len(file)-8 {
		t.Errorf("RIFF size %d in a file of %d bytes", got, len(file))
	}
	if len(file)%2 != 0 {
		t.Error("a chunk of odd size is not padded")
	}
	if w, _ := openBytes(stereo(wavPCM, 16, 4000)); w.duration() != 500*time.Millisecond {
		t.Errorf("4000 frames at 8 kHz play %v", w.duration())
	}
}

func TestWhatIsNoWAVIsNotSplit(t *testing.T) {
	good := stereo(wavPCM, 16, 10)
	noFormat := append([]byte("RIFF\x00\x00\x00\x00WAVE"), chunk("data", make([]byte, 8))...)
	for name, file := range map[string][]byte{
		"nothing": nil, "MP3": []byte("ID3\x04xxxxxxxxxxxxxx"), "half a head": good[:11], "chunk cut off": good[:24],
		"data before format": noFormat, "ADPCM": stereo(2, 16, 10), "12 bit": stereo(wavPCM, 12, 10), "0 bit": stereo(wavPCM, 0, 10),
	} {
		if w, err := openBytes(file); !errors.Is(err, errWAV) {
			t.Errorf("%s: taken for %+v, %v", name, w, err)
		}
	}
}

func TestHeadWithoutSamplesIsNoTime(t *testing.T) {
	empty := stereo(wavPCM, 16, 0)
	for name, file := range map[string][]byte{
		"head only": []byte("RIFF\x00\x00\x00\x00WAVE"), "no data chunk": empty[:len(empty)-8], "cut off": empty[:len(empty)-3],
		"no samples": empty, "a chunk after no samples": append(bytes.Clone(empty), chunk("LIST", make([]byte, 4000))...),
		"endless": streamed(empty, "\xff\xff\xff\xff"), "half a frame": append(bytes.Clone(empty), 1, 2, 3),
	} {
		w, err := openBytes(file)
		if err != nil || w.duration() != 0 {
			t.Errorf("%s: %v, %v", name, w.duration(), err)
		}
	}
}

// What is cut is heard once: no sample is lost or sent twice, and no piece is too large to be sent.
func TestPiecesAreTheWholeRecording(t *testing.T) {
	for name, w := range map[string]wav{
		"60 minutes":     {tag: wavPCM, rate: 8000, sampleSize: 2, channels: 2, frames: 60 * 60 * 8000},
		"10 minutes":     {tag: wavPCM, rate: 8000, sampleSize: 2, channels: 2, frames: 10 * 60 * 8000},
		"a sample more":  {tag: wavPCM, rate: 8000, sampleSize: 2, channels: 2, frames: 10*60*8000 + 1},
		"48 kHz float":   {tag: wavFloat, rate: 48000, sampleSize: 8, channels: 1, frames: 30 * 60 * 48000},
		"several MHz":    {tag: wavFloat, rate: 20_000_000, sampleSize: 8, channels: 1, frames: 20_000_000},
		"one per second": {tag: wavPCM, rate: 1, sampleSize: 2, channels: 1, frames: 3000},
	} {
		windows := int(w.duration()/window) + 1
		silent := loudness{levels: make([]float32, windows), sound: make([]bool, windows)}
		at := int64(0)
		for _, p := range w.pieces(silent) {
			if p.from != at || p.to <= p.from || (p.to-p.from)*int64(w.sampleSize) > 25<<20-1024 || w.timeOf(p.to-p.from) > longestPiece {
				t.Errorf("%s: piece %+v after %d", name, p, at)
			}
			at = p.to
		}
		if at != w.frames {
			t.Errorf("%s: %d of %d frames", name, at, w.frames)
		}
	}
}

func TestRecordingIsCutInAPause(t *testing.T) {
	w := wav{tag: wavPCM, rate: 8000, sampleSize: 2, channels: 1, frames: 11 * 60 * 8000}
	l := loudness{levels: make([]float32, 11*60*50), sound: make([]bool, 11*60*50)}
	for i := range l.sound {
		second := i / 50
		l.levels[i] = 0.1
		l.sound[i] = second != 570 && second != 580 && second != 581 && second != 582 // a pause of one second, and one of three
	}
	pieces := w.pieces(l)
	if at := w.timeOf(pieces[0].to).Seconds(); len(pieces) != 2 || at < 581 || at > 582 {
		t.Errorf("cut at %v s: %+v", at, pieces)
	}
}

func FuzzOpenWAV(f *testing.F) {
	f.Add(stereo(wavPCM, 16, 3))
	f.Add(stereo(wavMuLaw, 8, 3, 0, 0))
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEfmt \xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		w, err := openBytes(file)
		if err != nil || w.channels > 4 {
			return
		}
		if _, err := w.loudness(); err != nil {
			t.Fatalf("measuring: %v", err)
		}
		for n := range w.channels {
			if w.frames == 0 {
				return
			}
			mono, err := openBytes(monoFile(t, w, n))
			if err != nil || mono.frames != w.frames {
				t.Fatalf("channel %d of a valid file: %d of %d frames, %v", n, mono.frames, w.frames, err)
			}
		}
	})
}
