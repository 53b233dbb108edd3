package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

// inForce are the stops in force.
func (o *site) inForce() []interview.Stop {
	o.t.Helper()
	stops, err := o.store.StopsInForce(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	return stops
}

func TestCallsAreStoppedAndResumedFromEachPage(t *testing.T) {
	o := open(t, tokensOf(t))
	campaign, calls := o.called("oats", "+15551234567")
	pages := []string{"/console/calls", "/console/calls/" + calls[0], "/console/campaigns/" + campaign, "/console/webhooks", "/console/health", "/console/nothing"}
	o.signIn(adminToken)
	for _, page := range pages {
		if _, body := o.do("GET", page, ""); !strings.Contains(body, `<form method="post" action="/console/stops"`) || strings.Contains(body, `class="stopped"`) {
			t.Errorf("%s has no way to stop, or says that calls are stopped", page)
		}
	}
	for form, why := range map[string]string{"mode=hangup&reason=complaint": "nothing typed", "mode=hangup&typed=stop": "no reason", "mode=now&reason=x&typed=stop": "no such mode"} {
		if response, _ := o.do("POST", "/console/stops", form); response.StatusCode/100 != 4 || len(o.inForce()) != 0 {
			t.Errorf("%s: %s", why, response.Status)
		}
	}
	response, body := o.do("POST", "/console/stops", url.Values{"mode": {"hangup"}, "reason": {"complaint of +15551234567"}, "typed": {"stop"}}.Encode())
	stops := o.inForce()
	if response.StatusCode != http.StatusSeeOther || len(stops) != 1 || stops[0].Scope != interview.ScopeAll || stops[0].Mode != interview.StopHangUp {
		t.Fatalf("%s, %+v\n%s", response.Status, stops, body)
	}
	resume := "/console/stops/" + stops[0].ID + "/resume"
	for _, page := range pages {
		_, body := o.do("GET", page, "")
		for _, want := range []string{`class="stopped"`, "All calls", "complaint of ", `action="` + resume + `"`} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: no %q", page, want)
			}
		}
		if strings.Contains(body, `action="/console/stops"`) {
			t.Errorf("%s offers to stop what is stopped", page)
		}
	}
	o.signIn(viewerToken)
	if _, body := o.do("GET", "/console/webhooks", ""); !strings.Contains(body, "All calls") || strings.Contains(body, "5551234567") || strings.Contains(body, resume) {
		t.Errorf("a viewer does not see the stop, or more than that:\n%s", body)
	}
	if response, _ := o.do("POST", resume, "typed=resume"); response.StatusCode != http.StatusForbidden {
		t.Errorf("a viewer: %s", response.Status)
	}
	o.signIn(adminToken)
	if response, _ := o.do("POST", resume, ""); response.StatusCode != http.StatusBadRequest || len(o.inForce()) != 1 {
		t.Errorf("nothing typed: %s", response.Status)
	}
	if response, _ := o.do("POST", resume, "typed=resume&reason=it+was+a+drill"); response.StatusCode != http.StatusSeeOther || len(o.inForce()) != 0 {
		t.Errorf("%s, %v", response.Status, o.inForce())
	}
	if _, body := o.do("GET", "/console/audit", ""); !strings.Contains(body, "it was a drill") {
		t.Errorf("the audit log does not say why it was ended:\n%s", body)
	}
	if _, body := o.do("GET", "/console/stops", ""); !strings.Contains(body, "complaint of") || strings.Contains(body, "in force") {
		t.Errorf("the stop is not in the list as ended:\n%s", body)
	}
}

func TestStopOfACampaignIsItsOwn(t *testing.T) {
	o := open(t, tokensOf(t))
	campaign, _ := o.called("oats", "+15551234567")
	other, _ := o.called("milk", "+15551234568")
	o.signIn(adminToken)
	at := "/console/campaigns/" + campaign + "/stop"
	if response, body := o.do("POST", at, "mode=finish&reason=wrong+questions&typed=stop"); response.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s\n%s", response.Status, body)
	}
	if stops := o.inForce(); len(stops) != 1 || stops[0].Scope != campaign || stops[0].Mode != interview.StopFinish {
		t.Fatalf("%+v", stops)
	}
	if _, body := o.do("GET", "/console/campaigns/"+campaign, ""); strings.Contains(body, at) || !strings.Contains(body, "wrong questions") {
		t.Error("it is offered again, or its reason is not shown")
	}
	if _, body := o.do("GET", "/console/campaigns/"+other, ""); !strings.Contains(body, "/console/campaigns/"+other+"/stop") || !strings.Contains(body, `action="/console/stops"`) {
		t.Error("another campaign, or all, cannot be stopped")
	}
}

func TestStopSaysWhoWasStoppedAndByWhom(t *testing.T) {
	o := open(t, tokensOf(t))
	_, calls := o.called("oats", "+15551234567", "+15551234568")
	o.signIn(adminToken)
	exec := func(statement string) {
		t.Helper()
		if _, err := o.store.SQLite().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	exec(`UPDATE calls SET status = 'RINGING', dialed_at = created_at, twilio_sid = 'CA1' WHERE id = '` + calls[0] + `'`)
	exec(`INSERT INTO dial_intents (call_id, run_id, from_number, account_sid, begun_at, deadline) SELECT id, 'r', '+12125550100', 'AC', created_at, created_at FROM calls WHERE id = '` + calls[0] + `'`)
	if response, body := o.do("POST", "/console/stops", url.Values{"mode": {"finish"}, "reason": {"complaint"}, "typed": {"stop"}}.Encode()); response.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s\n%s", response.Status, body)
	}
	stop := o.inForce()[0]
	if page := o.get("/console/stops"); !strings.Contains(page, `href="/console/stops/`+stop.ID+`"`) {
		t.Errorf("no link to the stop:\n%s", page)
	}
	page := o.get("/console/stops/" + stop.ID)
	for _, want := range []string{"console:", "complaint", "in force", `href="/console/calls/` + calls[0] + `"`, "+15551234567"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q:\n%s", want, page)
		}
	}
	ended, waited, _ := strings.Cut(page, "Calls that waited")
	if strings.Contains(ended, calls[1]) || !strings.Contains(waited, `href="/console/calls/`+calls[1]+`"`) || strings.Contains(waited, calls[0]) {
		t.Errorf("a call that waits is said to be ended, or one that is ended to wait:\n%s", page)
	}
	o.signIn(viewerToken)
	if page := o.get("/console/stops/" + stop.ID); strings.Contains(page, "5551234567") || !strings.Contains(page, calls[0]) {
		t.Errorf("a viewer sees the number, or no call:\n%s", page)
	}
	if response, _ := o.do("GET", "/console/stops/none", ""); response.StatusCode != http.StatusNotFound {
		t.Errorf("no such stop: %s", response.Status)
	}
	o.signIn(adminToken)
	if response, body := o.do("POST", "/console/stops/"+stop.ID+"/resume", "typed=resume&reason=told+%2B15551234567"); response.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s\n%s", response.Status, body)
	}
	o.signIn(viewerToken)
	wants(t, "resumed", mainOf(o.get("/console/stops/"+stop.ID)), []string{"Why resumed", "told ", " by console<", calls[1]}, []string{"5551234567", `in force</span>`})
}

func TestStopOfACampaignNamesItAndIsInTheMenu(t *testing.T) {
	o := open(t, tokensOf(t))
	campaign, _ := o.called("oats", "+15551234567")
	o.signIn(adminToken)
	if response, body := o.do("POST", "/console/campaigns/"+campaign+"/stop", "mode=finish&reason=wrong+questions&typed=stop"); response.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s\n%s", response.Status, body)
	}
	for _, token := range []string{adminToken, viewerToken} {
		o.signIn(token)
		for _, page := range []string{"/console/stops", "/console/stops/" + o.inForce()[0].ID, "/console/calls"} {
			body := o.get(page)
			if !strings.Contains(body, `<a href="/console/stops" aria-current=`) {
				t.Errorf("%s has no way to the stops", page)
			}
			if !strings.Contains(body, `<a href="/console/campaigns/`+campaign+`">The calls of oats</a>`) {
				t.Errorf("%s does not name the campaign:\n%s", page, body)
			}
		}
	}
}
