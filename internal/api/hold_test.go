package api_test

import "testing"

func TestLegalHoldForbidsErasure(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.campaign("ACTIVE")
		call := s.do("POST", "/api/campaigns/"+campaign+"/calls", `{"phoneNumbers":["+15551230001"]}`).want(202).list(t, "calls")[0].text("id")
		held := s.do("PATCH", "/api/campaigns/"+campaign, `{"legalHold":true,"requestedBy":"counsel","reason":"case 7"}`).want(200)
		if held["legalHold"] != true || held["legalHoldSince"] == nil {
			t.Errorf("%v", held)
		}
		erase := func() reply { return s.do("DELETE", "/api/calls/"+call+"/personal-data", `{"requestedBy":"she"}`) }
		erase().wantError(409, "Campaign has a legal hold: lift it to erase anything of its calls")
		if lifted := s.do("PATCH", "/api/campaigns/"+campaign, `{"legalHold":false}`).want(200); lifted["legalHold"] != false {
			t.Errorf("%v", lifted)
		}
		erase().want(202)
		log := s.get("/api/audit?subject="+campaign+"&action=hold.set").want(200).list(t, "items")
		if len(log) != 1 || log[0].text("actor") != "counsel" || log[0].text("reason") != "case 7" {
			t.Errorf("audit log: %v", log)
		}
	})
}
