package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/i-agent/iagent/signature"
)

func TestTrafficIsWhatTheVerdictExpects(t *testing.T) {
	for _, duplicates := range []float64{0, 0.1, 0.9} {
		traffic := newTraffic(1, 1000, duplicates)
		sent := map[string]int{}
		for _, r := range traffic.requests {
			sent[r.call.sid+r.status]++
		}
		if len(sent) != traffic.events() || len(traffic.requests) != traffic.events()+traffic.repeated {
			t.Errorf("%v: %d requests of %d events, expected are %d events and %d repeated",
				duplicates, len(traffic.requests), len(sent), traffic.events(), traffic.repeated)
		}
		if want := int(1000 * duplicates); traffic.repeated < want || traffic.repeated > want+len(statuses) {
			t.Errorf("%v: %d are repeated", duplicates, traffic.repeated)
		}
	}
}

func TestSameSeedMakesTheSameRequests(t *testing.T) {
	one, two, other := newTraffic(7, 500, 0.1), newTraffic(7, 500, 0.1), newTraffic(8, 500, 0.1)
	same := 0
	for i := range one.requests {
		if !bytes.Equal(one.requests[i].raw, two.requests[i].raw) {
			t.Fatalf("request %d differs", i)
		}
		if i < len(other.requests) && bytes.Equal(one.requests[i].raw, other.requests[i].raw) {
			same++
		}
	}
	if same > 0 {
		t.Errorf("another seed made %d of the same requests", same)
	}
}

func TestRequestsAreSignedAndComplete(t *testing.T) {
	verifier, err := signature.New(signature.Config{URL: publicURL, Tokens: []string{authToken}})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range newTraffic(1, 200, 0.1).requests {
		got, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(r.raw)))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := verifier.VerifyRequest(got, body); err != nil {
			t.Fatal(err)
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Fatal(err)
		}
		want := 25
		if r.status == "completed" {
			want = 27
		}
		if len(form) != want || form.Get("CallSid") != r.call.sid || form.Get("CallStatus") != r.status {
			t.Fatalf("%d parameters: %s", len(form), body)
		}
	}
}

func TestAnswersAreReadToTheirEnd(t *testing.T) {
	long := strings.Repeat("x", 10_000) // longer than the reader's buffer
	c := &client{in: bufio.NewReader(strings.NewReader(
		"HTTP/1.1 200 OK\r\nContent-Type: a\r\nContent-Length: 10000\r\n\r\n" + long +
			"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n" +
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))}
	if status, err := c.receive(); status != 200 || err != nil || string(c.body) != long {
		t.Errorf("%d, %v, %d bytes", status, err, len(c.body))
	}
	if status, err := c.receive(); status != 500 || err != nil || len(c.body) != 0 {
		t.Errorf("%d, %v, %q", status, err, c.body)
	}
	if _, err := c.receive(); err == nil {
		t.Error("an answer without length was accepted")
	}
}
