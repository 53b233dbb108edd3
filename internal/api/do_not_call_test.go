package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

func TestDoNotCallListIsKeptOverTheAPI(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.campaign("ACTIVE")
		id := s.queue(campaign, "+15550000001")[0]
		entry := s.do("POST", "/api/do-not-call", `{"phoneNumber":"+1 555 000 0001","scope":"all","source":"letter","reason":"asked","requestedBy":"ann"}`).want(201)
		if entry.text("phoneNumber") != "+1******0001" || entry.text("scope") != "all" || entry.text("source") != "letter" || entry.text("requestedBy") != "ann" {
			t.Errorf("%v", entry)
		}
		if again := s.do("POST", "/api/do-not-call", `{"phoneNumber":"+15550000001"}`).want(200); again.text("id") != entry.text("id") {
			t.Errorf("%v", again)
		}
		if call := s.get("/api/calls/" + id).want(200); call.text("status") != "CANCELED" {
			t.Errorf("a queued call to it is %s", call.text("status"))
		}
		if found := s.get("/api/do-not-call?phoneNumber=%2B15550000001").want(200).list(t, "items"); len(found) != 1 {
			t.Errorf("%v", found)
		}
		if found := s.get("/api/do-not-call?phoneNumber=%2B15550000002").want(200).list(t, "items"); len(found) != 0 {
			t.Errorf("%v", found)
		}
		s.do("POST", "/api/do-not-call", `{"phoneNumber":"12","scope":"x"}`).wantInvalid(`phoneNumber "12" must be an E.164 number such as +15551234567`)
		s.do("POST", "/api/do-not-call", `{"phoneNumber":"+15550000003","scope":"x"}`).wantInvalid("scope must be all, or the id of a campaign")

		file := "phoneNumber,scope,reason\n+15550000004,,fax\n5550000005,,\n+15550000006," + campaign + ",\n"
		done := s.do("POST", "/api/do-not-call", file, "Content-Type: text/csv").want(200)
		if fmt.Sprint(done["rows"], done["added"], done["refusedRows"]) != "3 2 1" || done.list(t, "refused")[0]["line"] != float64(3) {
			t.Errorf("%v", done)
		}
		s.do("POST", "/api/do-not-call", "a,b\n", "Content-Type: text/csv").wantError(422,
			"column 1 of the first line is none of id, phoneNumber, hash, key, scope, source, reason, requestedBy, callId, createdAt; 0 rows were read, 0 of them added")
		for _, r := range []reply{s.get("/api/do-not-call?format=csv"), s.do("GET", "/api/do-not-call", "", "Accept: text/csv")} {
			if r.status != 200 || strings.Count(r.text, "\n") != 4 || strings.Contains(r.text, "+1555") || !strings.HasPrefix(r.text, "id,phoneNumber,hash,") {
				t.Errorf("%d %s", r.status, r.text)
			}
		}
		if r := s.do("DELETE", "/api/do-not-call/"+entry.text("id"), `{"requestedBy":"ann","reason":"asked again"}`); r.status != 204 {
			t.Errorf("%d %s", r.status, r.text)
		}
		s.do("DELETE", "/api/do-not-call/"+entry.text("id"), "").wantError(404, "Entry of the do-not-call list not found")
	})
}

// wantInvalid checks that a request is answered 422 with this error, beside the fields.
func (r reply) wantInvalid(message string) {
	r.t.Helper()
	if got := r.want(422); got.text("error") != message {
		r.t.Errorf("answered %s, want the error %q", r.text, message)
	}
}

// A list of this size is what a company brings along.
func TestLongDoNotCallListIsImportedInOneRequest(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	var file strings.Builder
	file.WriteString("phoneNumber\n")
	const rows = 20_000
	for i := range rows {
		fmt.Fprintf(&file, "+1555%07d\n", i)
	}
	begun := time.Now()
	done := s.do("POST", "/api/do-not-call", file.String(), "Content-Type: text/csv").want(200)
	t.Logf("%d rows in %v", rows, time.Since(begun))
	if done["added"] != float64(rows) {
		t.Errorf("%v", done)
	}
}

func TestStopIsBegunAndEndedOverTheAPI(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.campaign("ACTIVE")
		ids := s.queue(campaign, "+15550000001", "+15550000002", "+15550000003")
		s.becomes(ids[0], interview.CallInProgress)
		s.becomes(ids[1], interview.CallRinging)
		begun := s.do("POST", "/api/stops", `{"scope":"`+campaign+`","mode":"finish","requestedBy":"ann","reason":"drill"}`).want(201)
		if begun["queued"] != float64(1) || begun["live"] != float64(2) || begun["ends"] != float64(1) || begun["inForce"] != true || begun.text("requestedBy") != "ann" {
			t.Errorf("%v", begun)
		}
		hangUp := s.do("POST", "/api/stops", `{"mode":"hangup"}`).want(201)
		if hangUp.text("scope") != "all" || hangUp["ends"] != float64(2) {
			t.Errorf("%v", hangUp)
		}
		if runs := s.runsOf("cancel-call", "waiting"); len(runs) != 2 {
			t.Errorf("%d calls are ended", len(runs))
		}
		s.do("POST", "/api/stops", `{"mode":"softly"}`).wantInvalid(`mode "softly" must be finish or hangup`)
		s.do("POST", "/api/stops", `{"scope":"nobody","mode":"finish"}`).wantInvalid("scope must be all, or the id of a campaign")
		for range 2 {
			ended := s.do("DELETE", "/api/stops/"+begun.text("id")+"?requestedBy=bob&reason=over", "").want(200)
			if ended["inForce"] != false || ended.text("endedBy") != "bob" {
				t.Errorf("%v", ended)
			}
		}
		if all := s.get("/api/stops").want(200).list(t, "items"); len(all) != 2 || all[0].text("id") != hangUp.text("id") || all[0]["inForce"] != true {
			t.Errorf("%v", all)
		}
		s.do("DELETE", "/api/stops/nothing", "").wantError(404, "Stop not found")
		s.do("DELETE", "/api/stops/"+hangUp.text("id"), `{"requestedBy":"ann","reason":"the complaint is settled"}`).want(200)
		var said []string
		for _, entry := range s.get("/api/audit?action=stop.end").want(200).list(t, "items") {
			said = append(said, entry.text("actor")+": "+entry.text("reason"))
		}
		if !slices.Equal(said, []string{"ann: the complaint is settled", "bob: over"}) {
			t.Errorf("the audit log says %q", said)
		}
	})
}
