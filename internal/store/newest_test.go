package store

import (
	"slices"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

func TestNewestRowsNameTheCallsThatChanged(t *testing.T) {
	looks := 0
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now, OnNewest: func() { looks++ }}, func(t *testing.T, s *Store) {
		l := dialledLine(t, s)
		before := clock.Now()
		clock.Advance(time.Hour)
		created := seed(t, s, 3)
		l.interview()
		n, err := s.Newest(t.Context(), before.Add(time.Minute), 10)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, c := range n.Calls {
			ids = append(ids, c.ID)
		}
		slices.Sort(ids)
		want := append(slices.Clone(created), l.id)
		slices.Sort(want)
		if !slices.Equal(ids, want) || len(n.Webhooks) != 5 || n.Webhooks[0].CampaignID == "" {
			t.Errorf("calls %v, want %v; %d webhooks", ids, want, len(n.Webhooks))
		}
		// Twilio's clock may be ahead, and that of its simulation is by as long as people speak.
		ahead := clock.Now().Add(2 * time.Minute)
		if err := s.write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE calls SET completed_at = $2 WHERE id = $1`, l.id, ahead)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if n, err = s.Newest(t.Context(), before.Add(time.Minute), 10); err != nil {
			t.Fatal(err)
		}
		for _, c := range n.Calls {
			if c.ID == l.id && (c.CompletedAt == nil || c.CompletedAt.After(clock.Now())) {
				t.Errorf("the call ends at %v, and it is %s", c.CompletedAt, clock.Now())
			}
		}
		if n, err = s.Newest(t.Context(), time.Time{}, 2); err != nil || len(n.Webhooks) != 2 || n.Webhooks[0].ID < n.Webhooks[1].ID || len(n.Calls) != 3 {
			t.Errorf("%+v, %v", n, err)
		}
		if n, err = s.Newest(t.Context(), clock.Now().Add(time.Minute), 10); err != nil || len(n.Calls)+len(n.Webhooks) != 0 {
			t.Errorf("%+v, %v", n, err)
		}
	})
	if looks == 0 {
		t.Error("no look was told")
	}
}

func TestCallMatchesSinceItCameToBeWhatTheFilterAsksFor(t *testing.T) {
	created := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	dialed, started, ended := created.Add(time.Minute), created.Add(2*time.Minute), created.Add(3*time.Minute)
	over := interview.Call{Status: interview.CallCompleted, CreatedAt: created, DialedAt: &dialed, StartedAt: &started, CompletedAt: &ended,
		Consent: interview.ConsentGiven, ConsentAt: &started}
	busy := interview.Call{Status: interview.CallBusy, CreatedAt: created, DialedAt: &dialed, CompletedAt: &ended}
	given := interview.ConsentGiven
	for name, tc := range map[string]struct {
		by   CallFilter
		call interview.Call
		want time.Time
	}{
		"all":              {CallFilter{}, over, created},
		"completed":        {CallFilter{Statuses: []interview.CallStatus{"COMPLETED"}}, over, ended},
		"in progress":      {CallFilter{Statuses: []interview.CallStatus{"IN_PROGRESS", "COMPLETED"}}, over, started},
		"not queued":       {CallFilter{Statuses: without("QUEUED")}, over, dialed},
		"not busy":         {CallFilter{Statuses: without("BUSY")}, over, created},
		"not in progress":  {CallFilter{Statuses: without("IN_PROGRESS")}, over, ended},
		"busy, no answer":  {CallFilter{Statuses: []interview.CallStatus{"BUSY"}}, busy, ended},
		"never in between": {CallFilter{Statuses: []interview.CallStatus{"BUSY", "DIALING", "DIAL_UNKNOWN", "RINGING"}}, busy, dialed},
		"consent":          {CallFilter{Consent: &given}, over, started},
	} {
		if got := tc.by.MatchedAt(tc.call); !tc.by.Matches(tc.call) || !got.Equal(tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
	if (CallFilter{Statuses: without("COMPLETED")}).Matches(over) {
		t.Error("a completed call matches not COMPLETED")
	}
}

func without(status interview.CallStatus) []interview.CallStatus {
	return slices.DeleteFunc(interview.CallStatuses(), func(s interview.CallStatus) bool { return s == status })
}

func TestCallsBesideOneAreThoseOfTheList(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		ids := seed(t, s, 5)
		err := s.write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE calls SET status = 'BUSY' WHERE id IN ($1, $2)`, ids[1], ids[3])
			if err == nil {
				_, err = tx.Exec(t.Context(), `UPDATE calls SET status = 'IN_PROGRESS' WHERE id = $1`, ids[4])
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		deadlines := interview.DefaultDeadlines()
		for name, tc := range map[string]struct {
			by   CallFilter
			id   string
			want CallNeighbours
		}{
			"all":          {CallFilter{}, ids[2], CallNeighbours{ids[3], ids[1]}},
			"the newest":   {CallFilter{}, ids[4], CallNeighbours{"", ids[3]}},
			"one status":   {CallFilter{Statuses: []interview.CallStatus{"BUSY"}}, ids[1], CallNeighbours{ids[3], ""}},
			"not of it":    {CallFilter{Statuses: []interview.CallStatus{"BUSY"}}, ids[2], CallNeighbours{ids[3], ids[1]}},
			"two statuses": {CallFilter{Statuses: []interview.CallStatus{"BUSY", "IN_PROGRESS"}}, ids[3], CallNeighbours{ids[4], ids[1]}},
			"not busy":     {CallFilter{Statuses: without("BUSY")}, ids[2], CallNeighbours{ids[4], ids[0]}},
			"overdue":      {CallFilter{Overdue: &deadlines}, ids[2], CallNeighbours{}},
		} {
			if got, err := s.CallNeighbours(t.Context(), tc.by, tc.id); err != nil || got != tc.want {
				t.Errorf("%s: %v, want %v, %v", name, got, tc.want, err)
			}
		}
		counts, err := s.CallCounts(t.Context(), CallFilter{Statuses: []interview.CallStatus{"BUSY"}})
		if err != nil || counts.ByStatus["BUSY"] != 2 || counts.ByStatus["QUEUED"] != 2 || counts.Newest != 0 {
			t.Errorf("%+v, %v", counts, err)
		}
		part, err := s.Calls(t.Context(), CallFilter{Statuses: without("BUSY")}, Page{Limit: 5})
		if err != nil || len(part.Items) != 3 {
			t.Errorf("%d calls are not busy, %v", len(part.Items), err)
		}
		payloads, err := s.CallPayloads(t.Context(), ids[0])
		if err != nil || len(payloads) != 0 {
			t.Errorf("%v, %v", payloads, err)
		}
		clock.Advance(24 * time.Hour)
		if got, err := s.CallNeighbours(t.Context(), CallFilter{Overdue: &deadlines}, ids[2]); err != nil || got.Older != "" && got.Older != ids[1] {
			t.Errorf("overdue: %v, %v", got, err)
		}
	})
}
