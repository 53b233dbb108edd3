package console

import (
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// lane is the source of what is on a timeline.
type lane int

// The lanes, in the order in which they are drawn.
const (
	laneTwilio     lane = iota // Twilio's callbacks
	laneAnswer                 // what we answered to them
	laneDial                   // dials, and the ends that we asked for
	laneRecording              // recordings and their deletion
	laneTranscript             // transcriptions
	laneClaims                 // claims
	laneVerdict                // verdicts that the claims count for
	laneCall                   // the call itself: created, reconciled, consent withdrawn, erased
	lanes          = int(laneCall) + 1
)

func (l lane) String() string {
	return [...]string{"Twilio", "answer", "dial", "recording", "transcription", "claims", "verdict", "call"}[l]
}

// entry is one thing that happened to a call, or should have.
type entry struct {
	// at is where it stands on the timeline, arrived when we learned of it.
	at, arrived time.Time
	lane        lane
	what        string
	detail      string
	// state is "" for what went well, else failed, refused, rejected, conflict, reconciled, duplicate, late, missing, awaited or overdue.
	state string
	// link is the address of its own page, "" for none.
	link string
	// due is by when it is expected, nil for what has come.
	due *time.Time
	// act says what can be done about it, below "Actions"; "" for nothing.
	act string
	// sequence is Twilio's SequenceNumber, -1 for none.
	sequence int
	// ends is what a callback that came by itself is the end of.
	ends ending
	// cause orders it among those of the same moment.
	cause cause
}

// ending is what ends with a callback.
type ending int

// The endings.
const (
	endOfNothing ending = iota
	endOfCall
	endOfRecording
)

// timelineOf is what a timeline is made of.
type timelineOf struct {
	detail   store.CallDetail
	payloads map[string]store.Payload
	runs     []store.LedgerRun
	// retries are those of the runs that operators asked for, the oldest first.
	retries   []store.Audited
	verdicts  []store.CallVerdict
	deadlines interview.Deadlines
	now       time.Time
	path      func(string) string
	// shown is a text as the role may see it.
	shown func(string) string
	// arrival asks for the order in which we learned of things, instead of Twilio's.
	arrival bool
}

// entries are what happened to a call, in order, and last what is awaited.
func (t timelineOf) entries() []entry {
	list := []entry{{at: t.detail.Call.CreatedAt, lane: laneCall, what: begun(t.detail.Call), sequence: -1}}
	list = append(list, t.webhooks()...)
	list = append(list, t.history()...)
	list = append(list, t.functions()...)
	list = append(list, t.evidence()...)
	for n := range list {
		if list[n].arrived.IsZero() {
			list[n].arrived = list[n].at
		}
	}
	list = append(list, skipped(list)...)
	if t.arrival {
		inOrder(list, func(e entry) time.Time { return e.arrived })
	} else {
		endBeforeRecording(list)
		inSequence(list)
		inOrder(list, func(e entry) time.Time { return e.at })
	}
	return append(list, t.awaited()...)
}

// begun says how a call came to be.
func begun(call interview.Call) string {
	if call.Inbound() {
		return "came in"
	}
	return "queued"
}

// skipped are the status callbacks that must have been sent, since later ones came, and that did not come.
func skipped(list []entry) []entry {
	last, at, causes := -1, map[int]time.Time{}, map[int]cause{}
	for _, e := range list {
		if e.sequence >= 0 && e.lane == laneTwilio {
			last = max(last, e.sequence)
			at[e.sequence], causes[e.sequence] = e.at, e.cause
		}
	}
	var missing []entry
	for n := range min(last, 50) {
		if _, came := at[n]; came {
			continue
		}
		later := n + 1
		for at[later].IsZero() {
			later++
		}
		missing = append(missing, entry{at: at[later], arrived: at[later], lane: laneTwilio, what: "status callback " + number(n), sequence: n, cause: causes[later], state: "missing",
			detail: "has not come; a later one did, so the call is not worse off"})
	}
	return missing
}

// awaited is what the call waits for, and since when in vain.
func (t timelineOf) awaited() []entry {
	known := interview.Known{Recording: slices.ContainsFunc(t.detail.Recordings, func(r interview.Recording) bool { return r.Status != interview.RecordingInProgress }) ||
		slices.ContainsFunc(t.detail.History, func(h store.HistoryEntry) bool { return h.What == "recording.none" })}
	what, due, ok := t.detail.Call.NextDue(t.deadlines, known, t.now)
	if !ok {
		return nil
	}
	e := entry{at: due, arrived: due, due: &due, lane: overdueLane(what), what: awaited(what), state: "awaited", sequence: -1}
	e.detail = "in " + duration(due.Sub(t.now))
	if t.now.After(due) {
		e.state, e.detail, e.act = "overdue", "since "+duration(t.now.Sub(due)), "Ask Twilio now"
	}
	return []entry{e}
}

func overdueLane(what interview.Overdue) lane {
	switch what {
	case interview.OverdueDial:
		return laneDial
	case interview.OverdueRecording, interview.OverdueClearance:
		return laneRecording
	}
	return laneTwilio
}

// awaited says what a call waits for.
func awaited(what interview.Overdue) string {
	switch what {
	case interview.OverdueDial:
		return "whether Twilio has the call"
	case interview.OverdueAnswer:
		return "an answer, or that nobody answers"
	case interview.OverdueEnd:
		return "the end of the call"
	case interview.OverdueRecording:
		return "the recording"
	case interview.OverdueVerdict:
		return "who picked up: a person or a machine"
	case interview.OverdueClearance:
		return "the proof that Twilio keeps no recording"
	}
	return string(what)
}
