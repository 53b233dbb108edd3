package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/i-agent/iagent/signature"
)

const (
	authToken  = "0123456789abcdef0123456789abcdef"
	accountSid = "AC0123456789abcdef0123456789abcdef"
	publicURL  = "https://bench.example.com"
	duration   = 42 // seconds, of every call
)

// statuses are the callbacks of one answered call, in order.
var statuses = []string{"initiated", "ringing", "in-progress", "completed"}

// call is one phone call that is already dialled.
type call struct{ id, sid, phone string }

// request is one webhook, ready to be written to a connection.
type request struct {
	call   *call
	status string
	body   string
	raw    []byte
}

// traffic is a number of requests in the order of sending: calls overlap, the callbacks of one call begin in order, and
// some are sent twice, at once or later.
type traffic struct {
	calls    []*call
	requests []*request
	repeated int
}

// overlap is how many calls are under way at once.
const overlap = 400

// newTraffic makes n requests, the same ones for the same seed.
func newTraffic(seed uint64, n int, duplicates float64) *traffic {
	random := rand.New(rand.NewPCG(seed, 0))
	t := &traffic{}
	count := max(1, int(float64(n)*(1-duplicates))/len(statuses))
	t.repeated = n - count*len(statuses)
	if duplicates == 0 {
		t.repeated = 0
	}
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var entropy [32]byte
	for i := range entropy {
		entropy[i] = byte(random.Uint32())
	}
	source := rand.NewChaCha8(entropy)
	for i := range count {
		t.calls = append(t.calls, &call{
			id:    ulid.MustNew(ulid.Timestamp(begin.Add(time.Duration(i)*time.Millisecond)), source).String(),
			sid:   fmt.Sprintf("CA%016x%016x", random.Uint64(), random.Uint64()),
			phone: fmt.Sprintf("+1555%07d", random.IntN(10_000_000)),
		})
	}
	t.order(random, begin)
	return t
}

// order lays out the callbacks and scatters the repeated ones among them.
func (t *traffic) order(random *rand.Rand, begin time.Time) {
	type underway struct {
		call *call
		next int
	}
	var open []*underway
	waiting := t.calls
	left, total := t.repeated, t.repeated+len(t.calls)*len(statuses)
	for len(t.requests) < total {
		if n := len(t.requests); n > 0 && left > 0 && random.IntN(total-n) < left {
			// One of the last, which may still be under way.
			t.requests = append(t.requests, t.requests[n-1-random.IntN(min(n, 200))])
			left--
			continue
		}
		for len(open) < overlap && len(waiting) > 0 {
			open = append(open, &underway{call: waiting[0]})
			waiting = waiting[1:]
		}
		if len(open) == 0 { // only repeated ones are left
			continue
		}
		i := random.IntN(len(open))
		t.requests = append(t.requests, newRequest(open[i].call, open[i].next, begin, random))
		if open[i].next++; open[i].next == len(statuses) {
			open[i] = open[len(open)-1]
			open = open[:len(open)-1]
		}
	}
}

// newRequest writes a status callback with the 25 parameters that Twilio sends for a call out of the United States, and two
// more for a completed one. Source: Twilio: Call resource, status callback parameters.
func newRequest(c *call, sequence int, begin time.Time, random *rand.Rand) *request {
	status := statuses[sequence]
	values := url.Values{
		"AccountSid": {accountSid}, "ApiVersion": {"2010-04-01"}, "CallSid": {c.sid}, "CallStatus": {status},
		"CallbackSource": {"call-progress-events"}, "Direction": {"outbound-api"},
		"SequenceNumber": {strconv.Itoa(sequence)},
		"Timestamp":      {begin.Add(time.Duration(sequence) * 10 * time.Second).Format(time.RFC1123Z)},
		"From":           {"+15005550006"}, "Caller": {"+15005550006"}, "CallerCity": {""}, "CallerCountry": {"US"},
		"CallerState": {"CA"}, "CallerZip": {""}, "FromCountry": {"US"},
		"To": {c.phone}, "ToCity": {"SAN FRANCISCO"}, "ToCountry": {"US"}, "ToState": {"CA"}, "ToZip": {"94105"},
		"Called": {c.phone}, "CalledCity": {"SAN FRANCISCO"}, "CalledCountry": {"US"}, "CalledState": {"CA"}, "CalledZip": {"94105"},
	}
	if status == "completed" {
		values.Set("CallDuration", strconv.Itoa(duration))
		values.Set("Duration", "1")
	}
	body := values.Encode()
	target := "/api/webhooks/twilio/status?callId=" + c.id
	var raw strings.Builder
	fmt.Fprintf(&raw, "POST %s HTTP/1.1\r\nHost: bench.example.com\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n", target)
	fmt.Fprintf(&raw, "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nContent-Length: %d\r\n", len(body))
	fmt.Fprintf(&raw, "X-Twilio-Signature: %s\r\n", signature.Sign(authToken, publicURL+target, values))
	fmt.Fprintf(&raw, "I-Twilio-Idempotency-Token: %016x%016x\r\n\r\n", random.Uint64(), random.Uint64())
	raw.WriteString(body)
	return &request{call: c, status: status, body: body, raw: []byte(raw.String())}
}

// events is how many different webhooks there are.
func (t *traffic) events() int { return len(t.calls) * len(statuses) }
