package doctor_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/i-agent/iagent/internal/doctor"
)

func TestDoctorLooksWhetherInngestCallsTheFunctions(t *testing.T) {
	says := func(status int, text string) string {
		t.Helper()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(text))
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	const nowhere = "http://127.0.0.1:1"
	up := says(200, "")
	for name, test := range map[string]struct {
		engine, metrics    string
		answers, registers doctor.Result
		says               string
	}{
		"River":                    {"", "", doctor.Skipped, doctor.Skipped, "river"},
		"no metrics":               {up, "", doctor.OK, doctor.Skipped, "not known"},
		"no server":                {up, nowhere, doctor.OK, doctor.Skipped, "cannot be read"},
		"metrics behind a log-in":  {up, says(401, ""), doctor.OK, doctor.Skipped, "cannot be read"},
		"all is well":              {up + "/", says(200, "a 1\niagent_inngest_registered 1\n"), doctor.OK, doctor.OK, "calls them"},
		"nothing is called":        {up, says(200, "iagent_inngest_registered{engine=\"inngest\"} 0\n"), doctor.OK, doctor.Fail, "INNGEST_SERVE_HOST"},
		"the server uses River":    {up, says(200, "iagent_database_up 1\n"), doctor.OK, doctor.Fail, "JOBS_ENGINE=inngest"},
		"Inngest is away":          {nowhere, "", doctor.Fail, doctor.Skipped, "not known"},
		"Inngest fails by itself":  {says(503, ""), "", doctor.Fail, doctor.Skipped, "not known"},
		"Inngest has no such page": {says(404, ""), "", doctor.OK, doctor.Skipped, "not known"},
	} {
		t.Run(name, func(t *testing.T) {
			config := doctor.Config{InngestURL: test.engine, MetricsURL: test.metrics}
			expect(t, config, "jobs.engine", test.answers, "")
			expect(t, config, "jobs.registered", test.registers, test.says)
		})
	}
}
