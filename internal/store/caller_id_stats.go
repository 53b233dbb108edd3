package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// CallerIDCalls counts the calls from one caller id that Twilio placed and that are over.
type CallerIDCalls struct {
	// Number is the caller id, E.164.
	Number string
	Calls  int
	// Answered were picked up; Short and Machines are of those: that lasted less than interview.ShortCall, and that a machine
	// picked up.
	Answered, Short, Machines int
	// Attested counts the calls by how they were attested (STIR/SHAKEN): A, B or C. Of others nothing is known.
	Attested map[string]int
}

// MaxByCallerID is how many calls are counted by caller id at most: the newest that were dialled. Counting them takes a database about
// as long however many there are.
const MaxByCallerID = 10_000

// CallerIDs counts calls that ended in a time by caller id, the most used caller id first. It looks at the MaxByCallerID calls of ours
// that were created last before the end of the time; of a campaign, if one is given.
func (s *Store) CallerIDs(ctx context.Context, by StatsFilter) ([]CallerIDCalls, error) {
	counted, err := callerIDs(ctx, s.read(), by, MaxByCallerID)
	if err != nil {
		return nil, fmt.Errorf("counting calls by caller id: %w", err)
	}
	return counted, nil
}

func (st *Stats) countCallerIDs(ctx context.Context, q querier, by StatsFilter) (err error) {
	st.CallerIDs, err = callerIDs(ctx, q, by, MaxByCallerID)
	return err
}

// newestDialled selects what is counted of the newest calls that were dialled. When they ended is for the outer statement to look at: here
// it would have the database look for as many as are wanted among all calls that there are.
func newestDialled(by StatsFilter, newest int) (string, filter) {
	var f filter
	// An index has the calls of a campaign by id; of all calls, the dial intents are what is walked. SQLite takes the tables of a
	// CROSS JOIN in their order.
	tables, column := "dial_intents CROSS JOIN calls", "dial_intents.call_id"
	if by.CampaignID != "" {
		tables, column = "calls CROSS JOIN dial_intents", "calls.id"
	}
	by.real("calls.campaign_id", &f)
	f.equal("calls.campaign_id", by.CampaignID)
	if !by.Until.IsZero() {
		f.compare(column, "<", firstID(by.Until.Add(time.Millisecond)))
	}
	f.conditions = append(f.conditions, "dial_intents.call_id = calls.id", "calls.direction = 'outbound'", "calls.twilio_sid <> ''", "dial_intents.from_number <> ''")
	return `SELECT dial_intents.from_number, calls.stir_status, calls.duration, calls.consent, calls.completed_at, calls.started_at, calls.status, calls.answered_by
		FROM ` + tables + f.where() + ` ORDER BY ` + column + ` DESC LIMIT ` + f.arg(newest), f
}

func callerIDs(ctx context.Context, q querier, by StatsFilter, newest int) (counted []CallerIDCalls, err error) {
	dialled, f := newestDialled(by, newest)
	ended := filter{args: f.args}
	by.during("dialled.completed_at", &ended)
	f = ended
	short := f.arg(int(interview.ShortCall.Seconds()))
	at := map[string]int{}
	err = collect(ctx, q, func(r row) error {
		var one CallerIDCalls
		var attested string
		if err := r.Scan(&one.Number, &attested, &one.Calls, &one.Answered, &one.Short, &one.Machines); err != nil {
			return err
		}
		n, known := at[one.Number]
		if !known {
			n, at[one.Number] = len(counted), len(counted)
			counted = append(counted, CallerIDCalls{Number: one.Number, Attested: map[string]int{}})
		}
		all := &counted[n]
		all.Calls, all.Answered, all.Short, all.Machines = all.Calls+one.Calls, all.Answered+one.Answered, all.Short+one.Short, all.Machines+one.Machines
		if attested != "" {
			all.Attested[attested] += one.Calls
		}
		return nil
	}, `SELECT from_number, stir_status, COUNT(*), SUM(answered), SUM(CASE WHEN answered = 1 AND duration < `+short+` THEN 1 ELSE 0 END),
		SUM(CASE WHEN answered = 1 AND machine = 1 AND consent <> 'given' THEN 1 ELSE 0 END) FROM (SELECT from_number, stir_status, duration, consent,
		`+answeredCall+` AS answered, `+machineCall+` AS machine FROM (`+dialled+`) AS dialled`+f.where()+`) AS placed
		GROUP BY from_number, stir_status ORDER BY 1, 2`, f.args...)
	slices.SortStableFunc(counted, func(a, b CallerIDCalls) int { return b.Calls - a.Calls })
	return counted, err
}
