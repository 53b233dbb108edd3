package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// batch is one transaction of webhooks. Locks are taken in one order everywhere (calls by id, then event ids, then event
// rows), so that two batches cannot wait for each other.
type batch struct {
	tx        *Tx
	processor *Processor // whose deliveries they are
	// admitted are the deliveries whose call is known and theirs, in order of arrival.
	deliveries, admitted []*delivery

	calls   map[string]interview.Call
	made    map[string]interview.Call // those that came in and are not written yet
	claimed map[string]bool
	// first holds, by event id, the accepted event: stored before this batch, or decided in it.
	first map[string]*storedEvent
	// conflicts are the payloads that came under the id of another.
	conflicts map[conflictKey]*storedEvent

	changed    map[string]interview.Call // as they were
	unclaimed  []string
	events     []*storedEvent
	again      map[string]int // row id of a stored event -> duplicates seen in this batch
	recordings []interview.Recording
	utterances []interview.Utterance
	jobs       []causedJob
	erasures   []causedErasure
	optOuts    []causedOptOut

	// trying says that the transaction is to be rolled back, so it must not be committed with its last statements.
	trying bool
}

// causedJob is a job and the event that asked for it.
type causedJob struct {
	cause string
	job   interview.Job
}

// causedErasure is a call that lost its consent, and the event by which it did.
type causedErasure struct{ cause, callID string }

// causedOptOut is a person who asked never to be called again, and the event by which they did.
type causedOptOut struct {
	cause, callID string
	optOut        interview.OptOut
	// again says that the call knew of it.
	again bool
}

type conflictKey struct {
	eventID string
	hash    [32]byte
}

func (p *Processor) newBatch(tx *Tx, deliveries []*delivery) *batch {
	return &batch{
		tx: tx, processor: p, deliveries: deliveries,
		claimed: map[string]bool{}, first: map[string]*storedEvent{}, conflicts: map[conflictKey]*storedEvent{},
		changed: map[string]interview.Call{}, again: map[string]int{}, made: map[string]interview.Call{},
	}
}

// run loads, claims, decides and writes. The results of the deliveries hold once the transaction is committed.
func (b *batch) run(ctx context.Context) error {
	if err := b.load(ctx); err != nil {
		return err
	}
	if err := b.admit(ctx); err != nil {
		return err
	}
	b.tx.expectChanges(len(b.admitted))
	for _, d := range b.admitted {
		if err := b.settle(ctx, d); err != nil {
			return err
		}
	}
	return b.save(ctx)
}

// load locks the calls, takes the event ids that nobody has yet, and loads what became of the others.
func (b *batch) load(ctx context.Context) error {
	if err := b.findCalls(ctx); err != nil {
		return err
	}
	callIDs, eventIDs := map[string]bool{}, map[string]bool{}
	for _, d := range b.deliveries {
		callIDs[d.event.Subject], eventIDs[d.event.ID] = true, true
	}
	stmts := b.tx.newStmtBatch()
	if bound := b.tx.store.dialect.boundWaits; bound != "" {
		stmts.exec("bounding waits for locks", bound)
	}
	b.calls = stmts.lockCalls(slices.Sorted(maps.Keys(callIDs)), b.needsScript())
	sorted := slices.Sorted(maps.Keys(eventIDs))
	rows := make([][]any, len(sorted))
	for i, id := range sorted {
		rows[i] = []any{id, b.tx.Now}
	}
	dedupInsert.addNew(stmts, "claiming event ids", rows, func(id string) { b.claimed[id] = true })
	if b.tx.pgx != nil { // before it is known which ids are taken: it would be another round trip
		// A statement of its own, since it must see what was committed while the claim waited.
		stmts.settledEvents(sorted, b.first)
	}
	if err := stmts.run(ctx); err != nil {
		return err
	}
	if b.tx.pgx == nil && len(b.claimed) < len(sorted) {
		stmts := b.tx.newStmtBatch()
		stmts.settledEvents(slices.DeleteFunc(sorted, func(id string) bool { return b.claimed[id] }), b.first)
		if err := stmts.run(ctx); err != nil {
			return err
		}
	}
	maps.Copy(b.calls, b.made)
	return b.findInterviews(ctx)
}

// needsScript says whether a decision may look at its call's Script.
func (b *batch) needsScript() bool {
	return slices.ContainsFunc(b.deliveries, func(d *delivery) bool { return !slices.Contains(b.processor.withoutScript, d.event.Kind) })
}

var dedupInsert = newInsert("webhook_dedup", `ON CONFLICT DO NOTHING`, `"id" text`, `"receivedAt" timestamp`)

// admit refuses the deliveries whose call is unknown or not theirs. So it does with those of a call whose event ids were
// pruned, since nothing would tell that they took effect before; only of one that is not over it takes what Twilio answers when
// it is asked.
func (b *batch) admit(ctx context.Context) error {
	owners, err := b.owners(ctx)
	if err != nil {
		return err
	}
	for _, d := range b.deliveries {
		call, known := b.calls[d.event.Subject]
		owner, owned := owners[d.event.CallSid]
		switch {
		case !known, call.PrunedAt != nil && (d.event.Source != inbox.SourceReconciled || call.Status.Terminal()):
			b.giveUp(d, inbox.Refuse(404, "Call not found"))
		case call.Bind(d.event.AccountSid, d.event.CallSid) != nil, owned && owner != call.ID:
			b.giveUp(d, inbox.Refuse(409, "Call mismatch"))
		default:
			owners[d.event.CallSid] = call.ID
			b.admitted = append(b.admitted, d)
		}
	}
	return nil
}

// owners says which calls are bound to the CallSids that this batch would bind.
func (b *batch) owners(ctx context.Context) (map[string]string, error) {
	owners, fresh := map[string]string{}, map[string]bool{}
	for _, d := range b.deliveries {
		if call, known := b.calls[d.event.Subject]; known && call.TwilioSid == "" {
			fresh[d.event.CallSid] = true
		}
	}
	if len(fresh) == 0 {
		return owners, nil
	}
	condition, args := b.tx.in("twilio_sid", 1, slices.Sorted(maps.Keys(fresh)))
	err := collect(ctx, b.tx, func(r row) error {
		var sid, id string
		err := r.Scan(&sid, &id)
		owners[sid] = id
		return err
	}, `SELECT twilio_sid, id FROM calls WHERE twilio_sid <> '' AND `+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("looking for the calls of new CallSids: %w", err)
	}
	return owners, nil
}

// settle decides a first delivery and answers a repeated one.
func (b *batch) settle(ctx context.Context, d *delivery) error {
	if id := d.event.ID; b.claimed[id] && b.first[id] == nil {
		return b.accept(d, inbox.Accepted, nil)
	}
	if d.replaying != nil && d.replaying.Force {
		return b.force(ctx, d)
	}
	return b.answerDuplicate(d)
}

// accept decides an event. said are the positions of the live answers that are kept already, for an event that is forced.
func (b *batch) accept(d *delivery, outcome inbox.Outcome, said map[int]bool) error {
	call := b.calls[d.event.Subject]
	change, reply, err := b.processor.decide(call, d.event)
	d.decided = &Decided{call, d.event, change, reply, err}
	if err == nil {
		err = reply.Check()
	}
	if err != nil {
		return b.refuse(d, err)
	}
	if change.Call.ID != call.ID {
		return fmt.Errorf("handling %s: the decision is about call %q, not %q", d.event.ID, change.Call.ID, call.ID)
	}
	change = change.Without(said)
	event := b.stored(d, change.Call, outcome)
	if change.OptOut != nil {
		again := call.OptedOutAt != nil
		if change.Call.OptedOutAt == nil {
			at := d.event.ReceivedAt.UTC()
			change.Call.OptedOutAt = &at
		}
		b.optOuts = append(b.optOuts, causedOptOut{event.ID, call.ID, *change.OptOut, again})
	}
	b.calls[call.ID] = change.Call
	if _, twice := b.changed[call.ID]; !twice {
		b.changed[call.ID] = call
		if d.made {
			call.Status = "" // it is new
		}
	}
	b.tx.callChanged(call, change.Call, d.event.ID, d.request)
	event.reply = reply
	if outcome == inbox.Accepted {
		b.first[d.event.ID] = event
	}
	b.events = append(b.events, event)
	b.recordings = append(b.recordings, change.Recordings...)
	b.utterances = append(b.utterances, change.Utterances...)
	for _, job := range change.Jobs {
		b.jobs = append(b.jobs, causedJob{event.ID, job})
	}
	if change.Erase {
		b.erasures = append(b.erasures, causedErasure{event.ID, call.ID})
	}
	d.result, d.row = inbox.Result{Outcome: outcome, Reply: reply}, event.ID
	return nil
}

// refuse gives up the claim of an event that must not be acted on; any other error ends the batch.
func (b *batch) refuse(d *delivery, err error) error {
	var refusal *inbox.Refusal
	if !errors.As(err, &refusal) {
		return fmt.Errorf("handling %s: %w", d.event.ID, err)
	}
	b.giveUp(d, refusal)
	return nil
}

// giveUp answers with the refusal, and leaves the event id to whoever comes next.
func (b *batch) giveUp(d *delivery, refusal error) {
	d.err = refusal
	if b.claimed[d.event.ID] {
		b.unclaimed = append(b.unclaimed, d.event.ID)
	}
}

// save writes everything that was decided, and commits where that saves a round trip.
func (b *batch) save(ctx context.Context) error {
	if err := b.keepConflicts(ctx); err != nil {
		return err
	}
	stmts := b.tx.newStmtBatch()
	// A twin of a refused delivery may have been accepted after all.
	b.unclaimed = slices.DeleteFunc(b.unclaimed, func(id string) bool { return b.first[id] != nil })
	if len(b.unclaimed) > 0 {
		condition, args := b.tx.in(`"id"`, 1, b.unclaimed)
		stmts.exec("giving up refused event ids", `DELETE FROM webhook_dedup WHERE `+condition, args...)
	}
	for _, event := range b.events {
		event.duplicates = b.again[event.ID]
		delete(b.again, event.ID)
	}
	stmts.insertEvents(b.events)
	stmts.countDuplicates(b.again)
	was, is := make([]interview.Call, 0, len(b.changed)), make([]interview.Call, 0, len(b.changed))
	for _, id := range slices.Sorted(maps.Keys(b.changed)) {
		if _, made := b.made[id]; made {
			stmts.insertInbound(b.calls[id])
			continue
		}
		was, is = append(was, b.changed[id]), append(is, b.calls[id])
	}
	stmts.saveCalls(was, is)
	var uncleared []string
	for i := range is {
		if is[i].Uncleared() && !was[i].Uncleared() {
			uncleared = append(uncleared, is[i].ID)
		}
	}
	stmts.resumeOverdueChecks(uncleared)
	stmts.saveRecordings(b.recordings)
	stmts.insertUtterances(b.utterances)
	replayed := slices.ContainsFunc(b.admitted, func(d *delivery) bool { return d.replaying != nil && d.err == nil })
	if len(b.utterances) == 0 && len(b.jobs) == 0 && len(b.erasures) == 0 && len(b.optOuts) == 0 && len(b.callers()) == 0 && !replayed && !b.trying {
		return stmts.commit(ctx)
	}
	if err := stmts.run(ctx); err != nil {
		return err
	}
	if err := b.tx.transcribeLive(ctx, b.utterances); err != nil {
		return err
	}
	if err := b.reachCallers(ctx); err != nil {
		return err
	}
	for _, j := range b.jobs {
		if err := b.tx.enqueue(ctx, j.cause, []interview.Job{j.job}); err != nil {
			return err
		}
	}
	// Last, so that nothing of this batch stays either.
	for _, e := range b.erasures {
		if _, err := b.tx.eraseSpeech(ctx, e.callID, e.cause); err != nil {
			return err
		}
	}
	for _, d := range b.admitted {
		if d.err != nil {
			continue
		}
		if err := b.tx.auditReplay(ctx, d, d.result.Outcome); err != nil {
			return err
		}
	}
	return b.optOut(ctx)
}
