package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// Config says what to check. Store and Decide are required.
type Config struct {
	Store *store.Store
	// Decide is what the webhooks decide; it is asked again for every accepted event. Its replies are not looked at: they
	// depend on settings that may have changed.
	Decide func(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error)
	// Since leaves out what is older; zero checks everything.
	Since time.Time
	// LegacyBefore is until when event ids were written by another program; such an id needs no event. Zero takes the time
	// at which the database was first migrated.
	LegacyBefore time.Time
	// StuckAfter is how long an open run may be without a job; 0 means 10 minutes.
	StuckAfter time.Duration
	// Deadlines say by when a call must have gone on; the zero value means interview.DefaultDeadlines.
	Deadlines interview.Deadlines
	// Settled says that nothing is under way any more: whatever is unfinished is a violation, overdue or not.
	Settled bool

	// gateSince is since when a verdict of the gate is kept of each dial.
	gateSince time.Time
}

// Most of what is kept in memory and of what is listed.
const (
	pageSize  = 100
	maxListed = 100
	// maxSearches bounds the calls for which other orders of their events are tried.
	maxSearches = 500
)

// Run checks the database. The error is about the checking itself; what was found is in the report.
func Run(ctx context.Context, config Config) (Report, error) {
	if config.StuckAfter == 0 {
		config.StuckAfter = 10 * time.Minute
	}
	if config.Deadlines == (interview.Deadlines{}) {
		config.Deadlines = interview.DefaultDeadlines()
	}
	list, err := config.Store.MigrateStatus(ctx)
	if err != nil {
		return Report{}, err
	}
	for _, step := range list {
		if step.AppliedAt.IsZero() {
			return Report{}, fmt.Errorf("the database is not of this version: %s is pending; run iagent migrate up", step.Name)
		}
	}
	if config.LegacyBefore.IsZero() && len(list) > 0 {
		config.LegacyBefore = list[0].AppliedAt
	}
	for _, step := range list {
		if strings.HasSuffix(strings.TrimSuffix(step.Name, ".sql"), "_outbound") {
			config.gateSince = step.AppliedAt
		}
	}
	v := &verifier{config: config, report: Report{Breaches: map[string]int{}, Violations: []Violation{}}}
	err = config.Store.Snapshot(ctx, func(a *store.Snapshot) error { return v.check(ctx, a) })
	return v.report, err
}

// verifier is one check of a database.
type verifier struct {
	config   Config
	report   Report
	searches int
}

func (v *verifier) check(ctx context.Context, a *store.Snapshot) error {
	v.report.At = a.Now
	var err error
	if v.report.Counts, err = a.Counts(ctx, v.config.Since, v.config.LegacyBefore); err != nil {
		return err
	}
	scope := store.SnapshotScope{
		Since: v.config.Since, LegacyBefore: v.config.LegacyBefore, StuckBefore: a.Now.Add(-v.config.StuckAfter),
		GateSince: v.config.gateSince,
	}
	for _, rule := range store.SnapshotRules() {
		if rule.Settled && !v.config.Settled {
			continue
		}
		err := a.Check(ctx, rule, scope, func(subject, detail string) { v.report.add(rule.Kind, subject, detail, rule.Text) })
		if err != nil {
			return err
		}
	}
	if err := v.checkDials(ctx, a); err != nil {
		return err
	}
	for after := ""; ; {
		calls, err := a.Calls(ctx, v.config.Since, after, pageSize)
		if err != nil || len(calls) == 0 {
			return err
		}
		for _, call := range calls {
			v.checkCall(call)
			for _, f := range compareDial(call) {
				v.report.add(f.kind, call.Call.ID, f.subject, f.text)
			}
			v.checkProgress(call, a.Now)
			v.checkEarly(call)
		}
		after = calls[len(calls)-1].Call.ID
	}
}

// checkCall compares a call with what its events say.
func (v *verifier) checkCall(c store.SnapshotCall) {
	var faults []fault
	inPart := partial(c)
	if !inPart {
		faults = v.replayed(c)
		inPart = len(faults) > 0 && answeredWithoutConsent(c)
	}
	if inPart {
		v.report.Partial++
		faults = compareInPart(c)
	} else {
		v.report.Replayed++
	}
	for _, f := range faults {
		v.report.add(f.kind, c.Call.ID, f.subject, f.text)
	}
}

// checkProgress finds what should have come by now. A verdict and the proof that Twilio has no recording take their time:
// until they are overdue, waiting for them leaves nothing unfinished. The proof that Twilio has no call begins when the answer to
// the dial is overdue, and has its time, too.
func (v *verifier) checkProgress(c store.SnapshotCall, now time.Time) {
	what, due, ok := c.Call.NextDue(v.config.Deadlines, c.Known, now)
	if ok && what == interview.OverdueDial {
		due = due.Add(interview.DialProofWithin)
	}
	waiting := ok && what != interview.OverdueVerdict && what != interview.OverdueClearance
	switch {
	case ok && now.After(due) && what == interview.OverdueClearance:
		v.report.add("overdue", c.Call.ID, string(what), "that Twilio keeps no recording of the call, to which nobody agreed, should be certain by now")
	case ok && now.After(due):
		v.report.add("overdue", c.Call.ID, string(what), "the "+string(what)+" of the call is overdue: what should have told us is lost")
	case v.config.Settled && (waiting || !c.Call.Status.Terminal()):
		v.report.add("unfinished", c.Call.ID, string(c.Call.Status), "nothing is under way any more and the call is not finished")
	}
}

// checkEarly finds recordings that hold what was said before the consent, and that nothing was asked to delete.
func (v *verifier) checkEarly(c store.SnapshotCall) {
	for _, r := range c.Recordings {
		kept := r.Status == interview.RecordingInProgress || r.Status == interview.RecordingCompleted
		if !kept || c.Call.Consent != interview.ConsentGiven || !c.Call.Early(r) {
			continue
		}
		deletion := interview.NewDeleteRecording(c.Call.ID, r.Sid)
		if !slices.ContainsFunc(c.Runs, func(run store.SnapshotRun) bool { return run.Function == deletion.Function && run.Key == deletion.Key }) {
			v.report.add("recording-before-consent", r.Sid, c.Call.ID, "the recording began before the person agreed, and nothing was asked to delete it")
		}
	}
}
