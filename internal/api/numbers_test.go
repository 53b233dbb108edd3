package api_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// becomes lets an event of Twilio's bring a call to a status.
func (s *server) becomes(id string, status interview.CallStatus) {
	s.t.Helper()
	p := store.NewProcessor(s.store, func(c interview.Call, e *inbox.Event) (interview.Change, inbox.Reply, error) {
		c.TwilioSid = e.CallSid
		c.Advance(status, interview.NoSequence, e.ReceivedAt, nil)
		return interview.Change{Call: c}, inbox.Reply{Body: []byte("ok")}, nil
	})
	deliver(s.t, p, inbox.Kind("status:"+status), "CA"+id, id, "CallStatus="+string(status))
	if c := s.get("/api/calls/" + id).want(200); c.text("status") != string(status) {
		s.t.Fatalf("the call is %s, not %s", c.text("status"), status)
	}
}

// refused asserts that exactly these numbers are named, each by its place, and that the reason has these words.
func (r reply) refused(words string, numbers ...string) {
	r.t.Helper()
	faults := r.want(422).list(r.t, "fields")
	if len(faults) != len(numbers) {
		r.t.Errorf("%d numbers are named, want %d: %s", len(faults), len(numbers), r.text)
		return
	}
	for i, f := range faults {
		if f.text("value") != numbers[i] || !strings.Contains(f.text("error"), words) {
			r.t.Errorf("fault %d is %v, want %s of %s", i, f, words, numbers[i])
		}
	}
}

const (
	isLive    = "has a call that is not over"
	wasCalled = "was called by this campaign"
)

func TestNumberHasOneLiveCallInTheInstallation(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		mine, other := "/api/campaigns/"+s.campaign("ACTIVE")+"/calls", "/api/campaigns/"+s.campaign("ACTIVE")+"/calls"
		const a, b, c = "+15550000001", "+15550000002", "+15550000003"
		calls := s.do("POST", mine, phoneNumbers(a, b)).want(202).list(t, "calls")
		for _, status := range []interview.CallStatus{interview.CallQueued, interview.CallDialing, interview.CallRinging, interview.CallInProgress} {
			if status != interview.CallQueued {
				s.becomes(calls[1].text("id"), status)
			}
			s.do("POST", mine, phoneNumbers(c, b, a)).refused(isLive, b, a)
			s.do("POST", other, phoneNumbers(b, c)).refused(isLive, b)
			s.do("POST", other, `{"phoneNumbers":["`+b+`"],"allowRepeat":true}`).refused(isLive, b)
		}
		s.becomes(calls[1].text("id"), interview.CallBusy)
		s.do("POST", mine, phoneNumbers(b)).refused(wasCalled, b)
		s.do("POST", other, phoneNumbers(b)).want(202)
		s.do("POST", mine, `{"phoneNumbers":["`+b+`"],"allowRepeat":true}`).refused(isLive, b)
		if n := len(s.get("/api/calls").want(200).list(t, "items")); n != 3 {
			t.Errorf("%d calls, want 3", n)
		}
	})
}

func TestCampaignCallsANumberAgainOnlyWhenTold(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		path := "/api/campaigns/" + s.campaign("ACTIVE") + "/calls"
		for i, end := range []interview.CallStatus{interview.CallCompleted, interview.CallBusy, interview.CallNoAnswer, interview.CallFailed, interview.CallCanceled} {
			number := fmt.Sprintf("+1555000100%d", i)
			s.becomes(s.do("POST", path, phoneNumbers(number)).want(202).list(t, "calls")[0].text("id"), end)
			s.do("POST", path, phoneNumbers(number)).refused(wasCalled, number)
			s.do("POST", path, `{"phoneNumbers":["`+number+`"],"allowRepeat":false}`).refused(wasCalled, number)
			s.do("POST", path, `{"phoneNumbers":["`+number+`"],"allowRepeat":true}`).want(202)
		}
		// A call that was canceled before it was dialled called nobody.
		const never = "+15550001010"
		id := s.do("POST", path, phoneNumbers(never)).want(202).list(t, "calls")[0].text("id")
		s.do("POST", "/api/calls/"+id+"/cancel", "").want(200)
		s.do("POST", path, phoneNumbers(never)).want(202)
		s.do("POST", path, `{"phoneNumbers":["+15550001011"],"allowRepeat":"yes"}`).want(400)
	})
}

// Everything that speaks against a request is named at once.
func TestEveryFaultOfNewCallsIsNamed(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.campaign("ACTIVE")
		s.queue(campaign, "+15550000001")
		s.do("PATCH", "/api/campaigns/"+campaign, `{"status":"PAUSED"}`).want(200)
		answer := s.do("POST", "/api/campaigns/"+campaign+"/calls", phoneNumbers("911", "+15550000001", "+15550000002")).want(422)
		var fields []string
		for _, f := range answer.list(t, "fields") {
			fields = append(fields, f.text("field"))
		}
		if got := strings.Join(fields, " "); got != "campaign phoneNumbers[1] phoneNumbers[0]" {
			t.Errorf("named %s", got)
		}
	})
}

// The answer that was given once is given again, though the number has a live call by then.
func TestRepeatedRequestWithKeyIsAnsweredDespiteALiveCall(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		path := "/api/campaigns/" + s.campaign("ACTIVE") + "/calls"
		body := phoneNumbers("+15550000001")
		first := s.do("POST", path, body, "Idempotency-Key: k")
		first.want(202)
		if again := s.do("POST", path, body, "Idempotency-Key: k"); again.status != 202 || again.text != first.text {
			t.Errorf("again: %d %s", again.status, again.text)
		}
		s.do("POST", path, body, "Idempotency-Key: other").refused(isLive, "+15550000001")
		s.do("POST", path, `{"phoneNumbers":["+15550000001"],"allowRepeat":true}`, "Idempotency-Key: k").
			wantError(422, "Idempotency-Key was used for another request")
	})
}

// Many processes, campaigns and orders of the numbers: each number is called by one request, and the others name it.
func TestConcurrentRequestsCallEachNumberOnce(t *testing.T) {
	run := func(t *testing.T, servers []*server) {
		numbers := make([]string, 60)
		for i := range numbers {
			numbers[i] = fmt.Sprintf("+1555000%04d", i)
		}
		backwards := slices.Clone(numbers)
		slices.Reverse(backwards)
		bodies := []string{phoneNumbers(numbers...), phoneNumbers(backwards...)}
		for round := range 6 {
			var paths []string
			for range 4 {
				paths = append(paths, "/api/campaigns/"+servers[0].campaign("ACTIVE")+"/calls")
			}
			replies := make([]reply, 12)
			var all sync.WaitGroup
			for i := range replies {
				all.Go(func() { replies[i] = servers[i%len(servers)].do("POST", paths[i%4], bodies[(i/2)%2]) })
			}
			all.Wait()
			accepted := 0
			for _, r := range replies {
				if r.status == 202 {
					accepted++
				} else if faults := r.want(422).list(t, "fields"); len(faults) != len(numbers) {
					t.Errorf("%d numbers are named: %s", len(faults), r.text)
				}
			}
			if accepted != 1 {
				t.Fatalf("round %d: %d requests for the same numbers were accepted", round, accepted)
			}
			for _, path := range paths { // sets the numbers free
				servers[0].do("PATCH", strings.TrimSuffix(path, "/calls"), `{"status":"COMPLETED"}`).want(200)
			}
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		s := onSQLite(t)
		run(t, []*server{s, s})
	})
	t.Run("postgres", func(t *testing.T) {
		url := storetest.Postgres(t)
		run(t, []*server{serve(t, opened(t, url)), serve(t, opened(t, url))})
	})
}
