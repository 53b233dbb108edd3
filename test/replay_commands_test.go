package test_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

// receiver is another server, which verifies what it is sent with a token of its own.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	verified map[string]string // bodies by request target
	refused  []string
}

func newReceiver(t *testing.T, token string) *receiver {
	t.Helper()
	r := &receiver{verified: map[string]string{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			t.Error(err)
		}
		verifier, err := signature.New(signature.Config{URL: r.URL, Tokens: []string{token}})
		if err != nil {
			t.Error(err)
			return
		}
		_, verdict := verifier.VerifyRequest(request, body)
		r.mu.Lock()
		defer r.mu.Unlock()
		if verdict != nil {
			r.refused = append(r.refused, request.RequestURI)
			w.WriteHeader(http.StatusForbidden)
			return
		}
		r.verified[request.RequestURI] = string(body)
	}))
	t.Cleanup(r.Close)
	return r
}

// TestRequestsReplayedElsewhereAreSignedForTheOtherServer sends stored webhooks to a server with another URL and another token: each
// arrives once, as it was, with a signature that fits there; here nothing changes but the audit log.
func TestRequestsReplayedElsewhereAreSignedForTheOtherServer(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		settings := e2etest.DefaultSettings(databaseURL).With("RECONCILE_EVERY", "0").Without("TWILIO_PHONE_NUMBER")
		server := e2etest.Serve(t, settings)
		want := map[string]string{}
		for n, call := range server.Place(t, "+15550005000", "+15550005001", "+15550005002") {
			form := url.Values{"CallSid": {sid(n)}, "AccountSid": {e2etest.Account}, "CallStatus": {"busy"}, "SequenceNumber": {"2"},
				"To": {call.PhoneNumber}, "Note": {"a b & ü"}}
			target := "/api/webhooks/twilio/status?callId=" + call.ID
			if answer := server.Send(t, e2etest.Webhook{Target: target, Form: form}); answer.Status != 200 {
				t.Fatalf("%d %s", answer.Status, answer.Body)
			}
			want[target] = form.Encode()
		}
		const token = "abcdefabcdefabcdefabcdefabcdefab"
		other := newReceiver(t, token)

		args := []string{"replay", "--outcome", "accepted", "--to", other.URL, "--to-token", token}
		if dry := e2etest.Run(t, settings, args...); dry.Exit != 0 || strings.Count(dry.Stdout, "would be sent") != len(want) || len(other.verified) != 0 {
			t.Fatalf("dry run: %d %s%s", dry.Exit, dry.Stdout, dry.Stderr)
		}
		sent := e2etest.Run(t, settings, append(args, "--yes", "--reason", "tried")...)
		if sent.Exit != 0 || strings.Count(sent.Stdout, "200 OK") != len(want) || strings.Contains(sent.Stdout+sent.Stderr, token) {
			t.Fatalf("%d %s%s", sent.Exit, sent.Stdout, sent.Stderr)
		}
		if len(other.refused) != 0 || fmt.Sprint(other.verified) != fmt.Sprint(want) {
			t.Errorf("verified %v, refused %v; want %v", other.verified, other.refused, want)
		}
		// With the token of this installation the other server refuses them, and the command says so.
		wrong := e2etest.Run(t, settings, "replay", "--outcome", "accepted", "--to", other.URL, "--yes")
		if wrong.Exit != 1 || strings.Count(wrong.Stdout, "403 Forbidden") != len(want) {
			t.Errorf("%d %s%s", wrong.Exit, wrong.Stdout, wrong.Stderr)
		}

		var log struct{ Items []struct{ Reason string } }
		if err := server.Get(t.Context(), "/api/audit?action=webhook.replay", &log); err != nil || len(log.Items) != 2 || log.Items[1].Reason != "tried" {
			t.Errorf("audit log: %+v, %v", log, err)
		}
		var events struct {
			Items []struct{ Outcome string }
		}
		if err := server.Get(t.Context(), "/api/webhooks", &events); err != nil || len(events.Items) != len(want) {
			t.Errorf("events here: %+v, %v", events, err)
		}
		e2etest.Verified(t, settings)
	})
}

// TestInterruptedReplayFinishesWhenItIsRunAgain sends SIGINT, which Ctrl-C is, to a replay of 200 events while the database makes it
// wait: it stops between two events and says how far it came, and a second run does the rest.
func TestInterruptedReplayFinishesWhenItIsRunAgain(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		settings := e2etest.DefaultSettings(databaseURL).With("RECONCILE_EVERY", "0").Without("TWILIO_PHONE_NUMBER")
		server := e2etest.Serve(t, settings)
		const events = 200
		numbers := make([]string, events)
		for n := range numbers {
			numbers[n] = fmt.Sprintf("+1555%07d", 6000+n)
		}
		calls := server.Place(t, numbers...)
		s, err := store.Open(t.Context(), databaseURL, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		beside := outside{t, s}
		mend := beside.breakHandlers()
		for n, call := range calls {
			answer := server.Send(t, e2etest.Webhook{Target: "/api/webhooks/twilio/status?callId=" + call.ID, Form: url.Values{
				"CallSid": {sid(n)}, "AccountSid": {e2etest.Account}, "CallStatus": {"busy"}, "SequenceNumber": {"2"}}})
			if answer.Status != 500 {
				t.Fatalf("webhook %d: %d %s", n, answer.Status, answer.Body)
			}
		}
		beside.exec(mend)
		server.Kill()

		said, exit := interrupt(t, settings, "replay", "--yes", "--reason", "repaired")
		var done, of int
		at := max(strings.LastIndex(said, "\n"), 0)
		if _, err := fmt.Sscanf(said[strings.LastIndex(said[:at], "\n")+1:], "iagent: %d of %d events are over: stopped", &done, &of); err != nil ||
			exit != 1 || done < 1 || done >= events || of != events {
			t.Fatalf("the command ended with %d after %d of %d events, %v:\n%s", exit, done, of, err, said)
		}
		rest := replay(t, settings, 0, "--yes", "--reason", "repaired")
		if rest.Counts["accepted"] != events-done || len(rest.Rows) != events-done {
			t.Errorf("after %d of %d events the second run did %v", done, events, rest.Counts)
		}
		server.Start()
		for _, call := range calls {
			if c := server.Call(t, call.ID); c.Status != "BUSY" {
				t.Fatalf("call %s is %s", c.ID, c.Status)
			}
		}
		if again := replay(t, settings, 0, "--yes"); len(again.Rows) != 0 {
			t.Errorf("a third run: %+v", again.Counts)
		}
		e2etest.Verified(t, settings)
	})
}

// interrupt runs a command that prints more than a small pipe holds, sends SIGINT once it has printed its first line and cannot go on
// before somebody reads, and then reads on. It returns what the command said as errors, and its exit code.
func interrupt(t *testing.T, settings e2etest.Settings, args ...string) (said string, exit int) {
	t.Helper()
	stdout, written, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	if err := shrinkPipe(written); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), e2etest.Binary(t), args...)
	cmd.Dir, cmd.Env = t.TempDir(), settings.Environ()
	var stderr e2e.LogBuffer
	cmd.Stdout, cmd.Stderr = written, &stderr
	err = cmd.Start()
	written.Close()
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatalf("no line: %v\n%s", err, &stderr)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	// A slow reader holds it to one event in 20 ms, so that it cannot be done before it has noticed the signal.
	pace := time.NewTicker(20 * time.Millisecond)
	defer pace.Stop()
	for err == nil {
		<-pace.C
		_, err = lines.ReadString('\n')
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	return stderr.String(), cmd.ProcessState.ExitCode()
}
