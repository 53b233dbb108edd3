package interview

import "time"

// Expectation is what a call waits for.
type Expectation string

// What can be late. Nothing more is expected of a call that is over and whose recording, if it agreed to one, is known.
const (
	ExpectDial      Expectation = "dial"      // to learn whether Twilio has the call
	ExpectAnswer    Expectation = "answer"    // to be answered or given up
	ExpectEnd       Expectation = "end"       // to be hung up
	ExpectRecording Expectation = "recording" // to learn what became of the recording
)

// Deadlines say how long each expectation may take.
type Deadlines struct {
	// Dial counts from the intent to dial.
	Dial time.Duration
	// Answer counts from the intent to dial: Twilio queues calls, and lets them ring for a minute.
	Answer time.Duration
	// End counts from the answer.
	End time.Duration
	// Recording counts from the end of the call.
	Recording time.Duration
}

// DefaultCallLimit is for interviews of some minutes.
const DefaultCallLimit = 30 * time.Minute

// DefaultDeadlines are those of DefaultCallLimit.
func DefaultDeadlines() Deadlines { return DeadlinesOf(DefaultCallLimit) }

// DeadlinesOf are right where no answered call should take longer than limit. A sixth of it is for whatever else is
// awaited: with the default five minutes, which is time to be queued and to ring for one.
func DeadlinesOf(limit time.Duration) Deadlines {
	return Deadlines{Dial: min(15*time.Second, limit), Answer: limit / 6, End: limit, Recording: limit / 6}
}

// Expect says what the call waits for and by when it must have come. settled reports whether a recording of the call is
// known to be completed, absent, failed or deleted. It returns false when nothing more is expected, or the call was not
// dialled yet.
func (c *Call) Expect(d Deadlines, settled bool) (what Expectation, due time.Time, ok bool) {
	switch {
	case c.Status.Terminal():
		if c.Status != CallCompleted || c.Consent != ConsentGiven || settled || c.CompletedAt == nil {
			return "", time.Time{}, false
		}
		return ExpectRecording, c.CompletedAt.Add(d.Recording), true
	case c.CancelRequestedAt != nil && c.TwilioSid != "":
		return ExpectEnd, c.CancelRequestedAt.Add(d.Answer), true
	case c.Status == CallInProgress:
		return ExpectEnd, since(c.StartedAt, c.DialedAt, c.CreatedAt).Add(d.End), true
	case c.Status == CallDialing, c.Status == CallRinging:
		return ExpectAnswer, since(c.DialedAt, nil, c.CreatedAt).Add(d.Answer), true
	case c.Status == CallDialUnknown:
		return ExpectDial, since(c.DialedAt, nil, c.CreatedAt).Add(d.Dial), true
	case c.DialedAt != nil:
		// The attempt that wrote the intent is still under way, or died and is about to be found.
		return ExpectDial, c.DialedAt.Add(d.Answer), true
	}
	return "", time.Time{}, false
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
