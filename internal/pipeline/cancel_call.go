package pipeline

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/twilio"
)

// CancelCall ends a call at Twilio on request, queued there, ringing or in progress. That it is over is told by its status
// callback, as always. Asking twice does no harm, so a crash costs one request.
type CancelCall struct {
	Store  *store.Store
	Twilio *twilio.Client
}

// Run is one attempt.
func (f *CancelCall) Run(ctx context.Context, run interview.Run) error {
	var args interview.CancelCallArgs
	if err := run.Decode(&args); err != nil {
		return jobs.Permanent(err)
	}
	ending, err := f.Store.BeginCancel(ctx, run, args.CallID)
	if err != nil {
		return fmt.Errorf("starting to cancel call %s: %w", args.CallID, err)
	}
	if ending.Skip {
		return nil
	}
	outcome := "ended at Twilio on request"
	if err := f.Twilio.HangUp(ctx, ending.CallSid); err != nil {
		if !noLongerRuns(err) {
			return fmt.Errorf("canceling call %s: %w", args.CallID, permanent(err))
		}
		outcome = err.Error()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := f.Store.CallEnded(ctx, run, args.CallID, outcome); err != nil {
		return fmt.Errorf("keeping that call %s was canceled: %w", args.CallID, err)
	}
	return nil
}
