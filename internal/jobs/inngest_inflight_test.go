package jobs_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/testserver/inngest"
)

// slowAnswer passes requests on. It holds back the registration until the first event of a call was taken, and the answer to
// that until it is released.
type slowAnswer struct {
	once           sync.Once
	taken, release chan struct{}
}

func (s *slowAnswer) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if r.URL.Path == "/fn/register" {
		<-s.taken
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if strings.HasPrefix(r.URL.Path, "/e/") && bytes.Contains(body, []byte("call/orchestrate")) {
		s.once.Do(func() {
			close(s.taken)
			<-s.release
		})
	}
	return response, err
}

// resendHook says when the events that are out were looked through.
type resendHook struct {
	jobs.Ledger
	done func()
}

func (l resendHook) ResendRuns(ctx context.Context, runID string, before time.Time) (int, error) {
	n, err := l.Ledger.ResendRuns(ctx, runID, before)
	if runID == "" && err == nil {
		l.done()
	}
	return n, err
}

// An event that reaches Inngest before the registration is answered 200 and starts nothing. If the answer is noted only after
// the events that are out were looked through, nobody else sends the event again.
func TestEventNotedAfterTheRegistrationIsSentAgain(t *testing.T) {
	t.Parallel()
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		answer := &slowAnswer{taken: make(chan struct{}), release: make(chan struct{})}
		r, config, _, _ := prepared(t, url, inngest.Config{}, nothing)
		config.Inngest.Client = &http.Client{Transport: answer, Timeout: time.Minute}
		config.Ledger = resendHook{r.store, sync.OnceFunc(func() { close(answer.release) })}
		r.enqueue(1)
		r.background(r.server.Run)
		r.start(config)
		r.untilState(interview.RunDone)
		if events := r.events(); len(events) != 2 || events[1].ID != events[0].ID+":1" {
			t.Errorf("%+v", events)
		}
	})
}
