package store

import (
	"regexp"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

// calledFrom dials a call and returns the number from which it was.
func (s *Store) calledFrom(t *testing.T, id string) string {
	t.Helper()
	intent(t, s, id)
	made, _, err := s.DialIntent(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return made.From
}

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

func TestContactIsCalledFromANumberOfTheirCountry(t *testing.T) {
	const us, britain, canada = "+12125550100", "+442079460018", "+14165550100"
	eachDatabase(t, Options{DialFrom: us, CallerIDs: []string{britain, canada}, DialsPerMinute: 1000}, func(t *testing.T, s *Store) {
		ids := seed(t, s, 5)
		for n, tc := range []struct{ callee, from string }{{"+442079460958", britain}, {"+442079460959", britain}, {"+14165550123", canada}, {"+12125550123", us}, {"+33123456789", canada}} {
			if err := s.write(t.Context(), func(tx *Tx) error {
				if _, err := tx.Exec(t.Context(), `UPDATE calls SET phone_number = $2 WHERE id = $1`, ids[n], tc.callee); err != nil {
					return err
				}
				_, err := tx.Exec(t.Context(), `UPDATE contacts SET phone_number = $2, time_zone = 'Europe/London' WHERE id = (SELECT contact_id FROM calls WHERE id = $1)`, ids[n], tc.callee)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if n == 4 { // no number of ours is in France: the one that was not used for the longest time
				for _, id := range []string{ids[1], ids[3]} {
					if err := s.write(t.Context(), func(tx *Tx) error {
						_, err := tx.Exec(t.Context(), `UPDATE dial_intents SET begun_at = $2 WHERE call_id = $1`, id, s.now())
						return err
					}); err != nil {
						t.Fatal(err)
					}
				}
			}
			if from := s.calledFrom(t, ids[n]); from != tc.from {
				t.Errorf("%s was called from %s, want %s", tc.callee, from, tc.from)
			}
		}
	})
}

// Whoever was called before there were several caller ids knows the only one that there was.
func TestContactFromBeforeCallerIDsKeepsTheNumberThatTheyKnow(t *testing.T) {
	eachDatabase(t, Options{DialFrom: "+12125550100", DialsPerMinute: 1000}, func(t *testing.T, s *Store) {
		ids := seed(t, s, 2)
		if from := s.calledFrom(t, ids[0]); from != "+12125550100" {
			t.Fatalf("called from %s", from)
		}
		s.options.CallerIDs = []string{"+442079460018"}
		if err := s.write(t.Context(), func(tx *Tx) error {
			second := s.mustCall(t, ids[1])
			second.PhoneNumber = "+442079460958"
			if from, err := tx.callerID(t.Context(), second); err != nil || from != "+442079460018" {
				t.Errorf("somebody new was called from %s, %v", from, err)
			}
			second.ContactID = s.mustCall(t, ids[0]).ContactID // the second attempt of the first call's contact
			if from, err := tx.callerID(t.Context(), second); err != nil || from != "+12125550100" {
				t.Errorf("called from %s the second time, %v", from, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestLastDialFromANumberIsReadByIndex(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		for _, statement := range []string{lastDials(2), callerIDBefore} {
			plan := s.howRead(t, statement, []any{"+12125550100", "+442079460018"}[:1+strings.Count(statement, "$2")]...)
			if strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "SCAN dial_intents") || strings.Contains(plan, "SCAN contacts") || strings.Contains(plan, "SCAN calls") {
				t.Errorf("%s:\n%s", statement, plan)
			}
		}
	})
}

func TestCallsAreCountedByCallerID(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		const first, second = "+12125550100", "+442079460018"
		ids := seed(t, s, 12)
		for n, c := range []struct {
			from, status, answeredBy, consent, attested string
			seconds                                     int
			inbound, refused                            bool
		}{
			{first, "COMPLETED", "human", "given", "A", 120, false, false},
			{first, "COMPLETED", "human", "", "A", 9, false, false},
			{first, "COMPLETED", "human", "refused", "B", 10, false, false}, // not short
			{first, "COMPLETED", "machine_start", "refused", "A", 5, false, false},
			{first, "COMPLETED", "machine_start", "given", "A", 200, false, false}, // was a person
			{first, "BUSY", "", "", "", 0, false, false},
			{first, "NO_ANSWER", "", "", "A", 0, false, false},
			{first, "FAILED", "", "", "", 0, false, true}, // Twilio placed no call
			{second, "NO_ANSWER", "", "", "", 0, false, false},
			{second, "COMPLETED", "fax", "", "", 3, false, false},
			{second, "COMPLETED", "human", "given", "", 60, true, false}, // they called us
			{second, "IN_PROGRESS", "", "", "", 0, false, false},
		} {
			at := "$2"
			if c.status == "IN_PROGRESS" {
				at = "NULL"
			}
			direction, sid := "outbound", "CA"+ids[n]
			if c.inbound {
				direction = "inbound"
			}
			if c.refused {
				sid = ""
			}
			if err := s.write(t.Context(), func(tx *Tx) error {
				if _, err := tx.Exec(t.Context(), `INSERT INTO dial_intents (call_id, run_id, from_number, account_sid, begun_at, deadline) VALUES ($1, 'r', $2, 'AC', $3, $3)`, ids[n], c.from, tx.Now); err != nil {
					return err
				}
				set := `UPDATE calls SET status = '` + c.status + `', answered_by = '` + c.answeredBy + `', consent = '` + c.consent + `', stir_status = '` + c.attested +
					`', direction = '` + direction + `', twilio_sid = '` + sid + `', duration = $1, completed_at = ` + at + ` WHERE id = '` + ids[n] + `'`
				args := []any{c.seconds, tx.Now}
				if at == "NULL" {
					args = args[:1]
				}
				_, err := tx.Exec(t.Context(), set, args...)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		campaign := s.mustCall(t, ids[0]).CampaignID
		for name, by := range map[string]StatsFilter{"all": {}, "of the campaign": {CampaignID: campaign}, "of today": {Since: s.now().AddDate(0, 0, -1)}} {
			counted, err := s.CallerIDs(t.Context(), by)
			if err != nil || len(counted) != 2 {
				t.Fatalf("%s: %+v, %v", name, counted, err)
			}
			one, two := counted[0], counted[1]
			if one.Number != first || one.Calls != 7 || one.Answered != 5 || one.Short != 2 || one.Machines != 1 || one.Attested["A"] != 5 || one.Attested["B"] != 1 || len(one.Attested) != 2 {
				t.Errorf("%s: %+v", name, one)
			}
			if two.Number != second || two.Calls != 2 || two.Answered != 1 || two.Short != 1 || two.Machines != 1 || len(two.Attested) != 0 {
				t.Errorf("%s: %+v", name, two)
			}
		}
		for name, by := range map[string]StatsFilter{"of another campaign": {CampaignID: "other"}, "of before": {Until: s.now().AddDate(0, 0, -1)}} {
			if counted, err := s.CallerIDs(t.Context(), by); err != nil || len(counted) != 0 {
				t.Errorf("%s: %+v, %v", name, counted, err)
			}
		}
		if counted, err := callerIDs(t.Context(), s.read(), StatsFilter{CampaignID: campaign}, 3); err != nil || len(counted) != 1 || counted[0].Number != second || counted[0].Calls != 2 {
			t.Errorf("of the newest three, of which one is not over: %+v, %v", counted, err)
		}
		if interview.ShortCall.Seconds() != 10 {
			t.Error("what is short has changed: the docs say it, and so do these calls")
		}
	})
}

// However many calls there are, the newest alone are read.
func TestCallsAreCountedByCallerIDFromTheNewest(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		fill(t, s, 5_000)
		if err := s.write(t.Context(), func(tx *Tx) error {
			for _, statement := range []string{`INSERT INTO dial_intents (call_id, run_id, from_number, account_sid, begun_at, deadline)
				SELECT id, 'r', '+12125550100', 'AC', created_at, created_at FROM calls`, `ANALYZE`} {
				if _, err := tx.Exec(t.Context(), statement); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		sorts := regexp.MustCompile(`Seq Scan on (calls|dial_intents)|Sort|TEMP B-TREE FOR ORDER BY|SCAN calls$`)
		for name, by := range map[string]StatsFilter{"all": {}, "of a campaign": {CampaignID: "campaign5000"}, "until": {Until: s.now()}, "of a campaign, until": {CampaignID: "campaign5000", Until: s.now()}} {
			dialled, f := newestDialled(by, 20)
			if plan := s.howRead(t, dialled, f.args...); sorts.MatchString(plan) {
				t.Errorf("%s:\n%s", name, plan)
			}
		}
	})
}
