package store

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// BenchmarkBatch tells the processor time of a webhook in a batch of twelve, of this process: that of PostgreSQL is not in it. Each call
// gets four of them, of which the last ends it, and one in twelve webhooks repeats another of its batch.
func BenchmarkBatch(b *testing.B) {
	for name, database := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			const size, together = 11, 1100
			s := open(b, database(b), Options{})
			p := NewProcessor(s, fourStatuses, inbox.KindStatus)
			var used time.Duration
			var batches [][]*delivery
			webhooks := 0
			for range b.N {
				if len(batches) == 0 {
					b.StopTimer()
					batches = batchesOf(seed(b, s, together), size)
					b.StartTimer()
				}
				before := processorTime(b)
				if err := p.commit(b.Context(), batches[0]); err != nil {
					b.Fatal(err)
				}
				used += processorTime(b) - before
				webhooks += len(batches[0])
				batches = batches[1:]
			}
			b.ReportMetric(float64(used.Microseconds())/float64(webhooks), "cpu-µs/webhook")
		})
	}
}

// fourStatuses are what the webhooks of batchesOf say.
func fourStatuses(call interview.Call, e *inbox.Event) (interview.Change, inbox.Reply, error) {
	n, err := strconv.Atoi(e.Form.Get("SequenceNumber"))
	if err != nil {
		return interview.Change{}, inbox.Reply{}, err
	}
	call.TwilioSid, call.Sequence = e.CallSid, n
	call.Status = []interview.CallStatus{interview.CallDialing, interview.CallRinging, interview.CallInProgress, interview.CallCompleted}[n]
	if n == 3 {
		call.CompletedAt = &e.ReceivedAt
	}
	return interview.Change{Call: call}, inbox.Reply{Status: 200, ContentType: "application/json", Body: []byte(`{"success":true}`)}, nil
}

// batchesOf are the four webhooks of each call, size at once and one that repeats the first of them.
func batchesOf(calls []string, size int) (batches [][]*delivery) {
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(calls), func(i, j int) { calls[i], calls[j] = calls[j], calls[i] })
	sids := map[string]string{}
	for _, id := range calls {
		sids[id] = fmt.Sprintf("CA%016x%016x", random.Uint64(), random.Uint64())
	}
	for n := range 4 {
		for from := 0; from+size <= len(calls); from += size {
			var batch []*delivery
			for i := range size + 1 {
				id := calls[from+i%size]
				e := &inbox.Event{ID: fmt.Sprintf("%s:status:%d", sids[id], n), Kind: inbox.KindStatus, Subject: id, CallSid: sids[id],
					AccountSid: "AC0123456789abcdef0123456789abcdef", Target: "/api/webhooks/twilio/status?callId=" + id,
					ContentType: "application/x-www-form-urlencoded", IdempotencyToken: id, Body: make([]byte, 600), ReceivedAt: time.Now(),
					Form: url.Values{"SequenceNumber": {strconv.Itoa(n)}}}
				batch = append(batch, &delivery{event: e, hash: e.PayloadHash()})
			}
			batches = append(batches, batch)
		}
	}
	return batches
}

// processorTime is that of this process.
func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
