package test_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/simulator"
)

// answered is what the person of these tests says.
const answered = "It costs 2 dollars and 49 cents."

// transcribing runs a call up to the middle of its transcription, and holds it there.
func transcribing(t *testing.T, settings e2etest.Settings) (*e2etest.Simulation, *e2etest.Server, e2e.Call, *e2etest.Held) {
	t.Helper()
	twilio := e2etest.NewSimulation(t, simulator.Config{
		Pick:       func(string, int) simulator.Script { return simulator.Consents(simulator.Answer{Say: answered}) },
		RetryPause: time.Second,
	})
	transcription := twilio.Hold(e2etest.Transcription, "")
	server := twilio.Serve(t, settings)
	call := server.Place(t, "+15550003000")[0]
	e2etest.Receive(t, transcription.Arrived, "a transcription to begin")
	return twilio, server, call, transcription
}

// transcribed waits until the call has its transcript, as long as a run may stay with a process that was killed, and holds it
// against what was said.
func transcribed(t *testing.T, server *e2etest.Server, twilio *e2etest.Simulation, call e2e.Call) {
	t.Helper()
	var got e2e.Call
	e2etest.Within(t, e2e.TakenOverWithin, func() (err error) {
		if got, err = server.API.Client.Call(t.Context(), call.ID); err == nil && got.Transcript == nil {
			err = errors.New("there is no transcript")
		}
		return err
	})
	truths := twilio.Truths()
	if len(truths) != 1 || len(truths[0].Recordings) != 1 || len(got.Recordings) != 1 {
		t.Fatalf("%d calls were placed, %d recordings are known", len(truths), len(got.Recordings))
	}
	var heard, spoken []string
	for _, u := range got.Utterances {
		if heard = append(heard, u.Text); u.Speaker == "callee" {
			spoken = append(spoken, u.Text)
		}
	}
	if want := truths[0].Recordings[0].Person; !slices.Equal(spoken, want) {
		t.Errorf("the person said %q, the transcript has %q", want, spoken)
	}
	if want := len(truths[0].Recordings[0].Person) + len(truths[0].Recordings[0].Agent); len(heard) != want {
		t.Errorf("%d things were said, %d utterances are kept: %q", want, len(heard), heard)
	}
}

// TestTranscriptionOfAKilledProcessIsDoneOnceByTheNext kills the server in the middle of a transcription. Another process does it again
// within a minute, and the transcript is there once.
func TestTranscriptionOfAKilledProcessIsDoneOnceByTheNext(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabaseAndEngine(t, func(t *testing.T, settings e2etest.Settings) {
		twilio, server, call, transcription := transcribing(t, settings)
		server.Kill()
		transcription.Release()
		server.Start()
		transcribed(t, server, twilio, call)
	})
}

// TestStopFinishesWhatIsUnderWay stops the server in the middle of a request and of a transcription: both are finished, once, and
// the exit code says that all went well.
func TestStopFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabaseAndEngine(t, func(t *testing.T, settings e2etest.Settings) {
		twilio, server, call, transcription := transcribing(t, settings)
		sid := server.Call(t, call.ID).TwilioSid
		w := line{server, t, "/api/webhooks/twilio/", call.ID, sid}.webhook("status", "CallStatus", "something-new")
		half := begin(t, server, w)
		server.Term()
		e2etest.Eventually(t, func() error { return refusesConnections(half.address) })

		if answer := half.finish(t); !strings.HasPrefix(answer, "HTTP/1.1 200 ") || !strings.HasSuffix(answer, success) {
			t.Errorf("a request that was under way when the server stopped is answered %q", answer)
		}
		transcription.Release()
		if code := server.Ended(); code != 0 {
			t.Errorf("the server ended with %d", code)
		}
		requests := twilio.Requests()[e2etest.Transcription]
		server.Start()
		transcribed(t, server, twilio, call)
		if again := twilio.Requests()[e2etest.Transcription]; again != requests {
			t.Errorf("%d transcriptions were asked for before the stop, %d after: it was cut off", requests, again-requests)
		}
	})
}

func refusesConnections(address string) error {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err == nil {
		_ = conn.Close()
		return errors.New("the server still takes connections")
	}
	return nil
}

// half is a request of which only one half was sent.
type half struct {
	address string
	conn    net.Conn
	answer  *bufio.Reader
	rest    string
}

// begin sends the head of a webhook and, once the server has begun on it, half the body.
func begin(t *testing.T, server *e2etest.Server, w e2etest.Webhook) *half {
	t.Helper()
	body := w.Form.Encode()
	h := &half{address: strings.TrimPrefix(server.URL(), "http://"), rest: body[len(body)/2:]}
	var err error
	if h.conn, err = net.Dial("tcp", h.address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.conn.Close() })
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Content-Length": {strconv.Itoa(len(body))},
		"X-Twilio-Signature": {e2etest.Sign(e2etest.Token, e2etest.PublicURL+w.Target, w.Form)}, "Connection": {"close"}, "Expect": {"100-continue"}}
	var head strings.Builder
	fmt.Fprintf(&head, "POST %s HTTP/1.1\r\nHost: calls.example.com\r\n", w.Target)
	_ = header.Write(&head)
	_ = h.conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(h.conn, head.String()+"\r\n"); err != nil {
		t.Fatal(err)
	}
	h.answer = bufio.NewReader(h.conn)
	for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} {
		if got, err := h.answer.ReadString('\n'); got != want {
			t.Fatalf("the server has not begun: %q, %v", got, err)
		}
	}
	if _, err := io.WriteString(h.conn, body[:len(body)/2]); err != nil {
		t.Fatal(err)
	}
	return h
}

// finish sends the other half and returns the answer.
func (h *half) finish(t *testing.T) string {
	t.Helper()
	if _, err := io.WriteString(h.conn, h.rest); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(h.answer)
	if err != nil {
		t.Errorf("reading the answer: %v", err)
	}
	return string(answer)
}
