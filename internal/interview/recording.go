package interview

import "time"

// RecordingStatus is Twilio's status of a recording, plus our own for one that must not be kept.
type RecordingStatus string

// The statuses of a recording. DELETED is a tombstone: the audio is gone at Twilio.
const (
	RecordingInProgress RecordingStatus = "in-progress"
	RecordingCompleted  RecordingStatus = "completed"
	RecordingAbsent     RecordingStatus = "absent"
	RecordingFailed     RecordingStatus = "failed"
	RecordingDeleted    RecordingStatus = "deleted"
)

// Recording is one recording of a call.
type Recording struct {
	Sid    string
	CallID string
	Status RecordingStatus
	// URL is Twilio's, without extension.
	URL string
	// Duration is in seconds, nil until completed.
	Duration *int
	// Channels is 1 or 2, 0 when Twilio did not say.
	Channels int
	// StartedAt is Twilio's RecordingStartTime, nil when it did not say.
	StartedAt *time.Time
	// Source is Twilio's RecordingSource: what started it, "" when it did not say.
	Source string
	// TranscribedAt is set in the transaction that saves its utterances.
	TranscribedAt *time.Time
}

// Rank orders statuses: a recording moves only to a higher rank.
func (s RecordingStatus) Rank() int {
	switch s {
	case RecordingInProgress:
		return 1
	case RecordingAbsent, RecordingFailed:
		return 2
	case RecordingCompleted:
		return 3
	case RecordingDeleted:
		return 4
	}
	return 0
}

// Merge brings a stored recording forward by what a callback says of it. The status moves only to a higher rank. Details
// come from the higher status; an equal or lower one only fills what was missing. A tombstone takes in nothing: what was
// deleted must not come back through a late callback.
func (r Recording) Merge(next Recording) Recording {
	if r.Status == RecordingDeleted {
		return r
	}
	older, newer := next, r
	if next.Status.Rank() > r.Status.Rank() {
		older, newer = r, next
	}
	merged := newer
	merged.Sid, merged.CallID = r.Sid, r.CallID
	if merged.URL == "" {
		merged.URL = older.URL
	}
	if merged.Duration == nil {
		merged.Duration = older.Duration
	}
	if merged.Channels == 0 {
		merged.Channels = older.Channels
	}
	if merged.StartedAt == nil {
		merged.StartedAt = older.StartedAt
	}
	if merged.Source == "" {
		merged.Source = older.Source
	}
	if merged.TranscribedAt == nil {
		merged.TranscribedAt = older.TranscribedAt
	}
	return merged
}
