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
	// pageChecksKept is how old what was found becomes before it is looked at anew: of countries Twilio is asked, of up to 20
	// of them.
	pageChecksKept = 10 * time.Minute
	// pageChecksWithin bounds a look. No page waits for it.
	pageChecksWithin = time.Minute
)

// checked is what the doctor found, and when.
type checked struct {
	at    time.Time
	found []doctor.Finding
}

// pageChecks are what the doctor found last of what changes while the process runs. The doctor looks only while somebody reads it.
type pageChecks struct {
	wanted chan struct{} // has a value when a look is wanted
	mu     sync.Mutex
	last   checked
}

func newPageChecks() *pageChecks { return &pageChecks{wanted: make(chan struct{}, 1)} }

// latest is what was found last, at the zero time if nobody has looked yet. It does not wait: when that is too old it asks Run for a
// new look.
func (c *pageChecks) latest(now time.Time) checked {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last.at.IsZero() || now.Sub(c.last.at) >= pageChecksKept {
		select {
		case c.wanted <- struct{}{}:
		default: // one is wanted already
		}
	}
	return c.last
}

// run looks when it is asked to, and what was found is too old, until the context ends.
func (c *pageChecks) run(ctx context.Context, now func() time.Time, look func(context.Context) []doctor.Finding) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.wanted:
		}
		c.mu.Lock()
		fresh := !c.last.at.IsZero() && now().Sub(c.last.at) < pageChecksKept // by a look that was under way when it was asked for
		c.mu.Unlock()
		if fresh {
			continue
		}
		within, cancel := context.WithTimeout(ctx, pageChecksWithin)
		found := look(within)
		cancel()
		if ctx.Err() != nil {
			return nil
		}
		c.mu.Lock()
		c.last = checked{now().UTC(), found}
		c.mu.Unlock()
	}
}

// checksBesidePages are made anew for the page of health: what they look at changes while the process runs.
var checksBesidePages = []string{doctor.CountriesCheck, "tokens.rotation"}

// checkBesidePages looks whether there is a caller id for the countries of the contacts that wait, and whether Twilio calls them, and how far
// a rotation of auth tokens is, each time that the page of health wants to know.
func (a *App) checkBesidePages(ctx context.Context) error {
	return a.pageChecks.run(ctx, a.now, func(ctx context.Context) []doctor.Finding {
		config := a.settings.doctorConfig()
		config.Only, config.Now, config.Store, config.UserAgent = checksBesidePages, a.options.Now, a.store, a.userAgent()
		return doctor.Run(ctx, config, nil)
	})
}

// consoleChecks are what the doctor found beside the start of this process, and beside pages since.
func (a *App) consoleChecks() []console.Check {
	var atStart checked
	if found := a.checks.Load(); found != nil {
		atStart = *found
	}
	now := a.now()
	return latestChecks(now, atStart, a.pageChecks.latest(now))
}

// latestChecks are those at the start, but those that were made anew beside a page, which follow. What is looked at anew beside the page says
// how old it is.
func latestChecks(now time.Time, atStart, besidePages checked) []console.Check {
	var checks []console.Check
	looking := besidePages.at.IsZero() || now.Sub(besidePages.at) >= pageChecksKept
	add := func(c checked, f doctor.Finding) {
		detail := f.Detail
		if age := now.Sub(c.at); slices.Contains(checksBesidePages, f.Name) && age >= pageChecksKept {
			again := ""
			if looking {
				again = ", and looked at anew now, beside this page"
			}
			detail = "Found " + console.Duration(age) + " ago" + again + ": " + detail
		}
		checks = append(checks, console.Check{Name: f.Name, Looked: c.at, Result: string(f.Result), Detail: detail, Cure: f.Cure})
	}
	for _, f := range atStart.found {
		if !slices.ContainsFunc(besidePages.found, func(newer doctor.Finding) bool { return newer.Name == f.Name }) {
			add(atStart, f)
		}
	}
	if besidePages.at.IsZero() {
		return append(checks, console.Check{Name: doctor.CountriesCheck, Result: string(doctor.Skipped), Detail: "Not looked at yet by this process: it looks now, beside this page."})
	}
	for _, f := range besidePages.found {
		add(besidePages, f)
	}
	return checks
}
