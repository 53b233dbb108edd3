package store

import (
	"context"

	"github.com/i-agent/iagent/internal/interview"
)

// optOutOnRecording puts the person on the do-not-call list whose answer turns out to ask for it: in a campaign with pauses nobody hears
// the answers during the call. It takes the gate, so it is the last that a transaction does, and writes nothing when nobody asked, or
// when it was heard during the call.
func (tx *Tx) optOutOnRecording(ctx context.Context, call interview.Call, recordingSid string, said []interview.Utterance) error {
	if call.OptedOutAt != nil || !interview.ValidPhoneNumber(call.Callee()) || !interview.OptedOutOnRecording(call.Script, said) {
		return nil
	}
	entry, err := tx.optOutEntry(ctx, call, interview.SourceTranscript)
	if err != nil {
		return err
	}
	if err := tx.note(ctx, call.ID, noteOptedOut, "on recording "+recordingSid+", by "+string(interview.OptOutBySpeech)); err != nil {
		return err
	}
	err = tx.recordAudit(ctx, interview.AuditEntry{Actor: "callee", Action: interview.AuditOptOut, Subject: call.ID, Detail: map[string]any{
		"phoneNumber": interview.MaskPhoneNumber(call.Callee()), "language": call.Script.Language, "by": string(interview.OptOutBySpeech),
		"recording": recordingSid}})
	if err != nil {
		return err
	}
	if err := tx.changeGate(ctx); err != nil {
		return err
	}
	_, err = tx.insertDoNotCall(ctx, []interview.DoNotCall{entry})
	return err
}
