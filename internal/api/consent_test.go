package api_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

func TestConsentThatIsNotThereCannotBeWithdrawn(t *testing.T) {
	s := onSQLite(t)
	id := s.queue(s.campaign("ACTIVE"), "+15550000001")[0]
	s.do("POST", "/api/calls/"+id+"/withdraw-consent", `{"reason":"a letter"}`).wantError(409, "Call has no consent that could be withdrawn")
	s.do("POST", "/api/calls/nothing/withdraw-consent", "").wantError(404, "Call not found")
	s.do("POST", "/api/calls/"+id+"/reconcile", "").wantError(404, "Not found")
}

func TestTwilioIsAskedAboutACallAndTheAuditLogHasIt(t *testing.T) {
	s := onSQLite(t)
	id := s.queue(s.campaign("ACTIVE"), "+15550000001")[0]
	found, fails := interview.Asked{About: interview.OverdueRecording, Repaired: 2}, error(nil)
	h := httptest.NewServer(api.New(api.Config{Store: s.store, AdminToken: token, Reconcile: func(_ context.Context, callID string) (interview.Asked, error) {
		if callID != id {
			return interview.Asked{}, store.ErrNotFound
		}
		return found, fails
	}}))
	defer h.Close()
	s.url = h.URL
	path := "/api/calls/" + id + "/reconcile"
	if got := s.do("POST", path, `{"reason":"the night shift asks"}`, "X-Requested-By: kim").want(200); got["asked"] != true || got["about"] != "recording" || got["repaired"] != 2.0 {
		t.Errorf("%v", got)
	}
	log := s.get("/api/audit?action=reconcile.run").want(200).list(t, "items")
	if len(log) != 1 || log[0].text("subject") != id || log[0].text("actor") != "kim" || log[0].text("reason") != "the night shift asks" {
		t.Errorf("%v", log)
	}
	found = interview.Asked{}
	if got := s.do("POST", path, "").want(200); got["asked"] != false || got["about"] != nil {
		t.Errorf("%v", got)
	}
	s.do("POST", "/api/calls/nothing/reconcile", "").wantError(404, "Call not found")
	fails = errors.New("dial tcp: no route to +15550000001")
	if r := s.do("POST", path, ""); r.status != 502 || r.text == "" {
		t.Errorf("%d %s", r.status, r.text)
	}
}
