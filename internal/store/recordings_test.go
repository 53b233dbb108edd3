package store

import (
	"reflect"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// saved is what the database has of a recording after callbacks have said these things of it, each in a transaction of its own.
func (s *Store) saved(t *testing.T, said ...interview.Recording) interview.Recording {
	t.Helper()
	for _, r := range said {
		if err := s.write(t.Context(), func(tx *Tx) error {
			stmts := tx.newStmtBatch()
			stmts.saveRecordings([]interview.Recording{r})
			return stmts.run(t.Context())
		}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := scanRecording(s.read().QueryRow(t.Context(), selectRecordings+` WHERE sid = $1`, said[0].Sid))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestRecordingCallbacksInAnyOrderLeaveTheSame(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		call, began, seconds := dialledLine(t, s).id, time.Date(2026, 3, 14, 15, 0, 0, 0, time.UTC), 83
		for name, order := range map[string][]int{"in order": {0, 1}, "reversed": {1, 0}, "all twice": {0, 1, 1, 0}} {
			sid := "RE " + name
			inProgress := interview.Recording{Sid: sid, CallID: call, Status: interview.RecordingInProgress, StartedAt: &began, Source: "StartCallRecordingTwiML"}
			completed := inProgress
			completed.Status, completed.URL, completed.Duration, completed.Channels = interview.RecordingCompleted, "u", &seconds, 2
			var said []interview.Recording
			for _, i := range order {
				said = append(said, []interview.Recording{inProgress, completed}[i])
			}
			got := s.saved(t, said...)
			if got.StartedAt == nil || !got.StartedAt.Equal(began) {
				t.Errorf("%s: started at %v", name, got.StartedAt)
			}
			if got.StartedAt = &began; !reflect.DeepEqual(got, completed) {
				t.Errorf("%s: %+v, want %+v", name, got, completed)
			}
		}
	})
}

func TestWhatALaterCallbackOfARecordingDoesNotSayIsKept(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		call, began := dialledLine(t, s).id, time.Date(2026, 3, 14, 15, 0, 0, 0, time.UTC)
		got := s.saved(t,
			interview.Recording{Sid: "RE1", CallID: call, Status: interview.RecordingInProgress, URL: "u", StartedAt: &began, Channels: 2, Source: "StartCallRecordingTwiML"},
			interview.Recording{Sid: "RE1", CallID: call, Status: interview.RecordingCompleted})
		if got.Status != interview.RecordingCompleted || got.URL != "u" || got.StartedAt == nil || got.Channels != 2 || got.Source == "" {
			t.Errorf("%+v", got)
		}
	})
}

func TestRecordingThatEndedStaysAsItEnded(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		call := dialledLine(t, s).id
		for _, end := range []interview.RecordingStatus{interview.RecordingAbsent, interview.RecordingFailed, interview.RecordingCompleted, interview.RecordingDeleted} {
			for _, late := range []interview.RecordingStatus{interview.RecordingInProgress, interview.RecordingFailed, interview.RecordingAbsent} {
				sid := "RE " + string(end) + string(late)
				if got := s.saved(t, interview.Recording{Sid: sid, CallID: call, Status: end}, interview.Recording{Sid: sid, CallID: call, Status: late, URL: "u"}); got.Status != end || got.URL != "" {
					t.Errorf("%s, then %s: %+v", end, late, got)
				}
			}
		}
	})
}

func TestRecordingStaysWithItsCall(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		call := dialledLine(t, s).id
		got := s.saved(t, interview.Recording{Sid: "RE1", CallID: call, Status: interview.RecordingInProgress},
			interview.Recording{Sid: "RE1", CallID: "another", Status: interview.RecordingCompleted, URL: "u"})
		if got.CallID != call || got.Status != interview.RecordingInProgress || got.URL != "" {
			t.Errorf("%+v", got)
		}
	})
}

func TestTranscriptionIsNotForgotten(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := dialledLine(t, s)
		l.interview()
		l.recordingEnds()
		l.transcribe("a dozen")
		got := s.saved(t, interview.Recording{Sid: "RE1", CallID: l.id, Status: interview.RecordingCompleted, URL: "v"})
		if got.TranscribedAt == nil || got.URL == "v" {
			t.Errorf("%+v", got)
		}
	})
}
