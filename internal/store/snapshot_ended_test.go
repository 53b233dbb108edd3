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
	found := func() (subjects []string) {
		err := s.snapshot(t.Context(), func(q querier) error {
			a := &Snapshot{q: q, dialect: s.dialect}
			for _, rule := range SnapshotRules() {
				if rule.Kind != "ended-otherwise" {
					continue
				}
				return a.Check(t.Context(), rule, SnapshotScope{}, func(subject, _ string) { subjects = append(subjects, subject) })
			}
			t.Fatal("there is no such rule")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return subjects
	}
	if list := found(); len(list) > 0 {
		t.Errorf("%v", list)
	}
	s.mustExec(t, `UPDATE calls SET ended_as = 'BUSY' WHERE id = $1`, ids[1])
	if list := found(); !slices.Equal(list, ids[1:]) {
		t.Errorf("%v, want %v", list, ids[1:])
	}
}
