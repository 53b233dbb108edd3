package main

import (
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/simulator"
	"github.com/i-agent/iagent/test/measure"
	"github.com/i-agent/iagent/test/seed"
)

// reconcile has calls whose end no webhook told fetched from a simulated Twilio.
func (c *commands) reconcile(ctx context.Context) error {
	lost, dialled := max(5, c.options.events/eventsOfALostCall), time.Now().Add(-40*time.Minute)
	sim, err := simulator.New(simulator.Config{AccountSid: seed.Account, AuthToken: authToken, Seed: c.options.seed,
		Now:  func() time.Time { return dialled.Add(time.Minute) },
		Pick: func(string, int) simulator.Script { return simulator.NoAnswer() }})
	if err != nil {
		return err
	}
	defer sim.Close()
	api, stop, err := e2e.Serve(sim)
	if err != nil {
		return err
	}
	defer stop()
	err = seed.Unheard(ctx, c.db.url(), dialled, lost, func(ctx context.Context, to string) (string, error) {
		// Without an address for callbacks, none is sent.
		return sim.Place(ctx, simulator.PlaceOptions{To: to, From: seed.From, URL: publicURL + "/api/webhooks/twilio/voice"})
	})
	if err != nil {
		return fmt.Errorf("placing calls: %w", err)
	}
	if err := sim.Wait(ctx); err != nil {
		return err
	}
	twilio := []string{"TWILIO_API_URL=" + api}
	if err := c.measure(ctx, fmt.Sprintf("reconcile: %d calls, 2 requests a second", lost), fmt.Sprintf(`(?m)^%d status events were missing`, lost), twilio, "reconcile"); err != nil {
		return err
	}
	if err := c.measure(ctx, "reconcile again: nothing is missing", `nothing was missing`, twilio, "reconcile"); err != nil {
		return err
	}
	return c.measure(ctx, "verify: the webhooks of three hours", `violations +none`, nil, "verify", "--since", "3h")
}

// recordings measures the server while it transcribes long recordings at once.
func (c *commands) recordings(ctx context.Context) error {
	long := &measure.LongRecordings{Minutes: max(1, c.options.events/eventsOfAMinute)}
	api, stop, err := e2e.Serve(long.Handler())
	if err != nil {
		return err
	}
	defer stop()
	if err := seed.Recorded(ctx, c.db.url(), time.Now().Add(-20*time.Minute), longRecordings, api); err != nil {
		return fmt.Errorf("making recordings: %w", err)
	}
	server, err := c.serve(ctx, "TWILIO_API_URL="+api, "OPENAI_BASE_URL="+api+"/v1", "RECONCILE_EVERY=0")
	if err != nil {
		return err
	}
	defer server.Kill()
	began := time.Now()
	wanted := longRecordings * 2 * time.Duration(long.Minutes) * time.Minute
	done := `SELECT count(*) FROM recordings WHERE transcribed_at IS NOT NULL AND created_at >= $1`
	for n := 0; n < longRecordings; time.Sleep(100 * time.Millisecond) {
		if n, err = c.db.count(ctx, done, began.Add(-time.Hour).UTC()); err != nil {
			return err
		}
		if time.Since(began) > 10*time.Minute {
			return fmt.Errorf("%d of %d recordings were transcribed in ten minutes", n, longRecordings)
		}
	}
	used := measure.Usage{Time: time.Since(began)}
	if used.CPU, err = measure.Processor(server.PID()); err != nil {
		return err
	}
	if used.Peak, err = measure.Memory(server.PID(), "VmHWM"); err != nil {
		return err
	}
	if long.Heard() != wanted {
		return fmt.Errorf("%s of recordings were heard, there are %s", long.Heard(), wanted)
	}
	c.print(fmt.Sprintf("serve: %d recordings of %d minutes at once", longRecordings, long.Minutes), used, 0, false)
	return server.Stop()
}
