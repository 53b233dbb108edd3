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

// kindAMD is the webhook that tells who picked up.
const kindAMD inbox.Kind = "amd"

// ask asks Twilio about a call, unless lists have what is asked, and feeds in what we do not know. It returns how many events were missing.
func (r *Reconciler) ask(ctx context.Context, w store.OverdueCheck, lists accountLists) (repaired int, err error) {
	if r.config.Trace != nil {
		traced, end := r.config.Trace(ctx, w.Call.ID, w.What)
		defer func() { end(err) }()
		ctx = traced
	}
	return r.askTwilio(ctx, w, lists)
}

func (r *Reconciler) askTwilio(ctx context.Context, w store.OverdueCheck, lists accountLists) (int, error) {
	if w.Call.TwilioSid == "" {
		return r.findDial(ctx, w)
	}
	if w.What == interview.OverdueClearance {
		return r.clearRecordings(ctx, w, lists)
	}
	if err := r.limit.Wait(ctx); err != nil {
		return 0, err
	}
	rest := r.twilio(w.Call.AccountSid)
	if rest == nil {
		return 0, r.noteForeign(ctx, w, w.Call.AccountSid)
	}
	remote, err := rest.FetchCall(ctx, w.Call.TwilioSid)
	if notFound(err) {
		return 0, errors.Join(r.unknown(ctx, w), r.giveUpVerdict(ctx, w))
	}
	if err != nil {
		return 0, err
	}
	person := remote.To
	if w.Call.Inbound() {
		person = remote.From
	}
	if w.Call.PhoneNumber != "" && !twilio.SameNumber(person, w.Call.PhoneNumber) {
		return 0, fmt.Errorf("call %s at Twilio is to, or from, another number", remote.Sid)
	}
	repaired, err := r.feedCall(ctx, w, remote)
	if err != nil || w.Call.Consent != interview.ConsentGiven {
		return repaired, err
	}
	list, err := r.listRecordings(ctx, w.Call)
	if err != nil {
		return repaired, err
	}
	n, err := r.feedRecordings(ctx, w.Call, list)
	if err == nil && len(list) == 0 && w.What == interview.OverdueRecording && w.Checks+1 >= r.config.AbsentAnswers {
		// The person hung up before the recording began.
		err = r.config.Store.NoRecording(ctx, w.Call.ID)
	}
	return repaired + n, err
}

// noteForeign says, once, that nobody can ask about a call since it was dialled with another account.
func (r *Reconciler) noteForeign(ctx context.Context, w store.OverdueCheck, account string) error {
	if w.Checks > 0 {
		return nil
	}
	return r.config.Store.Note(ctx, w.Call.ID, "reconcile.foreign",
		"the call was dialled with account "+account+", for which there is no token: TWILIO_ACCOUNT_TOKENS can have it")
}

// unknown notes, once, that Twilio does not know a call.
func (r *Reconciler) unknown(ctx context.Context, w store.OverdueCheck) error {
	if w.Checks > 0 {
		return nil
	}
	return r.config.Store.Note(ctx, w.Call.ID, "reconcile.unknown", "Twilio does not know this call")
}

// feedCall feeds what Twilio says of a call beyond what we know: how far it is, and who picked up.
func (r *Reconciler) feedCall(ctx context.Context, w store.OverdueCheck, remote twilio.RemoteCall) (int, error) {
	repaired, err := r.feedStatus(ctx, w.Call, remote)
	if err != nil || repaired > 0 || w.Call.AnsweredBy != "" || w.Call.Inbound() {
		return repaired, err
	}
	if remote.AnsweredBy == "" {
		return 0, r.giveUpVerdict(ctx, w)
	}
	return r.feed(ctx, kindAMD, w.Call.ID, url.Values{"CallSid": {remote.Sid}, "AccountSid": {remote.AccountSid},
		"AnsweredBy": {remote.AnsweredBy}})
}

// giveUpVerdict settles who picked up a call that has been over for a while, when Twilio was asked often enough.
func (r *Reconciler) giveUpVerdict(ctx context.Context, w store.OverdueCheck) error {
	over := w.Call.Status.Terminal() && (w.Call.CompletedAt == nil || r.config.Now().Sub(*w.Call.CompletedAt) >= r.config.AbsentFor)
	if w.What != interview.OverdueVerdict || !over || w.Checks+1 < r.config.AbsentAnswers {
		return nil
	}
	return r.config.Store.NoVerdict(ctx, w.Call.ID)
}

// feedStatus feeds a status that is further than ours.
func (r *Reconciler) feedStatus(ctx context.Context, call interview.Call, remote twilio.RemoteCall) (int, error) {
	status, known := interview.CallStatusFromTwilio(remote.Status)
	if !known || status.Rank() <= call.Status.Rank() && call.TwilioSid != "" {
		return 0, nil
	}
	repaired := 0
	if answered := answeredAt(remote); status == interview.CallCompleted && call.StartedAt == nil && !answered.IsZero() {
		n, err := r.feed(ctx, inbox.KindStatus, call.ID, statusForm(remote, "in-progress", answered))
		if err != nil {
			return n, err
		}
		repaired += n
	}
	n, err := r.feed(ctx, inbox.KindStatus, call.ID, statusForm(remote, remote.Status, remote.Ended))
	return repaired + n, err
}

// answeredAt is when a completed call was answered, zero when Twilio does not say. Its start time is that of the dial; the
// duration counts from the answer (Twilio: Call resource).
func answeredAt(remote twilio.RemoteCall) time.Time {
	if remote.Duration == nil || remote.Ended.IsZero() {
		return remote.Started
	}
	return remote.Ended.Add(-time.Duration(*remote.Duration) * time.Second)
}

func statusForm(remote twilio.RemoteCall, status string, at time.Time) url.Values {
	form := url.Values{
		"CallSid": {remote.Sid}, "AccountSid": {remote.AccountSid}, "From": {remote.From}, "To": {remote.To},
		"Direction": {remote.Direction}, "CallStatus": {status}, "CallbackSource": {"reconciler"},
	}
	if !at.IsZero() {
		form.Set("Timestamp", at.UTC().Format(time.RFC1123Z))
	}
	if remote.AnsweredBy != "" {
		form.Set("AnsweredBy", remote.AnsweredBy)
	}
	if s, _ := interview.CallStatusFromTwilio(status); s.Terminal() && remote.Duration != nil {
		form.Set("CallDuration", strconv.Itoa(*remote.Duration))
	}
	return form
}

// feed makes an event of what Twilio says and hands it to the inbox, as its webhook would have been. It counts 1 when the
// event was missing.
func (r *Reconciler) feed(ctx context.Context, kind inbox.Kind, callID string, form url.Values) (int, error) {
	query := url.Values{"callId": {callID}}
	event := &inbox.Event{
		Kind: kind, Source: inbox.SourceReconciled, AccountSid: form.Get("AccountSid"), CallSid: form.Get("CallSid"),
		Target: "/api/webhooks/twilio/" + string(kind) + "?" + query.Encode(), ContentType: "application/x-www-form-urlencoded",
		Body: []byte(form.Encode()), Form: form, Query: query, ReceivedAt: r.config.Now().UTC(),
	}
	var err error
	if event.ID, event.Subject, err = r.config.Identify(kind, form, query); err != nil {
		return 0, fmt.Errorf("naming a reconciled %s event: %w", kind, err)
	}
	result, err := r.config.Processor.Process(ctx, event)
	if err != nil {
		return 0, fmt.Errorf("feeding a reconciled %s event: %w", kind, err)
	}
	if result.Outcome != inbox.Accepted {
		return 0, nil
	}
	r.config.Log.Info("a webhook that never arrived was fetched", "kind", kind, "call", callID, "event", event.ID)
	if r.config.OnRepair != nil {
		r.config.OnRepair(kind)
	}
	return 1, nil
}
