package app

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/i-agent/iagent/internal/store/storetest"
)

func TestLoopsBeginAfterWebhooksOneAfterAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var took []time.Duration
		for place := range 2 {
			if err := afterWebhooks(t.Context(), place, func(context.Context) error {
				took = append(took, time.Since(begun))
				return nil
			}); err != nil {
				t.Error(err)
			}
		}
		if took[0] != webhooksFirst || took[1] != 2*webhooksFirst+loopsApart {
			t.Errorf("they began after %s", took)
		}
	})
}

// A loop finishes what it has to finish, also when the program is stopped before it began.
func TestLoopIsRunToItsEndWhenTheProgramStopsAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ran := false
	_ = afterWebhooks(ctx, 1000, func(ctx context.Context) error {
		ran = ctx.Err() != nil
		return nil
	})
	if !ran {
		t.Error("it was not run")
	}
}

// To make a connection to Postgres takes longer than everything else of a start.
func TestOneConnectionIsEnoughToStart(t *testing.T) {
	c := complete()
	c.DatabaseURL, c.Port = storetest.Postgres(t), "0"
	a, err := Open(t.Context(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if n := a.store.Postgres().Stat().NewConnsCount(); n != 1 {
		t.Errorf("%d connections were made", n)
	}
}

// However much there is to look at, looking takes a small part of the time.
func TestLongLooksAreFollowedByLongPauses(t *testing.T) {
	for name, test := range map[string]struct {
		takes time.Duration
		ok    bool
		want  time.Duration
	}{
		"short":           {50 * time.Millisecond, true, 10*time.Second + 50*time.Millisecond},
		"long":            {3 * time.Second, true, 63 * time.Second},
		"as long as none": {time.Hour, true, time.Hour + 5*time.Minute},
		"in vain":         {3 * time.Second, false, 13 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				var looks []time.Time
				err := keepLooking(ctx, 10*time.Second, func(context.Context) bool {
					looks = append(looks, time.Now())
					if len(looks) == 3 {
						cancel()
					}
					<-time.After(test.takes)
					return test.ok
				})
				if err != nil || looks[1].Sub(looks[0]) != test.want || looks[2].Sub(looks[1]) != test.want {
					t.Errorf("%v, looked at %v; want %s between", err, looks, test.want)
				}
			})
		})
	}
}
