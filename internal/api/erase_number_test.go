package api_test

import "testing"

func TestErasureByNumberNamesItsCallsAndNotTheNumber(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.do("POST", "/api/campaigns", `{"name":"Shelves","status":"ACTIVE",`+whoCalls+`}`).want(201).text("id")
		calls := s.do("POST", "/api/campaigns/"+campaign+"/calls", `{"phoneNumbers":["+15551234567","+15551234568"]}`).want(202).list(t, "calls")
		done := s.do("DELETE", "/api/personal-data", `{"phoneNumber":"+15551234567","reason":"asked"}`, "X-Requested-By: the person").want(202)
		erased := done.list(t, "calls")
		if len(erased) != 1 || erased[0].text("callId") != calls[0].text("id") || erased[0].text("requestedBy") != "the person" {
			t.Errorf("erased %v of %v", erased, calls)
		}
		if pending, ok := done["pending"].([]any); !ok || len(pending) != 0 {
			t.Errorf("pending: %v", done["pending"])
		}
		if left := s.get("/api/calls?status=QUEUED").want(200).list(t, "items"); len(left) != 1 || left[0].text("id") != calls[1].text("id") {
			t.Errorf("left: %v", left)
		}
		again := s.do("DELETE", "/api/personal-data", `{"phoneNumber":"+15551234567","requestedBy":"me"}`).want(202)
		if len(again.list(t, "calls")) != 0 {
			t.Errorf("erased twice: %v", again)
		}
		s.do("DELETE", "/api/personal-data", `{"phoneNumber":"5551234567"}`).want(422)
		s.do("DELETE", "/api/personal-data", "", "X-Requested-By: me").wantError(415, "Content-Type must be application/json")
	})
}
