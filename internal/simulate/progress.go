package simulate

import (
	"fmt"
	"strings"
	"time"

	"github.com/i-agent/iagent/simulator"
)

// progress shows how far a run has come: a bar on a terminal, a line for every tenth of the calls elsewhere.
type progress struct {
	options Options
	tenths  int
}

func newProgress(o Options, url string) *progress {
	fmt.Fprintf(o.Out, "Simulated Twilio at %s (REST API, recordings, models), profile %s, seed %d.\n", url, o.Profile, o.Seed)
	if o.WaitForCalls {
		fmt.Fprintf(o.Out, "Waiting for %d calls: POST %s/2010-04-01/Accounts/%s/Calls.json\n", o.Calls, url, o.AccountSid)
	}
	return &progress{options: o}
}

func (p *progress) update(now simulator.Progress, took time.Duration) {
	done, all := min(now.Ended, p.options.Calls), max(p.options.Calls, 1)
	rate := float64(now.Webhooks) / max(took.Seconds(), 0.1)
	if p.options.Terminal {
		const width = 40
		filled := done * width / all
		fmt.Fprintf(p.options.Out, "\r[%s%s] %d/%d calls, %d requests, %.0f/s   ",
			strings.Repeat("#", filled), strings.Repeat(".", width-filled), done, p.options.Calls, now.Webhooks, rate)
		return
	}
	if tenths := done * 10 / all; tenths > p.tenths {
		p.tenths = tenths
		fmt.Fprintf(p.options.Out, "%d of %d calls are over, %d requests, %.0f a second\n", done, p.options.Calls, now.Webhooks, rate)
	}
}

func (p *progress) end() {
	if p.options.Terminal {
		fmt.Fprintln(p.options.Out)
	}
}
