package store

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

func TestEachIDIsFoundWithWhatItIs(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		call := seed(t, s, 1)[0]
		detail, err := s.CallDetail(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		made := detail.Call
		runs, err := s.Runs(t.Context(), RunFilter{}, Page{Limit: 1})
		if err != nil || len(runs.Items) != 1 {
			t.Fatalf("%v, %v", runs, err)
		}
		err = s.write(t.Context(), func(tx *Tx) error {
			for _, statement := range []string{
				`INSERT INTO hypotheses (id, campaign_id, position, question, status, conclusion, created_at) VALUES ('h1', $1, 9, '', '', '', $2)`,
				`INSERT INTO claims (id, call_id, recording_sid, field, value_text, unit, sku_id, geo_code, text, raw_text, start_sec, end_sec,
					confidence, low_confidence, validated, contradicting, rejected, created_at)
					VALUES ('cl1', $1, 'RE1', '', '', '', '', '', '', '', 0, 0, 0, FALSE, FALSE, FALSE, '', $2)`,
				`INSERT INTO recordings (sid, call_id, status, status_rank, url, channels, created_at, updated_at) VALUES ('RE1', $1, '', 0, '', 2, $2, $2)`,
			} {
				of := call
				if strings.Contains(statement, "hypotheses") {
					of = made.CampaignID
				}
				if _, err := tx.Exec(t.Context(), statement, of, tx.Now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]Found{
			call: {"call", call, ""}, made.CampaignID: {"campaign", made.CampaignID, ""}, runs.Items[0].ID: {"run", runs.Items[0].ID, ""},
			"h1": {"hypothesis", "h1", made.CampaignID}, "cl1": {"claim", "cl1", call},
		} {
			found, err := s.FindID(t.Context(), id)
			if err != nil || len(found) != 1 || found[0] != want {
				t.Errorf("%s: %v, %v; want %v", id, found, err, want)
			}
		}
		if names, err := s.CallsCreated(t.Context(), time.Now().Add(-time.Hour), time.Now().Add(time.Hour), 5); err != nil || len(names) != 1 || names[0].ID != call {
			t.Errorf("%v, %v", names, err)
		}
		if names, err := s.CallsCreated(t.Context(), time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour), 5); err != nil || len(names) != 0 {
			t.Errorf("%v, %v", names, err)
		}
		if found, err := s.FindID(t.Context(), "nobody"); err != nil || len(found) != 0 {
			t.Errorf("%v, %v", found, err)
		}
		if of, err := s.CallOfRecording(t.Context(), "RE1"); err != nil || of != call {
			t.Errorf("%s, %v", of, err)
		}
		if _, err := s.CallOfRecording(t.Context(), "RE2"); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	})
}

// An event's records are the accepted one and the payloads that are not it.
func TestRecordsOfAnEventBeginWithTheAcceptedOne(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		call := seed(t, s, 1)[0]
		broken := true
		p := NewProcessor(s, func(call interview.Call, _ *inbox.Event) (interview.Change, inbox.Reply, error) {
			if broken {
				return interview.Change{}, inbox.Reply{}, errors.New("broken")
			}
			return interview.Change{Call: call}, inbox.Reply{Status: 200}, nil
		})
		for n, body := range []string{"a=1", "a=2", "a=3", "a=2"} {
			broken = n == 0
			_, err := p.Process(t.Context(), &inbox.Event{ID: "CA1:status:busy", Kind: "status", Subject: call, CallSid: "CA1", Target: "/x", Body: []byte(body),
				ReceivedAt: time.Now()})
			if (err != nil) != broken {
				t.Fatal(err)
			}
		}
		records, err := s.WebhooksOfEvent(t.Context(), "CA1:status:busy")
		if err != nil || len(records) != 3 || records[0].Outcome != inbox.Accepted || records[0].Duplicates != 2 || records[1].Outcome != inbox.Failed ||
			records[2].Outcome != inbox.Conflict {
			t.Errorf("%+v, %v", records, err)
		}
		list, err := s.Webhooks(t.Context(), WebhookFilter{NotAccepted: true, CallSid: "CA1"}, Page{Limit: 10})
		if err != nil || len(list.Items) != 2 {
			t.Errorf("%+v, %v", list, err)
		}
		if list, err = s.Webhooks(t.Context(), WebhookFilter{NotAccepted: true, Since: time.Now().Add(-time.Hour)}, Page{Limit: 10}); err != nil || len(list.Items) != 2 {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

// lookups returns a line for each lookup by one value that reads more than the rows it finds.
func lookups(t *testing.T, s *Store) (bad []string) {
	t.Helper()
	for _, lookup := range []struct {
		sql  string
		args []any
	}{{byID, []any{"01J"}}, {recordingBySid, []any{"RE1"}}, {acceptedOfEvent, []any{"e7"}}, {othersOfEvent, []any{"e7", 10}}} {
		lines := s.planLines(t, explaining{s.read(), s.sqlite != nil}, lookup.sql, lookup.args...)
		for _, line := range lines {
			skipped := rowsSkipped.FindStringSubmatch(line)
			if s.sqlite != nil && walks.MatchString(line) || skipped != nil && len(skipped[1]) > 3 {
				bad = append(bad, lookup.sql+"\n"+strings.Join(lines, "\n"))
			}
		}
	}
	return bad
}
