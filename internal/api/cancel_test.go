package api_test

import (
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

func (s *server) runsOf(function, state string) []object {
	s.t.Helper()
	return s.get("/api/runs?function="+function+"&state="+state).want(200).list(s.t, "items")
}

// happened are the entries of a call's history, in order.
func (o object) happened(t *testing.T) string {
	var words []string
	for _, h := range o.list(t, "history") {
		words = append(words, h.text("what"))
	}
	return strings.Join(words, " ")
}

func TestQueuedCallIsCanceledAtOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		id := s.queue(s.campaign("ACTIVE"), "+15550000001")[0]
		path := "/api/calls/" + id + "/cancel"
		c := s.do("POST", path, "").want(200)
		if c.text("id") != id || c.text("status") != "CANCELED" || c["completedAt"] == nil || c.happened(t) != "dial.canceled" {
			t.Errorf("%v", c)
		}
		s.do("POST", path, "").wantError(409, "Call is over")
		if open := s.runsOf("orchestrate-call", "waiting"); len(open) != 0 {
			t.Errorf("its run still waits: %v", open)
		}
		if late := s.get("/api/overdue").want(200).list(t, "items"); len(late) != 0 {
			t.Errorf("something is late: %v", late)
		}
		s.do("POST", "/api/calls/nothing/cancel", "").wantError(404, "Call not found")
	})
}

func TestLiveCallIsCanceledByOneRun(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		for i, status := range []interview.CallStatus{interview.CallDialing, interview.CallRinging, interview.CallInProgress} {
			id := s.queue(s.campaign("ACTIVE"), "+1555000000"+string(rune('1'+i)))[0]
			s.becomes(id, status)
			path := "/api/calls/" + id + "/cancel"
			first := s.do("POST", path, "")
			c := first.want(202)
			if c.text("status") != string(status) || c["cancelRequestedAt"] == nil || c.happened(t) != "cancel.requested" {
				t.Errorf("%v", c)
			}
			if again := s.do("POST", path, ""); again.status != 202 || again.text != first.text {
				t.Errorf("again: %d %s", again.status, again.text)
			}
			if runs := s.runsOf("cancel-call", "waiting"); len(runs) != i+1 || runs[0].text("key") != id {
				t.Errorf("runs %v", runs)
			}
			s.becomes(id, interview.CallCanceled)
			s.do("POST", path, "").wantError(409, "Call is over")
		}
	})
}

func TestCallThatIsOverCannotBeCanceled(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		for i, end := range []interview.CallStatus{interview.CallCompleted, interview.CallBusy, interview.CallNoAnswer, interview.CallFailed, interview.CallCanceled} {
			id := s.queue(s.campaign("ACTIVE"), "+1555000000"+string(rune('1'+i)))[0]
			s.becomes(id, end)
			s.do("POST", "/api/calls/"+id+"/cancel", "").wantError(409, "Call is over")
			if c := s.get("/api/calls/" + id).want(200); c.text("status") != string(end) || c["cancelRequestedAt"] != nil {
				t.Errorf("%v", c)
			}
		}
	})
}

func TestCompletedCampaignCancelsItsQueuedCalls(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign, other := s.campaign("ACTIVE"), s.campaign("ACTIVE")
		ids := s.queue(campaign, "+15550000001", "+15550000002", "+15550000003")
		spared := s.queue(other, "+15550000004")[0]
		s.becomes(ids[2], interview.CallInProgress)
		// The run of the second is dead.
		var dead string
		for _, run := range s.runsOf("orchestrate-call", "waiting") {
			if run.text("key") == ids[1] {
				dead = run.text("id")
			}
		}
		run, _, err := s.store.StartRun(t.Context(), dead)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.store.FailRun(t.Context(), run, "broken"); err != nil {
			t.Fatal(err)
		}
		if n := len(s.get("/api/overdue").want(200).list(t, "items")); n != 1 {
			t.Fatalf("%d late, want the dead run", n)
		}
		s.do("PATCH", "/api/campaigns/"+campaign, `{"status":"COMPLETED"}`).want(200)
		for i, want := range []string{"CANCELED", "CANCELED", "IN_PROGRESS"} {
			if c := s.get("/api/calls/" + ids[i]).want(200); c.text("status") != want || want == "CANCELED" && (c.happened(t) != "dial.canceled" || c["completedAt"] == nil) {
				t.Errorf("call %d: %v", i, c)
			}
		}
		if c := s.get("/api/calls/" + spared).want(200); c.text("status") != "QUEUED" {
			t.Errorf("a call of another campaign is %s", c.text("status"))
		}
		if late := s.get("/api/overdue").want(200).list(t, "items"); len(late) != 0 {
			t.Errorf("late: %v", late)
		}
		s.do("POST", "/api/runs/"+dead+"/retry", "").wantError(409, "Only a failed run can be retried")
		// The numbers are free.
		s.do("POST", "/api/campaigns/"+other+"/calls", phoneNumbers("+15550000001", "+15550000002")).want(202)
		s.do("POST", "/api/campaigns/"+other+"/calls", phoneNumbers("+15550000003")).refused(isLive, "+15550000003")
	})
}

func TestCallInEveryStateCanBeErased(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.campaign("ACTIVE")
		erase := func(id string) object {
			return s.do("DELETE", "/api/calls/"+id+"/personal-data", `{"requestedBy":"privacy desk"}`).want(202)
		}
		queued := s.queue(campaign, "+15550000001")[0]
		if e := erase(queued); e["pending"] != false {
			t.Errorf("%v", e)
		}
		if c := s.get("/api/calls/" + queued).want(200); c.text("status") != "CANCELED" || c["phoneNumber"] != "" || c["erasedAt"] == nil {
			t.Errorf("%v", c)
		}
		for i, status := range []interview.CallStatus{interview.CallDialing, interview.CallRinging, interview.CallInProgress} {
			number := "+1555000000" + string(rune('2'+i))
			id := s.queue(campaign, number)[0]
			s.becomes(id, status)
			if e := erase(id); e["pending"] != true {
				t.Errorf("%v", e)
			}
			c := s.get("/api/calls/" + id)
			if o := c.want(200); o.text("status") != string(status) || o["phoneNumber"] != "" || o["consentGiven"] != false || o["cancelRequestedAt"] == nil {
				t.Errorf("%v", o)
			}
			if strings.Contains(c.text, number[1:]) {
				t.Errorf("the number is shown: %s", c.text)
			}
			// Nobody else calls the person while the call is not over.
			s.do("POST", "/api/campaigns/"+campaign+"/calls", phoneNumbers(number)).refused(isLive, number)
			s.becomes(id, interview.CallCompleted)
			if e := erase(id); e["pending"] != false {
				t.Errorf("%v", e)
			}
			s.queue(campaign, number)
		}
	})
}

func TestWhoCancelsACallAndWhyIsInTheAuditLog(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		ids := s.queue(s.campaign("ACTIVE"), "+15550000001", "+15550000002", "+15550000003")
		s.do("POST", "/api/calls/"+ids[0]+"/cancel", `{"requestedBy":"ann","reason":"wrong list"}`).want(200)
		s.do("POST", "/api/calls/"+ids[1]+"/cancel?reason=complaint", "").want(200)
		s.do("POST", "/api/calls/"+ids[2]+"/cancel", `{"because":"x"}`).wantError(400, `Malformed JSON: unknown field "because"`)
		entries := s.get("/api/audit?action=call.cancel").want(200).list(t, "items")
		if len(entries) != 2 || entries[1].text("actor") != "ann" || entries[1].text("reason") != "wrong list" || entries[1].text("subject") != ids[0] || entries[0].text("reason") != "complaint" {
			t.Errorf("the audit log has %v", entries)
		}
	})
}

// A campaign without hours has the default ones, and says so.
func TestNoCallingHoursAreShownAsTheDefault(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		for _, body := range []string{`{"name":"n"}`, `{"name":"n","callingHours":[]}`} {
			made := s.do("POST", "/api/campaigns", body).want(201)
			if hours, _ := made["callingHours"].([]any); len(hours) != 2 {
				t.Errorf("%s: %v", body, made["callingHours"])
			}
		}
	})
}
