package api_test

import "testing"

func TestStatsAnswerHowManyCallsEndedHow(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.do("POST", "/api/campaigns", `{"name":"Shelves","status":"ACTIVE",`+whoCalls+`}`).want(201).text("id")
		calls := s.do("POST", "/api/campaigns/"+campaign+"/calls", `{"phoneNumbers":["+15551234567","+15551234568"]}`).want(202).list(t, "calls")
		s.do("POST", "/api/calls/"+calls[0].text("id")+"/cancel", "").want(200)
		for query, want := range map[string][2]float64{"": {2, 1}, "?since=1h&campaignId=" + campaign: {2, 1}, "?until=1h": {0, 0}, "?campaignId=none": {0, 0}} {
			got := s.get("/api/stats" + query).want(200)
			got.keys(t, "at since until campaignId calls inboundCalls callerIds callerIdsOf simulatedLeftOut webhooks runs dialingPaused overdue backlog recordings claims verdicts")
			counted, _ := got["calls"].(map[string]any)
			if counted["created"] != want[0] || counted["ended"] != want[1] {
				t.Errorf("%s: %v", query, counted)
			}
		}
		s.get("/api/stats?limit=5").wantError(400, `Unknown query parameter "limit": use since, until, campaignId`)
	})
}

func TestStatsOfCallerIDsAndOfCallsThatCameIn(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.campaign("ACTIVE")
		ids := s.queue(campaign, "+15550000001", "+15550000002", "+15550000003")
		for n, set := range []string{`status = 'COMPLETED', duration = 9`, `status = 'NO_ANSWER'`, `status = 'COMPLETED', direction = 'inbound', consent = 'given'`} {
			s.exec(`UPDATE calls SET ` + set + `, twilio_sid = 'CA' || id, completed_at = created_at WHERE id = '` + ids[n] + `'`)
			s.exec(`INSERT INTO dial_intents (call_id, run_id, from_number, account_sid, begun_at, deadline) SELECT id, 'r', '+12125550100', 'AC', created_at, created_at FROM calls WHERE id = '` + ids[n] + `'`)
		}
		for query, want := range map[string]float64{"": 2, "?since=1h": 2, "?campaignId=" + campaign: 2, "?until=1h": 0} {
			got := s.get("/api/stats" + query).want(200)
			callerIDs := got.list(t, "callerIds")
			if want == 0 {
				if len(callerIDs) != 0 {
					t.Errorf("%s: %v", query, callerIDs)
				}
				continue
			}
			if len(callerIDs) != 1 {
				t.Fatalf("%s: %v", query, got)
			}
			c := callerIDs[0]
			c.keys(t, "phoneNumber calls answered answerRate short shortRate shortSeconds machines machineRate attested")
			if c.text("phoneNumber") != "+12125550100" || c["calls"] != 2.0 || c["answerRate"] != 0.5 || c["shortRate"] != 1.0 || c["shortSeconds"] != 10.0 || c["machineRate"] != 0.0 {
				t.Errorf("%s: %v", query, c)
			}
			in, _ := got["inboundCalls"].(map[string]any)
			ours, _ := got["calls"].(map[string]any)
			if in["created"] != 1.0 || in["ended"] != 1.0 || in["interviews"] != 1.0 || ours["created"] != 2.0 || ours["ended"] != 2.0 {
				t.Errorf("%s: %v of ours, %v came in", query, ours, in)
			}
		}
		for _, query := range []string{"?since=soon", "?until=x", "?since=1h&until=2h"} {
			s.get("/api/stats" + query).want(400)
		}
		s.do("POST", "/api/stats", "").want(405)
	})
}
