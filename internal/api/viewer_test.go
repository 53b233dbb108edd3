package api_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// TestViewerReadsWithPhoneNumbersMasked has a call in which a number is everywhere where one may be.
func TestViewerReadsWithPhoneNumbersMasked(t *testing.T) {
	const viewer, number, hidden = "a-viewer-token-of-the-test", "+15550000001", "5550000001"
	s := opened(t, storetest.SQLite(t))
	h := httptest.NewServer(api.New(api.Config{Store: s, AdminToken: token, ViewerToken: viewer}))
	t.Cleanup(h.Close)
	served := &server{t: t, url: h.URL, store: s}
	campaign := served.campaign("ACTIVE")
	id := served.queue(campaign, number)[0]
	p := store.NewProcessor(s, func(c interview.Call, e *inbox.Event) (interview.Change, inbox.Reply, error) {
		c.Transcript = "callee: my number is 555 000 0001, or five five five zero zero zero zero zero zero one; +15550000001"
		return interview.Change{Call: c}, inbox.Reply{Status: 200, ContentType: "text/xml", Body: []byte("<Dial>+15550000001</Dial>")}, nil
	})
	deliver(t, p, "voice", "CA1", id, "To=%2B15550000001&SpeechResult=five+five+five+zero+zero+zero+zero+zero+zero+one&Digits=5550000001")

	served.exec(`UPDATE calls SET status = 'COMPLETED', twilio_sid = 'CA1', completed_at = created_at`)
	served.exec(`INSERT INTO dial_intents (call_id, run_id, from_number, account_sid, begun_at, deadline) SELECT id, 'r', '` + number + `', 'AC', created_at, created_at FROM calls`)
	if stats := served.get("/api/stats"); !strings.Contains(stats.want(200).list(t, "callerIds")[0].text("phoneNumber"), hidden) {
		t.Error("the caller id is not in the stats")
	}

	as := "Authorization: Bearer " + viewer
	webhook := served.get("/api/webhooks?callId="+id).want(200).list(t, "items")[0].text("id")
	for _, path := range []string{"/api/calls", "/api/calls/" + id, "/api/webhooks", "/api/webhooks/" + webhook, "/api/campaigns", "/api/campaigns/" + campaign,
		"/api/runs", "/api/overdue", "/api/stats", "/api/contacts", "/api/stops", "/api/do-not-call"} {
		r := served.do("GET", path, "", as)
		r.want(200)
		for _, shown := range []string{hidden, "555 000 0001", "five five five", "%2B1555"} {
			if strings.Contains(r.text, shown) {
				t.Errorf("%s shows %q: %s", path, shown, r.text)
			}
		}
	}
	call := served.do("GET", "/api/calls/"+id, "", as).want(200)
	if call["phoneNumber"] != "+1******0001" || call["id"] != id || call["campaignId"] != campaign || call["createdAt"] != served.get("/api/calls/" + id).want(200)["createdAt"] {
		t.Errorf("masked too little or too much: %v", call)
	}
	event := served.do("GET", "/api/webhooks/"+webhook, "", as).want(200)
	if event["body"] != nil || event["params"] != nil || event["target"] != nil || event["eventId"] != "CA1:voice" {
		t.Errorf("raw request: %v", event)
	}
	for _, request := range [][3]string{{"POST", "/api/campaigns", `{"name":"n"}`}, {"POST", "/api/calls/" + id + "/cancel", ""}, {"DELETE", "/api/calls/" + id + "/personal-data", ""},
		{"PATCH", "/api/campaigns/" + campaign, `{"name":"n"}`}, {"GET", "/api/calls?phoneNumber=%2B15550000001", ""}} {
		if r := served.do(request[0], request[1], request[2], as); r.status != 403 {
			t.Errorf("%s %s: %d", request[0], request[1], r.status)
		}
	}
	served.do("GET", "/api/nothing", "", as).wantError(404, "Not found")
	served.do("GET", "/api/calls", "", as+"x").wantError(401, "Unauthorized")
	if served.get("/api/calls/" + id).want(200)["phoneNumber"] != number {
		t.Error("the administrator sees a masked number")
	}
}
