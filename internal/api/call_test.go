package api_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// queue asks for calls and returns their ids.
func (s *server) queue(campaign string, numbers ...string) []string {
	s.t.Helper()
	answer := s.do("POST", "/api/campaigns/"+campaign+"/calls", phoneNumbers(numbers...)).want(202)
	var ids []string
	for _, c := range answer.list(s.t, "calls") {
		ids = append(ids, c.text("id"))
	}
	return ids
}

func phoneNumbers(numbers ...string) string {
	return `{"phoneNumbers":["` + strings.Join(numbers, `","`) + `"]}`
}

func TestCallsAreAnsweredInTheOrderAskedFor(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.campaign("ACTIVE")
		numbers := []string{"+15550000009", "+15550000003", "+445550000007", "+15550000001"}
		answer := s.do("POST", "/api/campaigns/"+campaign+"/calls", phoneNumbers(numbers...)).want(202)
		answer.keys(t, "calls")
		calls := answer.list(t, "calls")
		if len(calls) != len(numbers) {
			t.Fatalf("%v", answer)
		}
		var ids []string
		for i, c := range calls {
			c.keys(t, "id phoneNumber status")
			if c.text("phoneNumber") != numbers[i] || c.text("status") != "QUEUED" {
				t.Errorf("call %d: %v", i, c)
			}
			ids = append(ids, c.text("id"))
		}
		if !slices.IsSorted(ids) {
			t.Errorf("ids do not ascend: %v", ids)
		}
		var listed []string
		for _, c := range s.get("/api/calls?campaignId="+campaign+"&status=QUEUED").want(200).list(t, "items") {
			c.keys(t, "id campaignId phoneNumber contactId attempt direction optedOutAt stirStatus twilioSid status consentGiven duration startedAt completedAt errorCode errorMessage createdAt answeredBy erasedAt cancelRequestedAt")
			listed = append(listed, c.text("id"))
		}
		slices.Reverse(listed)
		if !slices.Equal(listed, ids) {
			t.Errorf("listed %v, want %v from the newest", listed, ids)
		}
		if got := s.get("/api/calls?status=BUSY").want(200).list(t, "items"); len(got) != 0 {
			t.Errorf("busy: %v", got)
		}
		if got := s.get("/api/calls?campaignId="+s.campaign("ACTIVE")).want(200).list(t, "items"); len(got) != 0 {
			t.Errorf("of another campaign: %v", got)
		}
		if strings.Contains(s.log.String(), "1555") {
			t.Errorf("a number is in the log: %s", s.log)
		}
	})
}

func TestNumberThatMustNotBeCalledIsRefused(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		active, paused := s.campaign("ACTIVE"), s.campaign("PAUSED")
		good := "+15550000001"
		many := make([]string, 1001)
		for i := range many {
			many[i] = fmt.Sprintf("+1555%07d", i)
		}
		for _, tc := range []struct {
			campaign, body string
			fields         []string
		}{
			{active, phoneNumbers(good, "911", "5550000002", "+0155500001", good, " "+good, ""), []string{"phoneNumbers[1]", "phoneNumbers[2]",
				"phoneNumbers[3]", "phoneNumbers[4]", "phoneNumbers[5]", "phoneNumbers[6]"}},
			{active, `{"phoneNumbers":[]}`, []string{"phoneNumbers"}},
			{active, `{}`, []string{"phoneNumbers"}},
			{active, `{"phoneNumbers":null}`, []string{"phoneNumbers"}},
			{active, phoneNumbers(many...), []string{"phoneNumbers"}},
			{paused, phoneNumbers(good), []string{"campaign"}},
			{paused, phoneNumbers(good, "911"), []string{"campaign", "phoneNumbers[1]"}},
			{s.campaign("DRAFT"), phoneNumbers(good), []string{"campaign"}},
			{s.campaign("COMPLETED"), phoneNumbers(good), []string{"campaign"}},
		} {
			answer := s.do("POST", "/api/campaigns/"+tc.campaign+"/calls", tc.body).want(422)
			var fields []string
			for _, f := range answer.list(t, "fields") {
				fields = append(fields, f.text("field"))
				if !strings.Contains(answer.text("error"), f.text("field")) {
					t.Errorf("%s is not named: %s", f.text("field"), answer["error"])
				}
			}
			if !slices.Equal(fields, tc.fields) {
				t.Errorf("faults of %.60s: %v, want %v", tc.body, fields, tc.fields)
			}
		}
		s.do("POST", "/api/campaigns/nothing/calls", phoneNumbers(good)).wantError(404, "Campaign not found")
		s.do("POST", "/api/campaigns/nothing/calls", phoneNumbers("911")).wantError(404, "Campaign not found")
		s.do("POST", "/api/campaigns/"+active+"/calls", `{"phoneNumbers":"`+good+`"}`).wantError(400, "Malformed JSON: phoneNumbers must not be a string")
		if got := s.get("/api/calls").want(200).list(t, "items"); len(got) != 0 {
			t.Errorf("calls were made: %v", got)
		}
	})
}

func TestSameIdempotencyKeyCallsOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		path := "/api/campaigns/" + s.campaign("ACTIVE") + "/calls"
		key := "Idempotency-Key: order 66"
		first := s.do("POST", path, phoneNumbers("+15550000001", "+15550000002"), key)
		first.want(202)
		if first.header.Get("Idempotent-Replayed") != "" {
			t.Error("the first answer says that it is a replay")
		}
		again := s.do("POST", path, "{ \"phoneNumbers\" : [\"+15550000001\",\n\"+15550000002\"] }", key)
		again.want(202)
		if again.text != first.text || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("again: %s %v, first %s", again.text, again.header, first.text)
		}
		s.do("POST", path, phoneNumbers("+15550000003"), key).wantError(422, "Idempotency-Key was used for another request")
		if n := len(s.get("/api/calls").want(200).list(t, "items")); n != 2 {
			t.Fatalf("%d calls", n)
		}
		// Another campaign has keys of its own, and so has another key or none.
		other := "/api/campaigns/" + s.campaign("ACTIVE") + "/calls"
		s.do("POST", other, phoneNumbers("+15550000003"), key).want(202)
		s.do("POST", path, phoneNumbers("+15550000004"), "Idempotency-Key: order 67").want(202)
		s.do("POST", path, phoneNumbers("+15550000005")).want(202)
		if n := len(s.get("/api/calls").want(200).list(t, "items")); n != 5 {
			t.Errorf("%d calls", n)
		}
		for _, bad := range []string{strings.Repeat("k", 256), "ké"} {
			s.do("POST", path, phoneNumbers("+15550000006"), "Idempotency-Key: "+bad).
				wantError(400, "Idempotency-Key must be one value of 1 to 255 printable ASCII characters")
		}
	})
}

func TestConcurrentRequestsWithOneKeyGetTheSameAnswer(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		path := "/api/campaigns/" + s.campaign("ACTIVE") + "/calls"
		replies := make([]reply, 12)
		var wg sync.WaitGroup
		for i := range replies {
			wg.Go(func() { replies[i] = s.do("POST", path, phoneNumbers("+15550000001"), "Idempotency-Key: k") })
		}
		wg.Wait()
		replayed := 0
		for _, r := range replies {
			r.want(202)
			if r.text != replies[0].text {
				t.Errorf("answered %s and %s", r.text, replies[0].text)
			}
			if r.header.Get("Idempotent-Replayed") == "true" {
				replayed++
			}
		}
		if n := len(s.get("/api/calls").want(200).list(t, "items")); n != 1 || replayed != len(replies)-1 {
			t.Errorf("%d calls, %d replays of %d", n, replayed, len(replies))
		}
	})
}

func TestUnknownFieldsOfANewCallAreNull(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.campaign("ACTIVE")
		id := s.queue(campaign, "+15550000001")[0]
		c := s.get("/api/calls/" + id).want(200)
		c.keys(t, `id campaignId phoneNumber contactId attempt direction optedOutAt stirStatus identity gate twilioSid status consentGiven duration startedAt completedAt errorCode errorMessage answeredBy erasedAt cancelRequestedAt erasure
			createdAt transcript recordings utterances dropped claims events history`)
		if c.text("id") != id || c.text("campaignId") != campaign || c.text("phoneNumber") != "+15550000001" || c.text("status") != "QUEUED" {
			t.Errorf("%v", c)
		}
		for _, name := range []string{"twilioSid", "consentGiven", "duration", "startedAt", "completedAt", "errorCode", "errorMessage", "transcript"} {
			if c[name] != nil {
				t.Errorf("%s is %v, want null", name, c[name])
			}
		}
		for _, name := range []string{"recordings", "utterances", "dropped", "claims", "events", "history"} {
			if got := c.list(t, name); len(got) != 0 {
				t.Errorf("%s: %v", name, got)
			}
		}
		s.get("/api/calls/nothing").wantError(404, "Call not found")
	})
}

func TestFinishedCallShowsAllThatIsKnown(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		ids := s.queue(s.campaign("ACTIVE"), "+15550000001", "+15550000002", "+15550000003")
		at, seconds := time.Date(2026, 11, 23, 12, 0, 0, 5000, time.UTC), 0
		p := store.NewProcessor(s.store, func(c interview.Call, e *inbox.Event) (interview.Change, inbox.Reply, error) {
			c.TwilioSid, c.Status, c.Consent, c.Duration, c.StartedAt = e.CallSid, interview.CallCompleted, interview.ConsentGiven, &seconds, &at
			c.Transcript = "agent: Price?"
			if c.ID != ids[0] {
				c.Status, c.Consent, c.ErrorCode, c.ErrorMessage = interview.CallFailed, interview.ConsentRefused, 21211, "Invalid 'To'"
				return interview.Change{Call: c}, inbox.Reply{Body: []byte("ok")}, nil
			}
			return interview.Change{Call: c,
				Recordings: []interview.Recording{
					{Sid: "RE1", CallID: c.ID, Status: interview.RecordingCompleted, URL: "https://media/RE1", Duration: &seconds, Channels: 2},
					{Sid: "RE2", CallID: c.ID, Status: interview.RecordingAbsent},
				},
				Utterances: []interview.Utterance{{CallID: c.ID, RecordingSid: "RE1", Speaker: interview.SpeakerAgent, Text: "Price?", EndSec: 1.5}},
			}, inbox.Reply{Body: []byte("ok")}, nil
		})
		deliver(t, p, "status", "CA1", ids[0], "CallStatus=completed")
		deliver(t, p, "status", "CA2", ids[1], "CallStatus=failed")

		c := s.get("/api/calls/" + ids[0]).want(200)
		if c["twilioSid"] != "CA1" || c["status"] != "COMPLETED" || c["consentGiven"] != true || c["duration"] != 0.0 ||
			c["startedAt"] != "2026-11-23T12:00:00.000005Z" || c["completedAt"] != nil || c["transcript"] != "agent: Price?" {
			t.Errorf("%v", c)
		}
		recordings := c.list(t, "recordings")
		if len(recordings) != 2 || fmt.Sprint(recordings[0]) != "map[channels:2 duration:0 sid:RE1 status:completed url:https://media/RE1]" ||
			fmt.Sprint(recordings[1]) != "map[channels:<nil> duration:<nil> sid:RE2 status:absent url:<nil>]" {
			t.Errorf("recordings %v", recordings)
		}
		if u := c.list(t, "utterances"); len(u) != 1 || fmt.Sprint(u[0]) != "map[endSec:1.5 speaker:agent startSec:0 text:Price?]" {
			t.Errorf("utterances %v", u)
		}
		events := c.list(t, "events")
		if len(events) != 1 {
			t.Fatalf("events %v", events)
		}
		events[0].keys(t, "id kind eventId outcome receivedAt")
		if events[0]["kind"] != "status" || events[0]["eventId"] != "CA1:status" || events[0]["outcome"] != "accepted" {
			t.Errorf("event %v", events[0])
		}
		s.get("/api/webhooks/" + events[0].text("id")).want(200)

		failed := s.get("/api/calls/" + ids[1]).want(200)
		if failed["consentGiven"] != false || failed["errorCode"] != 21211.0 || failed["errorMessage"] != "Invalid 'To'" {
			t.Errorf("%v", failed)
		}
		if got := s.get("/api/calls?status=FAILED").want(200).list(t, "items"); len(got) != 1 || got[0]["id"] != ids[1] {
			t.Errorf("failed: %v", got)
		}
	})
}

func TestHistoryOfADialIsShown(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		id := s.queue(s.campaign("ACTIVE"), "+15550000001")[0]
		run, _, err := s.store.StartRun(t.Context(), s.runOf(id))
		if err != nil {
			t.Fatal(err)
		}
		if dial, err := s.store.BeginDial(t.Context(), run, id); err != nil || dial.State != interview.DialProceed {
			t.Fatalf("a call made over the API cannot be dialled: %+v, %v", dial, err)
		}
		if err := s.store.DialRefused(t.Context(), run, id, 21211, "Invalid 'To' Phone Number"); err != nil {
			t.Fatal(err)
		}
		c := s.get("/api/calls/" + id).want(200)
		if c["status"] != "FAILED" || c["errorCode"] != 21211.0 || c["errorMessage"] != "Invalid 'To' Phone Number" || c["completedAt"] == nil {
			t.Errorf("%v", c)
		}
		history := c.list(t, "history")
		if len(history) != 2 {
			t.Fatalf("history %v", history)
		}
		for i, what := range []string{"dial.intent", "dial.refused"} {
			history[i].keys(t, "at what detail")
			if history[i]["what"] != what {
				t.Errorf("history %d: %v", i, history[i])
			}
		}
	})
}

// runOf finds the run that dials a call.
func (s *server) runOf(callID string) (id string) {
	s.t.Helper()
	const query = `SELECT id FROM function_runs WHERE function = 'orchestrate-call' AND key = $1`
	storetest.QueryRow(s.t, s.store, query, []any{callID}, &id)
	return id
}

func deliver(t *testing.T, p *store.Processor, kind inbox.Kind, callSid, callID, body string) {
	t.Helper()
	_, _ = p.Process(t.Context(), &inbox.Event{
		ID: callSid + ":" + string(kind), Kind: kind, CallSid: callSid, AccountSid: "AC1", Subject: callID, Body: []byte(body),
		Target: "/api/webhooks/twilio/" + string(kind) + "?callId=" + callID, ContentType: "application/x-www-form-urlencoded",
		IdempotencyToken: "token of Twilio", ReceivedAt: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
	})
}

func TestCallsThatCameInAreListedByDirection(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		ids := s.queue(s.campaign("ACTIVE"), "+15550000001", "+15550000002", "+15550000003")
		s.exec(`UPDATE calls SET direction = 'inbound' WHERE id = '` + ids[1] + `'`)
		for query, want := range map[string][]string{"direction=inbound": {ids[1]}, "direction=outbound": {ids[2], ids[0]}, "direction=": {ids[2], ids[1], ids[0]},
			"direction=inbound&status=FAILED": nil, "direction=outbound&status=QUEUED&limit=1": {ids[2]}} {
			var listed []string
			for _, c := range s.get("/api/calls?"+query).want(200).list(t, "items") {
				listed = append(listed, c.text("id"))
				if inbound := c["direction"] == "inbound"; inbound != (c.text("id") == ids[1]) {
					t.Errorf("%s: %v", query, c)
				}
			}
			if !slices.Equal(listed, want) {
				t.Errorf("%s: %v, want %v", query, listed, want)
			}
		}
		s.get("/api/calls?direction=both").wantError(400, "direction must be inbound or outbound")
	})
}
