package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
)

// measured is a receiver and what it did in all rounds.
type measured struct {
	*server
	generator       *pgbench // in place of a process of ours and its load
	conns           clients
	warmUp, traffic *traffic
	answers         answers

	took    []time.Duration // of each webhook, but for a generator
	sent    int
	elapsed time.Duration
	rates   []float64 // webhooks a second, by round
	cpu     map[string]time.Duration
}

func (m *measured) add(sent int, took []time.Duration, elapsed time.Duration) {
	m.took = append(m.took, took...)
	m.sent += sent
	m.elapsed += elapsed
	m.rates = append(m.rates, float64(sent)/elapsed.Seconds())
}

func (m *measured) rate() float64 { return float64(m.sent) / m.elapsed.Seconds() }

// report is the whole measurement: of the program, and of what it is compared with.
type report struct {
	receivers []*measured
	missing   []string // peers that cannot run here, and why
	remove    func()   // removes the files of Express
	started   time.Duration
	idle      int // bytes of memory some seconds later, before the first webhook; 0 if that cannot be known
}

func (r *report) program() *measured { return r.receivers[0] }

// idleAfter is when the program has nothing to do any more after its start.
const idleAfter = 5 * time.Second

// addProgram makes the program's tables and calls, and starts it.
func (r *report) addProgram(ctx context.Context, o options, binary string, db database) error {
	m := newMeasured(o.seed, o.requests, o)
	if err := migrate(ctx, binary, db.url()); err != nil {
		return err
	}
	if err := seedCalls(ctx, db, m.calls()); err != nil {
		return err
	}
	begun := time.Now()
	server, err := serve(ctx, binary, db.url())
	r.started = time.Since(begun)
	if err == nil {
		if err = e2e.Wait(ctx, idleAfter); err == nil {
			r.idle = residentMemory(server.PID())
		}
	}
	return r.add(m, server, err)
}

// addPlains does the same for the plain receivers.
func (r *report) addPlains(ctx context.Context, o options, db database) error {
	if err := plainTables(ctx, db); err != nil {
		return err
	}
	for _, p := range plains(o) {
		m := newMeasured(r.nextSeed(o), o.baseline, o)
		if err := plainCalls(ctx, p, db, m.calls()); err != nil {
			return err
		}
		server, err := servePlain(ctx, p, o, db.url())
		if err := r.add(m, server, err); err != nil {
			return err
		}
	}
	return nil
}

// nextSeed makes calls that no other receiver has.
func (r *report) nextSeed(o options) uint64 { return o.seed + 2*uint64(len(r.receivers)) }

// addExpress does the same for Express; where it cannot be installed, the report says why.
func (r *report) addExpress(ctx context.Context, o options, db database) error {
	folder, remove, err := installExpress(ctx)
	if err != nil {
		r.missing = append(r.missing, expressName+": "+err.Error())
		return nil
	}
	r.remove = remove
	m := newMeasured(r.nextSeed(o), o.baseline, o)
	if err := plainCalls(ctx, oneTransaction, db, m.calls()); err != nil {
		return err
	}
	server, err := serveExpress(ctx, folder, o, db.url())
	return r.add(m, server, err)
}

// addPgbench adds PostgreSQL's own load generator.
func (r *report) addPgbench(ctx context.Context, o options, db database) error {
	generator, err := newPgbench(ctx, o, db)
	if err != nil {
		return err
	}
	r.receivers = append(r.receivers, &measured{
		server: &server{name: pgbenchName}, generator: generator, cpu: map[string]time.Duration{},
		warmUp: &traffic{}, traffic: newTraffic(o.seed, o.baseline, 0),
	})
	return nil
}

func newMeasured(seed uint64, requests int, o options) *measured {
	return &measured{
		cpu:    map[string]time.Duration{},
		warmUp: newTraffic(seed, requests/10, o.duplicates), traffic: newTraffic(seed+1, requests, o.duplicates),
	}
}

func (m *measured) calls() []*call { return slices.Concat(m.warmUp.calls, m.traffic.calls) }

func (r *report) add(m *measured, s *server, err error) error {
	if err != nil {
		return err
	}
	m.server = s
	r.receivers = append(r.receivers, m)
	return nil
}

func (r *report) close() (err error) {
	for _, m := range r.receivers {
		if m.generator != nil {
			err = errors.Join(err, m.generator.close())
			continue
		}
		m.conns.close()
		err = errors.Join(err, m.Stop())
	}
	if r.remove != nil {
		r.remove()
	}
	return err
}

// measure warms up and then lets the receivers take turns.
func (r *report) measure(ctx context.Context, o options, db database) error {
	for _, m := range r.receivers {
		// Not before: a server closes a connection that sends nothing.
		if m.generator == nil {
			var err error
			if m.conns, err = dialAll(ctx, m.Address, o.connections); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
		}
		if _, _, _, err := m.send(ctx, m.warmUp.requests); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	for round := range o.rounds {
		for _, m := range r.receivers {
			before := times(m.server, db)
			sent, took, elapsed, err := m.send(ctx, part(m.traffic.requests, round, o.rounds))
			if err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			m.add(sent, took, elapsed)
			m.charge(before, times(m.server, db))
		}
	}
	return nil
}

// send sends requests; a generator makes as many of its own.
func (m *measured) send(ctx context.Context, requests []*request) (sent int, took []time.Duration, elapsed time.Duration, err error) {
	switch {
	case len(requests) == 0:
		return 0, nil, 0, nil
	case m.generator != nil:
		sent, elapsed, err = m.generator.send(ctx, len(requests))
		return sent, nil, elapsed, err
	}
	took, elapsed, err = m.conns.send(ctx, requests, &m.answers)
	return len(took), took, elapsed, err
}

// part is one of n equal parts.
func part[T any](list []T, i, n int) []T { return list[i*len(list)/n : (i+1)*len(list)/n] }

// times are the processor times so far, by whose they are.
func times(s *server, db database) map[string]time.Duration {
	times := map[string]time.Duration{}
	if s.Process != nil {
		if d, ok := ownCPU(s.PID()); ok {
			times["program"] = d
		}
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
	for who, d := range after {
		m.cpu[who] += d - before[who]
	}
}

// print writes the ratios, then the figures that they come from.
func (r *report) print() {
	program, others := r.program(), r.receivers[1:]
	if len(others) > 0 {
		fmt.Printf("%-28s %8s %17s %11s   %s\n", "iagent serve is … times", "median", "spread of rounds", "CPU", "what the other keeps")
		for _, m := range others {
			ratios := byRound(program, m)
			cpu := "-"
			if m.generator == nil {
				cpu = fmt.Sprintf("%.2f", float64(program.each("program", "database"))/float64(m.each("program", "database")))
			}
			fmt.Printf("%-28s %8.2f %8.2f to %5.2f %11s   %s\n", m.name, median(ratios), slices.Min(ratios), slices.Max(ratios), cpu, keeps(m.name))
		}
		fmt.Println()
	}
	for _, missing := range r.missing {
		fmt.Printf("left out: %s\n\n", missing)
	}
	fmt.Printf("%-28s %11s %9s %9s %9s   %s\n", "", "webhooks/s", "p50", "p99", "max", "CPU per webhook")
	for _, m := range r.receivers {
		m.print()
	}
	fmt.Println()
	for _, m := range r.receivers {
		fmt.Printf("%-22s", "by round")
		for _, rate := range m.rates {
			fmt.Printf(" %6.0f", rate)
		}
		fmt.Printf("   %s\n", m.name)
	}
	fmt.Printf("%-22s ready after %d ms, %d MB before the first webhook\n", "start", r.started.Milliseconds(), r.idle>>20)
	fmt.Printf("%-22s %d first, %d duplicate, %d other, of %d sent\n", "answers", program.answers.first.Load(),
		program.answers.duplicate.Load(), program.answers.other.Load(), len(program.warmUp.requests)+len(program.traffic.requests))
}

// byRound are the ratios of two receivers' rates, a round each.
func byRound(one, other *measured) []float64 {
	ratios := make([]float64, len(one.rates))
	for i := range ratios {
		ratios[i] = one.rates[i] / other.rates[i]
	}
	return ratios
}

func (m *measured) print() {
	p50, p99, longest := "-", "-", "-"
	if n := len(m.took); n > 0 {
		slices.Sort(m.took)
		p50, p99, longest = millis(m.took[n/2]), millis(m.took[n*99/100]), millis(m.took[n-1])
	}
	fmt.Printf("%-28s %11.0f %9s %9s %9s  ", m.name, m.rate(), p50, p99, longest)
	for _, who := range []string{"program", "database", "load"} {
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
	return d / time.Duration(m.sent)
}

func millis(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// expected is how many events and repeated requests there were.
func (m *measured) expected() (events, repeated int) {
	return m.warmUp.events() + m.traffic.events(), m.warmUp.repeated + m.traffic.repeated
}

// check is a number in the database that must be right in the end.
type check struct {
	what, query string
	want        int
}

func (r *report) checks() []check {
	events, repeated := r.program().expected()
	calls := len(r.program().calls())
	checks := []check{
		{"accepted events", `SELECT count(*) FROM webhook_events WHERE outcome = 'accepted'`, events},
		{"different accepted events", `SELECT count(DISTINCT event_id) FROM webhook_events WHERE outcome = 'accepted'`, events},
		{"events of another outcome", `SELECT count(*) FROM webhook_events WHERE outcome <> 'accepted'`, 0},
		{"duplicates counted", `SELECT CAST(COALESCE(sum(duplicates), 0) AS INTEGER) FROM webhook_events`, repeated},
		{"deduplication ids", `SELECT count(*) FROM webhook_dedup`, events},
		{"calls COMPLETED with their duration", fmt.Sprintf(`SELECT count(*) FROM calls WHERE status = 'COMPLETED' AND duration = %d`, duration), calls},
		{"calls with exactly their own events", `SELECT count(*) FROM calls WHERE 4 = (SELECT count(DISTINCT event_id) FROM webhook_events
			WHERE call_id = calls.id AND outcome = 'accepted' AND event_id IN (twilio_sid || ':status:initiated',
			twilio_sid || ':status:ringing', twilio_sid || ':status:in-progress', twilio_sid || ':status:completed'))`, calls},
	}
	return append(checks, othersChecks(r.receivers[1:])...)
}

// othersChecks are those of the receivers that are not the program.
func othersChecks(others []*measured) (checks []check) {
	kept := map[string]*[2]int{}
	for _, m := range others {
		prefix := "plain"
		if m.name == string(sharedCommits) {
			prefix = "shared"
		}
		if m.generator != nil {
			checks = append(checks, check{"events of pgbench", `SELECT count(*) FROM pgbench_events`, m.generator.done})
			continue
		}
		if kept[prefix] == nil {
			kept[prefix] = &[2]int{}
		}
		n, _ := m.expected()
		kept[prefix][0] += n
		kept[prefix][1] += len(m.calls())
	}
	for prefix, n := range kept {
		checks = append(checks, check{"events of receivers: " + prefix, `SELECT count(*) FROM ` + prefix + `_events`, n[0]},
			check{"completed calls of receivers: " + prefix, `SELECT count(*) FROM ` + prefix + `_calls WHERE lower(status) = 'completed'`, n[1]})
	}
	return checks
}

// run counts, and says if it is not what it must be.
func (c check) run(ctx context.Context, db database) error {
	n, err := db.count(ctx, c.query)
	if err != nil {
		return fmt.Errorf("counting %s: %w", c.what, err)
	}
	return differs(c.what, n, c.want)
}

func differs(what string, got, want int) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("%s: %d, not %d", what, got, want)
}

// wrongAnswers compares the answers with what was sent.
func wrongAnswers(receivers []*measured) (broken []error) {
	for _, m := range receivers {
		if m.generator != nil {
			continue
		}
		events, repeated := m.expected()
		broken = append(broken,
			differs(m.name+": answers that are the first of their event", int(m.answers.first.Load()), events),
			differs(m.name+": answers to a duplicate", int(m.answers.duplicate.Load()), repeated),
			differs(m.name+": answers other than 200 with success", int(m.answers.other.Load()), 0))
	}
	return broken
}

// verdict asks the database whether the promise was kept.
func (r *report) verdict(ctx context.Context, db database) error {
	broken := wrongAnswers(r.receivers)
	for _, check := range r.checks() {
		broken = append(broken, check.run(ctx, db))
	}
	if err := errors.Join(broken...); err != nil {
		return fmt.Errorf("the promise is broken:\n%w", err)
	}
	events, _ := r.program().expected()
	if n, ok := db.commits(ctx); ok && n > 0 {
		fmt.Printf("%-22s %d, %.1f events each\n", "commits", n, float64(events)/float64(n))
	}
	fmt.Printf("%-22s %d events accepted once each, %d calls COMPLETED, nothing lost, nothing doubled\n", "database", events, len(r.program().calls()))
	return nil
}
