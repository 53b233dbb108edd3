package store

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// howRead is how the database goes about a statement.
func (s *Store) howRead(t *testing.T, sql string, args ...any) string {
	t.Helper()
	explain := "EXPLAIN (COSTS OFF) "
	if s.sqlite != nil {
		explain = "EXPLAIN QUERY PLAN "
	}
	lines := s.planLines(t, s.read(), explain+sql, args...)
	return strings.Join(lines, "\n")
}

// planLines reads what an EXPLAIN says.
func (s *Store) planLines(t *testing.T, q querier, explain string, args ...any) (lines []string) {
	t.Helper()
	err := collect(t.Context(), q, func(r row) error {
		var a, b, c int
		var line string
		to := []any{&line}
		if s.sqlite != nil {
			to = []any{&a, &b, &c, &line}
		}
		err := r.Scan(to...)
		lines = append(lines, line)
		return err
	}, explain, args...)
	if err != nil {
		t.Fatalf("%s: %v", explain, err)
	}
	return lines
}

// tableRead is a walk through a whole table, in either database's words.
var tableRead = regexp.MustCompile(`Seq Scan|SCAN (contacts|calls|dial_verdicts|do_not_call|stops)$|SCAN (contacts|calls)\n|TEMP B-TREE FOR ORDER BY`)

func TestContactsAndTheGateAreReadByIndex(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url, Options{})
		recruit(t, s, 1000, nil)
		campaign := recruit(t, s, 1000, nil)
		s = asInProduction(t, s, url)
		now, id := time.Now().UTC(), campaign.ID
		live, liveArgs := in(s.dialect, "live_number", 1, []string{"+12127360001"})
		dialled, dialledArgs := in(s.dialect, "phone_number", 2, []string{"+12127360001"})
		listed, listedArgs := inBytes(s.dialect, "number_hash", 3, [][]byte{{1}})
		optedOut, optedOutArgs := in(s.dialect, "contact_id", 1, []string{id})
		for name, statement := range map[string]struct {
			sql  string
			args []any
		}{
			"first due":        {`SELECT next_at FROM contacts WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1`, nil},
			"due campaigns":    {dueCampaigns, []any{now}},
			"due contacts":     {selectContacts + ` WHERE campaign_id = $1 AND next_at IS NOT NULL AND next_at <= $2 ORDER BY next_at LIMIT $3`, []any{id, now, 200}},
			"unsettled calls":  {unsettledCalls, []any{200}},
			"calls under way":  {`SELECT COUNT(*) FROM calls WHERE campaign_id = $1 AND ended_as = '' AND dialed_at IS NOT NULL`, []any{id}},
			"dial of the cap":  {`SELECT dialed_at FROM calls WHERE campaign_id = $1 AND dialed_at > $2 ORDER BY dialed_at DESC LIMIT 1 OFFSET $3`, []any{id, now, 10}},
			"newest ends":      {`SELECT status, error_code, completed_at FROM calls WHERE campaign_id = $1 AND dialed_at IS NOT NULL ORDER BY dialed_at DESC LIMIT $2`, []any{id, 10}},
			"live calls":       {`SELECT id, live_number FROM calls WHERE live_number <> '' AND ` + live, liveArgs},
			"dials to numbers": {`SELECT phone_number, dialed_at FROM calls WHERE dialed_at > $1 AND direction = 'outbound' AND phone_number <> '' AND ` + dialled, append([]any{now}, dialledArgs...)},
			"listed numbers":   {`SELECT number_hash FROM do_not_call WHERE scope IN ($1, $2) AND ` + listed, append([]any{"all", id}, listedArgs...)},
			"newest verdict":   {selectVerdicts + ` WHERE call_id = $1 ORDER BY id DESC LIMIT 1`, []any{id}},
			"attempts":         {`SELECT ` + calledColumns + ` FROM calls WHERE contact_id = $1 AND contact_id <> '' ORDER BY id`, []any{id}},
			"opt-outs":         {contactsOptedOut + optedOut, optedOutArgs},
			"waiting":          {countWaiting, []any{id, now}},
			"due":              {countDue, []any{id, now}},
			"first that waits": {firstWaiting, []any{id, "OUTSIDE_HOURS", now}},
			"reasons":          {countReasons, []any{id}},
			"next contacts":    {nextContacts, []any{id, 5}},
		} {
			if plan := s.howRead(t, statement.sql, statement.args...); tableRead.MatchString(plan) {
				t.Errorf("%s:\n%s", name, plan)
			}
		}
		for name, by := range map[string]ContactFilter{
			"all": {}, "of a campaign": {CampaignID: id}, "of a state": {State: interview.ContactReached}, "of a campaign and a state": {CampaignID: id, State: interview.ContactReached},
			"by number": {PhoneNumber: "+12127360001"}, "by their id": {ExternalID: "x"}, "by reason": {Reason: interview.RefusalDoNotCall},
		} {
			f := by.conditions()
			n, plan := effort(t, s, selectContacts, "contacts", f)
			if tableRead.MatchString(plan) && name != "all" || n > 200 {
				t.Errorf("%s: %d rows in vain\n%s", name, n, plan)
			}
		}
	})
}

func TestNumbersOfPeopleWhoWaitAreThoseCalledNext(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		c := recruit(t, s, 5, nil)
		recruit(t, s, 2, func(c *interview.Campaign) { c.Simulated = true })
		if err := s.write(t.Context(), func(tx *Tx) error {
			for _, statement := range []string{
				`UPDATE contacts SET simulated = TRUE WHERE campaign_id <> $1`,
				`UPDATE contacts SET phone_number = '' WHERE campaign_id = $1 AND phone_number = '+12127360001'`,
				`UPDATE contacts SET next_at = NULL, state = 'REACHED' WHERE campaign_id = $1 AND phone_number = '+12127360002'`,
				`UPDATE contacts SET next_at = '2020-01-01 00:00:00+00:00' WHERE campaign_id = $1 AND phone_number = '+12127360003'`,
			} {
				if _, err := tx.Exec(t.Context(), statement, c.ID); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if numbers, err := s.WaitingNumbers(t.Context(), 100); err != nil || len(numbers) != 3 || numbers[0] != "+12127360003" {
			t.Errorf("%v, %v", numbers, err)
		}
		if numbers, err := s.WaitingNumbers(t.Context(), 1); err != nil || len(numbers) != 1 {
			t.Errorf("the first: %v, %v", numbers, err)
		}
		for _, statement := range []string{waitingNumbers, queuedNumbers} {
			if plan := s.howRead(t, statement, 10_000); s.sqlite != nil && tableRead.MatchString(plan) {
				t.Error(plan)
			}
		}
		seed(t, s, 1) // a call that waits for its dial
		if numbers, err := s.WaitingNumbers(t.Context(), 100); err != nil || len(numbers) != 4 || numbers[1] != "+12127360003" {
			t.Errorf("%v, %v", numbers, err)
		}
		if numbers, err := s.WaitingNumbers(t.Context(), 1); err != nil || len(numbers) != 1 || numbers[0] == "+12127360003" {
			t.Errorf("the first: %v, %v", numbers, err)
		}
	})
}
