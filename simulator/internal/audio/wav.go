package audio

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// SampleRate is that of telephone audio, and of Twilio's recordings.
const SampleRate = 8000

// File is what a media file is made of: which tone is heard when.
type File struct {
	Sid      string // of the recording
	Length   time.Duration
	Channels []Channel // one or two
}

// Channel is one channel of a file.
type Channel struct {
	Number int // for its marks: 1 or 2; 0 with both sides mixed
	Tones  []Tone
}

// Tone is a stretch of the file in which somebody speaks.
type Tone struct {
	Pitch    Pitch
	From, To time.Duration // since the file's start
}

// Pitch is the length of one wave in samples.
type Pitch int

// The pitches of the two sides: 200 Hz and 320 Hz.
const (
	Low  Pitch = SampleRate / 200
	High Pitch = SampleRate / 320
)

// WAV makes the file: RIFF, 16-bit PCM at 8 kHz. Every channel carries marks.
func (f File) WAV() []byte {
	channels := make([][]int16, len(f.Channels))
	for i, channel := range f.Channels {
		samples := make([]int16, at(f.Length))
		for _, tone := range channel.Tones {
			wave := tone.Pitch.wave()
			from, to := at(tone.From), min(at(tone.To), len(samples))
			for n := from; n < to; {
				for _, sample := range wave[:min(len(wave), to-n)] {
					samples[n] += sample
					n++
				}
			}
		}
		stamp(samples, Mark{Sid: f.Sid, Channel: channel.Number})
		channels[i] = samples
	}
	return EncodeWAV(channels)
}

// at is the number of samples in a stretch of time.
func at(d time.Duration) int { return int(d * SampleRate / time.Second) }

func (p Pitch) wave() []int16 {
	wave := make([]int16, p)
	for i := range wave {
		wave[i] = int16(6000 * math.Sin(2*math.Pi*float64(i)/float64(len(wave))))
	}
	return wave
}

// EncodeWAV interleaves tracks of equal length into a RIFF file.
func EncodeWAV(tracks [][]int16) []byte {
	channels, samples := len(tracks), len(tracks[0])
	size := channels * samples * 2
	out := make([]byte, 0, 44+size)
	le := binary.LittleEndian
	out = append(out, "RIFF"...)
	out = le.AppendUint32(out, uint32(36+size))
	out = append(out, "WAVEfmt "...)
	out = le.AppendUint32(out, 16)
	out = le.AppendUint16(out, 1) // PCM
	out = le.AppendUint16(out, uint16(channels))
	out = le.AppendUint32(out, SampleRate)
	out = le.AppendUint32(out, uint32(SampleRate*channels*2))
	out = le.AppendUint16(out, uint16(channels*2))
	out = le.AppendUint16(out, 16)
	out = append(out, "data"...)
	out = le.AppendUint32(out, uint32(size))
	head := len(out)
	out = out[:head+size]
	for c, track := range tracks {
		for i, at := 0, head+2*c; i < len(track); i, at = i+1, at+2*channels {
			le.PutUint16(out[at:], uint16(track[i]))
		}
	}
	return out
}

var errNotWAV = errors.New("not a RIFF file with 16-bit PCM")

// DecodeWAV takes a RIFF file apart into its tracks. Chunks other than fmt and data are passed over, and a data
// chunk whose size is wrong, as streaming writers leave it, goes to the end of the file.
func DecodeWAV(file []byte) ([][]int16, error) {
	if len(file) < 12 || string(file[:4]) != "RIFF" || string(file[8:12]) != "WAVE" {
		return nil, errNotWAV
	}
	le := binary.LittleEndian
	channels := 0
	for rest := file[12:]; len(rest) >= 8; {
		name, size := string(rest[:4]), int(le.Uint32(rest[4:8]))
		body := rest[8:]
		if size > len(body) {
			size = len(body)
		}
		body = body[:size]
		switch {
		case name == "fmt " && size >= 16:
			channels = int(le.Uint16(body[2:]))
			if le.Uint16(body[14:]) != 16 || channels < 1 {
				return nil, errNotWAV
			}
		case name == "data":
			if channels == 0 {
				return nil, errNotWAV
			}
			samples := len(body) / 2 / channels
			tracks := make([][]int16, channels)
			for i := range tracks {
				tracks[i] = make([]int16, samples)
				for n, at := 0, 2*i; n < samples; n, at = n+1, at+2*channels {
					tracks[i][n] = int16(le.Uint16(body[at:]))
				}
			}
			return tracks, nil
		}
		rest = rest[min(8+size+size%2, len(rest)):]
	}
	return nil, errNotWAV
}
