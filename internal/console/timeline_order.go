package console

import (
	"cmp"
	"slices"
	"time"
)

// cause is where an entry stands among those of the same moment: what brings something about comes before it.
type cause struct {
	stage stage
	// n is the place within the stage, such as that of a webhook by its arrival.
	n int
}

// stage is a part of a call's life.
type stage int

// The stages, in the order in which one causes the next.
const (
	stageBegin      stage = iota
	stageDialRun          // the run that dials
	stageDial             // dials, and the ends that we asked for
	stageWebhooks         // Twilio's callbacks, what we answered to each, and the recording that an answer began
	stageTranscribe       // the run
	stageTranscribed
	stageExtract // the run
	stageClaims
	stageValidate // the run
	stageVerdict
	stageLater // what happens to a call when it is over: deletions, erasure
)

// Of each webhook there may be a recording that began before it, the end of the call that ended a recording, the webhook, and its answer.
const (
	beforeWebhook = iota
	callEnds
	theWebhook
	itsAnswer
	placesOfWebhook
)

// ofWebhook is the place of what belongs to the n-th webhook to arrive.
func ofWebhook(n, place int) cause { return cause{stageWebhooks, n*placesOfWebhook + place} }

// before reports whether what has one cause stands before what has another.
func (c cause) before(other cause) bool {
	return cmp.Or(cmp.Compare(c.stage, other.stage), cmp.Compare(c.n, other.n)) < 0
}

// byCause orders entries of the same moment.
func byCause(a, b entry) int {
	return cmp.Or(cmp.Compare(a.cause.stage, b.cause.stage), cmp.Compare(a.cause.n, b.cause.n), cmp.Compare(a.sequence, b.sequence))
}

// inOrder sorts a timeline.
func inOrder(list []entry, moment func(entry) time.Time) {
	slices.SortStableFunc(list, func(a, b entry) int { return cmp.Or(moment(a).Compare(moment(b)), byCause(a, b)) })
}

// inSequence moves Twilio's callbacks so that none stands after one with a higher SequenceNumber: they arrive in any order, and what one
// of them tells of had happened when a later one came. Their Timestamps are of whole seconds.
func inSequence(list []entry) {
	var numbered []*entry
	for n := range list {
		if list[n].sequence >= 0 {
			numbered = append(numbered, &list[n])
		}
	}
	slices.SortStableFunc(numbered, func(a, b *entry) int { return cmp.Compare(a.sequence, b.sequence) })
	for n := len(numbered) - 2; n >= 0; n-- {
		numbered[n].notAfter(*numbered[n+1])
	}
}

// notAfter moves an entry to the place of another unless it stands before it. Which of them is first there, byCause says.
func (e *entry) notAfter(other entry) {
	switch {
	case e.at.After(other.at):
		e.at, e.cause = other.at, other.cause
	case e.at.Equal(other.at) && other.cause.before(e.cause):
		e.cause = other.cause
	}
}

// endBeforeRecording moves the callback of a call's end before that of a recording's: a recording lasts until its call is over, and Twilio
// sends the two at once, so that either may come first. A callback that came much later or that Twilio was asked for stays where it is.
func endBeforeRecording(list []entry) {
	of := func(end ending) int {
		return slices.IndexFunc(list, func(e entry) bool { return e.ends == end })
	}
	call, recording := of(endOfCall), of(endOfRecording)
	if call < 0 || recording < 0 || list[call].at.Sub(list[recording].at) > lateAfter {
		return
	}
	first := list[recording]
	first.cause.n += callEnds - theWebhook
	list[call].notAfter(first)
}
