package telemetry

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// pausedAccounts are the accounts for which dialling is or was paused. One that goes on stays as 0, so that an alarm ends.
type pausedAccounts struct {
	mu       sync.Mutex
	accounts map[string]int64
}

func newPausedAccounts(meter metric.Meter) (*pausedAccounts, error) {
	p := &pausedAccounts{accounts: map[string]int64{}}
	_, err := meter.Int64ObservableGauge("iagent.dialing.paused",
		metric.WithDescription("1 while Twilio refuses to place any call for the account, which is named by its SID."),
		metric.WithInt64Callback(func(_ context.Context, observer metric.Int64Observer) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			for account, paused := range p.accounts {
				observer.Observe(paused, metric.WithAttributes(attribute.String("account", account)))
			}
			return nil
		}))
	return p, err
}

// DialingPaused takes in for which accounts dialling is paused now. idle are accounts to be shown all the same.
func (t *Telemetry) DialingPaused(paused []string, idle ...string) {
	if t == nil {
		return
	}
	p := t.paused
	p.mu.Lock()
	defer p.mu.Unlock()
	for account := range p.accounts {
		p.accounts[account] = 0
	}
	for _, account := range idle {
		p.accounts[account] = 0
	}
	for _, account := range paused {
		if _, known := p.accounts[account]; known || len(p.accounts) < maxValues {
			p.accounts[account] = 1
		}
	}
}

// TwilioToken counts that Twilio accepts the other auth token of the account from now on.
func (t *Telemetry) TwilioToken(secondary bool) {
	if t == nil {
		return
	}
	which := "primary"
	if secondary {
		which = "secondary"
	}
	t.tokenSwitches.Add(context.Background(), 1, metric.WithAttributes(attribute.String("token", which)))
}
