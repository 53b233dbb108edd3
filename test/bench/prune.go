package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// webhooksPerSecond arrive while rows are pruned, whatever the answers take.
	webhooksPerSecond = 100
	// quietFor is how long they are measured before and after the pruning.
	quietFor = 30 * time.Second
	// eventsOfACall are those of each old call.
	eventsOfACall = 5
)

// pruneRun measures webhooks beside `iagent prune`: before it, while it removes o.prune old events, and after it.
func pruneRun(ctx context.Context, o options, binary string, db database) (err error) {
	traffic := newTraffic(o.seed, o.requests, o.duplicates)
	if err := seedCalls(ctx, db, traffic.calls); err != nil {
		return err
	}
	fmt.Printf("making %d old events, half of them older than their ids are kept; %s\n", o.prune, db.describe(ctx))
	if err := makeOld(ctx, db, o.prune); err != nil {
		return err
	}
	server, err := start(ctx, "iagent serve", []string{binary, "serve"}, func(port string) []string {
		return append(environment(db.url(), port), "RETENTION=100000h", "DEDUP_RETENTION=100000h")
	})
	if err != nil {
		return err
	}
	defer server.Kill()
	conns, err := dialAll(ctx, server.Address, o.connections)
	if err != nil {
		return err
	}
	defer conns.close()
	load := &pacedLoad{conns: conns, requests: traffic.requests}
	fmt.Printf("%d webhooks a second, timed from when each was due\n\n", webhooksPerSecond)
	before, err := load.until(ctx, time.After(quietFor))
	if err != nil {
		return err
	}
	pruned := make(chan time.Time, 1)
	var report string
	var pruneErr error
	begun := time.Now()
	go func() {
		report, pruneErr = pruneAll(ctx, binary, db.url())
		pruned <- time.Now()
	}()
	during, err := load.until(ctx, pruned)
	if err != nil || pruneErr != nil {
		return errors.Join(err, pruneErr)
	}
	took := time.Since(begun)
	after, err := load.until(ctx, time.After(quietFor))
	if err != nil {
		return err
	}
	fmt.Printf("pruned in %.0f s: %s\n\n", took.Seconds(), report)
	fmt.Println("             webhooks   median      p99    p99.9      max")
	for _, phase := range []struct {
		name string
		took []time.Duration
	}{{"before", before}, {"while pruning", during}, {"after", after}} {
		slices.Sort(phase.took)
		fmt.Printf("%-13s %7d %8s %8s %8s %8s\n", phase.name, len(phase.took), quantile(phase.took, .5), quantile(phase.took, .99),
			quantile(phase.took, .999), quantile(phase.took, 1))
	}
	if n := load.answers.other.Load(); n > 0 {
		return fmt.Errorf("%d webhooks were not answered as they should", n)
	}
	left, err := db.count(ctx, `SELECT COUNT(*) FROM webhook_events WHERE id LIKE 'old%' AND (body IS NOT NULL OR call_id LIKE 'oldest%')`)
	if err != nil || left > 0 {
		return errors.Join(err, fmt.Errorf("%d old events were not pruned", left))
	}
	return nil
}

func quantile(sorted []time.Duration, q float64) string {
	if len(sorted) == 0 {
		return "-"
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)].Round(100 * time.Microsecond).String()
}

// pruneAll runs `iagent prune` and returns what it removed.
func pruneAll(ctx context.Context, binary, databaseURL string) (string, error) {
	cmd := exec.CommandContext(ctx, binary, "prune", "--json")
	cmd.Env, cmd.Stderr = environment(databaseURL, "0"), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("iagent prune: %w\n%s", err, out)
	}
	var report struct {
		Items []struct {
			What string
			Rows int
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return "", fmt.Errorf("reading what was pruned: %w", err)
	}
	var list []string
	for _, item := range report.Items {
		if item.Rows > 0 {
			list = append(list, fmt.Sprintf("%d %s", item.Rows, item.What))
		}
	}
	return strings.Join(list, ", "), nil
}

// makeOld inserts n accepted events with their ids and calls: one half 30 days old, the other 100.
func makeOld(ctx context.Context, db database, n int) error {
	const part = 50_000
	numbers := func(from, to int) string {
		return fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)`, from, to-1)
	}
	body := []byte(strings.Repeat("CallSid=CA0123456789abcdef&", 22))
	for _, half := range []struct {
		name string
		age  time.Duration
	}{{"old", 30 * 24 * time.Hour}, {"oldest", 100 * 24 * time.Hour}} {
		at := time.Now().UTC().Add(-half.age).Truncate(time.Microsecond)
		for from := 0; from < n/2; from += part {
			to := min(from+part, n/2)
			for _, s := range []struct {
				statement string
				args      []any
			}{
				{`INSERT INTO calls (id, campaign_id, phone_number, twilio_sid, account_sid, status, sequence, consent, consent_attempts, dialed_at,
					completed_at, error_code, error_message, transcript, created_at, updated_at) ` + numbers(from/eventsOfACall, to/eventsOfACall) + ` SELECT '` +
					half.name + `' || i, 'bench', '', 'CA` + half.name + `' || i, $2, 'COMPLETED', 4, '', 0, $1, $1, 0, '', '', $1, $1 FROM n`, []any{at, accountSid}},
				{fmt.Sprintf(`INSERT INTO webhook_events (id, event_id, kind, outcome, source, call_id, call_sid, account_sid, target, content_type, body,
					body_hash, idempotency_token, reply_status, reply_type, reply_body, error, attempt, duplicates, received_at) %s SELECT '%s' || i,
					'CA%s' || i || ':status', 'status', 'accepted', 'webhook', '%s' || (i / %d), 'CA%s' || (i / %d), $2,
					'/api/webhooks/twilio/status?callId=x', 'application/x-www-form-urlencoded', $3, $4, '', 200, 'application/json', $4, '', 0, 0, $1 FROM n`,
					numbers(from, to), half.name, half.name, half.name, eventsOfACall, half.name, eventsOfACall), []any{at, accountSid, body, []byte(`{"success":true}`)}},
				{`INSERT INTO webhook_dedup ("id", "receivedAt") ` + numbers(from, to) + ` SELECT 'CA` + half.name + `' || i || ':status', $1 FROM n`, []any{at}},
			} {
				if err := db.exec(ctx, s.statement, s.args...); err != nil {
					return fmt.Errorf("inserting old events: %w", err)
				}
			}
		}
	}
	return db.analyze(ctx)
}

// pacedLoad sends requests at their time.
type pacedLoad struct {
	conns    clients
	requests []*request
	answers  answers
	sent     int
}

// until sends webhooks until the end comes, and returns how long after it was due each was answered.
func (l *pacedLoad) until(ctx context.Context, end <-chan time.Time) ([]time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type due struct {
		request *request
		at      time.Time
	}
	queue := make(chan due, len(l.requests))
	var mu sync.Mutex
	var took []time.Duration
	var workers sync.WaitGroup
	for _, conn := range l.conns {
		workers.Go(func() {
			for d := range queue {
				if err := conn.send(d.request, &l.answers); err != nil {
					cancel(err)
					return
				}
				mu.Lock()
				took = append(took, time.Since(d.at))
				mu.Unlock()
			}
		})
	}
	begun := time.Now()
	ticker := time.NewTicker(time.Second / webhooksPerSecond)
	defer ticker.Stop()
	for n, ended := 0, false; !ended && ctx.Err() == nil; {
		select {
		case <-end:
			ended = true
		case <-ctx.Done():
		case <-ticker.C:
			for ; n < int(time.Since(begun).Seconds()*webhooksPerSecond); n++ { // the ticker leaves out what is late
				if l.sent == len(l.requests) {
					cancel(errors.New("there are no more webhooks to send; set -requests higher"))
					break
				}
				queue <- due{l.requests[l.sent], begun.Add(time.Duration(n) * time.Second / webhooksPerSecond)}
				l.sent++
			}
		}
	}
	close(queue)
	workers.Wait()
	return took, context.Cause(ctx)
}
