package simulator

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// sampleRate is that of telephone audio, and of Twilio's recordings.
const sampleRate = 8000

// wav makes the recording's audio: RIFF, 16-bit PCM at 8 kHz, one channel with both sides mixed or two with a
// side each. A side is a tone while it speaks; every channel carries marks that say what it is.
func (r *recording) wav(channels int) []byte {
	samples := int(r.length() * sampleRate / time.Second)
	tracks := make([][]int16, channels)
	for i := range tracks {
		channel := 0
		if channels == 2 {
			channel = i + 1
		}
		tracks[i] = make([]int16, samples)
		for _, speaker := range r.speakers(channel) {
			r.paint(tracks[i], speaker)
		}
		stamp(tracks[i], mark{sid: r.sid, channel: channel})
	}
	return encodeWAV(tracks)
}

// paint adds a speaker's tone to a track, one burst for each word.
func (r *recording) paint(track []int16, speaker Speaker) {
	pitch := map[Speaker]float64{Agent: 220, Person: 330}[speaker]
	at := func(t time.Time) int {
		return min(max(int(t.Sub(r.started)*sampleRate/time.Second), 0), len(track))
	}
	for _, line := range r.heard(speaker) {
		for _, w := range line.words {
			from, to := at(w.start), at(w.end.Add(-60*time.Millisecond))
			for i := from; i < to; i++ {
				track[i] += int16(6000 * math.Sin(2*math.Pi*pitch*float64(i-from)/sampleRate))
			}
		}
	}
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
			tracks := make([][]int16, channels)
			for reader := bytes.NewReader(body); reader.Len() >= 2*channels; {
				for i := range tracks {
					low, _ := reader.ReadByte()
					high, _ := reader.ReadByte()
					tracks[i] = append(tracks[i], int16(uint16(low)|uint16(high)<<8))
				}
			}
			return tracks, nil
		}
		rest = rest[min(8+size+size%2, len(rest)):]
	}
	return nil, errNotWAV
}
