package pipeline

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/twilio"
)

// EndCall says goodbye to a machine and hangs up. A callback cannot steer the call, so Twilio is asked to. That the call
// is over is told by its status callback, as always.
type EndCall struct {
	Store  *store.Store
	Twilio *twilio.Client
}

// Run is one attempt.
func (f *EndCall) Run(ctx context.Context, run interview.Run) error {
	var args interview.EndCallArgs
	if err := run.Decode(&args); err != nil {
		return jobs.Permanent(err)
	}
	ending, err := f.Store.BeginEndCall(ctx, run, args.CallID)
	if err != nil {
		return fmt.Errorf("starting to end call %s: %w", args.CallID, err)
	}
	if ending.Skip {
		return nil
	}
	outcome := "said goodbye to a machine"
	if err := sayGoodbye(ctx, f.Twilio, ending); err != nil {
		if !noLongerRuns(err) {
			return fmt.Errorf("ending call %s: %w", args.CallID, permanent(err))
		}
		outcome = fault.Of(err).String()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := f.Store.CallEnded(ctx, run, args.CallID, outcome); err != nil {
		return fmt.Errorf("keeping that call %s was ended: %w", args.CallID, err)
	}
	return nil
}

// noLongerRuns reports that Twilio has no such call in progress: there is nothing left to end.
func noLongerRuns(err error) bool {
	var e *twilio.Error
	return errors.As(err, &e) && e.Refused() && (e.Status == http.StatusBadRequest || e.Status == http.StatusNotFound)
}

// sayGoodbye says the words of an ending and hangs up.
func sayGoodbye(ctx context.Context, client *twilio.Client, ending interview.CallEnding) error {
	return client.SayGoodbye(ctx, ending.CallSid, twilio.Goodbye{Words: ending.Words, Language: ending.Language, Voice: ending.Voice})
}
