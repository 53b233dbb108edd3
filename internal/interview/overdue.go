package interview

import "time"

// Overdue names what can become overdue in a call.
type Overdue string

// What a call waits for. Nothing more is awaited of a call that is over, whose recording is known if it agreed to one, and of
// which it is certain that Twilio has no other.
const (
	OverdueDial      Overdue = "dial"      // to learn whether Twilio has the call
	OverdueAnswer    Overdue = "answer"    // to be answered or given up
	OverdueEnd       Overdue = "end"       // to be hung up
	OverdueRecording Overdue = "recording" // to learn what became of the recording
	OverdueVerdict   Overdue = "verdict"   // to learn who picked up
	OverdueClearance Overdue = "clearance" // to be certain that Twilio has no recording of it but with consent
)

// Awaitable are all that a call may wait for, in the order of its life.
func Awaitable() []Overdue {
	return []Overdue{OverdueDial, OverdueAnswer, OverdueEnd, OverdueVerdict, OverdueRecording, OverdueClearance}
}

// Deadlines say after how long each of them is overdue.
type Deadlines struct {
	// Dial counts from the intent to dial.
	Dial time.Duration
	// Answer counts from the intent to dial: Twilio queues calls, and lets them ring for a minute.
	Answer time.Duration
	// End counts from the answer.
	End time.Duration
	// Recording counts from the end of the call.
	Recording time.Duration
	// Verdict counts from the answer.
	Verdict time.Duration
	// Clearance counts from the end of the call, or from when its consent was lost after that.
	Clearance time.Duration
}

// Known is what else is known of a call, beside what it says itself.
type Known struct {
	// Recording says that a recording of the call is known to be completed, absent, failed or deleted, or never to have been.
	Recording bool
}

// DialProofWithin is how long the proof may take that Twilio has no call of a dial whose outcome is unknown: four of its lists
// over two minutes, when Twilio answers each request, and one pass of the reconciler. Until then such a call is overdue, so that
// Twilio is asked about it, and nothing is lost.
const DialProofWithin = 3 * time.Minute

// DefaultCallLimit is for interviews of some minutes.
const DefaultCallLimit = 30 * time.Minute

// DefaultDeadlines are those of DefaultCallLimit.
func DefaultDeadlines() Deadlines { return DeadlinesOf(DefaultCallLimit) }

// DeadlinesOf are right where no answered call should take longer than limit. A sixth of it is for whatever else is
// awaited: with the default five minutes, which is time to be queued and to ring for one. How long machine detection and the
// proof that there is no recording take does not depend on how long calls last.
func DeadlinesOf(limit time.Duration) Deadlines {
	return Deadlines{Dial: min(15*time.Second, limit), Answer: limit / 6, End: limit, Recording: limit / 6,
		Verdict: max(limit/6, minVerdict), Clearance: max(limit/3, minClearance)}
}

const (
	// minVerdict has room for detection, which Twilio gives up after 30 seconds by default, and for asking after a minute.
	minVerdict = 2 * time.Minute
	// minClearance has room for the answers that prove it, over two minutes and more, and for those that do not come.
	minClearance = 10 * time.Minute
)

// NextDue says what the call waits for next and at what time that becomes overdue. Of two things it is the verdict only while
// the other is not overdue. It returns false when nothing more is awaited, or the call was not dialled yet.
func (c *Call) NextDue(d Deadlines, known Known, now time.Time) (what Overdue, due time.Time, ok bool) {
	what, due, ok = c.dueInProgress(d, known)
	// Detection is asked for with every call of ours. What nobody picked up has none.
	if c.AnsweredBy == "" && c.answered() && !c.Inbound() {
		if at := c.AnsweredAt().Add(d.Verdict); !ok || at.Before(due) && !now.After(due) {
			return OverdueVerdict, at, true
		}
	}
	return what, due, ok
}

func (c *Call) dueInProgress(d Deadlines, known Known) (what Overdue, due time.Time, ok bool) {
	switch {
	case c.Status.Terminal():
		return c.dueAfterwards(d, known)
	case c.CancelRequestedAt != nil && c.TwilioSid != "":
		return OverdueEnd, c.CancelRequestedAt.Add(d.Answer), true
	case c.Status == CallInProgress, c.Inbound():
		return OverdueEnd, since(c.StartedAt, c.DialedAt, c.CreatedAt).Add(d.End), true
	case c.Status == CallDialing, c.Status == CallRinging:
		return OverdueAnswer, since(c.DialedAt, nil, c.CreatedAt).Add(d.Answer), true
	case c.Status == CallDialUnknown:
		return OverdueDial, since(c.DialedAt, nil, c.CreatedAt).Add(d.Dial), true
	case c.DialedAt != nil:
		// The attempt that wrote the intent is still under way, or died and is about to be found.
		return OverdueDial, c.DialedAt.Add(d.Answer), true
	}
	return "", time.Time{}, false
}

func (c *Call) dueAfterwards(d Deadlines, known Known) (what Overdue, due time.Time, ok bool) {
	switch {
	case c.Status == CallCompleted && c.Consent == ConsentGiven && !known.Recording && c.CompletedAt != nil:
		return OverdueRecording, c.CompletedAt.Add(d.Recording), true
	case c.Uncleared():
		return OverdueClearance, c.LostAt().Add(d.Clearance), true
	}
	return "", time.Time{}, false
}

// answered reports whether somebody, or something, picked up.
func (c *Call) answered() bool { return c.StartedAt != nil || c.Status == CallCompleted }

// AnsweredAt is when an answered call was, as far as is known.
func (c *Call) AnsweredAt() time.Time { return since(c.StartedAt, c.CompletedAt, c.CreatedAt) }

// Uncleared reports whether the call is over, was answered, and Twilio may still have a recording of it that must not be
// kept: nothing of ours starts one without a yes, but the account can be set up to record, and a callback can be lost.
// Of a simulated call Twilio has nothing.
func (c *Call) Uncleared() bool {
	return !c.Simulated && c.Status.Terminal() && c.TwilioSid != "" && c.answered() && c.ClearedAt == nil
}

// LostAt is since when no recording must be left that is not covered by a consent: the end of the call, or when it lost its
// consent or was erased after that.
func (c *Call) LostAt() time.Time {
	at := since(c.CompletedAt, nil, c.CreatedAt)
	for _, later := range []*time.Time{c.ConsentAt, c.ErasedAt} {
		if later != nil && later.After(at) {
			at = *later
		}
	}
	return at
}

func since(first, second *time.Time, last time.Time) time.Time {
	if first != nil {
		return *first
	}
	if second != nil {
		return *second
	}
	return last
}
