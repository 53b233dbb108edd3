package app

import (
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/store/storetest"
)

// A server measures itself from its start, says so on its pages, and takes bulk jobs.
func TestServerShowsItsHealthAndTakesBulkJobs(t *testing.T) {
	c := complete()
	c.DatabaseURL, c.AdminToken = storetest.SQLite(t), adminToken
	app := serve(t, c)
	askUntil(t, app+"/console/strip", "as of")
	page := askUntil(t, app+"/console/health", "database.journal") // a check that was made beside the start
	for _, want := range []string{"Version of the webhooks for new calls", "answers", "REDIS_URL is not set", "Event ids are kept for", "Nothing that is due waits", "twilio.countries", "not paused"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q:\n%s", want, page)
		}
	}
	askUntil(t, app+"/console/health", "nobody waits to be called") // which was looked at beside the page before
	if strings.Contains(page, c.AuthToken) || strings.Contains(page, adminToken) {
		t.Error("the page tells a token")
	}
	if id := post(t, app+"/api/bulk-jobs", `{"kind":"retry-runs","reason":"a look"}`); id == "" {
		t.Error("no job")
	} else {
		askUntil(t, app+"/console/bulk/"+id, "It is done.")
	}
}
