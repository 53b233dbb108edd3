package api_test

import (
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

const noMoment = "must be a time such as 2026-11-23T12:00:00Z, a date such as 2026-11-23 (UTC), or how long ago, such as 24h"

func TestWrongFiltersAreRefusedAndNumbersNotRepeated(t *testing.T) {
	s := onSQLite(t)
	for path, want := range map[string]string{
		"/api/calls?phoneNumber=555-1234":             "phoneNumber must be an E.164 number such as %2B15551234567",
		"/api/calls?phoneNumber=":                     "phoneNumber must be an E.164 number such as %2B15551234567",
		"/api/calls?status=BUSY&status=LOST":          "status is not one of a call",
		"/api/calls?campaignId=a&campaignId=b":        `Query parameter "campaignId" was sent 2 times`,
		"/api/calls?sipResponse=200":                  "sipResponse must be a response such as 486",
		"/api/calls?errorCode=none":                   "errorCode must be a code such as 21211",
		"/api/calls?consentGiven=maybe":               "consentGiven must be true, false or null",
		"/api/calls?overdue=no":                       "overdue must be true, or false beside awaiting",
		"/api/calls?since=yesterday":                  "since " + noMoment,
		"/api/webhooks?until=-5m":                     "until " + noMoment,
		"/api/runs?since=2026-11-26&until=2026-11-25": "since must be before until",
		"/api/webhooks?error=%00":                     "error must be a text of up to 200 bytes",
		"/api/campaigns?status=GONE":                  "status is not one of a campaign",
		"/api/calls?phone=%2B15551234567":             `Unknown query parameter "phone": use limit, cursor, status, campaignId, phoneNumber, callSid, errorCode, sipResponse, consentGiven, simulated, direction, minAttempt, claims, disposition, since, until, awaiting, overdue, twilioSid`,
		"/api/webhooks?errorCode=21211":               `Unknown query parameter "errorCode": use limit, cursor, outcome, kind, callId, callSid, campaignId, error, since, until`,
		"/api/campaigns?category=retail":              `Unknown query parameter "category": use limit, cursor, status, name`,
	} {
		s.get(path).wantError(400, want)
	}
}

func TestCallsAreFoundOverTheAPI(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.do("POST", "/api/campaigns", `{"name":"Shelves","status":"ACTIVE",`+whoCalls+`,"promptTemplate":"- What does it cost?"}`).want(201).text("id")
		s.do("POST", "/api/campaigns/"+campaign+"/calls", `{"phoneNumbers":["+15551234567","+15551234568","+15551234569"]}`).want(202)
		for query, want := range map[string]int{
			"phoneNumber=%2B15551234567": 1, "phoneNumber=+15551234568": 1, "phoneNumber=15550000000": 0, "status=QUEUED&status=FAILED": 3, "status=FAILED,BUSY": 0,
			"since=1h&consentGiven=null&campaignId=" + campaign: 3, "until=1h": 0, "overdue=true": 0, "callSid=CA1": 0, "errorCode=21211": 0,
		} {
			if got := s.get("/api/calls?"+query).want(200).list(t, "items"); len(got) != want {
				t.Errorf("%s: %d calls, want %d", query, len(got), want)
			}
		}
		call := s.get("/api/calls?phoneNumber=15551234567").want(200).list(t, "items")[0].text("id")
		for path, want := range map[string]int{
			"/api/runs?callId=" + call: 1, "/api/runs?error=503": 0, "/api/runs?since=1h&function=" + string(interview.OrchestrateCall): 3,
			"/api/webhooks?campaignId=" + campaign + "&since=1h&error=x": 0, "/api/webhooks?callSid=CA1": 0, "/api/rejections?since=24h&until=2099-01-01": 0,
			"/api/campaigns?name=shel&status=ACTIVE": 1, "/api/campaigns?name=none": 0,
		} {
			if got := s.get(path).want(200).list(t, "items"); len(got) != want {
				t.Errorf("%s: %d items, want %d", path, len(got), want)
			}
		}
	})
}

// A parameter that an endpoint does not know is refused by every one: whoever asks for a dry run where there is none must not have
// people called.
func TestNoEndpointIgnoresAParameterThatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.campaign("ACTIVE")
		call := s.queue(campaign, "+15550000001")[0]
		run := s.get("/api/runs").want(200).list(t, "items")[0].text("id")
		for _, request := range [][3]string{
			{"POST", "/api/campaigns", `{"name":"n"}`}, {"PATCH", "/api/campaigns/" + campaign, `{"name":"n"}`}, {"POST", "/api/campaigns/" + campaign + "/calls", phoneNumbers("+15550000002")},
			{"GET", "/api/campaigns/" + campaign, ""}, {"GET", "/api/calls/" + call, ""}, {"POST", "/api/calls/" + call + "/cancel", ""}, {"POST", "/api/calls/" + call + "/withdraw-consent", `{}`},
			{"DELETE", "/api/personal-data", `{"phoneNumber":"+15550000001"}`}, {"DELETE", "/api/calls/" + call + "/personal-data", `{}`}, {"POST", "/api/stops", `{}`},
			{"POST", "/api/do-not-call", `{"phoneNumber":"+15550000003"}`}, {"POST", "/api/runs/" + run + "/retry", ""}, {"POST", "/api/runs/retry", `{}`}, {"GET", "/api/runs/" + run, ""},
			{"DELETE", "/api/stops/none", ""}, {"DELETE", "/api/do-not-call/none", ""}, {"GET", "/api/stops", ""}, {"GET", "/api/contacts", ""}, {"GET", "/api/contacts/" + call, ""},
		} {
			reply := s.do(request[0], request[1]+"?dryrun=true", request[2])
			if reply.status != 400 || !strings.Contains(reply.text, `Unknown query parameter`) || !strings.Contains(reply.text, "dryrun") {
				t.Errorf("%s %s: %d %s", request[0], request[1], reply.status, reply.text)
			}
		}
		// The scope of one number is in the body: in the query it would be ignored, and the number blocked for all.
		s.do("POST", "/api/do-not-call?scope="+campaign, `{"phoneNumber":"+15550000003"}`).want(400)
		if calls := s.get("/api/calls").want(200).list(t, "items"); len(calls) != 1 || calls[0].text("status") != "QUEUED" {
			t.Errorf("something was done: %v", calls)
		}
		if list := s.get("/api/do-not-call").want(200).list(t, "items"); len(list) != 0 {
			t.Errorf("something was done: %v", list)
		}
	})
}

func TestWrongTypeIsNamedByTheFieldOfTheBody(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		for body, want := range map[string]string{
			`{"name":"n","identity":{"purpose":5}}`: "Malformed JSON: identity.purpose must not be a number",
			`{"name":"n","callingHours":{}}`:        "Malformed JSON: callingHours must not be an object",
			`{"name":"n","maxConcurrent":1.5}`:      "Malformed JSON: maxConcurrent must not be a number 1.5",
			`{"name":"n","attempts":[]}`:            "Malformed JSON: attempts must not be an array",
		} {
			s.do("POST", "/api/campaigns", body).wantError(400, want)
		}
	})
}
