package store

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// insertDropped keeps aside what was written down and not said.
func (b *stmtBatch) insertDropped(list []interview.DroppedSegment) {
	const most = 500
	for len(list) > 0 {
		n := min(len(list), most)
		args := make([]any, 0, 9*n)
		for _, d := range list[:n] {
			args = append(args, d.CallID, d.RecordingSid, d.Position, string(d.Speaker), storable(d.Text), d.StartSec, d.EndSec,
				string(d.Reason), d.Detail)
		}
		b.exec("saving dropped segments", `INSERT INTO dropped_segments (call_id, recording_sid, position, speaker, text,
			start_sec, end_sec, reason, detail) VALUES `+values(n, 9), args...)
		list = list[n:]
	}
}

func droppedOfCall(ctx context.Context, q querier, callID string) ([]interview.DroppedSegment, error) {
	var out []interview.DroppedSegment
	err := collect(ctx, q, func(r row) error {
		var d interview.DroppedSegment
		err := r.Scan(&d.CallID, &d.RecordingSid, &d.Position, &d.Speaker, &d.Text, &d.StartSec, &d.EndSec, &d.Reason, &d.Detail)
		out = append(out, d)
		return err
	}, `SELECT call_id, recording_sid, position, speaker, text, start_sec, end_sec, reason, detail FROM dropped_segments
		WHERE call_id = $1 ORDER BY recording_sid, position`, callID)
	if err != nil {
		return nil, fmt.Errorf("loading dropped segments: %w", err)
	}
	return out, nil
}
