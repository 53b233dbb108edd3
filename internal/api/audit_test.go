package api_test

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestAuditLogNamesWhoDidWhatAndNoNumber(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		ann := "X-Requested-By: ann"
		campaign := s.campaign("ACTIVE")
		number := "+15551234567"
		s.do("POST", "/api/campaigns/"+campaign+"/calls", `{"phoneNumbers":["`+number+`","+15551234568"]}`, ann).want(202)
		s.do("PATCH", "/api/campaigns/"+campaign, `{"category":"call `+number+`","status":"PAUSED"}`, ann).want(200)
		calls := s.get("/api/calls").want(200).list(t, "items")
		s.do("POST", "/api/calls/"+calls[0].text("id")+"/cancel", "", ann).want(200)
		s.do("POST", "/api/calls/"+calls[0].text("id")+"/cancel", "", ann).want(409)
		erase := "/api/calls/" + calls[1].text("id") + "/personal-data"
		for range 2 { // the second changes nothing
			s.do("DELETE", erase, `{"requestedBy":"bob","reason":"`+number+` wrote us"}`).want(202)
		}

		all := s.get("/api/audit").want(200)
		if text := s.get("/api/audit").text; strings.Contains(text, "5551234567") {
			t.Errorf("a number is in the log: %s", text)
		}
		var got []string
		for _, e := range all.list(t, "items") {
			e.keys(t, "id at actor action subject reason detail")
			got = append(got, e.text("actor")+" "+e.text("action"))
		}
		want := "bob call.erase, ann call.cancel, ann campaign.update, ann call.create, api campaign.create"
		if strings.Join(got, ", ") != want {
			t.Errorf("log: %v\nwant %s", got, want)
		}
		if e := all.list(t, "items")[0]; !strings.HasSuffix(e.text("reason"), "wrote us") || e.text("subject") != calls[1].text("id") {
			t.Errorf("erasure: %v", e)
		}

		count := func(query string, want int) {
			t.Helper()
			if n := len(s.get("/api/audit?"+query).want(200).list(t, "items")); n != want {
				t.Errorf("%s: %d entries, want %d", query, n, want)
			}
		}
		count("actor=ann", 3)
		count("action=call.cancel", 1)
		count("subject="+campaign, 3)
		count("actor=nobody", 0)
		middle := all.list(t, "items")[2].text("at")
		count("since="+url.QueryEscape(middle), 3)
		count("until="+url.QueryEscape(middle), 2)
		count("since=24h", 5)
		count("until=24h", 0)
		count("since="+time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly), 5)
		s.get("/api/audit?since=yesterday").want(400)
		s.get("/api/audit?since=1h&until=2h").want(400)
		count("since="+url.QueryEscape(time.Now().Add(time.Hour).Format(time.RFC3339)), 0)
		first := s.get("/api/audit?limit=4").want(200)
		if rest := s.get("/api/audit?cursor=" + first.text("next")).want(200); len(rest.list(t, "items")) != 1 {
			t.Errorf("second part: %v", rest)
		}
		s.get("/api/audit?who=ann").want(400)
		s.get("/api/audit?since=yesterday").want(400)
		s.do("GET", "/api/calls", "", "X-Requested-By: "+strings.Repeat("a", 300)).want(400)
	})
}
