package store

import (
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

// What speech-to-text invented is kept with its reason, and is in nothing that counts.
func TestDroppedSegmentsAreKeptAside(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := recordedLine(t, s)
		l.hangUp()
		run := s.mustStart(t, interview.TranscribeRecording, l.id+":RE1")
		if _, err := s.BeginTranscription(t.Context(), run, l.id, "RE1"); err != nil {
			t.Fatal(err)
		}
		invented := interview.DroppedSegment{
			Utterance: interview.Utterance{Speaker: interview.SpeakerCallee, Text: "Thank you for watching!", StartSec: 3, EndSec: 6.5},
			Reason:    interview.DropNoSpeech, Detail: "no_speech_prob 0.97"}
		said := []interview.Utterance{{Speaker: interview.SpeakerCallee, Text: "Forty.", StartSec: 1, EndSec: 2}}
		if err := s.SaveTranscript(t.Context(), run, l.id, "RE1", said, invented, invented); err != nil {
			t.Fatal(err)
		}
		d, err := s.CallDetail(t.Context(), l.id)
		if err != nil || d.Call.Transcript != "callee: Forty." || len(d.Utterances) != 1 || len(d.Dropped) != 2 {
			t.Fatalf("%+v, %v", d, err)
		}
		invented.CallID, invented.RecordingSid, invented.Position = l.id, "RE1", 1
		if d.Dropped[1] != invented {
			t.Errorf("kept %+v, want %+v", d.Dropped[1], invented)
		}
		run = s.mustStart(t, interview.ExtractClaims, l.id+":RE1")
		e, err := s.BeginExtraction(t.Context(), run, l.id, "RE1")
		if err != nil || len(e.Utterances) != 1 {
			t.Errorf("claims are looked for in %+v, %v", e.Utterances, err)
		}
	})
}

func TestDroppedSegmentsOfNobodyWhoAgreedAreThrownAway(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := recordedLine(t, s)
		l.hangUp()
		run := s.mustStart(t, interview.TranscribeRecording, l.id+":RE1")
		if _, err := s.BeginTranscription(t.Context(), run, l.id, "RE1"); err != nil {
			t.Fatal(err)
		}
		if _, err := l.erase(); err != nil { // while the recording is being heard
			t.Fatal(err)
		}
		if err := s.SaveTranscript(t.Context(), run, l.id, "RE1", nil, interview.DroppedSegment{Reason: interview.DropSilence,
			Utterance: interview.Utterance{Text: "We sell " + secretWords}}); err != nil {
			t.Fatal(err)
		}
		if d, err := s.CallDetail(t.Context(), l.id); err != nil || len(d.Dropped) != 0 {
			t.Errorf("kept %+v, %v", d.Dropped, err)
		}
	})
}
