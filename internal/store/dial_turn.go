package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

// dialRatePeriod is the window of Options.DialsPerMinute.
const dialRatePeriod = time.Minute

// takeTurn keeps the campaign's rate, in any window of a minute, and the order in which its calls were created: each call
// that is over the rate waits for the moment at which its own turn comes, given those before it. The campaign's row is
// locked, so two calls never take the same turn.
func (tx *Tx) takeTurn(ctx context.Context, call *interview.Call) (bool, error) {
	limit := tx.store.options.DialsPerMinute
	var dialled []time.Time
	err := collect(ctx, tx, func(r row) error {
		var at time.Time
		err := r.Scan(&at)
		dialled = append(dialled, at)
		return err
	}, `SELECT dialed_at FROM calls WHERE campaign_id = $1 AND dialed_at > $2 ORDER BY dialed_at DESC LIMIT $3`,
		call.CampaignID, tx.Now.Add(-dialRatePeriod), limit)
	if err != nil {
		return false, fmt.Errorf("dial rate of campaign %s: %w", call.CampaignID, err)
	}
	slices.Reverse(dialled)
	// A call whose run is dead would hold back the others for ever, so it has no turn, nor has one that the gate lets wait.
	// Whose turn is more than an hour away asks again in an hour.
	var before int
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM (
		SELECT 1 FROM calls JOIN function_runs run ON run.function = $3 AND run.key = calls.id
		WHERE calls.campaign_id = $1 AND calls.id < $2 AND calls.status = 'QUEUED' AND calls.dialed_at IS NULL
			AND run.state IN ('waiting', 'running')
			AND NOT EXISTS (SELECT 1 FROM dial_verdicts WHERE dial_verdicts.call_id = calls.id AND refusal <> '' AND until > $5) LIMIT $4) earlier`,
		call.CampaignID, call.ID, string(interview.OrchestrateCall), 60*limit, tx.Now).Scan(&before)
	if err != nil {
		return false, fmt.Errorf("calls before %s: %w", call.ID, err)
	}
	if at := turn(dialled, tx.Now, limit, before); at.After(tx.Now) {
		return false, jobs.Wait(at, fmt.Sprintf("%d calls of this campaign a minute", limit))
	}
	return true, nil
}

// turn is when a call may be dialled that has so many others before it. dialled are the dials of the last minute, oldest
// first, at most limit. What is left of the limit is free now; after that each dial makes room for another, a minute
// later, and so on: turns repeat every minute.
func turn(dialled []time.Time, now time.Time, limit, before int) time.Time {
	n := len(dialled) + before
	at := now
	if i := n % limit; i < len(dialled) {
		at = dialled[i]
	}
	return at.Add(time.Duration(n/limit) * dialRatePeriod)
}
