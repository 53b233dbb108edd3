package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// recruiting creates an ACTIVE campaign that may call at any hour.
func (s *server) recruiting(more string) string {
	s.t.Helper()
	return s.do("POST", "/api/campaigns", `{"name":"Shelves","status":"ACTIVE","region":"US","promptTemplate":"- What does {{product}} cost?",
		"identity":{"organisation":"Shelf Research","callbackNumber":"+15550009999","purpose":"prices"},
		"callingHours":[{"days":"mon-sun","from":"00:00","to":"24:00"}]`+more+`}`).want(201).text("id")
}

const csvType = "Content-Type: text/csv; charset=utf-8"

func TestContactsAreImportedFromCSVAndJSON(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.recruiting("")
		path := "/api/campaigns/" + campaign + "/contacts"
		file := "phoneNumber;externalId;timeZone;consentBasis;var.product\r\n(212) 736-0001;a1;America/New_York;agreed;bread\r\n911;a2;;;bread\r\n212-736-0001;a3;;;bread\r\n212 736 0004;a4;;;\r\n"
		preview := s.do("POST", path+"?dryRun=true", file, csvType).want(200)
		if n := len(s.get("/api/contacts?campaignId="+campaign).want(200).list(t, "items")); n != 0 {
			t.Fatalf("a dry run added %d contacts", n)
		}
		done := s.do("POST", path, file, csvType, "Idempotency-Key: one").want(202)
		if fmt.Sprint(preview["counts"]) != fmt.Sprint(done["counts"]) || fmt.Sprint(preview["refusedRows"]) != fmt.Sprint(done["refusedRows"]) {
			t.Errorf("preview %v\nimport  %v", preview, done)
		}
		rows := preview.list(t, "rows")
		if len(rows) != 4 || rows[0].text("action") != "call" || rows[0].text("phoneNumber") != "+12127360001" {
			t.Errorf("%v", rows)
		}
		for i, want := range []string{"INVALID_NUMBER", "DUPLICATE", "VARIABLE_MISSING"} {
			if r := done.list(t, "refusedRows")[i]; r.text("reason") != want || fmt.Sprint(r["line"]) != fmt.Sprint(i+3) || r.text("detail") == "" {
				t.Errorf("%v, want %s", r, want)
			}
		}
		again := s.do("POST", path, file, csvType, "Idempotency-Key: one")
		if again.want(202); again.header.Get("Idempotent-Replayed") != "true" || fmt.Sprint(again.want(202)) != fmt.Sprint(done) {
			t.Errorf("again: %s", again.text)
		}
		s.do("POST", path, file+"\n", csvType, "Idempotency-Key: one").wantError(422, "Idempotency-Key was used for another request")
		s.do("POST", path, `{"contacts":[{"phoneNumber":"+12127360005","variables":{"product":"bread"},"consentAt":"2026-01-02"}]}`).want(202)

		contacts := s.get("/api/contacts?campaignId="+campaign+"&state=WAITING").want(200).list(t, "items")
		if len(contacts) != 2 || contacts[1].text("externalId") != "a1" || contacts[1].text("timeZone") != "America/New_York" {
			t.Fatalf("%v", contacts)
		}
		for _, query := range []string{"phoneNumber=%2B12127360001", "externalId=a1", "campaignId=" + campaign + "&phoneNumber=12127360001"} {
			if got := s.get("/api/contacts?"+query).want(200).list(t, "items"); len(got) != 1 || got[0].text("id") != contacts[1].text("id") {
				t.Errorf("%s: %v", query, got)
			}
		}
		s.get("/api/contacts?state=GONE").want(400)
		s.get("/api/contacts/" + campaign).want(404)
		counts := s.get("/api/campaigns/" + campaign).want(200)["contacts"].(map[string]any)
		if fmt.Sprint(counts["states"]) != "map[CALLING:0 EXHAUSTED:0 REACHED:0 REFUSED:0 WAITING:2]" || !strings.Contains(fmt.Sprint(counts["reasons"]), "TURN:map[count:2") {
			t.Errorf("%v", counts)
		}
		s.do("PATCH", "/api/campaigns/"+campaign, `{"status":"PAUSED"}`).want(200)
		one := s.get("/api/contacts/" + contacts[0].text("id")).want(200)
		counts = s.get("/api/campaigns/" + campaign).want(200)["contacts"].(map[string]any)
		if one.text("reason") != "CAMPAIGN" || !strings.Contains(fmt.Sprint(counts["reasons"]), "CAMPAIGN:map[count:2") || !strings.Contains(fmt.Sprint(counts["gate"]), "PAUSED") {
			t.Errorf("%v, %v", one, counts)
		}
	})
}

func TestListThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	path := "/api/campaigns/" + s.recruiting("") + "/contacts"
	s.do("POST", path, "name\nx\n", csvType).want(422)
	s.do("POST", path, "\xff\xfep\x00", csvType).want(422)
	s.do("POST", path, "<x/>", "Content-Type: application/xml").want(415)
	s.do("POST", path+"?dryRun=perhaps", "phoneNumber\n", csvType).want(400)
	s.do("POST", "/api/campaigns/none/contacts", "phoneNumber\n+12127360001\n", csvType).want(404)
	broken := s.do("POST", path, `{"contacts":[{"phoneNumber":"+12127360001","variables":{"product":"x"}},{"phoneNumber"`).want(422)
	if broken.text("error") == "" || fmt.Sprint(broken["contacts"]) != "1" {
		t.Errorf("what was done is not said: %v", broken)
	}
}

// POST /calls names whom nothing lets be called.
func TestNumbersThatMustNeverBeCalledAreNamed(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		const listed, other = "+12127360001", "+12127360002"
		if _, _, err := s.store.AddDoNotCall(t.Context(), store.NewDoNotCall{PhoneNumber: listed, Scope: interview.ScopeAll, Source: "test"}); err != nil {
			t.Fatal(err)
		}
		path := "/api/campaigns/" + s.recruiting("") + "/calls"
		s.do("POST", path, phoneNumbers(other, listed)).refused("DO_NOT_CALL", listed)
		id := s.do("POST", path, phoneNumbers(other)).want(202).list(t, "calls")[0].text("id")
		call := s.get("/api/calls/" + id).want(200)
		if call.text("contactId") == "" || fmt.Sprint(call["attempt"]) != "1" || call["gate"] != nil {
			t.Errorf("%v", call)
		}
		contact := s.get("/api/contacts/" + call.text("contactId")).want(200)
		if calls := contact.list(t, "calls"); contact.text("state") != "CALLING" || len(calls) != 1 || calls[0].text("id") != id {
			t.Errorf("%v", contact)
		}
		s.do("POST", "/api/campaigns/"+s.recruiting(`,"requireConsentBasis":true`)+"/calls", phoneNumbers("+12127360003")).refused("NO_CONSENT_BASIS", "+12127360003")
	})
}

func TestCallingHoursHolidaysAndAttemptsAreValidated(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	path := "/api/campaigns/" + s.recruiting("")
	answer := s.do("PATCH", path, `{"callingHours":[{"days":"monday","from":"9","to":"20:00"}],"holidays":["25.12."],"attempts":{"max":99,"on":["PERHAPS"],"waitMinutes":-1}}`)
	var fields []string
	for _, f := range answer.want(http.StatusUnprocessableEntity).list(t, "fields") {
		fields = append(fields, f.text("field"))
	}
	if got := strings.Join(fields, " "); got != "callingHours[0].days callingHours[0].from holidays[0] attempts.max attempts.on[0] attempts.waitMinutes" {
		t.Errorf("named %s: %s", got, answer.text)
	}
	s.do("PATCH", path, `{"callingHours":[{"days":"mon-fri","from":"09:00","to":"24:00"}],"holidays":["2026-12-25"],"attempts":{"max":3,"on":["BUSY"],"waitMinutes":30}}`).want(200)
}
