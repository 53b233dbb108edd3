package app

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/i-agent/iagent/internal/console"
	"github.com/i-agent/iagent/internal/doctor"
)

const (
	// countryCheckKept is how long what was found of countries is shown: Twilio is asked for it, of up to 20 countries.
	countryCheckKept = 10 * time.Minute
	// countryCheckWithin is how long a page waits for it.
	countryCheckWithin = 3 * time.Second
)

// countryCheck is what the doctor found last of the countries of the contacts that wait. Its zero value has found nothing.
type countryCheck struct {
	mu    sync.Mutex
	at    time.Time
	found []doctor.Finding
}

// latest looks anew when what was found is too old. Whoever comes meanwhile gets what was found before.
func (c *countryCheck) latest(now time.Time, look func() []doctor.Finding) []doctor.Finding {
	c.mu.Lock()
	if found := c.found; found != nil && now.Sub(c.at) < countryCheckKept {
		c.mu.Unlock()
		return found
	}
	c.at = now
	if c.found == nil {
		c.found = []doctor.Finding{}
	}
	c.mu.Unlock()
	found := look()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found = found
	return found
}

// checkCountries looks whether there is a caller id for the countries of the contacts that wait, and whether Twilio calls them.
func (a *App) checkCountries(ctx context.Context) []doctor.Finding {
	// What is found is kept for others: it does not end with the page of who asked.
	return a.countries.latest(a.now(), func() []doctor.Finding {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), countryCheckWithin)
		defer cancel()
		config := a.settings.doctorConfig()
		config.Only, config.Now, config.Store, config.UserAgent = []string{doctor.CountriesCheck}, a.options.Now, a.store, a.userAgent()
		return doctor.Run(ctx, config, nil)
	})
}

// consoleChecks are what the doctor found beside the start of this process, and a short time ago of the countries of the contacts that
// wait; none while it looks.
func (a *App) consoleChecks(ctx context.Context) []console.Check {
	var found []doctor.Finding
	if atStart := a.checks.Load(); atStart != nil {
		found = *atStart
	}
	var checks []console.Check
	for _, f := range slices.Concat(found, a.checkCountries(ctx)) {
		checks = append(checks, console.Check{Name: f.Name, At: f.LookedAt, Result: string(f.Result), Detail: f.Detail, Cure: f.Cure})
	}
	return checks
}
