package verify

import (
	"container/heap"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/phone"
	"github.com/i-agent/iagent/internal/store"
)

const (
	// capWindow is the time over which the caps of a day count.
	capWindow = 24 * time.Hour
	// transactionLasts is how long a transaction may last: its rows have the time at which it began.
	transactionLasts = 10 * time.Second
	// stopWithin is how long after a stop that hangs up a call may live.
	stopWithin = 10 * time.Minute
)

// keptFacts are those facts of a verdict that the tables can contradict. The names are those of interview.GateFacts.
type keptFacts struct {
	Now                            time.Time
	Zones                          []string
	Listed, Stopped, LiveElsewhere bool
	Decided                        bool
	PersonCap                      int
	CircuitOpenUntil               *time.Time
	Campaign                       struct {
		Status                   string
		Identity                 interview.Identity
		CallingHours             []keptWindow
		Holidays                 []string
		Attempts                 struct{ Max int }
		MaxConcurrent, MaxPerDay int
		RequireConsentBasis      bool
	}
}

// dials checks rules 13, 15 and 16 of every intent to dial, in the order in which the gate was held. It asks nothing of what decided.
type dials struct {
	v     *verifier
	zones phone.Zones
	// since leaves out what is older: it is read because the caps count it.
	since time.Time
	// within a window, when campaigns and people were dialled, and the campaigns' calls that may not be over.
	campaign, person map[string]*window
	live             map[string]*underWay
}

// checkDials checks the intents, opt-outs and stops.
func (v *verifier) checkDials(ctx context.Context, a *store.Snapshot) error {
	d := dials{v: v, since: v.config.Since, campaign: map[string]*window{}, person: map[string]*window{}, live: map[string]*underWay{}}
	since := v.config.Since
	if !since.IsZero() {
		since = since.Add(-capWindow)
	}
	for after := int64(0); ; {
		list, err := a.Dials(ctx, since, after, 10*pageSize)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			break
		}
		for _, dial := range list {
			if err := d.check(ctx, a, dial); err != nil {
				return err
			}
		}
		after = list[len(list)-1].Seq
		for number, dialled := range d.person {
			if dialled.at(list[len(list)-1].At) == 0 {
				delete(d.person, number) // those of the days before are not needed any more
			}
		}
	}
	for after := ""; ; {
		list, err := a.OptOuts(ctx, v.config.Since, after, pageSize)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			break
		}
		for _, o := range list {
			if !o.Listed {
				v.report.add("opt-out-not-listed", o.CallID, "", "the person asked on the call never to be called again, and is not on the do-not-call list")
			}
		}
		after = list[len(list)-1].CallID
	}
	return a.AliveAfterStop(ctx, v.config.Since, stopWithin, func(callID, stopID string) {
		v.report.add("stop-not-carried-out", callID, stopID, "a stop was to hang up, and ten minutes later the call was not over")
	})
}

// check checks one intent.
func (d *dials) check(ctx context.Context, a *store.Snapshot, dial store.SnapshotDial) error {
	var facts keptFacts
	if err := json.Unmarshal(dial.Facts, &facts); err != nil || !facts.Now.Equal(dial.At) {
		d.report(dial, "verdict-unreadable", "", "the facts of the verdict that allowed the call are not those of its moment")
		return nil
	}
	d.againstFacts(dial, facts)
	d.where(dial, facts)
	if dial.ListedBy != "" {
		d.report(dial, "dialled-though-listed", dial.ListedBy, "the call was dialled after the number was put on the do-not-call list")
	}
	if dial.StoppedBy != "" {
		d.report(dial, "dialled-while-stopped", dial.StoppedBy, "the call was dialled while a stop was in force")
	}
	return d.caps(ctx, a, dial, facts)
}

// report adds a breach, unless the intent is older than what is asked about.
func (d *dials) report(dial store.SnapshotDial, kind, detail, text string) {
	if !dial.At.Before(d.since) {
		d.v.report.add(kind, dial.CallID, detail, text)
	}
}

// againstFacts finds what in the kept facts or in the contact forbids the call.
func (d *dials) againstFacts(dial store.SnapshotDial, facts keptFacts) {
	c := facts.Campaign
	var refused []string
	for why, is := range map[string]bool{
		"listed": facts.Listed, "stopped": facts.Stopped, "another call is live": facts.LiveElsewhere, "decided": facts.Decided,
		"the campaign is " + c.Status: c.Status != string(interview.CampaignActive),
		"no identity":                 strings.TrimSpace(c.Identity.Organisation) == "" || c.Identity.CallbackNumber == "" || strings.TrimSpace(c.Identity.Purpose) == "",
		"no basis of consent":         c.RequireConsentBasis && dial.HasContact && dial.ConsentBasis == "",
		"the circuit breaker is open": facts.CircuitOpenUntil != nil && facts.CircuitOpenUntil.After(dial.At),
	} {
		if is {
			refused = append(refused, why)
		}
	}
	slices.Sort(refused)
	if len(refused) > 0 {
		d.report(dial, "dialled-against-facts", strings.Join(refused, ", "), "the call was dialled though the facts of its verdict forbid it")
	}
	if limit := max(c.Attempts.Max, 1); dial.AttemptsBefore >= limit {
		d.report(dial, "dialled-over-attempts", fmt.Sprintf("%d of %d", dial.AttemptsBefore+1, limit), "the contact had no attempts left")
	}
}

// where computes the wall clock of the person again: in the zones that the verdict names, and those that the person may be in.
func (d *dials) where(dial store.SnapshotDial, facts keptFacts) {
	if len(facts.Zones) == 0 {
		d.report(dial, "dialled-outside-hours", "no zone", "the call was dialled though nothing said in which time zone the person is")
		return
	}
	for _, name := range facts.Zones {
		if zones, err := d.zones.Load(name); err != nil || !inHours(dial.At.In(zones[0]), facts.Campaign.CallingHours, facts.Campaign.Holidays) {
			d.report(dial, "dialled-outside-hours", name, "the call was dialled outside of the calling hours where the person may be")
			break
		}
	}
	own := []string{dial.TimeZone}
	if dial.TimeZone == "" {
		// What is known of numbers changes with versions of this program, but not all of it at once.
		own = phone.Candidates(dial.PhoneNumber)
	}
	known := dial.TimeZone != "" || dial.PhoneNumber != "" && (dial.HasContact || len(own) > 0)
	if known && !slices.ContainsFunc(own, func(zone string) bool { return slices.Contains(facts.Zones, zone) }) {
		d.report(dial, "dialled-in-another-zone", facts.Zones[0], "the verdict looked at time zones in which the person is not")
	}
}

// caps counts what was dialled before.
func (d *dials) caps(ctx context.Context, a *store.Snapshot, dial store.SnapshotDial, facts keptFacts) error {
	if !dial.Stands {
		return nil // withdrawn: it counts for nobody
	}
	dialled := of(d.campaign, dial.CampaignID)
	limit := facts.Campaign.MaxPerDay
	if n := dialled.at(dial.At); limit > 0 && n >= limit {
		d.report(dial, "dialled-over-cap", fmt.Sprintf("%d of %d a day", n+1, limit), "the campaign had made as many calls within a day as it may")
	}
	dialled.add(dial.At)
	if dial.PhoneNumber != "" {
		dialled := of(d.person, dial.PhoneNumber)
		if n := dialled.at(dial.At); facts.PersonCap > 0 && n >= facts.PersonCap {
			d.report(dial, "dialled-over-cap", fmt.Sprintf("%d of %d to the person", n+1, facts.PersonCap), "the number had been called as often within a day as it may be")
		}
		dialled.add(dial.At)
	}
	live := of(d.live, dial.CampaignID)
	live.at(dial.At.Add(transactionLasts))
	defer heap.Push(live, kept(dial))
	if limit := facts.Campaign.MaxConcurrent; limit > 0 && live.Len() >= limit {
		// When a call ended is Twilio's time: what counts is also when we were told.
		ids := make([]string, live.Len())
		for i, c := range *live {
			ids[i] = c.CallID
		}
		n, err := a.Unended(ctx, ids, dial.At.Add(transactionLasts))
		if err != nil {
			return err
		}
		if n >= limit {
			d.report(dial, "dialled-over-cap", fmt.Sprintf("%d of %d at once", n+1, limit), "the campaign had as many calls under way as it may")
		}
	}
	return nil
}

// kept is what the caps need of a dial.
func kept(dial store.SnapshotDial) store.SnapshotDial {
	return store.SnapshotDial{CallID: dial.CallID, CompletedAt: dial.CompletedAt}
}

// of is what is kept under a key.
func of[T any](by map[string]*T, key string) *T {
	if by[key] == nil {
		by[key] = new(T)
	}
	return by[key]
}
