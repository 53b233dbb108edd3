package test_test

import (
	"fmt"
	"testing"

	"github.com/i-agent/iagent/internal/e2e/e2etest"
)

// TestOverdueCallIsListedAfterItsSetting dials somebody of whom Twilio then says nothing.
func TestOverdueCallIsListedAfterItsSetting(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		settings := e2etest.DefaultSettings(databaseURL).With("OVERDUE_AFTER", "10s", "RECONCILE_EVERY", "0")
		server := e2etest.NewTwilio(t).Serve(t, settings)
		placed := server.Place(t, "+15550003000")[0]
		server.AwaitCall(t, placed.ID, e2etest.HasStatus("DIALING"))
		e2etest.Eventually(t, func() error {
			var late struct {
				Items []struct{ CallID, What string }
			}
			if err := server.Get(t.Context(), "/api/overdue", &late); err != nil {
				return err
			}
			if len(late.Items) != 1 || late.Items[0].CallID != placed.ID || late.Items[0].What != "answer" {
				return fmt.Errorf("late: %+v", late.Items)
			}
			return nil
		})
	})
}
