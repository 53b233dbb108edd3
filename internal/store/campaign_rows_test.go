package store

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// surveyed makes a campaign of two questions with contacts, each with the calls that made gives it, and returns its id.
func surveyed(t *testing.T, s *Store, contacts int, made func(n int, contact *interview.Contact) []interview.Call) string {
	t.Helper()
	campaign, err := s.CreateCampaign(t.Context(), interview.Campaign{Name: "Shelves", Status: interview.CampaignActive, Identity: storetest.Caller(),
		CallingHours: interview.AllHours(), AnswerMode: interview.AnswerGather, PromptTemplate: "- What does {{thing}} cost?\n- How many a week?",
		Hypotheses: []interview.Hypothesis{{Question: "Is it dear?"}}})
	if err != nil {
		t.Fatal(err)
	}
	err = s.write(t.Context(), func(tx *Tx) error {
		for n := range contacts {
			contact := interview.Contact{ID: fmt.Sprintf("%s-%04d", campaign.ID, n), CampaignID: campaign.ID, PhoneNumber: fmt.Sprintf("+1555%07d", n),
				State: interview.ContactExhausted, Variables: map[string]string{"thing": "bread"}, CreatedAt: tx.Now, UpdatedAt: tx.Now}
			calls := made(n, &contact)
			if err := tx.insertContacts(t.Context(), []interview.Contact{contact}); err != nil {
				return err
			}
			for i := range calls {
				calls[i].ID, calls[i].CampaignID, calls[i].ContactID = fmt.Sprintf("%s-%d", contact.ID, i), campaign.ID, contact.ID
				calls[i].Attempt, calls[i].Sequence, calls[i].CreatedAt, calls[i].DialedAt = i+1, -1, tx.Now, &tx.Now
				calls[i].Direction = interview.DirectionOutbound
			}
			if len(calls) == 0 {
				continue
			}
			if err := tx.insertCalls(t.Context(), calls); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return campaign.ID
}

func TestDispositionsCountEachContactOnce(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		const contacts = 2*partRows + 50 // several parts, the last of them not whole
		yes := interview.Call{Status: interview.CallCompleted, Consent: interview.ConsentGiven, Answers: 2}
		busy, unanswered := interview.Call{Status: interview.CallBusy}, interview.Call{Status: interview.CallNoAnswer}
		id := surveyed(t, s, contacts, func(n int, c *interview.Contact) []interview.Call {
			switch n % 5 {
			case 0:
				c.State = interview.ContactReached
				return []interview.Call{busy, yes}
			case 1:
				return []interview.Call{busy, unanswered}
			case 2:
				c.State = interview.ContactWaiting
				return []interview.Call{busy}
			case 3:
				c.State, c.Reason = interview.ContactRefused, interview.RefusalDoNotCall
				return nil
			}
			c.State, c.Reason = interview.ContactRefused, interview.RefusalDecided
			return nil
		})
		surveyed(t, s, 1, func(int, *interview.Contact) []interview.Call { return []interview.Call{yes} }) // of another campaign
		final, open, err := s.Dispositions(t.Context(), id)
		if err != nil || len(final) != 4 || len(open) != 1 || open[interview.ContactWaiting] != contacts/5 {
			t.Errorf("%v, %v, %v", final, open, err)
		}
		for _, d := range []interview.Disposition{"1.1", "3.13", "3.11", "4.80"} {
			if final[d] != contacts/5 {
				t.Errorf("%s: %d contacts, want %d", d, final[d], contacts/5)
			}
		}
		if _, _, err := s.Dispositions(t.Context(), "none"); !errors.Is(err, ErrNotFound) {
			t.Errorf("of no campaign: %v", err)
		}
	})
}

// The number of a disposition leads to calls: to those of exactly the contacts that it counts.
func TestCallsOfADispositionAreThoseOfTheContactsThatItCounts(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		given := interview.ConsentGiven
		agreed := interview.Call{Status: interview.CallCompleted, Consent: given}
		whole := interview.Call{Status: interview.CallCompleted, Consent: given, Answers: 2}
		busy := interview.Call{Status: interview.CallBusy}
		machine := interview.Call{Status: interview.CallCompleted, AnsweredBy: "machine_start", Consent: interview.ConsentRefused, ConsentBy: interview.ConsentByDetector}
		at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		hungUp := interview.Call{Status: interview.CallCompleted, CancelRequestedAt: &at}
		id := surveyed(t, s, 7, func(n int, c *interview.Contact) []interview.Call {
			return [][]interview.Call{{busy, agreed}, {agreed, whole}, {busy, busy}, {machine, hungUp}, {agreed}, {machine}, {busy, agreed}}[n]
		})
		if err := s.write(t.Context(), func(tx *Tx) error { // the last contact is not over
			_, err := tx.Exec(t.Context(), `UPDATE contacts SET state = 'WAITING' WHERE id = (SELECT MAX(id) FROM contacts WHERE campaign_id = $1)`, id)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		final, _, err := s.Dispositions(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for d, want := range map[interview.Disposition]int{"2.12": 2, "1.1": 1, "3.12": 2, "2.22": 2, "3.14": 1, "2.30": 0} {
			by := CallFilter{CampaignID: id, Disposition: d}
			contacts := map[string]bool{}
			ids := everyPage(t, func(p Page) (List[interview.Call], error) {
				part, err := s.Calls(t.Context(), by, p)
				for _, c := range part.Items {
					contacts[c.ContactID] = true
				}
				return part, err
			}, func(c interview.Call) string { return c.ID })
			if len(ids) != want || len(contacts) != final[d] {
				t.Errorf("%s: %d calls of %d contacts, want %d of %d", d, len(ids), len(contacts), want, final[d])
			}
			for n, call := range ids {
				beside, err := s.CallNeighbours(t.Context(), by, call)
				around := append(append([]string{""}, ids...), "")
				if err != nil || beside != (CallNeighbours{Newer: around[n], Older: around[n+2]}) {
					t.Errorf("%s: beside call %d of %v: %v, %v", d, n, ids, beside, err)
				}
			}
		}
		by := CallFilter{CampaignID: id, Disposition: "3.12", Statuses: []interview.CallStatus{"BUSY", "FAILED"}}
		if part, err := s.Calls(t.Context(), by, Page{Limit: 10}); err != nil || len(part.Items) != 2 || part.Next != "" {
			t.Errorf("of some statuses: %d calls, %q, %v", len(part.Items), part.Next, err)
		}
		if _, err := s.Calls(t.Context(), CallFilter{CampaignID: "none", Disposition: "1.1"}, Page{Limit: 10}); !errors.Is(err, ErrNotFound) {
			t.Errorf("of no campaign: %v", err)
		}
	})
}

func TestRowsOfACampaignComeOnceAndInOrder(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		const contacts = partRows + 20
		id := surveyed(t, s, contacts, func(int, *interview.Contact) []interview.Call {
			return []interview.Call{{Status: interview.CallBusy}, {Status: interview.CallCompleted}}
		})
		last, calls := "", 0
		err := s.EachCall(t.Context(), id, func(part []interview.Call) error {
			if len(part) > partRows {
				t.Errorf("%d calls at once", len(part))
			}
			for _, c := range part {
				if c.ID <= last {
					t.Errorf("%s comes after %s", c.ID, last)
				}
				last, calls = c.ID, calls+1
				if c.Script.Questions[0] != "What does bread cost?" {
					t.Errorf("asked %q", c.Script.Questions)
				}
			}
			return nil
		})
		if err != nil || calls != 2*contacts {
			t.Errorf("%d calls, %v", calls, err)
		}
		enough := errors.New("enough")
		parts := 0
		if err := s.EachContact(t.Context(), id, func(part []ContactAttempts) error {
			parts++
			if len(part[0].Calls) != 2 || part[0].Calls[0].Attempt != 1 || part[0].Variables["thing"] != "bread" {
				t.Errorf("%+v", part[0])
			}
			return enough
		}); !errors.Is(err, enough) || parts != 1 {
			t.Errorf("%d parts, %v", parts, err)
		}
	})
}

// A live answer has the number of its question; on a recording our own words before it tell which it was.
func TestAnswersNameTheQuestionWhereItIsKnown(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		yes := interview.Call{Status: interview.CallCompleted, Consent: interview.ConsentGiven}
		id := surveyed(t, s, 2, func(n int, c *interview.Contact) []interview.Call {
			c.ExternalID = fmt.Sprint("person ", n)
			return []interview.Call{yes}
		})
		live, recorded := id+"-0000-0", id+"-0001-0"
		err := s.write(t.Context(), func(tx *Tx) error {
			stmts := tx.newStmtBatch()
			stmts.saveRecordings([]interview.Recording{{Sid: "RE1", CallID: recorded, Status: interview.RecordingCompleted}})
			if err := stmts.run(t.Context()); err != nil {
				return err
			}
			say := func(call, recording string, position int, speaker interview.Speaker, text string) {
				if _, err := tx.Exec(t.Context(), `INSERT INTO utterances (call_id, recording_sid, position, speaker, text, start_sec, end_sec)
					VALUES ($1, $2, $3, $4, $5, 0, 0)`, call, recording, position, string(speaker), text); err != nil {
					t.Fatal(err)
				}
			}
			say(live, "", 2, interview.SpeakerCallee, "seven")
			say(recorded, "", 1, interview.SpeakerCallee, "the recording has it too")
			for n, u := range [][2]string{{"agent", "Thank you. This call is now being recorded."}, {"callee", "fine"}, {"agent", "what does bread cost"},
				{"callee", "two"}, {"callee", "dollars"}, {"agent", "Whatever this was."}, {"callee", "what?"}, {"agent", "How many a week?"}, {"callee", "seven"}} {
				say(recorded, "RE1", n, interview.Speaker(u[0]), u[1])
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		if err := s.EachAnswer(t.Context(), id, func(part []SpokenAnswer) error {
			for _, a := range part {
				got = append(got, fmt.Sprintf("%s %d %s: %s", a.ExternalID, a.Question, a.Asked, a.Text))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		want := []string{"person 0 2 How many a week?: seven", "person 1 0 : fine", "person 1 1 What does bread cost?: two",
			"person 1 1 What does bread cost?: dollars", "person 1 0 : what?", "person 1 2 How many a week?: seven"}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestClaimsAndVerdictsOfACampaignAreAllRead(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		calls, hypotheses := heardCalls(t, s, 3)
		campaign := strings.TrimSuffix(calls[0], "-000")
		for _, id := range calls {
			run := s.mustStart(t, interview.ExtractClaims, id+":RE"+id)
			claims := []interview.Claim{{HypothesisID: hypotheses[0], Field: interview.FieldPrice, Unit: interview.UnitNone, Text: "Five", RawText: "Five dollars", Confidence: 1},
				{Field: interview.FieldOther, Unit: interview.UnitNone, Rejected: "no quote"}}
			if err := s.SaveClaims(t.Context(), run, id, "RE"+id, claims); err != nil {
				t.Fatal(err)
			}
		}
		read := 0
		if err := s.EachClaim(t.Context(), campaign, func(part []interview.Claim) error { read += len(part); return nil }); err != nil || read != 6 {
			t.Errorf("%d claims, %v", read, err)
		}
		const verdicts = partRows + 3
		if err := s.write(t.Context(), func(tx *Tx) error {
			for n := range verdicts {
				if _, err := tx.Exec(t.Context(), `INSERT INTO verdicts (id, hypothesis_id, revision, status, conclusion, consistency, confidence, claims, calls,
					reasons, model, created_at) VALUES ($1, $2, $3, 'PENDING', '', 0, 0, 0, 0, '["few"]', '', $4)`, fmt.Sprint("v", n), hypotheses[1], n, tx.Now); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		var revisions []int
		if err := s.EachVerdict(t.Context(), campaign, func(part []JudgedHypothesis) error {
			for _, v := range part {
				revisions = append(revisions, v.Revision)
				if v.Question != "Is it liked?" || len(v.Reasons) != 1 {
					t.Errorf("%+v", v)
				}
			}
			return nil
		}); err != nil || len(revisions) != verdicts || revisions[verdicts-1] != verdicts-1 {
			t.Errorf("%v, %v", revisions, err)
		}
	})
}

// Each part of a campaign is found by an index, also in the middle of it.
func TestPartsOfACampaignDoNotReadTheWholeTable(t *testing.T) {
	eachFilled(t, func(t *testing.T, s *Store, url string) {
		begin := firstID(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))[:10]
		err := s.write(t.Context(), func(tx *Tx) error {
			for _, statement := range []string{
				`INSERT INTO contacts (id, campaign_id, phone_number, external_id, time_zone, language, variables, consent_basis, state, reason,
					attempts, call_id, caller_id, simulated, created_at, updated_at)
					SELECT id, campaign_id, phone_number, '', '', '', '', '', 'EXHAUSTED', '', 1, id, '', FALSE, created_at, created_at FROM calls`,
				`UPDATE calls SET contact_id = id`,
				`INSERT INTO utterances (call_id, recording_sid, position, speaker, text, start_sec, end_sec) SELECT id, '', 1, 'callee', 'yes', 0, 0 FROM calls`,
			} {
				if _, err := tx.Exec(t.Context(), statement); err != nil {
					return fmt.Errorf("%s: %w", statement, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		s = asInProduction(t, s, url)
		var ids []string
		for n := range partRows {
			ids = append(ids, begin+fmt.Sprint(110_000+n))
		}
		check := func(what, statement string, args []any) {
			n, plan := effortOf(t, s, statement, args)
			if n > 10*partRows {
				t.Errorf("%s: %d rows were read:\n%s", what, n, plan)
			}
		}
		for what, selection := range map[string][2]string{"calls": {selectCalled, "calls"}, "contacts": {selectContactRows, "contacts"}, "interviews": {selectInterviewed, "calls"}} {
			statement, args := partOf(selection[0], selection[1], "campaign20000", ids[0])
			check(what, statement, args)
		}
		for what, statement := range map[string]func([]string) (string, []any){"calls of contacts": s.dialect.callsOfContacts,
			"utterances": s.dialect.utterancesOfCalls, "claims": s.dialect.claimsOfCalls} {
			text, args := statement(ids)
			check(what, text, args)
		}
		check("verdicts", selectVerdictsAfter, []any{"h", 7, partRows})
	})
}

// effortOf is how many rows the database reads for a statement, at least, and its plan.
func effortOf(t *testing.T, s *Store, statement string, args []any) (int, string) {
	t.Helper()
	sqlite := s.sqlite != nil
	lines := s.planLines(t, explaining{s.read(), sqlite}, statement, args...)
	n, plan := 0, strings.Join(lines, "\n")
	if sqlite {
		// An array of arguments is read as a whole, of course.
		return (strings.Count(plan, "SCAN ") - strings.Count(plan, "SCAN json_each ")) << 20, plan
	}
	for _, counts := range []*regexp.Regexp{rowsSkipped, rowsRead} {
		for _, match := range counts.FindAllStringSubmatch(plan, -1) {
			rows, err := strconv.Atoi(match[1])
			if err != nil {
				t.Fatal(err)
			}
			n += rows
		}
	}
	return n, plan
}
