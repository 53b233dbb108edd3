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

// Of each webhook there may be a recording that began before it, the webhook, and its answer.
const (
	beforeWebhook = iota
	theWebhook
	itsAnswer
	placesOfWebhook
)

// ofWebhook is the place of what belongs to the n-th webhook to arrive.
func ofWebhook(n, place int) cause { return cause{stageWebhooks, n*placesOfWebhook + place} }

// byCause orders entries of the same moment.
func byCause(a, b entry) int {
	return cmp.Or(cmp.Compare(a.cause.stage, b.cause.stage), cmp.Compare(a.cause.n, b.cause.n), cmp.Compare(a.sequence, b.sequence))
}

// inOrder sorts a timeline.
func inOrder(list []entry, moment func(entry) time.Time) {
	slices.SortStableFunc(list, func(a, b entry) int { return cmp.Or(moment(a).Compare(moment(b)), byCause(a, b)) })
}

// inSequence moves Twilio's callbacks so that none stands before one with a lower SequenceNumber: their Timestamps are of whole
// seconds, and they arrive in any order.
func inSequence(list []entry) {
	var numbered []*entry
	var places []cause
	for n := range list {
		if list[n].sequence >= 0 {
			numbered = append(numbered, &list[n])
			places = append(places, list[n].cause)
		}
	}
	slices.SortStableFunc(numbered, func(a, b *entry) int { return cmp.Compare(a.sequence, b.sequence) })
	slices.SortFunc(places, func(a, b cause) int { return cmp.Compare(a.n, b.n) })
	for n := range numbered {
		numbered[n].cause = places[n]
		if n > 0 && numbered[n].at.Before(numbered[n-1].at) {
			numbered[n].at = numbered[n-1].at
		}
	}
}
