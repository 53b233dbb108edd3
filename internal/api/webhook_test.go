package api_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

func TestWebhookShowsWhatWasSentAndAnswered(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		ids := s.queue(s.campaign("ACTIVE"), "+15550000001", "+15550000002")
		p := store.NewProcessor(s.store, func(c interview.Call, e *inbox.Event) (interview.Change, inbox.Reply, error) {
			if e.Kind == "status" {
				return interview.Change{}, inbox.Reply{}, errors.New("no idea what to do")
			}
			return interview.Change{Call: c}, inbox.Reply{Status: 200, ContentType: "text/xml", Body: []byte("<Response/>")}, nil
		})
		deliver(t, p, "voice", "CA1", ids[0], "SpeechResult=yes%2C+sure&Digits=&Tag=a&Tag=b")
		deliver(t, p, "voice", "CA1", ids[0], "SpeechResult=yes%2C+sure&Digits=&Tag=a&Tag=b") // duplicate
		deliver(t, p, "voice", "CA1", ids[0], "SpeechResult=other")                           // conflict
		deliver(t, p, "status", "CA2", ids[1], "CallStatus=ringing")                          // failed
		deliver(t, p, "voice", "CA3", "nobody", "x=1")                                        // refused

		one := func(query string) object {
			t.Helper()
			items := s.get("/api/webhooks?"+query).want(200).list(t, "items")
			if len(items) != 1 {
				t.Fatalf("%s: %v", query, items)
			}
			return items[0]
		}
		const summary = "id eventId kind outcome source callId callSid accountSid error attempt duplicates receivedAt"
		accepted := one("outcome=accepted")
		accepted.keys(t, summary)
		if accepted["eventId"] != "CA1:voice" || accepted["source"] != "webhook" || accepted["error"] != nil || accepted["duplicates"] != 2.0 ||
			accepted["receivedAt"] != "2026-11-23T12:00:00Z" || accepted["callId"] != ids[0] || accepted["callSid"] != "CA1" || accepted["attempt"] != 0.0 {
			t.Errorf("accepted %v", accepted)
		}
		d := s.get("/api/webhooks/" + accepted.text("id")).want(200)
		d.keys(t, summary+" target contentType idempotencyToken verifiedBy body params reply")
		if d["target"] != "/api/webhooks/twilio/voice?callId="+ids[0] || d["contentType"] != "application/x-www-form-urlencoded" ||
			d["body"] != "SpeechResult=yes%2C+sure&Digits=&Tag=a&Tag=b" || d["idempotencyToken"] != "token of Twilio" {
			t.Errorf("detail %v", d)
		}
		if got := fmt.Sprint(d["params"]); got != "map[Digits: SpeechResult:yes, sure Tag:[a b]]" {
			t.Errorf("params %s", got)
		}
		if got := fmt.Sprint(d["reply"]); got != "map[body:<Response/> contentType:text/xml status:200]" {
			t.Errorf("reply %s", got)
		}

		failed := one("outcome=failed&kind=status&callId=" + ids[1])
		if failed["attempt"] != 1.0 || failed["error"] == nil {
			t.Errorf("failed %v", failed)
		}
		if d := s.get("/api/webhooks/" + failed.text("id")).want(200); d["reply"] != nil {
			t.Errorf("a failed event shows a reply: %v", d)
		}
		if refused := one("outcome=refused"); refused["callId"] != "nobody" || refused["error"] != "refused with 404: Call not found" {
			t.Errorf("refused %v", refused)
		}
		if one("outcome=conflict")["eventId"] != "CA1:voice" || one("outcome=duplicate")["outcome"] != "accepted" {
			t.Error("conflict or duplicate")
		}

		var listed []string
		for _, w := range s.get("/api/webhooks").want(200).list(t, "items") {
			listed = append(listed, w.text("id"))
		}
		newestFirst := slices.Sorted(slices.Values(listed))
		slices.Reverse(newestFirst)
		if len(listed) != 4 || !slices.Equal(listed, newestFirst) {
			t.Errorf("listed %v", listed)
		}
		if n := len(s.get("/api/webhooks?kind=recording").want(200).list(t, "items")); n != 0 {
			t.Errorf("%d recordings", n)
		}
		s.get("/api/webhooks/nothing").wantError(404, "Webhook not found")
	})
}
