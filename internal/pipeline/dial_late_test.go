package pipeline_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store"
)

// slowDialStore is a store after whose commit of an intent the machine sleeps for a while.
type slowDialStore struct {
	*store.Store
	db     *database
	sleeps time.Duration
}

func (s *slowDialStore) BeginDial(ctx context.Context, run interview.Run, callID string) (interview.Dial, error) {
	dial, err := s.Store.BeginDial(ctx, run, callID)
	s.db.advance(s.sleeps)
	return dial, err
}

func TestIntentThatHasEndedIsWithdrawnUnsent(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		c, id := newFakeTwilio(t), db.call(t)
		s := &slowDialStore{Store: db.store, db: db, sleeps: 30 * time.Second}
		f := newOrchestrate(t, db, c.URL, 0)
		f.Store = s
		run := db.start(t, interview.OrchestrateCall, id)
		until, waits := jobs.WaitUntil(f.Run(t.Context(), run)) // a request would fail the test
		if !waits || !db.untouched(t, id) {
			t.Fatalf("%v, call %+v", waits, db.detail(t, id).Call)
		}
		// In time it is dialled, with the caller id of the intent.
		s.sleeps = 29 * time.Second
		c.place(func(w http.ResponseWriter, r *http.Request) {
			if r.Form.Get("From") != "+15550009999" {
				t.Errorf("from %s", r.Form.Get("From"))
			}
			created(w, r)
		})
		if err := f.Run(t.Context(), db.wait(t, run, until)); err != nil {
			t.Fatal(err)
		}
		if status := db.detail(t, id).Call.Status; status != interview.CallDialing {
			t.Errorf("call %s", status)
		}
	}, func(o *store.Options) { o.DialFrom = "+15550009999" })
}
