package store

import (
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// StatsFilter chooses what is counted.
type StatsFilter struct {
	// Deadlines say what is overdue.
	Deadlines interview.Deadlines
	// Since and Until bound the time: from Since on, before Until. A zero time is no bound.
	Since, Until time.Time
	// CampaignID is "" for all campaigns.
	CampaignID string
}

// Stats are counts of what happened in a time, and of how things stand now, as one state of the database has it.
type Stats struct {
	At time.Time
	// Created counts the calls that were created in the time, by who called; Ended those that ended in it, by that, by status and by
	// Twilio's error code.
	Created map[interview.Direction]int
	Ended   []EndedCalls
	// Simulated counts the simulated calls that were created in the time by campaign, the newest campaign first. Nothing else counts
	// them or what belongs to them, unless a campaign was asked for; then it is empty.
	Simulated []SimulatedCalls
	// Live counts the calls that are not over now, by who called and by status.
	Live map[interview.Direction]map[interview.CallStatus]int
	// CallerIDs count the calls that ended in the time by the number from which we made them.
	CallerIDs []CallerIDCalls
	// Webhooks count the events that were received in the time.
	Webhooks []WebhookCounts
	// Runs count the runs that were created in the time; Dead the runs that failed for good in it, by function and error.
	Runs []RunCounts
	Dead []DeadRuns
	// Recordings were first heard of in the time, Claims made, and Verdicts given.
	Recordings             map[interview.RecordingStatus]int
	Claims, RejectedClaims int
	Verdicts               map[interview.HypothesisStatus]int
	// Paused are the accounts for which dialling is paused now, and Overdue counts what is overdue now, by OverdueItem.What: of
	// all campaigns.
	Paused  []DialingPause
	Overdue map[string]int
	// OldestDue is since when the run has been due that waits the longest now, nil for none; Due counts those that wait.
	OldestDue *time.Time
	Due       int
}

// EndedCalls counts calls that ended alike.
type EndedCalls struct {
	Direction interview.Direction
	Status    interview.CallStatus
	ErrorCode int
	Consent   interview.Consent
	ConsentBy interview.ConsentMeans
	// Answered says that somebody, or something, picked up; Machine that it was a machine. OptedOut says that the person asked for no
	// more calls.
	Answered, Machine, OptedOut bool
	Calls                       int
}

// SimulatedCalls counts the calls of a simulated campaign.
type SimulatedCalls struct {
	CampaignID string
	Calls      int
}

// WebhookCounts counts events of one kind and outcome, and the further deliveries of them.
type WebhookCounts struct {
	Kind    inbox.Kind
	Outcome inbox.Outcome
	Events  int
	// Duplicates counts the further deliveries.
	Duplicates int
}

// RunCounts counts runs of one function and state. Retries are their attempts but the first.
type RunCounts struct {
	Function      interview.Function
	State         interview.RunState
	Runs, Retries int
}

// DeadRuns counts runs that failed alike.
type DeadRuns struct {
	Function interview.Function
	Error    string
	Runs     int
}

// Stats counts.
func (s *Store) Stats(ctx context.Context, by StatsFilter) (Stats, error) {
	stats := Stats{
		At: s.now(), Created: map[interview.Direction]int{}, Live: map[interview.Direction]map[interview.CallStatus]int{}, Recordings: map[interview.RecordingStatus]int{},
		Verdicts: map[interview.HypothesisStatus]int{}, Overdue: map[string]int{},
	}
	err := s.snapshot(ctx, func(q querier) error {
		for _, count := range []func(context.Context, querier, StatsFilter) error{
			stats.countCalls, stats.countSimulated, stats.countCallerIDs, stats.countWebhooks, stats.countRuns, stats.countEvidence,
		} {
			if err := count(ctx, q, by); err != nil {
				return err
			}
		}
		var err error
		if stats.Paused, err = dialingPauses(ctx, q); err != nil {
			return err
		}
		return s.eachOverdueOf(ctx, q, by.Deadlines, func(l OverdueItem) { stats.Overdue[l.What]++ })
	})
	if err != nil {
		return Stats{}, fmt.Errorf("counting: %w", err)
	}
	return stats, nil
}

// real leaves out what is simulated, unless a campaign was asked for. The column is that of the campaign.
func (by StatsFilter) real(column string, filters ...*filter) {
	if by.CampaignID != "" {
		return
	}
	for _, f := range filters {
		f.conditions = append(f.conditions, column+" NOT IN (SELECT id FROM campaigns WHERE simulated)")
	}
}

// during keeps what has a moment in the time.
func (by StatsFilter) during(column string, f *filter) {
	f.conditions = append(f.conditions, column+" IS NOT NULL")
	if !by.Since.IsZero() {
		f.compare(column, ">=", by.Since.UTC())
	}
	if !by.Until.IsZero() {
		f.compare(column, "<", by.Until.UTC())
	}
}

// Whether somebody, or something, picked up, and whether it was a machine: 1 or 0.
const (
	answeredCall = `CASE WHEN started_at IS NOT NULL OR status = 'COMPLETED' THEN 1 ELSE 0 END`
	machineCall  = `CASE WHEN answered_by LIKE 'machine%' OR answered_by = 'fax' THEN 1 ELSE 0 END`
)

func (st *Stats) countCalls(ctx context.Context, q querier, by StatsFilter) error {
	var created, ended, live filter
	by.real("campaign_id", &created, &ended, &live)
	created.equal("calls.campaign_id", by.CampaignID)
	created.between("calls", "created_at", by.Since, by.Until, 0)
	err := collect(ctx, q, counting(st.Created), `SELECT direction, COUNT(*) FROM calls`+created.where()+` GROUP BY direction`, created.args...)
	if err != nil {
		return err
	}
	ended.equal("campaign_id", by.CampaignID)
	by.during("completed_at", &ended)
	err = collect(ctx, q, func(r row) error {
		var e EndedCalls
		var answered, machine, optedOut int
		err := r.Scan(&e.Direction, &e.Status, &e.ErrorCode, &e.Consent, &e.ConsentBy, &answered, &machine, &optedOut, &e.Calls)
		e.Answered, e.Machine, e.OptedOut = answered == 1, machine == 1, optedOut == 1
		st.Ended = append(st.Ended, e)
		return err
	}, `SELECT direction, status, error_code, consent, consent_by, answered, machine, opted_out, COUNT(*) FROM (SELECT direction, status,
		error_code, consent, consent_by, `+answeredCall+` AS answered, `+machineCall+` AS machine,
		CASE WHEN opted_out_at IS NULL THEN 0 ELSE 1 END AS opted_out FROM calls`+ended.where()+`) AS ended
		GROUP BY direction, status, error_code, consent, consent_by, answered, machine, opted_out ORDER BY 1, 2, 3, 4, 5, 6, 7, 8`, ended.args...)
	if err != nil {
		return err
	}
	live.equal("campaign_id", by.CampaignID)
	live.conditions = append(live.conditions, `ended_as = ''`)
	return collect(ctx, q, func(r row) error {
		var direction interview.Direction
		var status interview.CallStatus
		var n int
		err := r.Scan(&direction, &status, &n)
		if st.Live[direction] == nil {
			st.Live[direction] = map[interview.CallStatus]int{}
		}
		st.Live[direction][status] = n
		return err
	}, `SELECT direction, status, COUNT(*) FROM calls`+live.where()+` GROUP BY direction, status`, live.args...)
}

func (st *Stats) countSimulated(ctx context.Context, q querier, by StatsFilter) error {
	if by.CampaignID != "" {
		return nil
	}
	f := filter{conditions: []string{"simulated"}}
	f.between("calls", "created_at", by.Since, by.Until, 0)
	return collect(ctx, q, func(r row) error {
		var c SimulatedCalls
		err := r.Scan(&c.CampaignID, &c.Calls)
		st.Simulated = append(st.Simulated, c)
		return err
	}, `SELECT campaign_id, COUNT(*) FROM calls`+f.where()+` GROUP BY campaign_id ORDER BY campaign_id DESC`, f.args...)
}

func (st *Stats) countWebhooks(ctx context.Context, q querier, by StatsFilter) error {
	var f filter
	by.real("campaign_id", &f)
	if by.CampaignID != "" {
		f.conditions = append(f.conditions, "campaign_id <> ''")
		f.equal("campaign_id", by.CampaignID)
	}
	f.between("webhook_events", "received_at", by.Since, by.Until, receivedSlack)
	count := func(f filter) error {
		return collect(ctx, q, func(r row) error {
			var w WebhookCounts
			err := r.Scan(&w.Kind, &w.Outcome, &w.Events, &w.Duplicates)
			st.Webhooks = append(st.Webhooks, w)
			return err
		}, `SELECT kind, outcome, COUNT(*), COALESCE(SUM(duplicates), 0) FROM webhook_events`+f.where()+` GROUP BY kind, outcome ORDER BY 1, 2`, f.args...)
	}
	if err := count(f); err != nil || by.Since.IsZero() {
		return err
	}
	// What failed again in the time has an id of before it.
	var again filter
	again.conditions = []string{notAccepted, "outcome = 'failed'"}
	by.real("campaign_id", &again)
	again.equal("campaign_id", by.CampaignID)
	again.compare("webhook_events.id", "<", firstID(by.Since.Add(-receivedSlack)))
	by.during("received_at", &again)
	return count(again)
}

// ofCampaign keeps the runs that are about a call, or a hypothesis, of a campaign.
const ofCampaign = `(EXISTS (SELECT 1 FROM calls WHERE calls.id = function_runs.subject AND calls.campaign_id = %[1]s)
	OR EXISTS (SELECT 1 FROM hypotheses WHERE hypotheses.id = function_runs.subject AND hypotheses.campaign_id = %[1]s))`

func (f *filter) runsOfCampaign(campaignID string) {
	if campaignID != "" {
		f.conditions = append(f.conditions, fmt.Sprintf(ofCampaign, f.arg(campaignID)))
	}
}

// realRuns keeps the runs of the campaign, or without one those that are not simulated.
func (by StatsFilter) realRuns(f *filter) {
	f.runsOfCampaign(by.CampaignID)
	if by.CampaignID == "" {
		f.conditions = append(f.conditions, "NOT "+aboutSimulated)
	}
}

func (st *Stats) countRuns(ctx context.Context, q querier, by StatsFilter) error {
	var created, dead, due filter
	created.between("function_runs", "created_at", by.Since, by.Until, 0)
	by.realRuns(&created)
	err := collect(ctx, q, func(r row) error {
		var c RunCounts
		err := r.Scan(&c.Function, &c.State, &c.Runs, &c.Retries)
		st.Runs = append(st.Runs, c)
		return err
	}, `SELECT function, state, COUNT(*), COALESCE(SUM(CASE WHEN attempts > 1 THEN attempts - 1 ELSE 0 END), 0) FROM function_runs`+
		created.where()+` GROUP BY function, state ORDER BY 1, 2`, created.args...)
	if err != nil {
		return err
	}
	dead.conditions = []string{"state = 'failed'"}
	by.during("finished_at", &dead)
	by.realRuns(&dead)
	err = collect(ctx, q, func(r row) error {
		var d DeadRuns
		err := r.Scan(&d.Function, &d.Error, &d.Runs)
		st.Dead = append(st.Dead, d)
		return err
	}, `SELECT function, last_error, COUNT(*) FROM function_runs`+dead.where()+` GROUP BY function, last_error ORDER BY 3 DESC, 1, 2 LIMIT 50`, dead.args...)
	if err != nil {
		return err
	}
	due.conditions = []string{"state = 'waiting'"}
	due.conditions = append(due.conditions, "COALESCE(not_before, created_at) <= "+due.arg(st.At))
	by.realRuns(&due)
	return collect(ctx, q, func(r row) error {
		var notBefore *time.Time
		var createdAt time.Time
		if err := r.Scan(&notBefore, &createdAt); err != nil {
			return err
		}
		since := createdAt
		if notBefore != nil {
			since = *notBefore
		}
		st.Due++
		if st.OldestDue == nil || since.Before(*st.OldestDue) {
			st.OldestDue = &since
		}
		return nil
	}, `SELECT not_before, created_at FROM function_runs`+due.where(), due.args...)
}

func (st *Stats) countEvidence(ctx context.Context, q querier, by StatsFilter) error {
	var recordings, claims, verdicts filter
	by.during("recordings.created_at", &recordings)
	claims.between("claims", "created_at", by.Since, by.Until, 0)
	verdicts.between("verdicts", "created_at", by.Since, by.Until, 0)
	if by.CampaignID == "" {
		const ofCall = "call_id NOT IN (SELECT id FROM calls WHERE simulated)"
		recordings.conditions = append(recordings.conditions, ofCall)
		claims.conditions = append(claims.conditions, ofCall)
		verdicts.conditions = append(verdicts.conditions, "hypothesis_id NOT IN (SELECT id FROM hypotheses WHERE campaign_id IN (SELECT id FROM campaigns WHERE simulated))")
	} else {
		const ofCall = "call_id IN (SELECT id FROM calls WHERE campaign_id = "
		recordings.conditions = append(recordings.conditions, ofCall+recordings.arg(by.CampaignID)+")")
		claims.conditions = append(claims.conditions, ofCall+claims.arg(by.CampaignID)+")")
		verdicts.conditions = append(verdicts.conditions, "hypothesis_id IN (SELECT id FROM hypotheses WHERE campaign_id = "+verdicts.arg(by.CampaignID)+")")
	}
	err := collect(ctx, q, counting(st.Recordings), `SELECT status, COUNT(*) FROM recordings`+recordings.where()+` GROUP BY status`, recordings.args...)
	if err != nil {
		return err
	}
	err = q.QueryRow(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN rejected <> '' THEN 1 ELSE 0 END), 0) FROM claims`+claims.where(), claims.args...).
		Scan(&st.Claims, &st.RejectedClaims)
	if err != nil {
		return err
	}
	return collect(ctx, q, counting(st.Verdicts), `SELECT status, COUNT(*) FROM verdicts`+verdicts.where()+` GROUP BY status`, verdicts.args...)
}

// counting scans rows of a word and how often it is there.
func counting[T ~string](into map[T]int) func(row) error {
	return func(r row) error {
		var word T
		var n int
		err := r.Scan(&word, &n)
		into[word] = n
		return err
	}
}
