package store

import (
	"errors"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

// In a campaign with pauses nobody hears an answer during the call. Who asks in one never to be called again is on the list once it is
// transcribed.
func TestOptOutOnARecordingIsListedWithItsTranscript(t *testing.T) {
	for name, test := range map[string]struct {
		said   []interview.Utterance
		listed int
	}{
		"asked":          {[]interview.Utterance{{Speaker: interview.SpeakerCallee, Text: "Two dollars."}, {Speaker: interview.SpeakerCallee, Text: "And take me off your list, please."}}, 1},
		"on one channel": {[]interview.Utterance{{Speaker: interview.SpeakerUnknown, Text: "Never call me again."}}, 1},
		"our own words":  {[]interview.Utterance{{Speaker: interview.SpeakerAgent, Text: "Never call me again."}}, 0},
		"stop alone":     {[]interview.Utterance{{Speaker: interview.SpeakerCallee, Text: "Stop."}}, 0},
		"ordinary":       {[]interview.Utterance{{Speaker: interview.SpeakerCallee, Text: "I stopped calling the support line."}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
				l := recordedLine(t, s)
				l.hangUp()
				run := s.mustStart(t, interview.TranscribeRecording, l.id+":RE1")
				if _, err := s.BeginTranscription(t.Context(), run, l.id, "RE1"); err != nil {
					t.Fatal(err)
				}
				if err := s.SaveTranscript(t.Context(), run, l.id, "RE1", test.said); err != nil {
					t.Fatal(err)
				}
				found, err := s.DoNotCallList(t.Context(), DoNotCallFilter{PhoneNumber: secretNumber}, Page{Limit: 10})
				if err != nil || len(found.Items) != test.listed {
					t.Fatalf("%+v, %v", found, err)
				}
				if n := s.count(t, `SELECT COUNT(*) FROM audit_log WHERE action = 'do-not-call.opt-out' AND subject <> ''`); n != test.listed {
					t.Errorf("%d audit entries, want %d", n, test.listed)
				}
				if test.listed == 0 {
					return
				}
				if e := found.Items[0]; e.Source != interview.SourceTranscript || e.Scope != interview.ScopeAll || e.CallID != l.id {
					t.Errorf("%+v", e)
				}
				var refused *RefusedNumbersError
				if _, err := s.CreateCalls(t.Context(), newCalls(activeCampaign(t, s), "", secretNumber)); !errors.As(err, &refused) {
					t.Errorf("another campaign calls: %v", err)
				}
			})
		})
	}
}
