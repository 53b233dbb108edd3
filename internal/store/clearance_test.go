package store

import (
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/webhook"
)

func (s *Store) runsOf(t *testing.T, function interview.Function, key string) int {
	t.Helper()
	return s.count(t, `SELECT COUNT(*) FROM function_runs WHERE function = $1 AND key = $2`, string(function), key)
}

func TestWhoPressedOneIsNotHungUpOn(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := dialledLine(t, s)
		l.send(inbox.KindVoice, "CallStatus", "in-progress")
		l.send(webhook.KindAMD, "AnsweredBy", "machine_start")
		l.send(webhook.KindConsent, "Digits", "1")
		run := s.mustStart(t, interview.EndCall, l.id)
		if ending, err := s.BeginEndCall(t.Context(), run, l.id); err != nil || !ending.Skip {
			t.Errorf("%+v, %v", ending, err)
		}
		l.send(inbox.KindRecording, "RecordingSid", "RE1", "RecordingStatus", "in-progress", "RecordingSource", "StartCallRecordingTwiML")
		l.recordingEnds()
		l.hangUp()
		l.transcribe("a dozen")
		call := s.mustCall(t, l.id)
		if call.Consent != interview.ConsentGiven || call.ConsentBy != interview.ConsentByKeypad || call.AnsweredBy != "machine_start" || call.Transcript == "" {
			t.Errorf("%+v", call)
		}
	})
}

func TestLateVerdictErasesNothingOfAnInterview(t *testing.T) {
	for name, play := range map[string]func(l *line){
		"after the end": func(l *line) {
			l.send(inbox.KindVoice, "CallStatus", "in-progress")
			l.send(webhook.KindConsent, "SpeechResult", "yes")
			l.send(inbox.KindRecording, "RecordingSid", "RE1", "RecordingStatus", "in-progress")
			l.recordingEnds()
			l.hangUp()
		},
		"answers were given": func(l *line) { l.interview(); l.recordingEnds() },
		"a key was pressed": func(l *line) {
			l.send(inbox.KindVoice, "CallStatus", "in-progress")
			l.send(webhook.KindConsent, "Digits", "1")
			l.recordingEnds()
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
				l := dialledLine(t, s)
				play(l)
				l.transcribe("a dozen")
				before := s.mustCall(t, l.id)
				l.send(webhook.KindAMD, "AnsweredBy", "machine_end_other")
				after := s.mustCall(t, l.id)
				if after.AnsweredBy != "machine_end_other" || after.Consent != interview.ConsentGiven || after.Transcript != before.Transcript || after.Transcript == "" {
					t.Errorf("before %+v, after %+v", before, after)
				}
				for what, n := range map[string]int{
					"deletions": s.runsOf(t, interview.DeleteRecording, l.id+":RE1"), "endings": s.runsOf(t, interview.EndCall, l.id),
					"lost utterances": 1 - s.count(t, `SELECT COUNT(*) FROM utterances WHERE recording_sid = 'RE1'`),
				} {
					if n != 0 {
						t.Errorf("%d %s", n, what)
					}
				}
			})
		})
	}
}

func TestRecordingSeenBeforeTheYesIsNeverTranscribed(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := dialledLine(t, s)
		l.send(inbox.KindVoice, "CallStatus", "in-progress")
		l.send(inbox.KindRecording, "RecordingSid", "RE1", "RecordingStatus", "in-progress")
		l.send(webhook.KindConsent, "Digits", "1")
		l.recordingEnds()
		l.hangUp()
		if n := s.runsOf(t, interview.TranscribeRecording, l.id+":RE1"); n != 0 {
			t.Errorf("%d transcriptions", n)
		}
		run := s.mustStart(t, interview.DeleteRecording, l.id+":RE1")
		if d, err := s.BeginDeletion(t.Context(), run, l.id, "RE1"); err != nil || d.Skip || d.Running {
			t.Fatalf("%+v, %v", d, err)
		}
		if err := s.RecordingDeleted(t.Context(), run, l.id, "RE1"); err != nil {
			t.Fatal(err)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM recordings WHERE status = 'deleted' AND url = ''`); n != 1 {
			t.Error("there is no tombstone")
		}
	})
}

// What says that a recording was early may come after its transcription was asked for, or done.
func TestEarlyRecordingNoticedLateKeepsNoWords(t *testing.T) {
	clock := newClock()
	early := clock.Now().Add(-time.Hour).Format(time.RFC1123Z)
	begin := func(t *testing.T, s *Store) *line {
		l := dialledLine(t, s)
		l.send(inbox.KindVoice, "CallStatus", "in-progress")
		l.send(webhook.KindConsent, "SpeechResult", "yes")
		l.send(webhook.KindAnswer, "step", "1", "SpeechResult", "said live")
		l.recordingEnds()
		return l
	}
	tell := func(l *line) {
		l.send(inbox.KindRecording, "RecordingSid", "RE1", "RecordingStatus", "in-progress", "RecordingStartTime", early)
	}
	nothing := func(t *testing.T, s *Store, l *line) {
		t.Helper()
		for table, column := range map[string]string{"utterances": "recording_sid", "claims": "recording_sid"} {
			if n := s.count(t, `SELECT COUNT(*) FROM `+table+` WHERE `+column+` = 'RE1'`); n != 0 {
				t.Errorf("%d %s are left", n, table)
			}
		}
		if call := s.mustCall(t, l.id); call.Transcript != "callee: said live" || call.Consent != interview.ConsentGiven {
			t.Errorf("consent %q, transcript %q", call.Consent, call.Transcript)
		}
		if n := s.runsOf(t, interview.DeleteRecording, l.id+":RE1"); n != 1 {
			t.Errorf("%d deletions", n)
		}
	}
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		l := begin(t, s) // before the transcription
		tell(l)
		run := s.mustStart(t, interview.TranscribeRecording, l.id+":RE1")
		if tr, err := s.BeginTranscription(t.Context(), run, l.id, "RE1"); err != nil || !tr.Skip {
			t.Errorf("%+v, %v", tr, err)
		}
		nothing(t, s, l)
	})
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		l := begin(t, s) // known only by the database, as what was queued before an upgrade
		s.mustExec(t, `UPDATE recordings SET started_at = $1`, clock.Now().Add(-time.Hour))
		run := s.mustStart(t, interview.TranscribeRecording, l.id+":RE1")
		if tr, err := s.BeginTranscription(t.Context(), run, l.id, "RE1"); err != nil || !tr.Skip {
			t.Errorf("%+v, %v", tr, err)
		}
		nothing(t, s, l)
	})
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		l := begin(t, s) // while the model listens
		run := s.mustStart(t, interview.TranscribeRecording, l.id+":RE1")
		if tr, err := s.BeginTranscription(t.Context(), run, l.id, "RE1"); err != nil || tr.Skip {
			t.Fatalf("%+v, %v", tr, err)
		}
		tell(l)
		if err := s.SaveTranscript(t.Context(), run, l.id, "RE1", []interview.Utterance{{Speaker: interview.SpeakerCallee, Text: secretWords}}); err != nil {
			t.Fatal(err)
		}
		nothing(t, s, l)
	})
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		l := begin(t, s) // after all is done
		l.transcribe(secretWords)
		l.extract()
		if n := s.count(t, `SELECT COUNT(*) FROM claims WHERE recording_sid = 'RE1'`); n == 0 {
			t.Fatal("nothing was claimed")
		}
		tell(l)
		run := s.mustStart(t, interview.DeleteRecording, l.id+":RE1")
		if d, err := s.BeginDeletion(t.Context(), run, l.id, "RE1"); err != nil || d.Skip {
			t.Fatalf("%+v, %v", d, err)
		}
		nothing(t, s, l)
	})
}
