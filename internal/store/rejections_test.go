package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func rejected(at time.Time, cause string) *RejectionDetail {
	return &RejectionDetail{
		Rejection: Rejection{ReceivedAt: at, Kind: "voice", Method: "POST", Path: "/v", Status: 403, Client: "192.0.2.1", AccountSid: "AC1",
			Cause: cause, Proven: cause != "unknown", Summary: cause + ": \x00\xff"},
		Request: RejectedRequest{Host: "h", Signature: "present", BodyLength: 12, Error: "wrong signature",
			Query: []RejectedParam{{Name: "callId", Length: 26, Hash: "ab"}}, Params: []RejectedParam{}},
		Explanation: RejectionExplanation{Explained: true, Causes: []RejectionCause{{Kind: cause, Text: "t", Cure: "c"}}, Cure: "c",
			Proof: &RejectionProof{URL: "https://h", Token: "x"}},
	}
}

func TestRejectionsAreListedExplainedAndChecked(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		limits := RejectionLimits{Count: 100, PerCause: 50, Bytes: 1 << 20, Age: time.Hour}
		start := clock.Now()
		for i, cause := range []string{"scheme", "unknown", "unknown"} {
			if err := s.KeepRejections(t.Context(), []*RejectionDetail{rejected(start.Add(time.Duration(i)*time.Second), cause)}, limits); err != nil {
				t.Fatal(err)
			}
			clock.Advance(time.Millisecond)
		}
		listed := func(by RejectionFilter) (ids []string) {
			t.Helper()
			for page := (Page{Limit: 1}); ; {
				part, err := s.Rejections(t.Context(), by, page)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range part.Items {
					ids = append(ids, r.ID)
				}
				if page.After = part.Next; page.After == "" {
					return ids
				}
			}
		}
		all := listed(RejectionFilter{})
		if len(all) != 3 || !(all[0] > all[1] && all[1] > all[2]) {
			t.Fatalf("listed %v, want three with the newest first", all)
		}
		for n, by := range map[int]RejectionFilter{
			1: {Cause: "scheme", Kind: "voice", Client: "192.0.2.1", Until: start.Add(time.Second)}, 2: {Since: start.Add(time.Second)}, 0: {Kind: "status"},
		} {
			if got := listed(by); len(got) != n {
				t.Errorf("%+v lists %d", by, len(got))
			}
		}

		counts, err := s.RejectionCounts(t.Context())
		if err != nil || len(counts) != 2 || counts[0].Cause != "unknown" || counts[0].Count != 2 || !counts[0].Last.Equal(start.Add(2*time.Second)) {
			t.Errorf("%+v, %v", counts, err)
		}

		d, err := s.Rejection(t.Context(), all[0])
		if err != nil || d.Cause != "unknown" || d.Request.Query[0].Name != "callId" || !d.Explanation.Explained || d.Explanation.Proof.URL != "https://h" ||
			!d.ReceivedAt.Equal(start.Add(2*time.Second)) || d.CheckedAt != nil || d.Verified != nil || strings.Contains(d.Summary, "\x00") {
			t.Errorf("%+v, %v", d, err)
		}
		d.Cause, d.Proven, d.Explanation = "host", true, RejectionExplanation{}
		if err := s.ExplainRejection(t.Context(), &d); err != nil {
			t.Error(err)
		}
		yes := true
		if _, err := s.RejectionChecked(t.Context(), d.ID, &yes); err != nil {
			t.Error(err)
		}
		if d, err := s.Rejection(t.Context(), d.ID); err != nil || d.Cause != "host" || !d.Proven || d.Explanation.Explained || d.CheckedAt == nil || !*d.Verified {
			t.Errorf("%+v, %v", d, err)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM rejections WHERE size < 200`); n != 0 {
			t.Errorf("%d rows count less than they are", n)
		}

		d.ID = "gone"
		_, none := s.Rejection(t.Context(), d.ID)
		_, unchecked := s.RejectionChecked(t.Context(), d.ID, nil)
		for _, err := range []error{none, unchecked, s.ExplainRejection(t.Context(), &d)} {
			if !errors.Is(err, ErrNotFound) {
				t.Errorf("of one that is gone: %v", err)
			}
		}
	})
}

// TestRejectionsStayWithinTheirBounds: the newest stay, a flood with one cause does not displace the others, and none stays too long.
func TestRejectionsStayWithinTheirBounds(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		limits := RejectionLimits{Count: 60, PerCause: 40, Bytes: 1 << 20, Age: time.Hour}
		keep := func(n int, cause string) {
			t.Helper()
			for range n {
				batch := make([]*RejectionDetail, 10)
				for i := range batch {
					batch[i] = rejected(clock.Now(), cause)
				}
				if err := s.KeepRejections(t.Context(), batch, limits); err != nil {
					t.Fatal(err)
				}
				clock.Advance(time.Second)
			}
		}
		want := func(counts string) {
			t.Helper()
			got := ""
			for _, cause := range []string{"scheme", "unknown", "host"} {
				got += fmt.Sprint(s.count(t, `SELECT COUNT(*) FROM rejections WHERE cause = $1`, cause), " ")
			}
			if strings.TrimSpace(got) != counts {
				t.Errorf("kept %s, want %s", got, counts)
			}
		}
		keep(1, "scheme")
		keep(30, "unknown")
		want("10 40 0")
		keep(3, "host") // more than all that are allowed: the oldest of those that are not proven go
		want("10 20 30")
		keep(1, "unknown")
		want("10 20 30")
		keep(3, "host")
		want("10 10 40")

		size := s.count(t, `SELECT MAX(size) FROM rejections`)
		limits.Bytes = 25 * size
		keep(1, "host")
		if n := s.count(t, `SELECT COALESCE(SUM(size), 0) FROM rejections`); n > limits.Bytes || n < limits.Bytes-2*size {
			t.Errorf("%d bytes are kept, want up to %d", n, limits.Bytes)
		}
		clock.Advance(2 * time.Hour)
		keep(1, "scheme")
		want("10 0 0")

		if n, err := s.PruneRejections(t.Context(), clock.Now()); err != nil || n != 10 {
			t.Errorf("pruned %d, %v", n, err)
		}
	})
}
