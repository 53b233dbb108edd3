package console_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// What is done from a page is kept with the name that somebody signed in with.
func TestActionIsInTheAuditLogWithTheNameOfWhoDidIt(t *testing.T) {
	o := open(t, tokensOf(t))
	id := o.deadRun()
	if response, body := o.do("POST", "/console/sign-in", "token="+adminToken+"&name=Kim+%3Cb%3E"); response.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s\n%s", response.Status, body)
	}
	response, _ := o.do("POST", "/console/runs/"+id+"/retry", "x=y")
	if response.StatusCode != http.StatusSeeOther || response.Header.Get("Location") != "/console/runs/"+id {
		t.Fatalf("%s %v", response.Status, response.Header)
	}
	log, err := o.store.AuditLog(t.Context(), store.AuditFilter{Action: "run.retry"}, store.Page{Limit: 5})
	if err != nil || len(log.Items) != 1 || log.Items[0].Actor != "console:Kim <b>" || log.Items[0].Action != "run.retry" || log.Items[0].Subject != id {
		t.Fatalf("%v, %v", log.Items, err)
	}
	if _, body := o.do("GET", "/console/runs/"+id, ""); !strings.Contains(body, `role="status">The run waits for its turn.`) {
		t.Errorf("the page does not say what was done:\n%s", body)
	}
	if _, body := o.do("GET", "/console/runs/"+id, ""); strings.Contains(body, "The run waits for its turn.") {
		t.Error("the page says it twice")
	}
	if run, err := o.store.LedgerRun(t.Context(), id); err != nil || run.State != interview.RunWaiting {
		t.Errorf("%v, %v", run.State, err)
	}
}

// A bulk job is one entry of the audit log; the pages of each run and each call that it is about tell of it all the same.
func TestBulkRetryIsOnThePagesOfItsRunAndItsCall(t *testing.T) {
	o := open(t, tokensOf(t))
	id := o.deadRun()
	job, err := o.store.StartBulk(interview.WithActor(t.Context(), "console:Kim"), store.BulkJob{Kind: store.BulkRetry, Reason: "the model is back", Matched: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.store.BulkRetryStep(t.Context(), job.ID, 10); err != nil {
		t.Fatal(err)
	}
	run, err := o.store.LedgerRun(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var about struct{ CallID string }
	if err := json.Unmarshal(run.Args, &about); err != nil {
		t.Fatal(err)
	}
	o.signIn(adminToken)
	for page, wrapped := range map[string]string{"/console/runs/" + id: "retried ", "/console/calls/" + about.CallID: `<span class="detail">`} {
		if body := o.get(page); strings.Count(body, wrapped+"by console:Kim in bulk job "+job.ID+": the model is back") != 1 {
			t.Errorf("%s does not tell once who retried the run:\n%s", page, body)
		}
	}
}
