package reconcile_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/reconcile"
	"github.com/i-agent/iagent/internal/twilio"
)

// Two processes watch an account that Twilio refuses, for an hour: Twilio is asked by one of them, ever less often.
func TestPausedAccountIsAskedForByOneProcessAndSaidOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id, run := r.begin()
		_, err := r.store.DialPaused(t.Context(), run, id, 401, 20003)
		r.must(err)
		var log bytes.Buffer
		var paused []string
		watch := func() *reconcile.Dialing {
			return &reconcile.Dialing{Store: r.store, Log: slog.New(slog.NewTextHandler(&log, nil)),
				Accounts: func(sid string) *twilio.Client {
					if sid != account {
						return nil
					}
					return r.client
				},
				OnPaused: func(accounts []string) { paused = accounts }}
		}
		processes := []*reconcile.Dialing{watch(), watch()}
		look := func(d time.Duration) {
			for begin := r.clock(); r.clock().Before(begin.Add(d)); r.advance(10 * time.Second) {
				for _, process := range processes {
					r.must(process.Look(t.Context()))
				}
			}
		}
		r.fakeTwilio.refuse(true)
		look(time.Hour)
		// After 10, 20, 40 … 640 s, then every quarter of an hour.
		if n := r.fakeTwilio.asked(); n < 7 || n > 10 || len(paused) != 1 || paused[0] != account {
			t.Errorf("%d requests, paused %v", n, paused)
		}
		r.fakeTwilio.refuse(false)
		look(20 * time.Minute)
		if n := r.fakeTwilio.asked(); n != 1 || len(paused) != 0 {
			t.Errorf("%d requests after Twilio accepts again, paused %v", n, paused)
		}
		text := log.String()
		if said, ended := strings.Count(text, "level=ERROR"), strings.Count(text, "dialling goes on"); said != 2 || ended != 2 {
			t.Errorf("said %d and %d times by two processes:\n%s", said, ended, text)
		}
	})
}
