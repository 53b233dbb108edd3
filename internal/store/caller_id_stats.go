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

// CallerIDs counts the calls that ended in a time by caller id, the most used first.
func (s *Store) CallerIDs(ctx context.Context, by StatsFilter) ([]CallerIDCalls, error) {
	var counted Stats
	if err := counted.countCallerIDs(ctx, s.read(), by); err != nil {
		return nil, fmt.Errorf("counting calls by caller id: %w", err)
	}
	return counted.CallerIDs, nil
}

func (st *Stats) countCallerIDs(ctx context.Context, q querier, by StatsFilter) error {
	var f filter
	by.real("calls.campaign_id", &f)
	f.equal("calls.campaign_id", by.CampaignID)
	by.during("calls.completed_at", &f)
	f.conditions = append(f.conditions, "calls.direction = 'outbound'", "calls.twilio_sid <> ''", "dial_intents.from_number <> ''")
	short := f.arg(int(interview.ShortCall.Seconds()))
	at := map[string]int{}
	err := collect(ctx, q, func(r row) error {
		var one CallerIDCalls
		var attested string
		if err := r.Scan(&one.Number, &attested, &one.Calls, &one.Answered, &one.Short, &one.Machines); err != nil {
			return err
		}
		n, known := at[one.Number]
		if !known {
			n, at[one.Number] = len(st.CallerIDs), len(st.CallerIDs)
			st.CallerIDs = append(st.CallerIDs, CallerIDCalls{Number: one.Number, Attested: map[string]int{}})
		}
		all := &st.CallerIDs[n]
		all.Calls, all.Answered, all.Short, all.Machines = all.Calls+one.Calls, all.Answered+one.Answered, all.Short+one.Short, all.Machines+one.Machines
		if attested != "" {
			all.Attested[attested] += one.Calls
		}
		return nil
	}, `SELECT from_number, stir_status, COUNT(*), SUM(answered), SUM(CASE WHEN answered = 1 AND duration < `+short+` THEN 1 ELSE 0 END),
		SUM(CASE WHEN answered = 1 AND machine = 1 AND consent <> 'given' THEN 1 ELSE 0 END) FROM (SELECT dial_intents.from_number, calls.stir_status,
		calls.duration, calls.consent, `+answeredCall+` AS answered, `+machineCall+` AS machine
		FROM calls JOIN dial_intents ON dial_intents.call_id = calls.id`+f.where()+`) AS placed GROUP BY from_number, stir_status ORDER BY 1, 2`, f.args...)
	slices.SortStableFunc(st.CallerIDs, func(a, b CallerIDCalls) int { return b.Calls - a.Calls })
	return err
}
