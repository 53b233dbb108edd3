package store

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// SaveWaveform keeps what a recording looks like while it is transcribed, in place of what was kept before. It does not end the
// run. When the recording must no longer be transcribed nothing is kept.
func (s *Store) SaveWaveform(ctx context.Context, run interview.Run, w interview.Waveform) error {
	err := s.write(ctx, func(tx *Tx) error {
		if err := tx.guard(ctx, run); err != nil {
			return err
		}
		if _, _, ok, err := tx.transcribable(ctx, run, w.CallID, w.RecordingSid); err != nil || !ok {
			return err
		}
		points, peaks := 0, []byte{}
		for _, channel := range w.Peaks {
			points = len(channel)
			peaks = append(peaks, channel...)
		}
		_, err := tx.Exec(ctx, `INSERT INTO waveforms (call_id, recording_sid, format, size, seconds, channels, points, peaks, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (call_id, recording_sid) DO UPDATE SET format = excluded.format,
			size = excluded.size, seconds = excluded.seconds, channels = excluded.channels, points = excluded.points, peaks = excluded.peaks`,
			w.CallID, w.RecordingSid, w.Format, w.Size, w.Seconds, len(w.Peaks), points, peaks, tx.Now)
		return err
	})
	if err != nil {
		return fmt.Errorf("saving the waveform of %s: %w", w.RecordingSid, err)
	}
	return nil
}

// Waveforms are those of a call's recordings, by their SIDs.
func (s *Store) Waveforms(ctx context.Context, callID string) (map[string]interview.Waveform, error) {
	found := map[string]interview.Waveform{}
	err := collect(ctx, s.read(), func(r row) error {
		var w interview.Waveform
		var channels, points int
		var peaks []byte
		if err := r.Scan(&w.CallID, &w.RecordingSid, &w.Format, &w.Size, &w.Seconds, &channels, &points, &peaks); err != nil {
			return err
		}
		for n := range channels {
			w.Peaks = append(w.Peaks, peaks[n*points:(n+1)*points])
		}
		found[w.RecordingSid] = w
		return nil
	}, `SELECT call_id, recording_sid, format, size, seconds, channels, points, peaks FROM waveforms WHERE call_id = $1`, callID)
	if err != nil {
		return nil, fmt.Errorf("loading the waveforms of call %s: %w", callID, err)
	}
	return found, nil
}
