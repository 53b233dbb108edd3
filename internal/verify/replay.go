package verify

import (
	"maps"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// slack is how far apart two steps must be for their order to be known. Rows carry the time at which their transaction
// began; it may then have waited for the call for as long as the inbox lets it, and clocks differ a little.
const slack = 10 * time.Second

// step is something that changed a call: an event, or what its history says of the functions.
type step struct {
	at    time.Time
	event *store.SnapshotEvent // nil for a line of the history
	line  store.HistoryEntry
}

// steps are all of a call's, in the order of their rows.
func steps(c store.SnapshotCall) []step {
	var list []step
	for i := range c.Events {
		e := &c.Events[i]
		at := e.Event.ReceivedAt
		if id, err := ulid.ParseStrict(e.Row); err == nil {
			at = id.Timestamp().UTC()
		}
		list = append(list, step{at: at, event: e})
	}
	for _, line := range c.History {
		list = append(list, step{at: line.At, line: line})
	}
	slices.SortStableFunc(list, func(a, b step) int { return a.at.Compare(b.at) })
	return list
}

// outcome is a call as its steps made it.
type outcome struct {
	call       interview.Call
	recordings map[string]interview.RecordingStatus
	said       map[int]bool
	// asked holds, for each job, the events that ask for it.
	asked map[jobKey][]string
	// refused are accepted events that are refused now.
	refused []string
}

type jobKey struct {
	function interview.Function
	key      string
}

// replay takes the steps from the call's creation.
func (v *verifier) replay(c store.SnapshotCall, list []step) outcome {
	o := outcome{
		call: interview.Call{
			ID: c.Call.ID, CampaignID: c.Call.CampaignID, Status: interview.CallQueued, Sequence: interview.NoSequence,
			CreatedAt: c.Call.CreatedAt, Script: c.Call.Script, Version: c.Call.Version, Direction: c.Call.Direction,
		},
		recordings: map[string]interview.RecordingStatus{}, said: map[int]bool{}, asked: map[jobKey][]string{},
	}
	if o.call.Inbound() { // it is made of its first event
		o.call.Status, o.call.TwilioSid, o.call.AccountSid = interview.CallRinging, c.Call.TwilioSid, c.Call.AccountSid
		o.call.PhoneNumber, o.call.ContactID = c.Call.PhoneNumber, c.Call.ContactID
	}
	for _, s := range list {
		if s.event != nil {
			v.apply(&o, s.event)
		} else {
			o.recall(c, s.line)
		}
	}
	return o
}

// apply decides an event again, as the inbox did.
func (v *verifier) apply(o *outcome, e *store.SnapshotEvent) {
	change, _, err := v.config.Decide(o.call, &e.Event)
	if err != nil {
		o.refused = append(o.refused, e.Row)
		return
	}
	if e.Forced {
		change = change.Without(o.said)
	}
	o.call = change.Call
	for _, r := range change.Recordings {
		if old, known := o.recordings[r.Sid]; !known || r.Status.Rank() > old.Rank() {
			o.recordings[r.Sid] = r.Status
		}
	}
	for _, u := range change.Utterances {
		o.said[u.Position] = true
	}
	for _, job := range change.Jobs {
		o.ask(job, e.Row)
	}
	if change.Erase {
		for _, sid := range slices.Sorted(maps.Keys(o.recordings)) {
			if o.recordings[sid] != interview.RecordingDeleted {
				o.ask(interview.NewDeleteRecording(o.call.ID, sid), e.Row)
			}
		}
		clear(o.said)
	}
}

func (o *outcome) ask(job interview.Job, cause string) {
	k := jobKey{job.Function, job.Key}
	o.asked[k] = append(o.asked[k], cause)
}

// recall takes what a line of the history says that a function did to the call.
func (o *outcome) recall(c store.SnapshotCall, line store.HistoryEntry) {
	at, call := line.At, &o.call
	switch line.What {
	case "dial.intent":
		call.DialedAt = &at
	case "dial.postponed":
		call.DialedAt = nil
	case "dial.accepted":
		if call.TwilioSid != "" || c.Call.TwilioSid != line.Detail {
			return
		}
		call.TwilioSid, call.AccountSid = line.Detail, c.Call.AccountSid
		if call.Status == interview.CallQueued {
			call.Status = interview.CallDialing
		}
	case "dial.refused":
		if call.Status == interview.CallQueued {
			call.Status, call.CompletedAt = interview.CallFailed, &at
		}
	case "dial.restored":
		call.DialedAt = &at
		if call.Status == interview.CallQueued {
			call.Status = interview.CallDialUnknown
		}
	case "dial.unknown":
		if call.Status == interview.CallQueued && call.TwilioSid == "" {
			call.Status = interview.CallDialUnknown
		}
	case "dial.absent":
		call.Status, call.Sequence, call.DialedAt = interview.CallQueued, interview.NoSequence, nil
	case "dial.canceled":
		if call.Status == interview.CallQueued {
			call.Status, call.CompletedAt = interview.CallCanceled, &at
		}
	case "consent.withdrawn":
		if call.WithdrawConsent(at) {
			clear(o.said)
		}
	case "recording.deleted":
		if _, known := o.recordings[line.Detail]; known {
			o.recordings[line.Detail] = interview.RecordingDeleted
		}
	}
}

// replayed returns what is wrong with a call by the order of its steps that explains it best: where two steps may have
// come in either order, the stored call decides which.
func (v *verifier) replayed(c store.SnapshotCall) []fault {
	order := steps(c)
	best := compare(c, v.replay(c, order))
	if len(best) == 0 {
		return nil
	}
	arrival := slices.Clone(order)
	slices.SortStableFunc(arrival, func(a, b step) int { return arrived(a).Compare(arrived(b)) })
	if faults := compare(c, v.replay(c, arrival)); len(faults) < len(best) {
		order, best = arrival, faults
	}
	if v.searches++; v.searches > maxSearches {
		return best
	}
	for range 3 {
		better, faults := v.improve(c, order, best)
		if len(faults) >= len(best) {
			break
		}
		if order, best = better, faults; len(best) == 0 {
			break
		}
	}
	return best
}

func arrived(s step) time.Time {
	if s.event != nil {
		return s.event.Event.ReceivedAt
	}
	return s.at
}

// improve moves one step to another place that it may have had.
func (v *verifier) improve(c store.SnapshotCall, order []step, faults []fault) ([]step, []fault) {
	best := order
	for from := range order {
		for to := range order {
			if to == from || !movable(order, from, to) {
				continue
			}
			moved := slices.Insert(slices.Delete(slices.Clone(order), from, from+1), to, order[from])
			if found := compare(c, v.replay(c, moved)); len(found) < len(faults) {
				best, faults = moved, found
			}
			if len(faults) == 0 {
				return best, nil
			}
		}
	}
	return best, faults
}

// movable reports whether a step may have come at another place: no other that it passes is surely before or after it.
func movable(order []step, from, to int) bool {
	for i := min(from, to); i <= max(from, to); i++ {
		if d := order[i].at.Sub(order[from].at); d > slack || d < -slack {
			return false
		}
	}
	return true
}
