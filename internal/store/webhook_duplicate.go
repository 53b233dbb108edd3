package store

import (
	"context"
	"maps"
	"slices"

	"github.com/i-agent/iagent/inbox"
)

// answerDuplicate gives an event that was accepted before the answer that it had then.
func (b *batch) answerDuplicate(d *delivery) error {
	id := d.event.ID
	first := b.first[id]
	if first == nil {
		// The id was taken by an event of which only the id is left. It must not take effect again; the answer is what
		// it would be, so that a caller is not left without one.
		_, reply, err := b.processor.decide(b.calls[d.event.Subject], d.event)
		if err != nil {
			return b.refuse(d, err)
		}
		d.result = inbox.Result{Outcome: inbox.Duplicate, Reply: reply}
		return nil
	}
	if d.event.Source != inbox.SourceReconciled { // what was fetched is no delivery
		b.again[first.ID]++
	}
	d.result, d.row = inbox.Result{Outcome: inbox.Duplicate, Reply: first.reply}, first.ID
	if rebuilt := d.event.Source == inbox.SourceReconciled || first.source == inbox.SourceReconciled; d.hash != first.hash && oldPayloadHash(d.event) != first.hash && !rebuilt {
		d.result.Outcome = inbox.Conflict
		if key := (conflictKey{id, d.hash}); b.conflicts[key] == nil {
			b.conflicts[key] = b.stored(d, b.calls[d.event.Subject], inbox.Conflict)
		}
	}
	return nil
}

// keepConflicts keeps every payload that came under the id of another once, and no more than [inbox.MaxConflicts].
func (b *batch) keepConflicts(ctx context.Context) error {
	if len(b.conflicts) == 0 {
		return nil
	}
	ids := map[string]bool{}
	for key := range b.conflicts {
		ids[key.eventID] = true
	}
	kept, err := b.tx.conflicts(ctx, slices.Sorted(maps.Keys(ids)))
	if err != nil {
		return err
	}
	count := map[string]int{}
	for key := range kept {
		count[key.eventID]++
	}
	for key, event := range b.conflicts {
		old := conflictKey{key.eventID, oldPayloadHash(event.event)}
		if !kept[key] && !kept[old] && count[key.eventID] < inbox.MaxConflicts {
			b.events = append(b.events, event)
			count[key.eventID]++
		}
	}
	return nil
}
