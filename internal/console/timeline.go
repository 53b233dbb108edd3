package console

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// lane is the source of what is on a timeline.
type lane string

// The lanes, in the order in which they are drawn.
const (
	laneTwilio   lane = "Twilio"   // its webhooks, with our answers
	laneServer   lane = "i-agent"  // dial, retries, deletions
	laneEvidence lane = "evidence" // claims
	laneMissing  lane = "missing"  // what should have come
)

// entry is one thing that happened to a call, or should have.
type entry struct {
	at     time.Time
	lane   lane
	what   string
	detail string
	// state is "" for what went well, else failed, refused, conflict, reconciled, duplicate, late or awaited.
	state string
	// link is the address of its own page, "" for none.
	link string
}

// timeline is what happened to a call, in the order of time. Of webhooks that is the order of their arrival. What is
// awaited comes last.
func timeline(d store.CallDetail, deadlines interview.Deadlines, now time.Time, path func(string) string) []entry {
	var entries []entry
	created := entry{at: d.Call.CreatedAt, lane: laneServer, what: "queued"}
	entries = append(entries, created)
	for _, w := range d.Webhooks {
		e := entry{at: w.ReceivedAt, lane: laneTwilio, what: string(w.Kind), detail: w.EventID, link: path("/webhooks/" + w.ID)}
		switch {
		case w.Outcome == inbox.Failed:
			e.state, e.detail = "failed", w.Error
		case w.Outcome == inbox.Refused:
			e.state, e.detail = "refused", w.Error
		case w.Outcome == inbox.Conflict:
			e.state = "conflict"
		case w.Source == inbox.SourceReconciled:
			e.state = "reconciled"
		case w.Duplicates > 0:
			e.state = "duplicate"
			e.detail += ", and " + strconv.Itoa(w.Duplicates) + " more times"
		}
		entries = append(entries, e)
	}
	for _, h := range d.History {
		entries = append(entries, entry{at: h.At, lane: laneServer, what: h.What, detail: h.Detail})
	}
	for _, claim := range d.Claims {
		e := entry{at: claim.CreatedAt, lane: laneEvidence, what: "claim", detail: claim.Text}
		if claim.Rejected != "" {
			e.state, e.detail = "refused", claim.Rejected
		}
		entries = append(entries, e)
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.lane, b.lane)) })
	known := interview.Known{Recording: slices.ContainsFunc(d.Recordings, func(r interview.Recording) bool { return r.Status != interview.RecordingInProgress })}
	if what, due, ok := d.Call.NextDue(deadlines, known, now); ok {
		e := entry{at: due, lane: laneMissing, what: awaited(what), state: "awaited"}
		if now.After(due) {
			e.state = "late"
		}
		entries = append(entries, e)
	}
	return entries
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
		return "who picked up"
	case interview.OverdueClearance:
		return "the proof that no recording is left"
	}
	return string(what)
}
