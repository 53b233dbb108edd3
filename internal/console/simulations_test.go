package console_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/store"
)

func TestEmptyConsoleOffersASimulatedInterviewToTheAdmin(t *testing.T) {
	o := open(t, tokensOf(t))
	o.signIn(viewerToken)
	if _, body := o.do("GET", "/console/calls", ""); strings.Contains(body, "/console/simulations") || !strings.Contains(body, "No calls yet") {
		t.Errorf("a viewer is offered what only an Admin may do:\n%s", body)
	}
	if response, _ := o.do("POST", "/console/simulations", "x=y"); response.StatusCode != http.StatusForbidden {
		t.Error(response.Status)
	}
	o.signIn(adminToken)
	if _, body := o.do("GET", "/console/calls", ""); !strings.Contains(body, `action="/console/simulations"`) {
		t.Errorf("nothing is offered:\n%s", body)
	}
	response, _ := o.do("POST", "/console/simulations", "x=y")
	page := response.Header.Get("Location")
	if response.StatusCode != http.StatusSeeOther || !strings.HasPrefix(page, "/console/calls/") {
		t.Fatalf("%s %q", response.Status, page)
	}
	for _, page := range []string{page, "/console/calls"} {
		if _, body := o.do("GET", page, ""); !strings.Contains(body, `class="badge simulated"`) {
			t.Errorf("%s is not marked as simulated:\n%s", page, body)
		}
	}
	// A verdict needs several people, so the campaign offers another interview.
	simulated, err := o.store.Campaigns(t.Context(), store.CampaignFilter{}, store.Page{Limit: 1})
	if err != nil || len(simulated.Items) != 1 {
		t.Fatalf("%+v, %v", simulated, err)
	}
	campaign := "/console/campaigns/" + simulated.Items[0].ID
	if _, body := o.do("GET", campaign, ""); strings.Contains(body, campaign+"/import") {
		t.Error("real numbers are offered to be imported into a simulated campaign")
	}
	if _, body := o.do("GET", campaign, ""); !strings.Contains(body, `action="/console/simulations"`) {
		t.Errorf("another interview is not offered:\n%s", body)
	}
	o.signIn(viewerToken)
	if _, body := o.do("GET", campaign, ""); strings.Contains(body, "/console/simulations") {
		t.Errorf("a viewer is offered another interview:\n%s", body)
	}
	o.signIn(adminToken)
	o.called("oats", "+15551234567")
	if _, body := o.do("GET", "/console/calls", ""); strings.Count(body, `class="badge simulated"`) != 1 {
		t.Errorf("not one call is marked as simulated:\n%s", body)
	}
}
