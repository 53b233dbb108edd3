package health

import "time"

// Point is what was measured in one minute by this process, and how things stood at its end.
type Point struct {
	At time.Time
	// Webhooks are those that were answered, Duplicates those of them that repeated another, Refused the requests that were
	// refused unverified.
	Webhooks, Duplicates, Refused int
	// P50 and P99 are answer times, of the minutes that Snapshot.Answers tells of; Answered is false when there were none.
	Answered bool
	P50, P99 time.Duration
	// Measured says that the database was read; the rest is not known when it was not.
	Measured     bool
	Dead         int
	Waiting      time.Duration
	DatabaseTook time.Duration
}

// series is a ring of points.
type series struct {
	points []Point
	next   int
	begun  time.Time // the current minute, which is not a point yet
}

// add adds a point when a minute is over, and begins to count anew.
func (s *series) add(m Snapshot, n *counts) {
	if s.begun.IsZero() {
		s.begun = m.At
	}
	if m.At.Sub(s.begun) < PointEvery {
		return
	}
	s.begun = m.At
	p := Point{At: m.At, Webhooks: n.webhooks, Duplicates: n.duplicates, Refused: n.refused, Answered: len(m.Answers) > 0, P50: m.P50, P99: m.P99,
		Measured: m.Measured, Dead: m.Dead(), DatabaseTook: m.DatabaseTook}
	if !m.Oldest.Since.IsZero() {
		p.Waiting = m.At.Sub(m.Oldest.Since)
	}
	*n = counts{}
	if len(s.points) < int(SeriesOver/PointEvery) {
		s.points = append(s.points, p)
		return
	}
	s.points[s.next] = p
	s.next = (s.next + 1) % len(s.points)
}

// Series are the points of the last hours, the oldest first.
func (r *Recorder) Series() []Point {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return append(append([]Point{}, r.series.points[r.series.next:]...), r.series.points[:r.series.next]...)
}
