package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/twilio"
)

// DialStore is what orchestrate-call needs of the database. Every method is one transaction, fenced by the run: when
// another attempt has taken over it changes nothing and returns jobs.ErrLostRun.
type DialStore interface {
	// BeginDial guards, and writes the intent to dial. To proceed the call must be QUEUED without an intent, its
	// campaign ACTIVE, and the campaign's dial rate not exceeded, else the error is from jobs.Wait.
	BeginDial(ctx context.Context, run interview.Run, callID string) (interview.Dial, error)
	// DialAccepted keeps Twilio's receipt and ends the run.
	DialAccepted(ctx context.Context, run interview.Run, callID string, placed interview.PlacedCall) error
	// DialRefused fails the call with Twilio's code and words, and ends the run.
	DialRefused(ctx context.Context, run interview.Run, callID string, code int, message string) error
	// DialUnknown marks the call DIAL_UNKNOWN and ends the run.
	DialUnknown(ctx context.Context, run interview.Run, callID string, reason string) error
	// DialPaused withdraws the intent and pauses dialling for the account, with the HTTP status and the code of Twilio's
	// refusal. The call stays QUEUED; it does not end the run, which waits until the time that is returned.
	DialPaused(ctx context.Context, run interview.Run, callID string, httpStatus, code int) (time.Time, error)
	// DialPostponed withdraws the intent: the call stays QUEUED. It does not end the run.
	DialPostponed(ctx context.Context, run interview.Run, callID string) error
}

// OrchestrateCall dials one call, at most once.
//
// Creating a call at Twilio has no idempotency key. So the intent is committed first, and what follows is dialled again
// only if it is certain that Twilio placed nothing: the request never left us, or Twilio refused the account or the moment.
// A refusal of the number fails the call. Everything that leaves a doubt becomes DIAL_UNKNOWN, for the first callback or a
// look at Twilio's list of calls to resolve.
//
// Whoever looks may find nothing and dial again while this process is stopped. So the intent has a deadline, which is
// checked immediately before the request leaves.
type OrchestrateCall struct {
	Store  DialStore
	Twilio *twilio.Client
	URLs   interview.CallbackURLs
	// From is the caller id, E.164, where the intent does not say it.
	From string
	// RingTimeout is how long to let it ring; zero leaves Twilio's 60 s.
	RingTimeout time.Duration
	// Now is the clock.
	Now func() time.Time
	// Jitter returns a number in [0,1) that spreads retries; nil means random.
	Jitter func() float64
}

// storeTimeout bounds the transaction that records what came of a dial, also while the program is shutting down.
const storeTimeout = 10 * time.Second

// Run is one attempt.
func (f *OrchestrateCall) Run(ctx context.Context, run interview.Run) error {
	var args interview.OrchestrateCallArgs
	if err := run.Decode(&args); err != nil {
		return jobs.Permanent(err)
	}
	begun := time.Now()
	dial, err := f.Store.BeginDial(ctx, run, args.CallID)
	if err != nil {
		return fmt.Errorf("announcing dial of call %s: %w", args.CallID, err)
	}
	switch dial.State {
	case interview.DialSkip:
		return nil
	case interview.DialInterrupted:
		if err := f.Store.DialUnknown(ctx, run, args.CallID, "an earlier attempt was interrupted while dialling"); err != nil {
			return fmt.Errorf("recording interrupted dial of call %s: %w", args.CallID, err)
		}
		return nil
	case interview.DialProceed:
	default:
		return jobs.Permanent(fault.Named(fmt.Errorf("announcing dial of call %s: unknown answer %q", args.CallID, dial.State)))
	}

	urls := f.URLs.Of(dial.Call.Version)
	placed, dialErr := f.Twilio.CreateCall(ctx, twilio.NewCall{
		To:          dial.Call.PhoneNumber,
		From:        cmp.Or(dial.From, f.From),
		VoiceURL:    urls.Voice(args.CallID),
		FallbackURL: urls.Fallback(args.CallID),
		StatusURL:   urls.Status(args.CallID),
		MachineURL:  urls.AMD(args.CallID),
		RingTimeout: f.RingTimeout,
		Late:        f.late(dial, begun),
	})
	// From here on the outcome must be kept, whoever wants to stop.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if dialErr == nil {
		return recorded(args.CallID, f.Store.DialAccepted(ctx, run, args.CallID, placed))
	}
	return f.settle(ctx, run, dial, args.CallID, dialErr)
}

// settle commits what is known of a dial that did not succeed.
func (f *OrchestrateCall) settle(ctx context.Context, run interview.Run, dial interview.Dial, callID string, dialErr error) error {
	var failure *twilio.Error
	if !errors.As(dialErr, &failure) {
		return recorded(callID, f.Store.DialUnknown(ctx, run, callID, fault.Of(dialErr).String()))
	}
	switch failure.Refusal() {
	case twilio.RefusesCallee:
		return recorded(callID, f.Store.DialRefused(ctx, run, callID, failure.Code, failure.Message))
	case twilio.RefusesAccount:
		until, err := f.Store.DialPaused(ctx, run, callID, failure.Status, failure.Code)
		if err != nil {
			return recorded(callID, err)
		}
		return jobs.Wait(until, "dialling is paused: "+twilio.Meaning(failure.Status, failure.Code))
	case twilio.RefusesMoment:
		return f.postpone(ctx, run, dial, callID, failure)
	case twilio.NoRefusal:
	}
	switch {
	case errors.Is(failure, twilio.ErrTooLate):
		return f.postpone(ctx, run, dial, callID, failure)
	case failure.NotSent():
		if err := f.Store.DialPostponed(ctx, run, callID); err != nil {
			return recorded(callID, err)
		}
		return dialErr
	}
	return recorded(callID, f.Store.DialUnknown(ctx, run, callID, failure.Error()))
}

// postpone lets the call wait for another attempt.
func (f *OrchestrateCall) postpone(ctx context.Context, run interview.Run, dial interview.Dial, callID string, failure *twilio.Error) error {
	if err := f.Store.DialPostponed(ctx, run, callID); err != nil {
		return recorded(callID, err)
	}
	return jobs.Wait(f.Now().Add(f.delay(dial.Postponed, failure.RetryAfter)), failure.Error())
}

// late reports whether the intent has ended. It asks two clocks: the monotonic one, which runs on while the process is
// stopped and whatever somebody does to the time of day, and the time of day, which runs on while the machine sleeps.
func (f *OrchestrateCall) late(dial interview.Dial, begun time.Time) func() bool {
	if dial.Deadline.IsZero() || dial.Call.DialedAt == nil {
		return nil
	}
	within := dial.Deadline.Sub(*dial.Call.DialedAt)
	return func() bool {
		return time.Since(begun) >= within || !f.Now().Round(0).Before(dial.Deadline)
	}
}

// recorded gives a store's error its context. The intent then stands with no outcome, so that the next attempt finds an
// interrupted dial.
func recorded(callID string, err error) error {
	if err != nil {
		return fmt.Errorf("recording dial of call %s: %w", callID, err)
	}
	return nil
}

// The pauses after Twilio said 429: doubling, spread so that the calls of a campaign do not come back together.
const (
	firstDelay = 5 * time.Second
	maxDelay   = 5 * time.Minute
)

// delay is how long to wait after being turned away n times before, never less than Twilio asked for.
func (f *OrchestrateCall) delay(n int, atLeast time.Duration) time.Duration {
	jitter := rand.Float64
	if f.Jitter != nil {
		jitter = f.Jitter
	}
	d := min(firstDelay<<min(max(n, 0), 10), maxDelay)
	d = max(d, atLeast)
	return d + time.Duration(jitter()*float64(d)/4)
}
