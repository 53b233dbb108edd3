package health

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/store"
)

// within is how long the database may take before it counts as away.
const within = 5 * time.Second

// Measure measures, and adds to the series. gauges are what was read of the database, nil when it could not be read.
func (r *Recorder) Measure(ctx context.Context, s *store.Store, gauges *store.Gauges) {
	if r == nil {
		return
	}
	now := r.now().UTC().Truncate(time.Microsecond)
	m := Snapshot{At: now, CountedSince: now.Add(-CountedOver)}
	m.Answers, m.AnswersSince = r.answersUntil(now)
	m.P50, m.P99 = quantile(m.Answers, 50), quantile(m.Answers, 99)
	up := gauges != nil && m.read(ctx, s, gauges) == nil
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	r.database = r.database.become(up, now)
	restUsed := m.Twilio.Answered // by any process
	m.Database, m.Redis, m.Twilio, m.Overdue = r.database, r.redis, r.twilio, r.overdue
	if restUsed.After(m.Twilio.Answered) {
		m.Twilio.Answered = restUsed
	}
	r.snapshot = m
	r.series.add(m, &r.webhooks)
}

// read reads what the database knows.
func (m *Snapshot) read(ctx context.Context, s *store.Store, gauges *store.Gauges) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	begun := time.Now()
	if err := s.Ping(ctx); err != nil {
		return err
	}
	m.DatabaseTook = time.Since(begun)
	recent, err := s.CountRecent(ctx, m.CountedSince, m.At)
	if err != nil {
		return err
	}
	uses, err := s.TokenUses(ctx)
	if err != nil {
		return err
	}
	for _, use := range uses {
		if use.For == "rest" && use.Last.After(m.Twilio.Answered) {
			m.Twilio.Answered = use.Last.UTC()
		}
	}
	m.Measured, m.Refused, m.Duplicates = true, recent.Refused, recent.Duplicates
	m.Oldest, m.DeadRuns, m.OpenCalls, m.ReconcilerLag = gauges.Oldest, gauges.DeadRuns, gauges.OpenCalls, gauges.ReconcilerLag
	return nil
}

// answersUntil are the answers of the last minutes, the slowest first, and since when they are all that there were.
func (r *Recorder) answersUntil(now time.Time) ([]Answer, time.Time) {
	r.mu.Lock()
	all := slices.Clone(r.answers)
	next := r.next
	r.mu.Unlock()
	since := now.Add(-AnswersOver)
	if r.Started.After(since) {
		since = r.Started
	}
	if len(all) == maxAnswers && all[next].At.After(since) {
		since = all[next].At
	}
	all = slices.DeleteFunc(all, func(a Answer) bool { return a.At.Before(since) || !a.At.Before(now) })
	slices.SortFunc(all, func(a, b Answer) int { return cmp.Compare(b.Took, a.Took) })
	return all, since
}

// Answers are those that are kept of a time, from since on, before until, that took at least so long; the slowest first.
func (r *Recorder) Answers(since, until time.Time, atLeast time.Duration) []Answer {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	all := slices.Clone(r.answers)
	r.mu.Unlock()
	all = slices.DeleteFunc(all, func(a Answer) bool { return a.At.Before(since) || !a.At.Before(until) || a.Took < atLeast })
	slices.SortStableFunc(all, func(a, b Answer) int { return cmp.Compare(b.Took, a.Took) })
	return all
}

// quantile is the time that percent of the answers took at most, of answers that are sorted, the slowest first; 0 for none.
func quantile(slowestFirst []Answer, percent int) time.Duration {
	n := len(slowestFirst)
	if n == 0 {
		return 0
	}
	rank := (n*percent + 99) / 100 // the nearest rank, from 1
	return slowestFirst[n-rank].Took
}
