package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// CampaignProgress counts the calls of a campaign. All but Inbound are calls that we made.
type CampaignProgress struct {
	// Calls are all, Live those that are not over.
	Calls, Live int
	// Inbound are the calls that came in.
	Inbound int
	// Ended are those that are over, by how they ended.
	Ended map[interview.CallStatus]int
	// Yes are the calls with a consent, No those of which a person refused it, or gave no clear answer. A machine that answered
	// is neither, nor is an erasure.
	Yes, No int
}

// CampaignsProgress counts the calls of campaigns, in one statement that reads an index alone, or what SQLite's triggers have counted. A
// campaign without calls is not in the answer.
func (s *Store) CampaignsProgress(ctx context.Context, ids []string) (map[string]CampaignProgress, error) {
	progress := map[string]CampaignProgress{}
	if len(ids) == 0 {
		return progress, nil
	}
	err := collect(ctx, s.read(), func(r row) error {
		var id string
		var end interview.CallStatus
		var n, yes, no, inbound int
		if err := r.Scan(&id, &end, &n, &yes, &no, &inbound); err != nil {
			return err
		}
		p := progress[id]
		if inbound == 1 { // these were counted with all others
			p.Inbound, n, yes, no = p.Inbound+n, -n, -yes, -no
		}
		p.count(end, n, yes, no)
		progress[id] = p
		return nil
	}, progressOf(s.dialect, placeholders(1, len(ids))), anys(ids)...)
	if err != nil {
		return nil, fmt.Errorf("counting the calls of campaigns: %w", err)
	}
	return progress, nil
}

// progressOf is the statement that counts all calls of some campaigns, and again those that came in, which are few: on Postgres, the index
// that has everything else does not tell them apart. It groups there by what the index is ordered by, so that nothing is sorted.
func progressOf(d dialect, campaigns string) string {
	const (
		yes = "consent = '" + string(interview.ConsentGiven) + "'"
		no  = "consent = '" + string(interview.ConsentRefused) + "' AND consent_by NOT IN ('" + string(interview.ConsentByDetector) + "', '" + string(interview.ConsentByRequest) + "')"
	)
	from, inbound, sum := "calls", "direction = 'inbound'", "COUNT(*)"
	if d.keepsCounts {
		from, inbound, sum = "call_counts", "inbound", "SUM(n)"
	}
	count := func(isInbound, condition string) string {
		return fmt.Sprintf("SELECT campaign_id, ended_as, %[1]s, COALESCE(%[1]s FILTER (WHERE %[2]s), 0), COALESCE(%[1]s FILTER (WHERE %[3]s), 0), %[4]s FROM %[5]s WHERE campaign_id IN %[6]s GROUP BY campaign_id, ended_as",
			sum, yes, no, isInbound, from, campaigns+condition)
	}
	return count("0", "") + " UNION ALL " + count("1", " AND "+inbound)
}

func (p *CampaignProgress) count(end interview.CallStatus, n, yes, no int) {
	p.Calls, p.Yes, p.No = p.Calls+n, p.Yes+yes, p.No+no
	if !end.Terminal() {
		p.Live += n
		return
	}
	if p.Ended == nil {
		p.Ended = map[interview.CallStatus]int{}
	}
	if p.Ended[end] += n; p.Ended[end] == 0 {
		delete(p.Ended, end)
	}
}

// LiveCalls counts the calls of a campaign that we made and that are not over, by status.
func (s *Store) LiveCalls(ctx context.Context, campaignID string) (map[interview.CallStatus]int, error) {
	live := map[interview.CallStatus]int{}
	err := collect(ctx, s.read(), counting(live), `SELECT status, COUNT(*) FROM calls WHERE campaign_id = $1 AND ended_as = '' AND direction = 'outbound' GROUP BY status`, campaignID)
	if err != nil {
		return nil, fmt.Errorf("counting the live calls of campaign %s: %w", campaignID, err)
	}
	return live, nil
}

// CallsByDay counts the calls of ours of a campaign that were created on each of some days, of which the first begins at since. An id
// begins with its time, so an index tells; those that came in are few, and taken off.
func (s *Store) CallsByDay(ctx context.Context, campaignID string, since time.Time, days int) ([]int, error) {
	counts := make([]int, days)
	args := []any{campaignID}
	parts := make([]string, 0, 2*days)
	for n := range counts {
		args = append(args, firstID(since.AddDate(0, 0, n)))
		ofDay := fmt.Sprintf(`FROM calls WHERE campaign_id = $1 AND id >= $%d AND id < $%d`, n+2, n+3)
		parts = append(parts, fmt.Sprintf(`SELECT %d AS day, COUNT(*) AS calls %s`, n, ofDay), fmt.Sprintf(`SELECT %d, -COUNT(*) %s AND direction = 'inbound'`, n, ofDay))
	}
	args = append(args, firstID(since.AddDate(0, 0, days)))
	err := collect(ctx, s.read(), func(r row) error {
		var day, calls int
		err := r.Scan(&day, &calls)
		if err == nil {
			counts[day] += calls
		}
		return err
	}, strings.Join(parts, " UNION ALL "), args...)
	if err != nil {
		return nil, fmt.Errorf("counting the calls of campaign %s by day: %w", campaignID, err)
	}
	return counts, nil
}

// CallsTo finds the newest call that a campaign made to each of some numbers that was created at a time or later. A number without one
// is not in the answer.
func (s *Store) CallsTo(ctx context.Context, campaignID string, numbers []string, since time.Time) (map[string]interview.Call, error) {
	found := map[string]interview.Call{}
	condition, args := in(s.dialect, "calls.phone_number", 3, numbers)
	if len(numbers) == 0 {
		return found, nil
	}
	err := collect(ctx, s.read(), func(r row) error {
		c, err := scanCall(r)
		if err == nil && c.ID > found[c.PhoneNumber].ID {
			found[c.PhoneNumber] = c
		}
		return err
	}, selectCalls+` WHERE calls.campaign_id = $1 AND calls.id >= $2 AND calls.direction = 'outbound' AND calls.phone_number <> '' AND `+condition, append([]any{campaignID, firstID(since)}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("looking for calls of campaign %s: %w", campaignID, err)
	}
	return found, nil
}
