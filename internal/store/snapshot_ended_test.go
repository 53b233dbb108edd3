package store

import (
	"slices"
	"testing"

	"github.com/i-agent/iagent/internal/store/storetest"
)

// The program must not rely on what nothing compares: verify does.
func TestEndThatIsNotTheStatusIsFound(t *testing.T) {
	s := open(t, storetest.SQLite(t), Options{})
	ids := seed(t, s, 2)
	if list := breaches(t, s, "ended-otherwise"); len(list) > 0 {
		t.Errorf("%v", list)
	}
	s.mustExec(t, `UPDATE calls SET ended_as = 'BUSY' WHERE id = $1`, ids[1])
	if list := breaches(t, s, "ended-otherwise"); !slices.Equal(list, ids[1:]) {
		t.Errorf("%v, want %v", list, ids[1:])
	}
}

func TestCountsThatAreNotThoseOfTheRowsAreFound(t *testing.T) {
	for kind, table := range map[string]string{"calls-miscounted": "call_counts", "contacts-miscounted": "contact_counts"} {
		s := open(t, storetest.SQLite(t), Options{})
		campaign := s.mustCall(t, seed(t, s, 2)[0]).CampaignID
		seed(t, s, 2)
		if list := breaches(t, s, kind); len(list) > 0 {
			t.Errorf("%s: %v", kind, list)
		}
		s.mustExec(t, `UPDATE `+table+` SET n = n + 1 WHERE campaign_id = $1`, campaign)
		if list := breaches(t, s, kind); !slices.Equal(list, []string{campaign}) {
			t.Errorf("%s: %v, want %s", kind, list, campaign)
		}
	}
}

// breaches are the subjects of the breaches of a rule.
func breaches(t *testing.T, s *Store, kind string) (subjects []string) {
	t.Helper()
	err := s.snapshot(t.Context(), func(q querier) error {
		a := &Snapshot{q: q, dialect: s.dialect}
		for _, rule := range SnapshotRules() {
			if rule.Kind == kind {
				return a.Check(t.Context(), rule, SnapshotScope{}, func(subject, _ string) { subjects = append(subjects, subject) })
			}
		}
		t.Fatalf("there is no rule %s", kind)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return subjects
}
