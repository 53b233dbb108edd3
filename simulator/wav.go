package simulator

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// sampleRate is that of telephone audio, and of Twilio's recordings.
const sampleRate = 8000

// tape is what a media file is made of: who speaks when. It is a copy, so that the work of making the file is done
// without holding up the calls.
type tape struct {
	sid    string
	length time.Duration
	tracks []track
}

// track is one channel of a file.
type track struct {
	channel int // 1 or 2; 0 with both sides mixed
	bursts  []burst
}

// burst is a word, as a tone.
type burst struct {
	speaker  Speaker
	from, to time.Duration // since the recording began
}

// tape copies what the file needs; its caller holds mu.
func (r *recording) tape(channels int) tape {
	t := tape{sid: r.sid, length: r.length()}
	if r.empty {
		t.length = 0
	}
	for i := range channels {
		k := track{}
		if channels == 2 {
			k.channel = i + 1
		}
		for _, speaker := range r.speakers(k.channel) {
			for _, line := range r.heard(speaker) {
				for _, w := range line.words {
					k.bursts = append(k.bursts, burst{speaker, w.start.Sub(r.started), w.end.Sub(r.started) - gap})
				}
			}
		}
		t.tracks = append(t.tracks, k)
	}
	return t
}

// gap is the silence between two words.
const gap = 60 * time.Millisecond

// wav makes the audio: RIFF, 16-bit PCM at 8 kHz. A side is a tone while it speaks; every channel carries marks
// that say what it is.
func (t tape) wav() []byte {
	channels := make([][]int16, len(t.tracks))
	for i, k := range t.tracks {
		samples := make([]int16, at(t.length))
		for _, b := range k.bursts {
			wave := tone(b.speaker)
			from, to := at(b.from), min(at(b.to), len(samples))
			for n := from; n < to; n++ {
				samples[n] += wave[(n-from)%len(wave)]
			}
		}
		stamp(samples, mark{sid: t.sid, channel: k.channel})
		channels[i] = samples
	}
	return encodeWAV(channels)
}

// at is the number of samples in a stretch of time.
func at(d time.Duration) int { return int(d * sampleRate / time.Second) }

// tone is one wave of a speaker's pitch: 200 Hz for the application, 320 Hz for the person.
func tone(speaker Speaker) []int16 {
	wave := make([]int16, map[Speaker]int{Agent: 40, Person: 25}[speaker])
	for i := range wave {
		wave[i] = int16(6000 * math.Sin(2*math.Pi*float64(i)/float64(len(wave))))
	}
	return wave
}

// encodeWAV interleaves tracks of equal length into a RIFF file.
func encodeWAV(tracks [][]int16) []byte {
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
	out = le.AppendUint32(out, sampleRate)
	out = le.AppendUint32(out, uint32(sampleRate*channels*2))
	out = le.AppendUint16(out, uint16(channels*2))
	out = le.AppendUint16(out, 16)
	out = append(out, "data"...)
	out = le.AppendUint32(out, uint32(size))
	for i := range samples {
		for _, track := range tracks {
			out = le.AppendUint16(out, uint16(track[i]))
		}
	}
	return out
}

var errNotWAV = errors.New("not a RIFF file with 16-bit PCM")

// decodeWAV takes a RIFF file apart into its tracks. Chunks other than fmt and data are passed over, and a data
// chunk whose size is wrong, as streaming writers leave it, goes to the end of the file.
func decodeWAV(file []byte) ([][]int16, error) {
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
				for n := range samples {
					tracks[i][n] = int16(le.Uint16(body[2*(n*channels+i):]))
				}
			}
			return tracks, nil
		}
		rest = rest[min(8+size+size%2, len(rest)):]
	}
	return nil, errNotWAV
}
