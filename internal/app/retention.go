package app

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/retention"
	"github.com/i-agent/iagent/internal/store"
)

// Retention is how long what is kept.
type Retention struct {
	Payloads   string `name:"retention" env:"RETENTION" default:"168h" help:"How long payloads are kept: bodies of webhooks, answers of models and words of errors. Older ones are pruned."`
	IDs        string `name:"dedup-retention" env:"DEDUP_RETENTION" default:"2160h" help:"How long event ids are kept, and failed events with their payloads. Webhooks of a call whose ids were pruned are refused. At least ${shortest_dedup}."`
	Rejections string `name:"rejection-retention" env:"REJECTION_RETENTION" default:"168h" help:"How long refused requests are kept."`
	Audit      string `name:"audit-retention" env:"AUDIT_RETENTION" default:"8760h" help:"How long the log of what operators did is kept."`
}

// shortestDedup is what DEDUP_RETENTION must be at the least.
func shortestDedup() string { return fmt.Sprintf("%.0fh", retention.ShortestDedup.Hours()) }

// CheckedPeriods are the periods that r says, or a *ConfigError with every fault.
func (r Retention) CheckedPeriods() (store.Periods, error) {
	var p store.Periods
	_, err := Config{}.checked(func(_ *settings, fault func(variable, cure string)) { p = r.periods(fault) })
	return p, err
}

func (r Retention) periods(fault func(variable, cure string)) store.Periods {
	period := func(variable, text, usual string) time.Duration {
		d, err := time.ParseDuration(cmp.Or(text, usual))
		if err != nil || d <= 0 {
			fault(variable, "must be a duration such as "+usual)
			return 0
		}
		return d
	}
	p := store.Periods{
		Payloads: period("RETENTION", r.Payloads, "168h"), IDs: period("DEDUP_RETENTION", r.IDs, "2160h"),
		Rejections: period("REJECTION_RETENTION", r.Rejections, "168h"), Audit: period("AUDIT_RETENTION", r.Audit, "8760h"),
	}
	if p.IDs != 0 && p.IDs < retention.ShortestDedup {
		fault("DEDUP_RETENTION", fmt.Sprintf("must be at least %.0fh: Twilio may send callbacks of a call for as long (%.0fh is the largest TimeLimit "+
			"of a call, %.0fh for its queue, %.0fh for callbacks that come late or are fetched), and a webhook whose id is forgotten could be "+
			"sent again and take effect twice", retention.ShortestDedup.Hours(), retention.LongestCall.Hours(), retention.LongestQueue.Hours(),
			retention.LongestCallback.Hours()))
	} else if p.IDs != 0 && p.Payloads > p.IDs {
		fault("RETENTION", "must not be longer than DEDUP_RETENTION: an event goes with its id")
	}
	return p
}

// pruneUntil prunes until ctx ends.
func (a *App) pruneUntil(ctx context.Context) error {
	job := &retention.Job{Store: a.store, Periods: a.settings.periods, Log: a.log, OnPruned: a.telemetry.Pruned}
	return job.Run(ctx)
}
