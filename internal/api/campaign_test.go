package api_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// campaign creates one with a status and returns its id.
// whoCalls is what a campaign must say before it may dial.
const whoCalls = `"identity":{"organisation":"Shelf Research","callbackNumber":"+15550009999","purpose":"prices on the shelf"},"callingHours":[{"days":"mon-sun","from":"00:00","to":"24:00"}]`

func (s *server) campaign(status string) string {
	s.t.Helper()
	return s.do("POST", "/api/campaigns", `{"name":"Shelves","category":"retail","promptTemplate":"- Price?",`+whoCalls+`,"status":"`+status+`"}`).
		want(201).text("id")
}

func TestCampaignIsAnsweredWithItsIDs(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		r := s.do("POST", "/api/campaigns", `{"name":" Shelves ","category":"retail","status":"ACTIVE",`+whoCalls+`,
			"promptTemplate":"Ask this:\n- What does it cost?\n - How many a week?",
			"hypotheses":[{"question":"Is it dear?"},{"question":"Does it sell?"}]}`)
		created := r.want(201)
		created.keys(t, "id name category promptTemplate status answerMode language questions hypotheses canComplete legalHold legalHoldSince createdAt "+
			"identity voice region callingHours holidays attempts maxConcurrent maxPerDay requireConsentBasis stopWhenDecided")
		if created.text("name") != "Shelves" || created.text("category") != "retail" || created.text("status") != "ACTIVE" {
			t.Errorf("%v", created)
		}
		if got := fmt.Sprint(created["questions"]); got != "[What does it cost? How many a week?]" {
			t.Errorf("questions %s", got)
		}
		if at, err := time.Parse(time.RFC3339, created.text("createdAt")); err != nil || at.Location() != time.UTC {
			t.Errorf("createdAt %v: %v", created["createdAt"], err)
		}
		if got := r.header.Get("Location"); got != "/api/campaigns/"+created.text("id") {
			t.Errorf("Location %q", got)
		}
		hypotheses := created.list(t, "hypotheses")
		if len(hypotheses) != 2 || hypotheses[0].text("question") != "Is it dear?" {
			t.Fatalf("hypotheses %v", hypotheses)
		}
		for _, h := range hypotheses {
			h.keys(t, "id question status conclusion")
			if h.text("status") != "PENDING" || h["conclusion"] != nil {
				t.Errorf("%v", h)
			}
			alone := s.get("/api/hypotheses/" + h.text("id")).want(200)
			alone.keys(t, "id campaignId question status conclusion reopened consistency confidence claims claimCount verdicts verdictCount")
			if len(alone.list(t, "claims")) != 0 || alone["question"] != h["question"] || alone["id"] != h["id"] {
				t.Errorf("%v", alone)
			}
		}
		if one := s.oneCampaign("/api/campaigns/" + created.text("id")); !reflect.DeepEqual(one, created) {
			t.Errorf("read %v, created %s", one, r.text)
		}
		s.get("/api/campaigns/nothing").wantError(404, "Campaign not found")
		s.get("/api/hypotheses/nothing").wantError(404, "Hypothesis not found")
	})
}

func TestCampaignWithOnlyANameIsCreated(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		created := s.do("POST", "/api/campaigns", `{"name":"n"}`).want(201)
		if created.text("status") != "DRAFT" || len(created.list(t, "hypotheses")) != 0 || len(created.list(t, "questions")) != 0 {
			t.Errorf("%v", created)
		}
	})
}

func TestEveryFaultOfACampaignIsNamed(t *testing.T) {
	s := onSQLite(t)
	body, err := json.Marshal(map[string]any{
		"name": "  ", "category": "a\x00b", "promptTemplate": "- ok?\n- " + strings.Repeat("x", 1001), "status": "active",
		"hypotheses": []any{map[string]any{"question": "fine"}, map[string]any{"question": ""}},
	})
	if err != nil {
		t.Fatal(err)
	}
	answer := s.do("POST", "/api/campaigns", string(body)).want(422)
	answer.keys(t, "error fields")
	want := []string{"name", "category", "promptTemplate", "status", "hypotheses[1].question"}
	fields := answer.list(t, "fields")
	if len(fields) != len(want) {
		t.Fatalf("%v", answer)
	}
	for i, f := range fields {
		if f.text("field") != want[i] || f.text("error") == "" || !strings.Contains(answer.text("error"), want[i]) {
			t.Errorf("fault %d: %v in %v, want %s", i, f, answer["error"], want[i])
		}
	}
	for _, tooMuch := range []map[string]any{
		{"name": strings.Repeat("x", 201)},
		{"name": "n", "promptTemplate": strings.Repeat("x", 20_001)},
		{"name": "n", "promptTemplate": strings.Repeat("- x\n", 51)},
		{"name": "n", "hypotheses": make([]struct{}, 101)},
		{"name": "bell \a"},
	} {
		body, err := json.Marshal(tooMuch)
		if err != nil {
			t.Fatal(err)
		}
		if o := s.do("POST", "/api/campaigns", string(body)).want(422); len(o.list(t, "fields")) != 1 {
			t.Errorf("%v", o)
		}
	}
	if n := len(s.get("/api/campaigns").want(200).list(t, "items")); n != 0 {
		t.Errorf("%d campaigns were made", n)
	}
}

// oneCampaign is a campaign without the counts of its contacts, which are of the moment.
func (s *server) oneCampaign(path string) object {
	s.t.Helper()
	one := s.get(path).want(200)
	delete(one, "contacts")
	return one
}

func TestChangeOfACampaignKeepsFieldsLeftOut(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		path := "/api/campaigns/" + s.campaign("DRAFT")
		before := s.oneCampaign(path)
		for _, change := range []string{`{}`, `{"status":"ACTIVE"}`, `{"status":"PAUSED"}`, `{"name":"Other"}`, `{"category":""}`,
			`{"promptTemplate":"- Else?"}`, `{"name":"Two","status":"COMPLETED"}`} {
			var sent object
			if err := json.Unmarshal([]byte(change), &sent); err != nil {
				t.Fatal(err)
			}
			answered := s.do("PATCH", path, change).want(200)
			for name, value := range sent {
				before[name] = value
			}
			if sent["promptTemplate"] != nil {
				before["questions"] = []any{"Else?"}
			}
			for _, got := range []object{answered, s.oneCampaign(path)} {
				if fmt.Sprint(got) != fmt.Sprint(before) {
					t.Errorf("after %s: %v, want %v", change, got, before)
				}
			}
		}
		s.do("PATCH", path, `{"id":"x"}`).wantError(400, `Malformed JSON: unknown field "id"`)
		s.do("PATCH", path, `{"status":"DONE"}`).want(422)
		s.do("PATCH", path, `{"name":" "}`).want(422)
		s.do("PATCH", "/api/campaigns/nothing", `{"name":"n"}`).wantError(404, "Campaign not found")
		if got := s.oneCampaign(path); fmt.Sprint(got) != fmt.Sprint(before) {
			t.Errorf("a refused change took effect: %v", got)
		}
	})
}

func TestEmptyListIsAnEmptyArray(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		for _, list := range []string{"campaigns", "calls", "webhooks"} {
			if r := s.get("/api/" + list); r.status != 200 || r.text != `{"items":[],"next":null}`+"\n" {
				t.Errorf("%s: %d %s", list, r.status, r.text)
			}
		}
	})
}

func TestPagesListEveryCampaignOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		made := map[string]bool{}
		for range 5 {
			made[s.campaign("DRAFT")] = true
		}
		parts := 0
		for path := "/api/campaigns?limit=2"; path != ""; parts++ {
			part := s.get(path).want(200)
			part.keys(t, "items next")
			for _, c := range part.list(t, "items") {
				if !made[c.text("id")] {
					t.Errorf("%s is listed twice", c.text("id"))
				}
				delete(made, c.text("id"))
			}
			path = ""
			if next := part.text("next"); next != "" {
				path = "/api/campaigns?limit=2&cursor=" + next
			}
		}
		if len(made) != 0 || parts != 3 {
			t.Errorf("%d campaigns are missing after %d parts", len(made), parts)
		}
	})
}

func TestCampaignKeepsItsLanguage(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		created := s.do("POST", "/api/campaigns", `{"name":"n","language":"fr-fr"}`).want(201)
		if created.text("language") != "fr-FR" {
			t.Errorf("created with language %v", created["language"])
		}
		path := "/api/campaigns/" + created.text("id")
		if changed := s.do("PATCH", path, `{"language":"de"}`).want(200); changed.text("language") != "de" {
			t.Errorf("changed to language %v", changed["language"])
		}
		if kept := s.do("PATCH", path, `{"name":"m"}`).want(200); kept.text("language") != "de" {
			t.Errorf("another change left language %v", kept["language"])
		}
		if created := s.do("POST", "/api/campaigns", `{"name":"n"}`).want(201); created.text("language") != "en-US" {
			t.Errorf("without one the language is %v", created["language"])
		}
		s.do("POST", "/api/campaigns", `{"name":"n","language":"English"}`).want(422)
		s.do("PATCH", path, `{"language":""}`).want(422)
	})
}

// Who changed a campaign, and why, is in the audit log also when no legal hold is set.
func TestChangeOfACampaignIsAuditedWithItsReason(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.campaign("DRAFT")
		s.do("PATCH", "/api/campaigns/"+campaign, `{"status":"ACTIVE","requestedBy":"Kim","reason":"the list is ready"}`).want(200)
		log := s.get("/api/audit?subject="+campaign+"&action=campaign.update").want(200).list(t, "items")
		if len(log) != 1 || log[0].text("actor") != "Kim" || log[0].text("reason") != "the list is ready" {
			t.Errorf("audit log: %v", log)
		}
	})
}

func TestDryRunOfCallsSaysWhatWouldBeAnsweredAndCallsNobody(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.campaign("ACTIVE")
		path := "/api/campaigns/" + campaign + "/calls"
		dry := s.do("POST", path, `{"phoneNumbers":["+15551230001","+15551230002"],"dryRun":true}`).want(200)
		if dry["callable"] != 2.0 || dry["dryRun"] != true {
			t.Errorf("%v", dry)
		}
		if calls := s.get("/api/calls?campaignId="+campaign).want(200).list(t, "items"); len(calls) != 0 {
			t.Errorf("a dry run made %d calls", len(calls))
		}
		s.do("POST", path, `{"phoneNumbers":["+15551230001"]}`).want(202)
		faults := s.do("POST", path, `{"phoneNumbers":["+15551230002","+15551230001"],"dryRun":true}`).want(422).list(t, "fields")
		if len(faults) != 1 || faults[0].text("field") != "phoneNumbers[1]" {
			t.Errorf("%v", faults)
		}
		s.do("PATCH", "/api/campaigns/"+campaign, `{"status":"PAUSED"}`).want(200)
		if faults := s.do("POST", path, `{"phoneNumbers":["+15551230002"],"dryRun":true}`).want(422).list(t, "fields"); faults[0].text("field") != "campaign" {
			t.Errorf("%v", faults)
		}
	})
}
