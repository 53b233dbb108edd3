package pipeline_test

import (
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

func TestWaveformShowsWhichChannelIsLoudWhen(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		file := recorded(9, during(0, 3), during(6, 9))
		s := &fakeServers{media: serve(file), models: hear(map[byte]string{1: `{"text":"x"}`, 2: `{"text":"x"}`})}
		got, err := s.run(t, db, 2)
		if err != nil {
			t.Fatal(err)
		}
		found, err := db.store.Waveforms(t.Context(), got.callID)
		if err != nil {
			t.Fatal(err)
		}
		w := found[got.sid]
		if w.Format != "wav" || w.Size != int64(len(file)) || w.Seconds != 9 || len(w.Peaks) != 2 {
			t.Fatalf("%s of %d bytes and %v s, %d channels", w.Format, w.Size, w.Seconds, len(w.Peaks))
		}
		for n, peaks := range w.Peaks {
			if len(peaks) != interview.WaveformPoints {
				t.Fatalf("channel %d: %d points", n+1, len(peaks))
			}
			for at, peak := range peaks {
				third := at * 3 / len(peaks)
				if third != (at+1)*3/len(peaks) {
					continue // a part of the time of both
				}
				loud := third == 2*n
				if loud && (peak < 120 || peak > 145) || !loud && peak > 25 { // 255·√0.3 is 140; the low byte of a sample names its channel
					t.Fatalf("channel %d at %d: %d", n+1, at, peak)
				}
			}
		}
	})
}

func TestRecordingThatCannotBeMeasuredHasNoPeaks(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		s := &fakeServers{media: serve([]byte("ID3, and what an MP3 has")), models: serve([]byte(`{"text":"Forty."}`))}
		got, err := s.run(t, db, 1)
		if err != nil {
			t.Fatal(err)
		}
		found, err := db.store.Waveforms(t.Context(), got.callID)
		if w := found[got.sid]; err != nil || w.Format != "mp3" || w.Size != 24 || w.Peaks != nil {
			t.Errorf("%+v, %v", w, err)
		}
	})
}
