package store

import (
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/webhook"
)

// What is spoken is told to speech-to-text: without it a model may hear English in every language.
func TestRecordingIsTranscribedInItsCampaignsLanguage(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := dialledLine(t, s)
		language := "fr-CA"
		if _, err := s.UpdateCampaign(t.Context(), s.mustCall(t, l.id).CampaignID, CampaignChange{Language: &language}); err != nil {
			t.Fatal(err)
		}
		l.send(inbox.KindVoice, "CallStatus", "in-progress")
		l.send(webhook.KindConsent, "Digits", "1")
		l.recordingEnds()
		run := s.mustStart(t, interview.TranscribeRecording, l.id+":RE1")
		if tr, err := s.BeginTranscription(t.Context(), run, l.id, "RE1"); err != nil || tr.Language != "fr" {
			t.Errorf("%q, %v", tr.Language, err)
		}
	})
}
