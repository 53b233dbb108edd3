package store

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// noteOptedOut is what a call's history says of a person who asked never to be called again.
const noteOptedOut = "call.opted-out"

// optOut puts the people of this batch who asked for it on the do-not-call list. It is the last that a batch does, since it takes the
// gate, and nothing for a batch in which nobody asked.
func (b *batch) optOut(ctx context.Context) error {
	if len(b.optOuts) == 0 {
		return nil
	}
	var entries []interview.DoNotCall
	for _, o := range b.optOuts {
		call := b.calls[o.callID]
		if err := b.keepOptOut(ctx, o, call); err != nil {
			return err
		}
		number := call.Callee()
		if !interview.ValidPhoneNumber(number) {
			continue // a withheld number of somebody who called us, or one that was erased: nobody can call it
		}
		entry, err := b.tx.optOutEntry(ctx, call, interview.SourceCall)
		if err != nil {
			return err
		}
		entries = append(entries, entry)
	}
	if len(entries) == 0 {
		return nil
	}
	if err := b.tx.changeGate(ctx); err != nil {
		return err
	}
	_, err := b.tx.insertDoNotCall(ctx, entries)
	return err
}

// optOutEntry is the entry of the do-not-call list for a person who asked for it on a call.
func (tx *Tx) optOutEntry(ctx context.Context, call interview.Call, source string) (interview.DoNotCall, error) {
	number := call.Callee()
	hash, err := tx.numberHash(ctx, number)
	if err != nil {
		return interview.DoNotCall{}, err
	}
	entry := interview.DoNotCall{ID: tx.newID(), Hash: hash, Masked: interview.MaskPhoneNumber(number), Scope: interview.ScopeAll,
		Source: source, RequestedBy: "callee", CallID: call.ID, CreatedAt: tx.Now}
	if call.Simulated { // what a simulator says holds for no real person
		entry.Scope = call.CampaignID
	}
	if call.ErasedAt != nil {
		entry.Masked = ""
	}
	return entry, nil
}

// keepOptOut keeps in the call's history and in the audit log that a person opted out, once for each call.
func (b *batch) keepOptOut(ctx context.Context, o causedOptOut, call interview.Call) error {
	if o.again {
		return nil
	}
	where := "at the consent question"
	switch {
	case call.Direction == interview.DirectionInbound:
		where = "on a call from them"
	case o.optOut.Step != interview.OptOutAtConsent:
		where = fmt.Sprintf("at question %d", o.optOut.Step)
	}
	if err := b.tx.note(ctx, call.ID, noteOptedOut, fmt.Sprintf("%s, by %s", where, o.optOut.By)); err != nil {
		return err
	}
	return b.tx.recordAudit(ctx, interview.AuditEntry{Actor: "callee", Action: interview.AuditOptOut, Subject: call.ID,
		Detail: map[string]any{"phoneNumber": interview.MaskPhoneNumber(call.Callee()), "language": o.optOut.Language, "by": string(o.optOut.By),
			"step": o.optOut.Step, "event": o.cause}})
}
