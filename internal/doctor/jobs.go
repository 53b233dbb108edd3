package doctor

import (
	"context"
	"io"
	"net/http"
	"strings"
)

func (d *doctor) jobsChecks() []check {
	return []check{
		{name: "jobs.engine", lookedAt: bareURL(d.InngestURL), needs: []string{"JOBS_ENGINE", "INNGEST_BASE_URL"}, run: d.checkEngine},
		{name: "jobs.registered", lookedAt: bareURL(d.InngestServeURL), needs: []string{"JOBS_ENGINE", "INNGEST_SERVE_HOST"}, run: d.checkRegistered},
	}
}

// checkEngine looks whether Inngest answers.
func (d *doctor) checkEngine(ctx context.Context) outcome {
	if d.InngestURL == "" {
		return skipped("JOBS_ENGINE is river, which runs in the database")
	}
	status, _, err := get(ctx, strings.TrimRight(d.InngestURL, "/")+"/health")
	switch {
	case err != nil:
		return fail("check that Inngest runs, INNGEST_BASE_URL, and the network", "Inngest is not reached: %v", err)
	case status >= 500:
		return fail("look at Inngest's log", "Inngest answers %d", status)
	}
	return ok("Inngest answers")
}

// checkRegistered looks at the metric of the server, which asks Inngest itself.
func (d *doctor) checkRegistered(ctx context.Context) outcome {
	if d.InngestURL == "" {
		return skipped("JOBS_ENGINE is river")
	}
	if d.MetricsURL == "" {
		return skipped("where the server's metrics are is not known")
	}
	status, text, err := get(ctx, d.MetricsURL)
	if err != nil || status != http.StatusOK {
		return skipped("the metrics of iagent serve cannot be read at %s", d.MetricsURL)
	}
	for line := range strings.Lines(text) {
		value, found := strings.CutPrefix(line, "iagent_inngest_registered")
		if !found {
			continue
		}
		if i := strings.LastIndexByte(value, ' '); i >= 0 && strings.TrimSpace(value[i:]) == "1" {
			return ok("Inngest knows the functions and calls them")
		}
		return fail("check that Inngest reaches INNGEST_SERVE_HOST, and both signing keys; the server's log says why", "Inngest does not call the functions")
	}
	return fail("start iagent serve with JOBS_ENGINE=inngest", "the server that runs does not use Inngest")
}

// get fetches a page, of which a megabyte is read.
func get(ctx context.Context, address string) (status int, body string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, "", err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, string(text), err
}
