package interview

import (
	"reflect"
	"testing"
)

func TestRecordingCallbacksInAnyOrderLeaveTheSame(t *testing.T) {
	inProgress := Recording{Sid: "RE1", CallID: "c", Status: RecordingInProgress, URL: "early", StartedAt: &dialTime}
	completed := Recording{Sid: "RE1", CallID: "c", Status: RecordingCompleted, URL: "u", Duration: seconds(83), Channels: 2}
	want := completed
	want.StartedAt = &dialTime

	for name, got := range map[string]Recording{
		"in order":  inProgress.Merge(completed),
		"reversed":  completed.Merge(inProgress),
		"all twice": inProgress.Merge(completed).Merge(completed).Merge(inProgress),
	} {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func TestTombstoneStaysATombstone(t *testing.T) {
	tombstone := Recording{Sid: "RE1", CallID: "c", Status: RecordingDeleted}
	completed := Recording{Sid: "RE1", CallID: "c", Status: RecordingCompleted, URL: "u", Duration: seconds(83)}
	if got := tombstone.Merge(completed); !reflect.DeepEqual(got, tombstone) {
		t.Errorf("a late callback brought back %+v", got)
	}
}

func TestFailedRecordingIsNotLessThanOneInProgress(t *testing.T) {
	for _, end := range []RecordingStatus{RecordingAbsent, RecordingFailed, RecordingCompleted} {
		got := Recording{Status: end}.Merge(Recording{Status: RecordingInProgress})
		if got.Status != end {
			t.Errorf("%s went back to %s", end, got.Status)
		}
	}
	if got := (Recording{Status: RecordingAbsent}).Merge(Recording{Status: RecordingFailed}); got.Status != RecordingAbsent {
		t.Errorf("absent became %s", got.Status)
	}
	if got := (Recording{Sid: "a", CallID: "b"}).Merge(Recording{Sid: "x", CallID: "y", Status: RecordingCompleted}); got.Sid != "a" || got.CallID != "b" {
		t.Errorf("a recording changed hands: %+v", got)
	}
}

func TestTranscriptionIsNotForgotten(t *testing.T) {
	done := Recording{Status: RecordingCompleted, URL: "u", TranscribedAt: &dialTime}
	if got := done.Merge(Recording{Status: RecordingCompleted, URL: "v"}); got.TranscribedAt == nil || got.URL != "u" {
		t.Errorf("left %+v", got)
	}
}
