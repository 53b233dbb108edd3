package api_test

import "testing"

func TestStatsAnswerHowManyCallsEndedHow(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.do("POST", "/api/campaigns", `{"name":"Shelves","status":"ACTIVE",`+whoCalls+`}`).want(201).text("id")
		calls := s.do("POST", "/api/campaigns/"+campaign+"/calls", `{"phoneNumbers":["+15551234567","+15551234568"]}`).want(202).list(t, "calls")
		s.do("POST", "/api/calls/"+calls[0].text("id")+"/cancel", "").want(200)
		for query, want := range map[string][2]float64{"": {2, 1}, "?since=1h&campaignId=" + campaign: {2, 1}, "?until=1h": {0, 0}, "?campaignId=none": {0, 0}} {
			got := s.get("/api/stats" + query).want(200)
			got.keys(t, "at since until campaignId calls inboundCalls callerIds webhooks runs dialingPaused overdue backlog recordings claims verdicts")
			counted, _ := got["calls"].(map[string]any)
			if counted["created"] != want[0] || counted["ended"] != want[1] {
				t.Errorf("%s: %v", query, counted)
			}
		}
		s.get("/api/stats?limit=5").wantError(400, `Unknown query parameter "limit": use since, until, campaignId`)
	})
}
