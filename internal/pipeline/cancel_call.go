package pipeline

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/twilio"
)

// CancelCall ends a call at Twilio on request, queued there, ringing or in progress: at once, or after a sentence to who is talking
// when all calls are stopped. That it is over is told by its status callback, as always. Asking twice does no harm, so a crash costs
// one request.
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
	outcome, err := f.end(ctx, ending)
	if err != nil {
		return fmt.Errorf("canceling call %s: %w", args.CallID, permanent(err))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := f.Store.CallEnded(ctx, run, args.CallID, outcome); err != nil {
		return fmt.Errorf("keeping that call %s was canceled: %w", args.CallID, err)
	}
	return nil
}

// end ends a call, and says how.
func (f *CancelCall) end(ctx context.Context, ending interview.CallEnding) (string, error) {
	if ending.Words != "" {
		if sayGoodbye(ctx, f.Twilio, ending) == nil {
			return "ended at Twilio after a sentence", nil
		}
		// Whatever kept it from being said must not keep the call from being ended.
	}
	switch err := f.Twilio.HangUp(ctx, ending.CallSid); {
	case err == nil:
		return "ended at Twilio on request", nil
	case noLongerRuns(err):
		return err.Error(), nil
	default:
		return "", err
	}
}
