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
