package store

import (
	"fmt"
	"maps"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/migrations"
)

// Whoever writes a call or a contact, and by whatever statement, what is counted of its campaign is what is there.
func TestCountsOfACampaignAreThoseOfItsRows(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		ids := seed(t, s, 8)
		campaign := s.mustCall(t, ids[0]).CampaignID
		other := s.mustCall(t, seed(t, s, 2)[0]).CampaignID
		for _, statement := range []string{
			`UPDATE calls SET status = 'RINGING' WHERE id <= $1`,
			`UPDATE calls SET status = 'COMPLETED' WHERE id = $1`,
			`UPDATE calls SET consent = 'given', consent_by = 'speech' WHERE id <= $1`,
			`UPDATE calls SET consent = 'refused', consent_by = 'detector', status = 'BUSY' WHERE id > $1`,
			`UPDATE calls SET consent = 'refused', consent_by = 'request' WHERE id = $1`,
			`UPDATE calls SET consent = 'refused', consent_by = 'keypad' WHERE id < $1`,
			`UPDATE calls SET status = 'IN_PROGRESS', sequence = sequence + 1 WHERE id = $1`,
			`UPDATE calls SET direction = 'inbound' WHERE id = $1`,
			`UPDATE calls SET status = 'COMPLETED' WHERE id >= $1`,
			`UPDATE contacts SET state = 'REACHED' WHERE id <= $1`,
			`UPDATE contacts SET state = 'REACHED', reason = 'x' WHERE id >= $1`,
			`UPDATE contacts SET state = 'REFUSED' WHERE id = $1`,
			`INSERT INTO calls (id, campaign_id, phone_number, twilio_sid, account_sid, status, sequence, consent, consent_attempts, error_code,
				error_message, transcript, created_at, updated_at) SELECT 'made', campaign_id, '', '', '', 'FAILED', 0, 'given', 0, 0, '', '', created_at, created_at FROM calls WHERE id = $1`,
			`UPDATE contacts SET campaign_id = '` + other + `' WHERE id = $1`,
			`UPDATE calls SET campaign_id = '` + other + `' WHERE id = $1 OR id = 'made'`,
			`DELETE FROM contacts WHERE id > $1`,
			`DELETE FROM calls WHERE id = 'made' AND $1 <> ''`,
		} {
			s.mustExec(t, statement, ids[4])
			sameCounts(t, s, statement, campaign, other)
		}
		if s.sqlite == nil {
			return
		}
		d := migrations.Database{SQLite: s.sqlite.write}
		if err := d.DownTo(t.Context(), 43); err != nil {
			t.Fatal(err)
		}
		if err := d.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		sameCounts(t, s, "the migration", campaign, other)
	})
}

// sameCounts compares what is counted of campaigns with their rows.
func sameCounts(t *testing.T, s *Store, after string, campaigns ...string) {
	t.Helper()
	want, reached := map[string]CampaignProgress{}, map[string]CampaignReached{}
	err := collect(t.Context(), s.read(), func(r row) error {
		var campaign, direction string
		var status interview.CallStatus
		var consent interview.Consent
		var by interview.ConsentMeans
		if err := r.Scan(&campaign, &direction, &status, &consent, &by); err != nil {
			return err
		}
		p := want[campaign]
		switch {
		case direction == "inbound":
			p.Inbound++
			want[campaign] = p
			return nil
		case consent == interview.ConsentGiven:
			p.Yes++
		case consent == interview.ConsentRefused && by != interview.ConsentByDetector && by != interview.ConsentByRequest:
			p.No++
		}
		if p.Calls++; !status.Terminal() {
			p.Live++
		} else if p.Ended == nil {
			p.Ended = map[interview.CallStatus]int{status: 1}
		} else {
			p.Ended[status]++
		}
		want[campaign] = p
		return nil
	}, `SELECT campaign_id, direction, status, consent, consent_by FROM calls`)
	if err != nil {
		t.Fatal(err)
	}
	err = collect(t.Context(), s.read(), func(r row) error {
		var campaign string
		var state interview.ContactState
		err := r.Scan(&campaign, &state)
		c := reached[campaign]
		if c.Contacts++; state == interview.ContactReached {
			c.Reached++
		}
		reached[campaign] = c
		return err
	}, `SELECT campaign_id, state FROM contacts`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.CampaignsProgress(t.Context(), campaigns)
	if err != nil {
		t.Fatal(err)
	}
	for id, p := range want {
		g := got[id]
		if same := maps.Equal(g.Ended, p.Ended); !same || fmt.Sprint(g.Calls, g.Live, g.Inbound, g.Yes, g.No) != fmt.Sprint(p.Calls, p.Live, p.Inbound, p.Yes, p.No) {
			t.Errorf("after %s: %+v, want %+v", after, g, p)
		}
	}
	contacts, err := s.CampaignsReached(t.Context(), campaigns)
	if err != nil || !maps.Equal(contacts, reached) {
		t.Errorf("after %s: %+v, want %+v (%v)", after, contacts, reached, err)
	}
}
