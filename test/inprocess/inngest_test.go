package inprocess_test

import (
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/testserver/inngest"
)

// onInngest has the server whose configuration it changes run its functions on Inngest.
func onInngest(t *testing.T, config *app.Config) *inngest.Local {
	at := config.URL
	i := e2etest.NewInngest(t, func() string { return at })
	config.JobsEngine, config.InngestBaseURL, config.InngestServeHost = "inngest", i.URL, i.ServeHost
	config.InngestEventKey, config.InngestSigningKey = i.EventKey, i.SigningKey
	return i
}

// ranOnInngest holds that each function was called by Inngest, and that Inngest was told nothing of whom it was about.
func ranOnInngest(t *testing.T, runs []inngest.Run) {
	t.Helper()
	started := map[string]int{}
	for _, run := range runs {
		started[run.Function]++
		if run.State == inngest.Failed {
			t.Errorf("%s by %s failed: %s", run.Function, run.Event.ID, run.Output)
		}
		for name, value := range run.Event.Data {
			if text, ok := value.(string); ok && strings.Contains(text, "+1555") {
				t.Errorf("%s of event %s has a phone number", name, run.Event.ID)
			}
		}
	}
	for _, f := range []string{"orchestrate-call", "transcribe-recording", "extract-claims", "validate-claim"} {
		if started["iagent-"+f] == 0 {
			t.Errorf("%s did not run on Inngest: %v", f, started)
		}
	}
}
