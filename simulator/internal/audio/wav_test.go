package audio

import (
	"testing"
	"time"
)

func FuzzDecodeWAV(f *testing.F) {
	f.Add(EncodeWAV([][]int16{{1, 2, 3}, {4, 5, 6}}))
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEdata\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		tracks, err := DecodeWAV(file)
		if err != nil {
			return
		}
		for _, samples := range tracks {
			if len(samples) != len(tracks[0]) {
				t.Fatal("tracks of different lengths")
			}
			FindMark(samples)
		}
	})
}

func BenchmarkWAV(b *testing.B) {
	file := File{Sid: "RE00000000000000000000000000000000", Length: time.Minute, Channels: []Channel{{Number: 1}, {Number: 2}}}
	for i := range 60 {
		start := time.Duration(i) * time.Second
		channel := &file.Channels[i%2]
		channel.Tones = append(channel.Tones, Tone{Pitch: Low, From: start, To: start + 300*time.Millisecond})
	}
	for b.Loop() {
		b.SetBytes(int64(len(file.WAV())))
	}
}
