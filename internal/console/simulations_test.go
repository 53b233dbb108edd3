package console_test

import (
	"net/http"
	"strings"
	"testing"
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
	o.called("oats", "+15551234567")
	if _, body := o.do("GET", "/console/calls", ""); strings.Count(body, `class="badge simulated"`) != 1 {
		t.Errorf("not one call is marked as simulated:\n%s", body)
	}
}
