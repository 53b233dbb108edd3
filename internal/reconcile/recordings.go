package reconcile

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/twilio"
)

// clearRecordings looks for recordings of a call that is over. What Twilio has is fed, which has it deleted unless a consent covers
// it; what is absent or failed has no audio.
func (r *Reconciler) clearRecordings(ctx context.Context, w store.OverdueCheck) (int, error) {
	repaired, list, err := r.feedRecordings(ctx, w.Call)
	if notFound(err) {
		return repaired, r.unknown(ctx, w)
	}
	if err != nil {
		return repaired, err
	}
	left := 0
	for _, recording := range list {
		switch recording.Status {
		case "absent", "failed":
		case "completed":
			if w.Call.Consent != interview.ConsentGiven {
				left++
			}
		default:
			left++
		}
	}
	_, err = r.config.Store.RecordingsListed(ctx, w.Call.ID, left, r.config.AbsentAnswers, r.config.AbsentFor)
	return repaired, err
}

// feedRecordings feeds the recordings that are over, and says how many were missing and what Twilio has.
func (r *Reconciler) feedRecordings(ctx context.Context, call interview.Call) (repaired int, list []twilio.RemoteRecording, err error) {
	if err := r.limit.Wait(ctx); err != nil {
		return 0, nil, err
	}
	rest := r.twilio(call.AccountSid)
	if rest == nil {
		return 0, nil, fmt.Errorf("there is no token for account %s", call.AccountSid)
	}
	list, err = rest.ListRecordings(ctx, call.TwilioSid)
	if err != nil {
		return 0, nil, err
	}
	for _, recording := range list {
		switch recording.Status {
		case "completed", "absent", "failed":
		default:
			continue
		}
		form := url.Values{
			"CallSid": {call.TwilioSid}, "AccountSid": {recording.AccountSid}, "RecordingSid": {recording.Sid},
			"RecordingStatus": {recording.Status}, "RecordingUrl": {recording.URL},
		}
		if recording.Duration != nil {
			form.Set("RecordingDuration", strconv.Itoa(*recording.Duration))
		}
		if recording.Channels > 0 {
			form.Set("RecordingChannels", strconv.Itoa(recording.Channels))
		}
		if !recording.Started.IsZero() {
			form.Set("RecordingStartTime", recording.Started.UTC().Format(time.RFC1123Z))
		}
		if recording.Source != "" {
			form.Set("RecordingSource", recording.Source)
		}
		n, err := r.feed(ctx, inbox.KindRecording, call.ID, form)
		repaired += n
		if err != nil {
			return repaired, list, err
		}
	}
	return repaired, list, nil
}
