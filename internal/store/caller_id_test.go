package store

import "testing"

func TestCallsAreSpreadAmongCallerIDsAndAContactKeepsIts(t *testing.T) {
	numbers := []string{"+15550000001", "+15550000002", "+15550000003"}
	eachDatabase(t, Options{DialFrom: numbers[0], CallerIDs: numbers[1:], DialsPerMinute: 1000}, func(t *testing.T, s *Store) {
		used := map[string]int{}
		ids := seed(t, s, 6)
		for _, id := range ids {
			run := intent(t, s, id)
			from, _, err := s.DialIntent(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			used[from.From]++
			if err := s.DialPostponed(t.Context(), run, id); err != nil {
				t.Fatal(err)
			}
			if _, err := s.BeginDial(t.Context(), run, id); err != nil {
				t.Fatal(err)
			}
			again, _, err := s.DialIntent(t.Context(), id)
			if kept := s.mustText(t, `SELECT caller_id FROM contacts WHERE id = (SELECT contact_id FROM calls WHERE id = $1)`, id); err != nil || again.From != from.From || kept != from.From {
				t.Errorf("called from %s and then from %s, kept %q: %v", from.From, again.From, kept, err)
			}
		}
		for _, number := range numbers {
			if used[number] != 2 {
				t.Errorf("used %v", used)
			}
		}
	})
}
