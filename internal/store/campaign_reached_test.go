package store

import (
	"slices"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

// reach gives some contacts of a campaign a state.
func (s *Store) reach(t *testing.T, campaign interview.Campaign, state interview.ContactState, n int) {
	t.Helper()
	if err := s.write(t.Context(), func(tx *Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE contacts SET state = $2, next_at = NULL WHERE id IN
			(SELECT id FROM contacts WHERE campaign_id = $1 AND state = 'WAITING' ORDER BY id LIMIT $3)`, campaign.ID, string(state), n)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestCampaignsAreListedByHowManyTheyReached(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		named := func(name string, contacts, reached int, simulated bool) interview.Campaign {
			c := recruit(t, s, contacts, func(c *interview.Campaign) { c.Name, c.Simulated = name, simulated })
			s.reach(t, c, interview.ContactReached, reached)
			return c
		}
		few := named("Few of few", 4, 3, false)
		many := named("Many of many", 20, 6, false)
		none := named("Nobody", 0, 0, false)
		played := named("Simulated", 9, 9, true)
		s.reach(t, many, interview.ContactRefused, 2)

		reached, err := s.CampaignsReached(t.Context(), []string{few.ID, many.ID, none.ID})
		if err != nil || len(reached) != 2 || reached[many.ID] != (CampaignReached{20, 6}) || reached[few.ID] != (CampaignReached{4, 3}) {
			t.Errorf("%v, %v", reached, err)
		}
		for name, one := range map[string]struct {
			by          CampaignFilter
			byRate      bool
			skip, limit int
			want        []interview.Campaign
			more        bool
		}{
			"by count":     {CampaignFilter{}, false, 0, 10, []interview.Campaign{many, few, none, played}, false},
			"by rate":      {CampaignFilter{}, true, 0, 10, []interview.Campaign{few, many, none, played}, false},
			"the first":    {CampaignFilter{}, false, 0, 1, []interview.Campaign{many}, true},
			"the rest":     {CampaignFilter{}, false, 3, 5, []interview.Campaign{played}, false},
			"behind all":   {CampaignFilter{}, false, 9, 5, nil, false},
			"some of them": {CampaignFilter{Status: interview.CampaignActive, Name: "of"}, false, 0, 5, []interview.Campaign{many, few}, false},
		} {
			ranked, err := s.CampaignsByReached(t.Context(), one.by, one.byRate, one.skip, one.limit)
			same := slices.EqualFunc(ranked.Items, one.want, func(a, b interview.Campaign) bool { return a.ID == b.ID && a.Name == b.Name })
			if err != nil || ranked.More != one.more || !same || ranked.Reached[many.ID] != (CampaignReached{20, 6}) {
				t.Errorf("%s: %+v, %v", name, ranked, err)
			}
		}
	})
}

func TestContactsOfCampaignsAreCountedFromAnIndexAlone(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		c := recruit(t, s, 2000, nil)
		recruit(t, s, 10, nil)
		if s.postgres != nil { // an index-only scan needs the visibility map
			if _, err := s.postgres.Exec(t.Context(), "VACUUM ANALYZE contacts"); err != nil {
				t.Fatal(err)
			}
		}
		condition, args := in(s.dialect, "campaign_id", 1, []string{c.ID, "other"})
		plan := s.howRead(t, contactsByState(s.dialect, condition), args...)
		if !strings.Contains(plan, "SEARCH contact_counts USING INDEX") && !strings.Contains(plan, "Index Only Scan using contacts_") {
			t.Error(plan)
		}
	})
}
