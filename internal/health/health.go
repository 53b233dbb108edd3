// Package health measures how an installation does, for people who look at it: once every few seconds for all of them. What it
// keeps is of one process and is gone with it.
package health

import (
	"fmt"
	"maps"
	"os"
	"sync"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

const (
	// AnswersOver is the time over which answer times are looked at.
	AnswersOver = 5 * time.Minute
	// maxAnswers is how many of them are kept at most, the newest.
	maxAnswers = 8192
	// CountedOver is the time over which refused and duplicate webhooks are counted.
	CountedOver = time.Hour
	// PointEvery is the time from one point of a series to the next, SeriesOver how far they go back.
	PointEvery, SeriesOver = time.Minute, 6 * time.Hour
)

// Answer is a verified webhook that this process answered.
type Answer struct {
	At time.Time
	// Took is the time from its arrival to its answer.
	Took                                    time.Duration
	Kind, EventID, CallID, CallSid, Outcome string
}

// State is of a service: Redis or the database.
type State struct {
	// Known says that it was looked at.
	Known bool
	Up    bool
	// Since is when it became so, as far as this process knows.
	Since time.Time
}

// Twilio is what is known of looking at Twilio.
type Twilio struct {
	// Answered is when Twilio last accepted a REST request of this installation, the zero time for never.
	Answered time.Time
	// Passed is when the reconciler of this process last made a pass over what is due, PassError why it could not.
	Passed    time.Time
	PassError string
	// Off says why nobody asks, "" when somebody does.
	Off string
}

// Snapshot is what was measured last.
type Snapshot struct {
	// At is when; the zero time says that nothing was measured yet.
	At time.Time
	// Answers are the verified webhooks that this process answered between AnswersSince and At, the slowest first.
	Answers      []Answer
	AnswersSince time.Time
	// P50 and P99 are quantiles of their times: half, and one in a hundred, took as long or longer.
	P50, P99 time.Duration

	// Measured says that the database was read; what follows is not known when it was not.
	Measured bool
	// Oldest is what has waited for the longest, Age for how long.
	Oldest store.Oldest
	// Refused counts the requests that were refused before they were known to be Twilio's, Duplicates the webhooks that were
	// delivered more than once: those that arrived from CountedSince on, before At.
	Refused, Duplicates int
	CountedSince        time.Time
	// DeadRuns are by function, OpenCalls by status.
	DeadRuns  map[interview.Function]int
	OpenCalls map[interview.CallStatus]int
	// ReconcilerLag is how long ago the oldest check of a call was due that nobody has begun.
	ReconcilerLag time.Duration
	// Overdue counts what is overdue, by what. nil when nobody has counted.
	Overdue map[string]int

	Database, Redis State
	// DatabaseTook is how long the database took for an answer.
	DatabaseTook time.Duration
	Twilio       Twilio
}

// Dead is how many runs are dead.
func (s Snapshot) Dead() int { return sum(maps.Values(s.DeadRuns)) }

// OverdueCount is how much is overdue.
func (s Snapshot) OverdueCount() int { return sum(maps.Values(s.Overdue)) }

func sum(values func(yield func(int) bool)) int {
	n := 0
	for v := range values {
		n += v
	}
	return n
}

// Recorder measures one process. All methods may be called at once, and on a nil Recorder, which measures nothing.
type Recorder struct {
	now func() time.Time
	// Process names the process, Started is when it began.
	Process string
	Started time.Time

	mu       sync.Mutex
	answers  []Answer // a ring, next is where the next one goes
	next     int
	webhooks counts // since the last point
	redis    State
	twilio   Twilio
	overdue  map[string]int
	database State
	snapshot Snapshot
	series   series
}

// counts are those of a time.
type counts struct{ webhooks, duplicates, refused int }

// New returns a Recorder; now is the clock, nil means time.Now.
func New(now func() time.Time) *Recorder {
	if now == nil {
		now = time.Now
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	return &Recorder{now: now, Process: fmt.Sprintf("%s, process %d", host, os.Getpid()), Started: now().UTC()}
}

// Answered takes in a verified webhook that was answered.
func (r *Recorder) Answered(a Answer) {
	if r == nil {
		return
	}
	a.At = r.now().UTC()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.webhooks.webhooks++
	if a.Outcome == "duplicate" || a.Outcome == "conflict" {
		r.webhooks.duplicates++
	}
	if len(r.answers) < maxAnswers {
		r.answers = append(r.answers, a)
		return
	}
	r.answers[r.next] = a
	r.next = (r.next + 1) % maxAnswers
}

// Refused takes in a request that was refused before it was known to be Twilio's.
func (r *Recorder) Refused() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.webhooks.refused++
}

// RedisUp takes in whether Redis answers.
func (r *Recorder) RedisUp(up bool) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.redis = r.redis.become(up, r.now().UTC())
}

func (s State) become(up bool, now time.Time) State {
	if s.Known && s.Up == up {
		return s
	}
	return State{Known: true, Up: up, Since: now}
}

// TwilioAnswered takes in that Twilio accepted a REST request.
func (r *Recorder) TwilioAnswered() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.twilio.Answered = r.now().UTC()
}

// Reconciled takes in that the reconciler made a pass; why is "" for one that succeeded.
func (r *Recorder) Reconciled(why string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.twilio.Passed, r.twilio.PassError = r.now().UTC(), why
}

// TwilioOff takes in why nobody asks Twilio.
func (r *Recorder) TwilioOff(why string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.twilio.Off = why
}

// Overdue takes in what is overdue now.
func (r *Recorder) Overdue(counts map[string]int) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.overdue = maps.Clone(counts)
}

// Snapshot is what was measured last. Nobody may change it.
func (r *Recorder) Snapshot() Snapshot {
	if r == nil {
		return Snapshot{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.snapshot
}
