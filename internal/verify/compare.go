package verify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// fault is one thing wrong with a call; subject is a word or another id.
type fault struct{ kind, subject, text string }

// compare says where a stored call is not what its steps made of it.
func compare(c store.SnapshotCall, o outcome) []fault {
	var faults []fault
	for _, row := range o.refused {
		faults = append(faults, fault{"event-refused", row, "an accepted event is one that must be refused"})
	}
	faults = append(faults, compareState(c, o.call)...)
	faults = append(faults, compareRecordings(c, o)...)
	faults = append(faults, compareSaid(c, o)...)
	return append(faults, compareRuns(c, o)...)
}

func compareState(c store.SnapshotCall, want interview.Call) []fault {
	var faults []fault
	differ := func(what string, stored, said any) {
		if stored != said {
			text := fmt.Sprintf("the %s of the call is %v, its events say %v", what, stored, said)
			faults = append(faults, fault{"call-state", what, text})
		}
	}
	have := c.Call
	differ("status", have.Status, want.Status)
	differ("CallSid", have.TwilioSid, want.TwilioSid)
	differ("consent", consent(have.Consent), consent(want.Consent))
	differ("consent attempts", have.ConsentAttempts, want.ConsentAttempts)
	differ("time of consent", moment(have.ConsentAt), moment(want.ConsentAt))
	differ("duration", seconds(have.Duration), seconds(want.Duration))
	differ("time of the dial", moment(have.DialedAt), moment(want.DialedAt))
	differ("start", moment(have.StartedAt), moment(want.StartedAt))
	differ("end", moment(have.CompletedAt), moment(want.CompletedAt))
	differ("machine detection", verdict(have.AnsweredBy), verdict(want.AnsweredBy))
	if have.ConsentBy != "" { // kept since some version
		differ("means of consent", have.ConsentBy, want.ConsentBy)
	}
	if scriptKept(c) {
		differ("answered question", have.AnswerStep, want.AnswerStep)
		differ("number of answers", have.Answers, want.Answers)
	}
	return faults
}

// scriptKept reports whether the call's questions are the ones it had then.
func scriptKept(c store.SnapshotCall) bool { return !c.CampaignChangedAt.After(c.Call.CreatedAt) }

func compareRecordings(c store.SnapshotCall, o outcome) []fault {
	var faults []fault
	have := map[string]bool{}
	for _, r := range c.Recordings {
		have[r.Sid] = true
		want, known := o.recordings[r.Sid]
		switch {
		case !known:
			faults = append(faults, fault{"recording-without-event", r.Sid, "no event told of the recording"})
		case want != r.Status:
			text := fmt.Sprintf("the recording is %s, its events say %s", r.Status, want)
			faults = append(faults, fault{"recording-state", r.Sid, text})
		}
	}
	for sid := range o.recordings {
		if !have[sid] {
			faults = append(faults, fault{"recording-lost", sid, "an event told of a recording that is not there"})
		}
	}
	slices.SortFunc(faults, func(a, b fault) int { return strings.Compare(a.subject, b.subject) })
	return faults
}

// compareSaid looks at the live answers.
func compareSaid(c store.SnapshotCall, o outcome) []fault {
	if !scriptKept(c) {
		return nil
	}
	var faults []fault
	have := map[int]bool{}
	for _, position := range c.Said {
		have[position] = true
		if !o.said[position] {
			faults = append(faults, fault{"answer-without-event", fmt.Sprint(position), "a live answer is kept that no event brought"})
		}
	}
	for position := range o.said {
		if !have[position] {
			faults = append(faults, fault{"answer-lost", fmt.Sprint(position), "an event brought a live answer that is not kept"})
		}
	}
	return faults
}

// compareRuns looks for the jobs that the events asked for, and for runs that none asked for.
func compareRuns(c store.SnapshotCall, o outcome) []fault {
	var faults []fault
	have := map[jobKey]store.SnapshotRun{}
	for _, run := range c.Runs {
		have[jobKey{run.Function, run.Key}] = run
		causes := o.asked[jobKey{run.Function, run.Key}]
		byRun := slices.ContainsFunc(c.Runs, func(other store.SnapshotRun) bool { return other.ID == run.Cause })
		if !slices.Contains(causes, run.Cause) && !byRun && !strings.HasPrefix(run.Cause, "api") {
			faults = append(faults, fault{"run-unasked", run.ID, "the event that is the cause of the run did not ask for it"})
		}
	}
	for job, causes := range o.asked {
		if _, ok := have[job]; !ok {
			faults = append(faults, fault{"run-lost", causes[0], "an event asked for a run of " + string(job.function) + " that is not there"})
		}
	}
	return faults
}

// partial reports whether payloads that the replay would need are not kept any more. An answer without consent is never
// kept, and mostly says nothing about the call, see answeredWithoutConsent; one that was given before the consent was withdrawn on request did, and is erased.
func partial(c store.SnapshotCall) bool {
	withdrawn := slices.ContainsFunc(c.History, func(line store.HistoryEntry) bool { return line.What == "consent.withdrawn" })
	return c.Call.ErasedAt != nil || c.Call.PrunedAt != nil || slices.ContainsFunc(c.Events, func(e store.SnapshotEvent) bool {
		return e.Bodiless && (e.Event.Kind != "answer" || e.Event.Target == "" || withdrawn)
	})
}

// answeredWithoutConsent reports whether there is an answer whose payload was never kept. Besides what was said it tells how far the call
// was, which nothing else may have told yet: where the replay disagrees, only the ids of the events count.
func answeredWithoutConsent(c store.SnapshotCall) bool {
	return slices.ContainsFunc(c.Events, func(e store.SnapshotEvent) bool { return e.Bodiless && e.Event.Kind == "answer" })
}

// compareInPart checks what the ids of the events alone say: a status was reported, so the call must not stand before it.
func compareInPart(c store.SnapshotCall) []fault {
	reached, ended := interview.CallQueued, false
	if c.Call.Inbound() {
		reached = interview.CallRinging
	}
	for _, e := range c.Events {
		_, word, ok := strings.Cut(e.Event.ID, ":status:")
		status, known := interview.CallStatusFromTwilio(word)
		if ok && known && status.Rank() > reached.Rank() {
			reached = status
		}
		ended = ended || known && status == c.Call.Status
	}
	switch {
	case c.Call.Status.Rank() < reached.Rank():
		return []fault{{"call-state", "status", fmt.Sprintf("the status of the call is %s, its events say %s", c.Call.Status, reached)}}
	case reached.Terminal() && !ended && c.Call.PrunedAt == nil:
		return []fault{{"call-state", "status", fmt.Sprintf("the status of the call is %s, which no event said", c.Call.Status)}}
	}
	return nil
}

func consent(c interview.Consent) string {
	if c == interview.ConsentUnknown {
		return "unknown"
	}
	return string(c)
}

// verdict is who picked up; "unknown" is also what stands when nothing told of it.
func verdict(by interview.AnsweredBy) interview.AnsweredBy {
	if by == "" {
		return interview.AnsweredByUnknown
	}
	return by
}

// moment is a time as both databases keep it.
func moment(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
}

func seconds(n *int) string {
	if n == nil {
		return "unknown"
	}
	return fmt.Sprintf("%d s", *n)
}
