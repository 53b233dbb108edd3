package reconcile

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/twilio"
)

// accountLists are the recordings of many calls: by account, and in that by CallSid.
type accountLists map[string]map[string][]twilio.RemoteRecording

const (
	// fewestTogether is from how many calls of an account on their recordings are looked for in one list of the account's.
	fewestTogether = 5
	// longestTogether is how old these calls are at most, since the list goes back to the oldest.
	longestTogether = time.Hour
	// mostTogether is how many recordings such a list has at most: five pages, beside other work of a large account.
	mostTogether = 5000
	// clockMargin is how far Twilio's clock may be behind ours.
	clockMargin = 5 * time.Minute
)

// listTogether lists the recordings of the calls of each account that has many to clear, with a request for a thousand
// recordings instead of one for each call.
func (r *Reconciler) listTogether(ctx context.Context, checks []store.OverdueCheck) (accountLists, error) {
	calls, since := map[string]int{}, map[string]time.Time{}
	for _, w := range checks {
		account, created := w.Call.AccountSid, w.Call.CreatedAt
		if !r.recent(w) {
			continue
		}
		if calls[account]++; calls[account] == 1 || created.Before(since[account]) {
			since[account] = created
		}
	}
	lists := accountLists{}
	for account, n := range calls {
		rest := r.twilio(account)
		if n < fewestTogether || rest == nil {
			continue
		}
		if err := r.limit.Wait(ctx); err != nil {
			return nil, err
		}
		all, err := rest.ListRecordingsSince(ctx, since[account].Add(-clockMargin), mostTogether)
		if errors.Is(err, twilio.ErrTooMany) {
			continue // each is asked about alone
		}
		if err != nil {
			return nil, err
		}
		of := map[string][]twilio.RemoteRecording{}
		for _, recording := range all {
			of[recording.CallSid] = append(of[recording.CallSid], recording)
		}
		lists[account] = of
	}
	return lists, nil
}

// recent reports whether the list of an account goes back to a call.
func (r *Reconciler) recent(w store.OverdueCheck) bool {
	return r.config.Now().Sub(w.Call.CreatedAt) < longestTogether
}

// listed are the recordings of a call in lists, unless Twilio has to be asked about it alone. So it is for the last of the answers that prove
// that there are none: nothing says that the list of an account is complete as soon as that of a call.
func (r *Reconciler) listed(lists accountLists, w store.OverdueCheck) (list []twilio.RemoteRecording, ok bool) {
	of, ok := lists[w.Call.AccountSid]
	last := w.Absences+1 >= r.config.AbsentAnswers && w.AbsentSince != nil && r.config.Now().Sub(*w.AbsentSince) >= r.config.AbsentFor
	if !ok || !r.recent(w) || last {
		return nil, false
	}
	return of[w.Call.TwilioSid], true
}

// clearRecordings looks for recordings of a call that is over, in lists or with a request of its own. What Twilio has is fed, which has
// it deleted unless a consent covers it; what is absent or failed has no audio.
func (r *Reconciler) clearRecordings(ctx context.Context, w store.OverdueCheck, lists accountLists) (repaired int, err error) {
	list, ok := r.listed(lists, w)
	if !ok {
		list, err = r.listRecordings(ctx, w.Call)
	}
	if notFound(err) {
		return 0, r.unknown(ctx, w)
	}
	if err == nil {
		repaired, err = r.feedRecordings(ctx, w.Call, list)
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

// listRecordings asks Twilio for the recordings of a call.
func (r *Reconciler) listRecordings(ctx context.Context, call interview.Call) ([]twilio.RemoteRecording, error) {
	if err := r.limit.Wait(ctx); err != nil {
		return nil, err
	}
	rest := r.twilio(call.AccountSid)
	if rest == nil {
		return nil, fmt.Errorf("there is no token for account %s", call.AccountSid)
	}
	return rest.ListRecordings(ctx, call.TwilioSid)
}

// feedRecordings feeds those of a call's recordings that are over, and says how many were missing.
func (r *Reconciler) feedRecordings(ctx context.Context, call interview.Call, list []twilio.RemoteRecording) (repaired int, err error) {
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
			return repaired, err
		}
	}
	return repaired, nil
}
