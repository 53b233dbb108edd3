package store

import (
	"context"
	"fmt"
	"slices"

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

// CallerIDs counts the newest calls that ended in a time by caller id, at most so many, the most used caller id first.
func (s *Store) CallerIDs(ctx context.Context, by StatsFilter, newest int) ([]CallerIDCalls, error) {
	counted, err := callerIDs(ctx, s.read(), by, newest)
	if err != nil {
		return nil, fmt.Errorf("counting calls by caller id: %w", err)
	}
	return counted, nil
}

func (st *Stats) countCallerIDs(ctx context.Context, q querier, by StatsFilter) (err error) {
	st.CallerIDs, err = callerIDs(ctx, q, by, 0)
	return err
}

// callerIDs counts all calls when newest is 0.
func callerIDs(ctx context.Context, q querier, by StatsFilter, newest int) (counted []CallerIDCalls, err error) {
	var f filter
	by.real("calls.campaign_id", &f)
	f.equal("calls.campaign_id", by.CampaignID)
	by.during("calls.completed_at", &f)
	f.conditions = append(f.conditions, "calls.direction = 'outbound'", "calls.twilio_sid <> ''", "dial_intents.from_number <> ''")
	placed := f.where()
	if newest > 0 {
		placed += " ORDER BY calls.id DESC LIMIT " + f.arg(newest)
	}
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
		SUM(CASE WHEN answered = 1 AND machine = 1 AND consent <> 'given' THEN 1 ELSE 0 END) FROM (SELECT dial_intents.from_number, calls.stir_status,
		calls.duration, calls.consent, `+answeredCall+` AS answered, `+machineCall+` AS machine
		FROM calls JOIN dial_intents ON dial_intents.call_id = calls.id`+placed+`) AS placed GROUP BY from_number, stir_status ORDER BY 1, 2`, f.args...)
	slices.SortStableFunc(counted, func(a, b CallerIDCalls) int { return b.Calls - a.Calls })
	return counted, err
}
