package pipeline

import (
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

// DeletionStore is what delete-recording needs of the database. Every method is one transaction, fenced by the run: when
// another attempt has taken over it changes nothing and returns jobs.ErrLostRun.
type DeletionStore interface {
	// BeginDeletion guards: the recording is known and not deleted yet. Otherwise it ends the run and says Skip.
	BeginDeletion(ctx context.Context, run interview.Run, callID, recordingSid string) (interview.Deletion, error)
	// RecordingDeleted makes the recording a tombstone and ends the run.
	RecordingDeleted(ctx context.Context, run interview.Run, callID, recordingSid string) error
}

// DeleteRecording deletes one recording at Twilio.
//
// It goes on until that is done: no failure makes its run dead, for audio that nobody agreed to must not stay because
// Twilio, or we, had a bad hour. Deleting again what is deleted does no harm, so a crash costs one request.
type DeleteRecording struct {
	Store  DeletionStore
	Twilio *twilio.Client
	// Now is the clock.
	Now func() time.Time
	// Jitter returns a number in [0,1) that spreads retries; nil means random.
	Jitter func() float64
}

const (
	// The pauses between attempts: as long as it has been tried, so doubling.
	minDeletionDelay = 5 * time.Second
	maxDeletionDelay = time.Hour
	// maxRunningDelay bounds the pauses while the recording has not ended.
	maxRunningDelay = 30 * time.Second
	// recordingEndsWithin is how long to wait for a recording to end: what Twilio answers before is no proof of anything.
	// A recording whose end was never reported is deleted after it.
	recordingEndsWithin = time.Hour
)

// Run is one attempt.
func (f *DeleteRecording) Run(ctx context.Context, run interview.Run) error {
	var args interview.DeleteRecordingArgs
	if err := run.Decode(&args); err != nil {
		return jobs.Permanent(err)
	}
	d, err := f.Store.BeginDeletion(ctx, run, args.CallID, args.RecordingSid)
	if err != nil {
		return f.later(f.Now(), fmt.Errorf("starting to delete recording %s: %w", args.RecordingSid, err))
	}
	if d.Skip {
		return nil
	}
	if err := f.delete(ctx, d, args.RecordingSid); err != nil {
		if since := f.Now().Add(-maxRunningDelay); d.Running && d.AskedAt.Before(since) {
			d.AskedAt = since // its end is not Twilio's to tell the run, so it looks often
		}
		return f.later(d.AskedAt, err)
	}
	// Whoever wants to stop: it is done, and should be known.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := f.Store.RecordingDeleted(ctx, run, args.CallID, args.RecordingSid); err != nil {
		return f.later(d.AskedAt, fmt.Errorf("keeping that recording %s was deleted: %w", args.RecordingSid, err))
	}
	return nil
}

// delete asks Twilio, if its answer can be a proof.
func (f *DeleteRecording) delete(ctx context.Context, d interview.Deletion, sid string) error {
	if d.Running && f.Now().Sub(d.AskedAt) < recordingEndsWithin {
		return fault.Named(fmt.Errorf("recording %s has not ended", sid))
	}
	// Another account does not know the recording, and would say that it is gone.
	if ours := f.Twilio.AccountSid(); d.AccountSid != "" && d.AccountSid != ours {
		return fault.Named(fmt.Errorf("recording %s belongs to account %s, not to TWILIO_ACCOUNT_SID", sid, d.AccountSid))
	}
	return f.Twilio.DeleteRecording(ctx, sid)
}

// later asks for another attempt, which does not count.
func (f *DeleteRecording) later(since time.Time, err error) error {
	if errors.Is(err, jobs.ErrLostRun) {
		return err
	}
	jitter := rand.Float64
	if f.Jitter != nil {
		jitter = f.Jitter
	}
	now := f.Now()
	delay := min(max(now.Sub(since), minDeletionDelay), maxDeletionDelay)
	return jobs.Wait(now.Add(delay-time.Duration(jitter()*float64(delay)/4)), fault.Of(err).String())
}
