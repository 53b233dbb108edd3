package store

import (
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

func TestProgressCountsEachCallOnce(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		ids := seed(t, s, 6)
		changes := []func(*interview.Call){
			func(c *interview.Call) {
				c.Status, c.Consent, c.ConsentBy = interview.CallCompleted, interview.ConsentGiven, interview.ConsentByKeypad
			},
			func(c *interview.Call) {
				c.Status, c.Consent, c.ConsentBy = interview.CallCompleted, interview.ConsentRefused, interview.ConsentBySpeech
			},
			func(c *interview.Call) {
				c.Status, c.Consent, c.ConsentBy = interview.CallCompleted, interview.ConsentRefused, interview.ConsentByDetector
			},
			func(c *interview.Call) { c.Status = interview.CallBusy },
			func(c *interview.Call) { c.Status = interview.CallInProgress },
			func(*interview.Call) {},
		}
		var campaign, number string
		err := s.write(t.Context(), func(tx *Tx) error {
			for n, change := range changes {
				call, err := tx.lockCall(t.Context(), ids[n])
				if err != nil {
					return err
				}
				campaign, number = call.CampaignID, call.PhoneNumber
				change(&call)
				if err := tx.saveCall(t.Context(), call); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		progress, err := s.CampaignsProgress(t.Context(), []string{campaign, "none"})
		p := progress[campaign]
		if err != nil || len(progress) != 1 || p.Calls != 6 || p.Inbound != 0 || p.Live != 2 || p.Ended[interview.CallCompleted] != 3 || p.Ended[interview.CallBusy] != 1 || p.Yes != 1 || p.No != 1 {
			t.Errorf("%+v, %v", progress, err)
		}
		live, err := s.LiveCalls(t.Context(), campaign)
		if err != nil || len(live) != 2 || live[interview.CallInProgress] != 1 || live[interview.CallQueued] != 1 {
			t.Errorf("%v, %v", live, err)
		}
		var made time.Time
		if err := s.read().QueryRow(t.Context(), `SELECT created_at FROM calls WHERE id = $1`, ids[0]).Scan(&made); err != nil {
			t.Fatal(err)
		}
		today := made.UTC().Truncate(24 * time.Hour)
		days, err := s.CallsByDay(t.Context(), campaign, today.AddDate(0, 0, -2), 4)
		if err != nil || days[0]+days[1]+days[3] != 0 || days[2] != 6 {
			t.Errorf("%v, %v", days, err)
		}
		calls, err := s.CallsTo(t.Context(), campaign, []string{number, "+15559999999"}, today)
		if err != nil || len(calls) != 1 || calls[number].ID != ids[5] {
			t.Errorf("%v, %v", calls, err)
		}
		if calls, err := s.CallsTo(t.Context(), campaign, []string{number}, today.AddDate(0, 0, 2)); err != nil || len(calls) != 0 {
			t.Errorf("%v, %v", calls, err)
		}
	})
}

func TestProgressLeavesOutCallsThatCameIn(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		ids := seed(t, s, 5)
		first := s.mustCall(t, ids[0])
		for n, status := range []interview.CallStatus{"COMPLETED", "COMPLETED", "COMPLETED", "IN_PROGRESS", "IN_PROGRESS"} {
			came := ""
			if n == 1 || n == 2 || n == 4 {
				came = ", direction = 'inbound'"
			}
			if err := s.write(t.Context(), func(tx *Tx) error {
				_, err := tx.Exec(t.Context(), `UPDATE calls SET status = $2, consent = 'given', consent_by = 'keypad', phone_number = '+15551234567'`+came+` WHERE id = $1`, ids[n], string(status))
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		progress, err := s.CampaignsProgress(t.Context(), []string{first.CampaignID})
		if p := progress[first.CampaignID]; err != nil || p.Calls != 2 || p.Live != 1 || p.Yes != 2 || p.Inbound != 3 || len(p.Ended) != 1 || p.Ended[interview.CallCompleted] != 1 {
			t.Errorf("%+v, %v", p, err)
		}
		live, err := s.LiveCalls(t.Context(), first.CampaignID)
		if err != nil || len(live) != 1 || live[interview.CallInProgress] != 1 {
			t.Errorf("live: %v, %v", live, err)
		}
		today := first.CreatedAt.UTC().Truncate(24 * time.Hour)
		days, err := s.CallsByDay(t.Context(), first.CampaignID, today, 2)
		if err != nil || days[0] != 2 || days[1] != 0 {
			t.Errorf("by day: %v, %v", days, err)
		}
		// An import asks whom the campaign has called: who called us is not one of them.
		calls, err := s.CallsTo(t.Context(), first.CampaignID, []string{"+15551234567"}, today)
		if err != nil || calls["+15551234567"].ID != ids[3] {
			t.Errorf("calls to: %v, %v", calls, err)
		}
	})
}

// What a page of campaigns counts must be read from an index alone, or 100,000 rows are fetched for it.
func TestProgressReadsItsIndexAlone(t *testing.T) {
	eachFilled(t, func(t *testing.T, s *Store, url string) {
		s = asInProduction(t, s, url)
		for name, statement := range map[string]string{
			"progress":         progressOf(s.dialect, "('campaign20000', 'other')"),
			"a day":            `SELECT COUNT(*) FROM calls WHERE campaign_id = 'campaign20000' AND id >= 'a' AND id < 'b'`,
			"came in on a day": `SELECT -COUNT(*) FROM calls WHERE campaign_id = 'campaign20000' AND id >= 'a' AND id < 'b' AND direction = 'inbound'`,
		} {
			var lines []string
			err := collect(t.Context(), explaining{s.read(), s.sqlite != nil}, func(r row) error {
				var line string
				var a, b, c int
				into := []any{&a, &b, &c, &line}
				if s.sqlite == nil {
					into = into[3:]
				}
				err := r.Scan(into...)
				lines = append(lines, line)
				return err
			}, statement)
			if err != nil {
				t.Fatal(err)
			}
			plan := strings.Join(lines, "\n")
			if name == "progress" && s.dialect.keepsCounts {
				if strings.Count(plan, "SEARCH call_counts USING INDEX") != 2 || strings.Contains(plan, "calls_") {
					t.Errorf("%s:\n%s", name, plan)
				}
				continue
			}
			index := "calls_campaign"
			if strings.Contains(name, "came in") {
				index = "calls_inbound_campaign"
			}
			if !strings.Contains(plan, "COVERING INDEX "+index) && !strings.Contains(plan, "Index Only Scan using "+index) || name == "progress" && !strings.Contains(plan, "calls_inbound") {
				t.Errorf("%s:\n%s", name, plan)
			}
		}
	})
}
