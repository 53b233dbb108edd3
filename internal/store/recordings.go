package store

import (
	"github.com/i-agent/iagent/internal/interview"
)

const recordingColumns = `sid, call_id, status, status_rank, url, duration, channels, started_at, source, created_at, updated_at`

// saveRecordings creates recordings or brings them forward. What a later callback does not say is kept.
func (b *stmtBatch) saveRecordings(list []interview.Recording) {
	for _, r := range list {
		b.exec("saving recording "+r.Sid, `INSERT INTO recordings (`+recordingColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
			ON CONFLICT (sid) DO UPDATE SET status = excluded.status, status_rank = excluded.status_rank,
			url = CASE WHEN excluded.url = '' THEN recordings.url ELSE excluded.url END,
			duration = COALESCE(excluded.duration, recordings.duration),
			channels = CASE WHEN excluded.channels = 0 THEN recordings.channels ELSE excluded.channels END,
			started_at = COALESCE(excluded.started_at, recordings.started_at),
			source = CASE WHEN excluded.source = '' THEN recordings.source ELSE excluded.source END, updated_at = excluded.updated_at
			WHERE recordings.call_id = excluded.call_id AND excluded.status_rank > recordings.status_rank`,
			storable(r.Sid), r.CallID, string(r.Status), r.Status.Rank(), storable(r.URL), r.Duration, r.Channels,
			pointedTime(r.StartedAt), storable(r.Source), b.tx.Now)
	}
}

func scanRecording(r row) (interview.Recording, error) {
	var rec interview.Recording
	err := r.Scan(&rec.Sid, &rec.CallID, &rec.Status, &rec.URL, &rec.Duration, &rec.Channels, &rec.StartedAt, &rec.Source, &rec.TranscribedAt)
	return rec, err
}

const selectRecordings = `SELECT sid, call_id, status, url, duration, channels, started_at, source, transcribed_at FROM recordings`

// insertUtterances appends what was said.
func (b *stmtBatch) insertUtterances(list []interview.Utterance) {
	const most = 500
	for len(list) > 0 {
		n := min(len(list), most)
		args := make([]any, 0, 8*n)
		for _, u := range list[:n] {
			args = append(args, u.CallID, u.RecordingSid, u.Position, string(u.Speaker), storable(u.Text), u.StartSec, u.EndSec, u.Channel)
		}
		b.exec("saving utterances", `INSERT INTO utterances (call_id, recording_sid, position, speaker, text, start_sec, end_sec, channel)
			VALUES `+values(n, 8), args...)
		list = list[n:]
	}
}
