package app

import (
	"context"
	"net/http"
	"time"

	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

// inngestPath is where Inngest calls the functions.
const inngestPath = "/api/inngest"

// serveInngest serves the functions to Inngest, when it runs them.
func (a *App) serveInngest(mux *http.ServeMux) {
	handler := a.engine.Inngest()
	if handler == nil {
		return
	}
	if a.settings.inngest.Dev {
		// A development server signs nothing, so nobody else may speak.
		handler = api.Protect("", handler)
	}
	mux.Handle(inngestPath, handler)
}

// dialThrottle has Inngest start the dials of a campaign at its rate.
func (a *App) dialThrottle() *jobs.Throttle {
	return &jobs.Throttle{
		Limit: a.settings.dialsPerMinute, Period: time.Minute, Key: "campaignId",
		Value: func(ctx context.Context, run interview.Run) (string, error) {
			var args interview.OrchestrateCallArgs
			if err := run.Decode(&args); err != nil {
				return "", err
			}
			return a.store.CampaignOfCall(ctx, args.CallID)
		},
	}
}
