package api_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// overdueList is the answer as a dashboard reads it.
type overdueList struct {
	Items []struct {
		CallID        *string `json:"callId"`
		RunID         *string `json:"runId"`
		Status        string  `json:"status"`
		What          string  `json:"what"`
		Due           string  `json:"due"`
		LateBySeconds int     `json:"lateBySeconds"`
		Checks        int     `json:"checks"`
	} `json:"items"`
	Next *string `json:"next"`
}

func TestOverdueCallsAndRunsAreListed(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		overdue := func() (list overdueList) {
			t.Helper()
			r := s.do("GET", "/api/overdue", "")
			if r.status != 200 {
				t.Fatalf("%d %s", r.status, r.text)
			}
			if err := json.Unmarshal([]byte(r.text), &list); err != nil {
				t.Fatal(err)
			}
			return list
		}
		if list := overdue(); list.Items == nil || len(list.Items) != 0 || list.Next != nil {
			t.Fatalf("on an empty database: %+v", list)
		}
		lateCall(t, s)
		list := overdue()
		if len(list.Items) != 2 {
			t.Fatalf("%+v", list.Items)
		}
		call, run := list.Items[0], list.Items[1]
		if call.What != "end" || call.CallID == nil || *call.CallID != "call-late" || call.Status != "IN_PROGRESS" || call.LateBySeconds < 1700 ||
			call.LateBySeconds > 1900 || call.Checks != 3 {
			t.Errorf("call %+v", call)
		}
		if run.What != "run:transcribe-recording" || run.Status != "failed" || run.RunID == nil || run.CallID == nil || *run.CallID != "call-late" ||
			run.Checks != jobs.MaxAttempts {
			t.Errorf("run %+v", run)
		}
		for query, want := range map[string]int{"overdue=true": 1, "awaiting=end": 1, "awaiting=end&overdue=false": 0, "awaiting=end&overdue=true": 1, "awaiting=verdict": 1, "awaiting=verdict&overdue=false": 1, "awaiting=recording": 0} {
			if calls := s.get("/api/calls?"+query).want(200).list(t, "items"); len(calls) != want {
				t.Errorf("%s: %v, want %d", query, calls, want)
			}
		}
		for _, query := range []string{"awaiting=rain", "overdue=false", "overdue=no", "overdue=&overdue="} {
			s.get("/api/calls?" + query).want(400)
		}
		if r := s.do("GET", "/api/overdue", "", "Authorization: "); r.status != 401 {
			t.Errorf("without token: %d", r.status)
		}
	})
}

// lateCall writes a call that should have ended half an hour ago, one that is in time, and a run that died.
func lateCall(t *testing.T, s *server) {
	t.Helper()
	now := time.Now().UTC()
	campaign, err := s.store.CreateCampaign(t.Context(), interview.Campaign{Name: "n", Category: "c", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours()})
	if err != nil {
		t.Fatal(err)
	}
	for id, started := range map[string]time.Time{"call-late": now.Add(-time.Hour), "call-fine": now.Add(-time.Minute)} {
		storetest.Exec(t, s.store, `INSERT INTO calls (id, campaign_id, phone_number, twilio_sid, account_sid, status, sequence, consent, consent_attempts,
			dialed_at, started_at, error_code, error_message, transcript, created_at, updated_at)
			VALUES ($1, $2, '+15550001111', $3, '', 'IN_PROGRESS', -1, '', 0, $4, $4, 0, '', '', $4, $4)`, id, campaign.ID, "CA"+id, started)
		storetest.Exec(t, s.store, `INSERT INTO call_watch (call_id, next_at, checks, absences) VALUES ($1, $2, 3, 0)`, id, now)
	}
	storetest.Exec(t, s.store, `INSERT INTO function_runs (id, function, key, state, args, cause, attempts, last_error, created_at, finished_at)
		VALUES ('dead', 'transcribe-recording', 'call-late:RE1', 'failed', '{"callId":"call-late","recordingSid":"RE1"}', 'api', $1, 'no', $2, $2)`,
		jobs.MaxAttempts, now.Add(-time.Minute))
}
