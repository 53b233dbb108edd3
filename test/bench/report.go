package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// measured is what one receiver did in all rounds.
type measured struct {
	name    string
	took    []time.Duration // of each webhook
	elapsed time.Duration
	rates   []float64 // webhooks a second, by round
	cpu     map[string]time.Duration
}

func (m *measured) add(took []time.Duration, elapsed time.Duration) {
	m.took = append(m.took, took...)
	m.elapsed += elapsed
	m.rates = append(m.rates, float64(len(took))/elapsed.Seconds())
}

func (m *measured) rate() float64 { return float64(len(m.took)) / m.elapsed.Seconds() }

// report is the whole measurement.
type report struct {
	server, baseline measured
	answers          answers
	sent             int // in the warm-up and measured
}

// measure warms up and then lets the program and the baseline take turns.
func (r *report) measure(ctx context.Context, o options, s *server, db database, warmUp, t *traffic, base *baseline) error {
	conns, err := dialAll(ctx, s.address, o.connections)
	if err != nil {
		return err
	}
	defer conns.close()
	if _, _, err := conns.send(ctx, warmUp.requests, &r.answers); err != nil {
		return err
	}
	r.sent = len(warmUp.requests) + len(t.requests)
	for round := range o.rounds {
		before := r.times(s, db)
		took, elapsed, err := conns.send(ctx, part(t.requests, round, o.rounds), &r.answers)
		if err != nil {
			return err
		}
		r.server.add(took, elapsed)
		r.server.charge(before, r.times(s, db))
		if base == nil {
			continue
		}
		before = r.times(s, db)
		took, elapsed, err = base.run(ctx, o, part(base.traffic.requests, round, o.rounds))
		if err != nil {
			return fmt.Errorf("baseline: %w", err)
		}
		r.baseline.add(took, elapsed)
		r.baseline.charge(before, r.times(s, db))
	}
	return nil
}

// part is one of n equal parts.
func part[T any](list []T, i, n int) []T { return list[i*len(list)/n : (i+1)*len(list)/n] }

// times are the processor times so far, by whose they are.
func (*report) times(s *server, db database) map[string]time.Duration {
	times := map[string]time.Duration{}
	if d, ok := ownCPU(s.cmd.Process.Pid); ok {
		times["program"] = d
	}
	if d, ok := ownCPU(os.Getpid()); ok {
		times["load"] = d
	}
	if d, ok := db.cpu(); ok {
		times["database"] = d
	}
	return times
}

func (m *measured) charge(before, after map[string]time.Duration) {
	if m.cpu == nil {
		m.cpu = map[string]time.Duration{}
	}
	for who, d := range after {
		m.cpu[who] += d - before[who]
	}
}

// print writes the table.
func (r *report) print() {
	fmt.Printf("%-22s %11s %9s %9s %9s   %s\n", "", "webhooks/s", "p50", "p99", "max", "CPU per webhook")
	r.server.print([]string{"program", "database", "load"})
	if len(r.baseline.took) > 0 {
		r.baseline.print([]string{"database", "load"})
		fmt.Printf("%-22s %11.2f %31s %.2f\n", "ratio", r.server.rate()/r.baseline.rate(), "",
			// Without the load of the one; the client of the other is its program.
			float64(r.server.each("program", "database"))/float64(r.baseline.each("load", "database")))
	}
	fmt.Printf("\n%-22s", "by round (and baseline)")
	for i, rate := range r.server.rates {
		fmt.Printf(" %6.0f", rate)
		if len(r.baseline.rates) > 0 {
			fmt.Printf(" (%.0f)", r.baseline.rates[i])
		}
	}
	fmt.Printf("\n%-22s %d first, %d duplicate, %d other, of %d sent\n", "answers",
		r.answers.first.Load(), r.answers.duplicate.Load(), r.answers.other.Load(), r.sent)
}

func (m *measured) print(parts []string) {
	slices.Sort(m.took)
	n := len(m.took)
	fmt.Printf("%-22s %11.0f %9s %9s %9s  ", m.name, m.rate(), millis(m.took[n/2]), millis(m.took[n*99/100]), millis(m.took[n-1]))
	for _, who := range parts {
		if _, ok := m.cpu[who]; ok {
			fmt.Printf(" %s %d µs", who, m.each(who).Microseconds())
		}
	}
	fmt.Println()
}

// each is the processor time of some for one webhook.
func (m *measured) each(who ...string) (d time.Duration) {
	for _, w := range who {
		d += m.cpu[w]
	}
	return d / time.Duration(len(m.took))
}

func millis(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// verdict asks the database whether the promise was kept.
func (r *report) verdict(ctx context.Context, db database, all ...*traffic) error {
	calls, events, repeated := 0, 0, 0
	for _, t := range all {
		calls += len(t.calls)
		events += t.events()
		repeated += t.repeated
	}
	var broken []error
	expect := func(what string, got, want int) {
		if got != want {
			broken = append(broken, fmt.Errorf("%s: %d, not %d", what, got, want))
		}
	}
	expect("answers that are the first of their event", int(r.answers.first.Load()), events)
	expect("answers to a duplicate", int(r.answers.duplicate.Load()), repeated)
	expect("answers other than 200 with success", int(r.answers.other.Load()), 0)
	for _, check := range []struct {
		what, query string
		want        int
	}{
		{"accepted events", `SELECT count(*) FROM webhook_events WHERE outcome = 'accepted'`, events},
		{"different accepted events", `SELECT count(DISTINCT event_id) FROM webhook_events WHERE outcome = 'accepted'`, events},
		{"events of another outcome", `SELECT count(*) FROM webhook_events WHERE outcome <> 'accepted'`, 0},
		{"duplicates counted", `SELECT CAST(COALESCE(sum(duplicates), 0) AS INTEGER) FROM webhook_events`, repeated},
		{"deduplication ids", `SELECT count(*) FROM webhook_dedup`, events},
		{"calls COMPLETED with their duration", fmt.Sprintf(`SELECT count(*) FROM calls WHERE status = 'COMPLETED' AND duration = %d`, duration), calls},
		{"calls with exactly their own events", `SELECT count(*) FROM calls WHERE 4 = (SELECT count(DISTINCT event_id) FROM webhook_events
			WHERE call_id = calls.id AND outcome = 'accepted' AND event_id IN (twilio_sid || ':status:initiated',
			twilio_sid || ':status:ringing', twilio_sid || ':status:in-progress', twilio_sid || ':status:completed'))`, calls},
	} {
		n, err := db.count(ctx, check.query)
		if err != nil {
			return fmt.Errorf("counting %s: %w", check.what, err)
		}
		expect(check.what, n, check.want)
	}
	if err := errors.Join(broken...); err != nil {
		return fmt.Errorf("the promise is broken:\n%w", err)
	}
	if n, ok := db.commits(ctx); ok && n > 0 {
		fmt.Printf("%-22s %d, %.1f events each\n", "commits", n, float64(events)/float64(n))
	}
	fmt.Printf("%-22s %d events accepted once each, %d calls COMPLETED, nothing lost, nothing doubled\n", "database", events, calls)
	return nil
}
