package store

import "testing"

// However many calls there are, those that are watched alone are read: the strip asks every 10 seconds.
func TestWhatIsOverdueIsReadWithoutAllCalls(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		fill(t, s, 2_000)
		if plan := s.howRead(t, selectChecked+watchedCalls); tableRead.MatchString(plan) {
			t.Error(plan)
		}
	})
}
