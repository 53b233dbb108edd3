package store

import (
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// Newest are the newest rows of the lists, and the calls to which something happened.
type Newest struct {
	// Calls were created or changed; only what a list chooses by is loaded, and when they changed.
	Calls      []interview.Call
	Webhooks   []Webhook
	Rejections []Rejection
}

// newestColumns are what scanNewestCall takes.
const newestColumns = `SELECT id, campaign_id, phone_number, twilio_sid, status, consent, consent_at, error_code, dialed_at, started_at,
	completed_at, created_at, simulated, direction, attempt, updated_at FROM calls`

func scanNewestCall(r row) (interview.Call, error) {
	var c interview.Call
	var updated time.Time
	err := r.Scan(&c.ID, &c.CampaignID, &c.PhoneNumber, &c.TwilioSid, &c.Status, &c.Consent, &c.ConsentAt, &c.ErrorCode, &c.DialedAt,
		&c.StartedAt, &c.CompletedAt, &c.CreatedAt, &c.Simulated, &c.Direction, &c.Attempt, &updated)
	// These are by Twilio's clock: what was so before it was written was not before that.
	for _, at := range []*time.Time{c.DialedAt, c.StartedAt, c.CompletedAt, c.ConsentAt} {
		if at != nil && at.After(updated) {
			*at = updated
		}
	}
	return c, err
}

// Newest looks at most at limit rows of each table, the newest, and at none from before since; a zero since is no bound. It reads
// by the ids of the rows, which begin with their times.
func (s *Store) Newest(ctx context.Context, since time.Time, limit int) (Newest, error) {
	if s.options.OnNewest != nil {
		s.options.OnNewest()
	}
	var n Newest
	q, first, seen := s.read(), "", map[string]bool{}
	if !since.IsZero() {
		first = firstID(since)
	}
	var changed []string
	touched := func(id string) {
		if id != "" && !seen[id] {
			seen[id] = true
			changed = append(changed, id)
		}
	}
	newest := func(selection string, scan func(row) error) error {
		return collect(ctx, q, scan, selection+` WHERE id >= $1 ORDER BY id DESC LIMIT $2`, first, limit)
	}
	addCall := func(r row) error {
		c, err := scanNewestCall(r)
		seen[c.ID] = true
		n.Calls = append(n.Calls, c)
		return err
	}
	for _, table := range []struct {
		selection string
		scan      func(row) error
	}{
		{newestColumns, addCall},
		{`SELECT ` + webhookColumns + `, campaign_id FROM webhook_events`, func(r row) error {
			var w Webhook
			err := r.Scan(append(w.fields(), &w.CampaignID)...)
			n.Webhooks = append(n.Webhooks, w)
			touched(w.CallID)
			return err
		}},
		{`SELECT call_id FROM call_history`, func(r row) error {
			var id string
			err := r.Scan(&id)
			touched(id)
			return err
		}},
		{`SELECT ` + rejectionColumns + ` FROM rejections`, func(r row) error {
			rejection, err := scanRejection(r)
			n.Rejections = append(n.Rejections, rejection)
			return err
		}},
	} {
		if err := newest(table.selection, table.scan); err != nil {
			return n, fmt.Errorf("looking for new rows: %w", err)
		}
	}
	if len(changed) == 0 {
		return n, nil
	}
	condition, args := in(s.dialect, "calls.id", 1, changed)
	if err := collect(ctx, q, addCall, newestColumns+` WHERE `+condition, args...); err != nil {
		return n, fmt.Errorf("looking for changed calls: %w", err)
	}
	return n, nil
}
