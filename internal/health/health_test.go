package health_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/health"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

func TestQuantilesAndTheirAnswersAgree(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	r := health.New(func() time.Time { return now })
	s, err := store.Open(t.Context(), storetest.SQLite(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r.Measure(t.Context(), s, nil)
	if m := r.Snapshot(); m.At.IsZero() || m.Measured || m.Database.Up || !m.Database.Known || m.P99 != 0 {
		t.Errorf("without a database: %+v", m)
	}
	r.Answered(health.Answer{Took: time.Hour, EventID: "long ago"})
	now = now.Add(health.AnswersOver + time.Second)
	for n := range 200 {
		r.Answered(health.Answer{Took: time.Duration(200-n) * time.Millisecond, EventID: fmt.Sprint(200 - n)})
	}
	now = now.Add(time.Millisecond)
	r.Measure(t.Context(), s, &store.Gauges{})
	m := r.Snapshot()
	if len(m.Answers) != 200 || m.P50 != 100*time.Millisecond || m.P99 != 198*time.Millisecond || !m.Database.Up || !m.Measured {
		t.Errorf("%d answers, %s, %s, %+v", len(m.Answers), m.P50, m.P99, m.Database)
	}
	if slow := r.Answers(m.AnswersSince, m.At, m.P99); len(slow) != 3 || slow[0].EventID != "200" || slow[2].EventID != "198" {
		t.Errorf("%+v", slow)
	}
	if half := r.Answers(m.AnswersSince, m.At, m.P50); len(half) != 101 {
		t.Errorf("%d took the median or longer", len(half))
	}
	// More than are kept: the time over which they are looked at is shorter.
	for range 20_000 {
		now = now.Add(time.Millisecond)
		r.Answered(health.Answer{Took: time.Millisecond})
	}
	now = now.Add(time.Millisecond)
	r.Measure(t.Context(), s, &store.Gauges{})
	if m := r.Snapshot(); len(m.Answers) != 8192 || now.Sub(m.AnswersSince) != 8192*time.Millisecond {
		t.Errorf("%d answers since %s", len(m.Answers), now.Sub(m.AnswersSince))
	}
	var none *health.Recorder
	none.Answered(health.Answer{})
	if m := none.Snapshot(); !m.At.IsZero() {
		t.Error("nothing measures something")
	}
}

// A series has a point for each minute, forgets the oldest, and has nothing in it that was not measured.
func TestSeriesKeepsTheLastHours(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	r := health.New(func() time.Time { return now })
	s, err := store.Open(t.Context(), storetest.SQLite(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if len(r.Series()) != 0 {
		t.Error("points before anything was measured")
	}
	r.Measure(t.Context(), s, nil)
	for n := range 400 {
		for range n % 3 {
			r.Answered(health.Answer{Took: time.Millisecond, Outcome: "duplicate"})
		}
		r.Refused()
		for range 6 { // measured every ten seconds
			now = now.Add(10 * time.Second)
			r.Measure(t.Context(), s, nil)
		}
	}
	points := r.Series()
	if len(points) != 360 || !points[359].At.Equal(now) || points[359].At.Sub(points[0].At) != 359*time.Minute {
		t.Fatalf("%d points, until %s", len(points), points[len(points)-1].At)
	}
	for i, p := range points {
		n := i + 40
		if p.Webhooks != n%3 || p.Duplicates != n%3 || p.Refused != 1 || p.Measured {
			t.Fatalf("point %d: %+v", i, p)
		}
	}
}
