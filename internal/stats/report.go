package stats

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/twilio"
)

// Report counts what happened in a time. Nothing in it is personal data. Maps leave out what is 0.
type Report struct {
	At time.Time `json:"at"`
	// Since and Until bound the time; null is no bound.
	Since *time.Time `json:"since"`
	Until *time.Time `json:"until"`
	// CampaignID is null for all campaigns.
	CampaignID *string `json:"campaignId"`
	// Calls are those that we made, InboundCalls those that came in.
	Calls        Calls        `json:"calls"`
	InboundCalls InboundCalls `json:"inboundCalls"`
	// SimulatedLeftOut are the simulated calls that were created in the time, by campaign: they and all that belongs to them count in
	// nothing else here. Empty when a campaign was asked for.
	SimulatedLeftOut []SimulatedCalls `json:"simulatedLeftOut"`
	// CallerIDs are the numbers from which we called, the most used first. They are of the newest CallerIDsOf calls that were created
	// before Until.
	CallerIDs   []CallerID `json:"callerIds"`
	CallerIDsOf int        `json:"callerIdsOf"`
	Webhooks    Webhooks   `json:"webhooks"`
	Runs        Runs       `json:"runs"`
	// DialingPaused and Overdue are of now and of all campaigns.
	DialingPaused []Pause        `json:"dialingPaused"`
	Overdue       map[string]int `json:"overdue"`
	Backlog       Backlog        `json:"backlog"`
	// Recordings were first heard of in the time, by status now.
	Recordings map[interview.RecordingStatus]int `json:"recordings"`
	Claims     Claims                            `json:"claims"`
	// Verdicts were given in the time.
	Verdicts map[interview.HypothesisStatus]int `json:"verdicts"`
}

// Calls counts calls that we made.
type Calls struct {
	// Created and Ended are in the time. A call that ended in it may have been created before.
	Created int                          `json:"created"`
	Ended   int                          `json:"ended"`
	ByEnd   map[interview.CallStatus]int `json:"byEnd"`
	// ByError counts those that ended with an error of Twilio's, the most frequent first.
	ByError []CallError `json:"byError"`
	// Live are not over now, by status.
	Live    map[interview.CallStatus]int `json:"live"`
	Consent Consent                      `json:"consent"`
	// Answered were picked up, Machines of them by a machine.
	Answered    int      `json:"answered"`
	Machines    int      `json:"machines"`
	MachineRate *float64 `json:"machineRate"`
}

// SimulatedCalls counts the calls of a simulated campaign.
type SimulatedCalls struct {
	CampaignID string `json:"campaignId"`
	Calls      int    `json:"calls"`
}

// CallError counts calls that ended with an error code. Meaning is "" where the code is not known.
type CallError struct {
	Code    int                  `json:"code"`
	Meaning string               `json:"meaning"`
	Status  interview.CallStatus `json:"status"`
	Calls   int                  `json:"calls"`
}

// Consent counts the people who were asked in the calls that ended in the time. Rate is Yes of Asked, null when nobody was. What a person
// said whose consent was withdrawn on request, or whose call was erased, is not known any more: they are not counted.
type Consent struct {
	Asked     int      `json:"asked"`
	Yes       int      `json:"yes"`
	No        int      `json:"no"`
	Undecided int      `json:"undecided"`
	Rate      *float64 `json:"rate"`
}

// Webhooks counts the events that were received in the time.
type Webhooks struct {
	ByKind map[inbox.Kind]map[inbox.Outcome]int `json:"byKind"`
	// Total counts the events, Duplicates their further deliveries.
	Total      int `json:"total"`
	Accepted   int `json:"accepted"`
	Duplicates int `json:"duplicates"`
	Conflicts  int `json:"conflicts"`
	Failed     int `json:"failed"`
	Refused    int `json:"refused"`
}

// Runs counts the runs that were created in the time. Retries are their attempts but the first.
type Runs struct {
	ByFunction map[interview.Function]map[interview.RunState]int `json:"byFunction"`
	Retries    map[interview.Function]int                        `json:"retries"`
	// Dead failed for good in the time, the most frequent first; at most 50 lines.
	Dead []DeadRuns `json:"dead"`
}

// DeadRuns counts runs that failed alike.
type DeadRuns struct {
	Function interview.Function `json:"function"`
	Error    string             `json:"error"`
	Runs     int                `json:"runs"`
}

// Pause is an account for which Twilio refuses to place calls now.
type Pause struct {
	Account string    `json:"account"`
	Since   time.Time `json:"since"`
	Code    int       `json:"code"`
	Meaning string    `json:"meaning"`
}

// Backlog is what waits now and could run: how much, and for how long the oldest of it.
type Backlog struct {
	Runs       int     `json:"runs"`
	AgeSeconds float64 `json:"ageSeconds"`
}

// Claims counts the claims that were made in the time.
type Claims struct {
	Total    int `json:"total"`
	Rejected int `json:"rejected"`
}

// Collect counts. The error is the database's.
func Collect(ctx context.Context, s *store.Store, by store.StatsFilter) (Report, error) {
	counted, err := s.Stats(ctx, by)
	if err != nil {
		return Report{}, err
	}
	r := Report{
		At: counted.At, Since: orNull(by.Since), Until: orNull(by.Until), DialingPaused: []Pause{}, Overdue: counted.Overdue,
		Recordings: counted.Recordings, Claims: Claims{counted.Claims, counted.RejectedClaims}, Verdicts: counted.Verdicts,
		Calls: calls(counted), InboundCalls: inboundCalls(counted), SimulatedLeftOut: []SimulatedCalls{}, CallerIDs: CallerIDs(counted.CallerIDs), CallerIDsOf: store.MaxByCallerID,
		Webhooks: webhooks(counted.Webhooks), Runs: runs(counted), Backlog: Backlog{Runs: counted.Due},
	}
	if by.CampaignID != "" {
		r.CampaignID = &by.CampaignID
	}
	if counted.OldestDue != nil {
		r.Backlog.AgeSeconds = counted.At.Sub(*counted.OldestDue).Seconds()
	}
	for _, c := range counted.Simulated {
		r.SimulatedLeftOut = append(r.SimulatedLeftOut, SimulatedCalls(c))
	}
	for _, p := range counted.Paused {
		r.DialingPaused = append(r.DialingPaused, Pause{p.Account, p.Since.UTC(), p.Code, twilio.Meaning(p.HTTPStatus, p.Code)})
	}
	return r, nil
}

func orNull(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}

func calls(counted store.Stats) Calls {
	const ours = interview.DirectionOutbound
	c := Calls{Created: counted.Created[ours], ByEnd: map[interview.CallStatus]int{}, ByError: []CallError{}, Live: orNone(counted.Live[ours])}
	errors := map[CallError]int{}
	for _, e := range counted.Ended {
		if e.Direction != ours {
			continue
		}
		c.Ended += e.Calls
		c.ByEnd[e.Status] += e.Calls
		if e.ErrorCode != 0 {
			errors[CallError{Code: e.ErrorCode, Meaning: meaning(e.ErrorCode), Status: e.Status}] += e.Calls
		}
		if !e.Answered {
			continue
		}
		c.Answered += e.Calls
		switch {
		case e.Machine && e.Consent != interview.ConsentGiven:
			c.Machines += e.Calls
			continue
		}
		c.Consent.count(e)
	}
	for e, n := range errors {
		e.Calls = n
		c.ByError = append(c.ByError, e)
	}
	slices.SortFunc(c.ByError, func(a, b CallError) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Status, b.Status))
	})
	c.Consent.Rate, c.MachineRate = rate(c.Consent.Yes, c.Consent.Asked), rate(c.Machines, c.Answered)
	return c
}

func (c *Consent) count(e store.EndedCalls) {
	switch {
	case e.Consent == interview.ConsentGiven:
		c.Yes += e.Calls
	case e.Consent == interview.ConsentRefused && e.ConsentBy == interview.ConsentByRequest:
		return
	case e.Consent == interview.ConsentRefused:
		c.No += e.Calls
	default:
		c.Undecided += e.Calls
	}
	c.Asked += e.Calls
}

func orNone(counts map[interview.CallStatus]int) map[interview.CallStatus]int {
	if counts == nil {
		return map[interview.CallStatus]int{}
	}
	return counts
}

// meaning is "" for a code that is not known.
func meaning(code int) string {
	for _, known := range twilio.RefusalCodes() {
		if known.Code == code {
			return known.Meaning
		}
	}
	return ""
}

func rate(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	share := float64(part) / float64(whole)
	return &share
}

func webhooks(counted []store.WebhookCounts) Webhooks {
	w := Webhooks{ByKind: map[inbox.Kind]map[inbox.Outcome]int{}}
	for _, c := range counted {
		if w.ByKind[c.Kind] == nil {
			w.ByKind[c.Kind] = map[inbox.Outcome]int{}
		}
		w.ByKind[c.Kind][c.Outcome] += c.Events
		w.Total += c.Events
		w.Duplicates += c.Duplicates
		if c.Duplicates > 0 {
			w.ByKind[c.Kind][inbox.Duplicate] += c.Duplicates
		}
		switch c.Outcome {
		case inbox.Accepted:
			w.Accepted += c.Events
		case inbox.Conflict:
			w.Conflicts += c.Events
		case inbox.Failed:
			w.Failed += c.Events
		case inbox.Refused:
			w.Refused += c.Events
		case inbox.Duplicate:
		}
	}
	return w
}

func runs(counted store.Stats) Runs {
	r := Runs{ByFunction: map[interview.Function]map[interview.RunState]int{}, Retries: map[interview.Function]int{}, Dead: []DeadRuns{}}
	for _, c := range counted.Runs {
		if r.ByFunction[c.Function] == nil {
			r.ByFunction[c.Function] = map[interview.RunState]int{}
		}
		r.ByFunction[c.Function][c.State] += c.Runs
		if c.Retries > 0 {
			r.Retries[c.Function] += c.Retries
		}
	}
	for _, d := range counted.Dead {
		r.Dead = append(r.Dead, DeadRuns{d.Function, strings.TrimSpace(d.Error), d.Runs})
	}
	return r
}
