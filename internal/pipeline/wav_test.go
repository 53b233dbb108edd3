package pipeline

import (
	"bytes"
	"encoding/binary"
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
		"while stream": {streamed(stereo(wavPCM, 16, 801)), wavPCM, 2},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := parseWAV(test.file)
			if err != nil || w.channels != 2 {
				t.Fatalf("%+v, %v", w.channels, err)
			}
			for channel := range 2 {
				mono, err := parseWAV(w.channel(channel))
				if err != nil {
					t.Fatal(err)
				}
				if mono.channels != 1 || mono.rate != 8000 || mono.tag != test.tag || mono.sampleSize != test.size {
					t.Errorf("channel %d: %+v", channel, mono)
				}
				if len(mono.data)*2 != len(w.data) || mono.duration() != w.duration() {
					t.Errorf("channel %d has %d of %d bytes, plays %v of %v", channel, len(mono.data), len(w.data), mono.duration(), w.duration())
				}
				for i, b := range mono.data {
					if (b >= 128) != (channel == 1) {
						t.Fatalf("byte %d of channel %d came from the other one", i, channel)
					}
				}
			}
		})
	}
}

// streamed is a file whose sizes were never filled in.
func streamed(file []byte) []byte {
	at := bytes.Index(file, []byte("data"))
	file = bytes.Clone(file)
	copy(file[at+4:], "\xff\xff\xff\xff")
	return file
}

func TestMonoFileStatesItsSizes(t *testing.T) {
	w, err := parseWAV(stereo(wavMuLaw, 8, 3, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	file := w.channel(1)
	if got := binary.LittleEndian.Uint32(file[4:]); int(got) != len(file)-8 {
		t.Errorf("RIFF size %d in a file of %d bytes", got, len(file))
	}
	if len(file)%2 != 0 {
		t.Error("a chunk of odd size is not padded")
	}
	if w, _ := parseWAV(stereo(wavPCM, 16, 4000)); w.duration() != 500*time.Millisecond {
		t.Errorf("4000 frames at 8 kHz play %v", w.duration())
	}
}

func TestWhatIsNoWAVIsNotSplit(t *testing.T) {
	good := stereo(wavPCM, 16, 10)
	noFormat := append([]byte("RIFF\x00\x00\x00\x00WAVE"), chunk("data", make([]byte, 8))...)
	for name, file := range map[string][]byte{
		"nothing": nil, "MP3": []byte("ID3\x04xxxxxxxxxxxxxx"), "header only": good[:12], "no data": good[:40],
		"data before format": noFormat, "ADPCM": stereo(2, 16, 10), "12 bit": stereo(wavPCM, 12, 10), "0 bit": stereo(wavPCM, 0, 10),
	} {
		if w, err := parseWAV(file); err == nil {
			t.Errorf("%s: taken for %+v", name, w)
		}
	}
}

func FuzzParseWAV(f *testing.F) {
	f.Add(stereo(wavPCM, 16, 3))
	f.Add(stereo(wavMuLaw, 8, 3, 0, 0))
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEfmt \xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		w, err := parseWAV(file)
		if err != nil {
			return
		}
		total := 0
		for n := range min(w.channels, 4) {
			mono, err := parseWAV(w.channel(n))
			if err != nil {
				t.Fatalf("channel %d of a valid file is not valid: %v", n, err)
			}
			total += len(mono.data)
		}
		if w.channels <= 4 && total != len(w.data) {
			t.Fatalf("%d bytes in, %d out", len(w.data), total)
		}
	})
}
