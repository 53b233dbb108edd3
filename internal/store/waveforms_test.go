package store

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/webhook"
)

// drawnLine is a recordedLine whose recording has a waveform, and the run that made it, which has not ended.
func drawnLine(t *testing.T, s *Store) (*line, interview.Run, interview.Waveform) {
	t.Helper()
	l := recordedLine(t, s)
	run := s.mustStart(t, interview.TranscribeRecording, l.id+":RE1")
	w := interview.Waveform{CallID: l.id, RecordingSid: "RE1", Format: "wav", Size: 76_800_044, Seconds: 2400.25,
		Peaks: [][]byte{{0, 17, 255}, {3, 0, 9}}}
	if err := s.SaveWaveform(t.Context(), run, w); err != nil {
		t.Fatal(err)
	}
	return l, run, w
}

func (l *line) waveforms() map[string]interview.Waveform {
	l.t.Helper()
	found, err := l.store.Waveforms(l.t.Context(), l.id)
	if err != nil {
		l.t.Fatal(err)
	}
	return found
}

func TestWaveformIsKeptAsItWasMeasured(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l, run, w := drawnLine(t, s)
		w.Peaks = nil // a second attempt fetched an MP3
		w.Format, w.Size, w.Seconds = "mp3", 9_600_000, 0
		if err := s.SaveWaveform(t.Context(), run, w); err != nil {
			t.Fatal(err)
		}
		if got := l.waveforms(); !reflect.DeepEqual(got, map[string]interview.Waveform{"RE1": w}) {
			t.Errorf("%+v", got)
		}
		w.Format, w.Peaks = "wav", [][]byte{{1, 2}, {3, 4}}
		if err := s.SaveWaveform(t.Context(), run, w); err != nil {
			t.Fatal(err)
		}
		if got := l.waveforms(); !reflect.DeepEqual(got["RE1"], w) {
			t.Errorf("%+v", got)
		}
		run.Attempt++
		if err := s.SaveWaveform(t.Context(), run, w); !errors.Is(err, jobs.ErrLostRun) {
			t.Errorf("of an attempt that was given up: %v", err)
		}
	})
}

func TestWaveformGoesWithWhatWasSaid(t *testing.T) {
	for name, erase := range map[string]func(l *line){
		"erasure": func(l *line) {
			l.hangUp()
			if _, err := l.erase(); err != nil {
				l.t.Fatal(err)
			}
		},
		"withdrawal of consent": func(l *line) { l.send(webhook.KindConsent, "attempt", "2", "SpeechResult", "no") },
		"deletion of the recording": func(l *line) {
			job := interview.NewDeleteRecording(l.id, "RE1")
			if err := l.store.write(l.t.Context(), func(tx *Tx) error { return tx.enqueue(l.t.Context(), "test", []interview.Job{job}) }); err != nil {
				l.t.Fatal(err)
			}
			run := l.store.mustStart(l.t, interview.DeleteRecording, l.id+":RE1")
			if _, err := l.store.BeginDeletion(l.t.Context(), run, l.id, "RE1"); err != nil {
				l.t.Fatal(err)
			}
		},
	} {
		eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
			l, run, w := drawnLine(t, s)
			if p, err := s.Playback(t.Context(), l.id, "RE1"); err != nil || !p.Playable() || p.Size != w.Size {
				t.Errorf("before the %s: %+v, %v", name, p, err)
			}
			erase(l)
			if got := l.waveforms(); len(got) != 0 {
				t.Errorf("after the %s: %+v", name, got)
			}
			if name == "deletion of the recording" {
				return
			}
			if p, err := s.Playback(t.Context(), l.id, "RE1"); err != nil || p.Playable() {
				t.Errorf("after the %s it is played: %v", name, err)
			}
			if err := s.SaveWaveform(t.Context(), run, w); err != nil && !errors.Is(err, jobs.ErrLostRun) {
				t.Fatal(err)
			}
			if got := l.waveforms(); len(got) != 0 {
				t.Errorf("kept after the %s: %+v", name, got)
			}
		})
	}
}

func TestListeningIsRecordedOncePerOpening(t *testing.T) {
	now := time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC)
	eachDatabase(t, Options{Now: func() time.Time { return now }}, func(t *testing.T, s *Store) {
		l := recordedLine(t, s)
		listen := func(actor, opening string) {
			t.Helper()
			if err := s.RecordListening(t.Context(), Listening{CallID: l.id, RecordingSid: "RE1", Actor: actor, Opening: opening}); err != nil {
				t.Fatal(err)
			}
		}
		heard := func() int {
			return s.count(t, `SELECT COUNT(*) FROM audit_log WHERE action = 'recording.listen' AND subject = $1`, l.id)
		}
		for range 3 {
			listen("console:eve", "FIRST")
		}
		if n := heard(); n != 1 {
			t.Errorf("%d entries of one opening", n)
		}
		listen("console:eve", "SECOND")
		listen("console:bob", "FIRST")
		listen("console:eve", "")
		listen("console:eve", "")
		if n := heard(); n != 5 {
			t.Errorf("%d entries, want 5", n)
		}
		now = now.Add(13 * time.Hour)
		listen("console:eve", "FIRST")
		if n := heard(); n != 6 {
			t.Errorf("%d entries, want that of a day later, too", n)
		}
		if err := s.RecordListening(t.Context(), Listening{CallID: "none", RecordingSid: "RE1"}); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	})
}
