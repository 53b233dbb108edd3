package reconcile_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/reconcile"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/twilio"
)

func TestCallWhoseEndWasDroppedIsCompleted(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.placed(sid("CA1"))
		r.consents(id, sid("CA1"))
		answered := r.clock()
		ended := answered.Add(2 * time.Minute)
		r.fakeTwilio.has(remote{sid: sid("CA1"), to: theirs, status: "completed", created: answered.Add(-9 * time.Second), ended: ended, duration: "120"})
		r.fakeTwilio.hasRecording(sid("CA1"), sid("RE1"), "completed", answered)
		r.pass(29 * time.Minute)
		if n := r.fakeTwilio.asked(); n > 0 {
			t.Errorf("%d requests before anything was late", n)
		}
		r.pass(2 * time.Minute)

		d := r.call(id)
		if c := d.Call; c.Status != interview.CallCompleted || c.Duration == nil || *c.Duration != 120 || !c.CompletedAt.Equal(ended) {
			t.Errorf("%s, %v s, ended %v, want %v", c.Status, c.Duration, c.CompletedAt, ended)
		}
		if len(d.Recordings) != 1 || d.Recordings[0].Status != interview.RecordingCompleted {
			t.Fatalf("recordings %+v", d.Recordings)
		}
		if state := r.text(`SELECT state FROM function_runs WHERE function = 'transcribe-recording' AND key = $1`, id+":"+sid("RE1")); state != "waiting" {
			t.Errorf("transcription is %s", state)
		}
		for _, e := range d.Webhooks {
			if fetched := e.Kind == inbox.KindStatus || e.Kind == inbox.KindRecording; fetched != (e.Source == inbox.SourceReconciled) {
				t.Errorf("%s is from %s", e.EventID, e.Source)
			}
		}
		if r.repairs() != 2 {
			t.Errorf("%d repairs reported", r.repairs())
		}
		if want := id + " " + string(interview.OverdueEnd) + " <nil>"; !slices.Contains(r.traced, want) {
			t.Errorf("traced are %q, not %s", r.traced, want)
		}

		r.fakeTwilio.asked()
		r.pass(time.Hour)
		if n := r.fakeTwilio.asked(); n > 0 {
			t.Errorf("%d requests about a call that is over", n)
		}
		// The webhooks arrive after all.
		if o := r.send(inbox.KindStatus, id, sid("CA1"), "CallStatus", "completed", "SequenceNumber", "3", "CallDuration", "120"); o != inbox.Duplicate {
			t.Errorf("the late end is a %s", o)
		}
		o := r.send(inbox.KindRecording, id, sid("CA1"), "RecordingSid", sid("RE1"), "RecordingStatus", "completed", "RecordingUrl", "https://api.twilio.com/RE1")
		if o != inbox.Duplicate {
			t.Errorf("the late recording is a %s", o)
		}
	})
}

func TestRecordingThatNeverCameIsFetched(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.placed(sid("CA1"))
		r.consents(id, sid("CA1"))
		r.advance(time.Minute)
		r.send(inbox.KindStatus, id, sid("CA1"), "CallStatus", "completed", "CallDuration", "60")
		r.fakeTwilio.has(remote{sid: sid("CA1"), to: theirs, status: "completed", created: r.clock()})
		r.fakeTwilio.hasRecording(sid("CA1"), sid("RE1"), "processing", r.clock())
		r.pass(10 * time.Minute)
		if d := r.call(id); len(d.Recordings) != 0 {
			t.Fatalf("a recording that is not ready was taken: %+v", d.Recordings)
		}
		r.fakeTwilio.hasRecording(sid("CA1"), sid("RE1"), "completed", r.clock())
		r.pass(10 * time.Minute)
		if n := r.text(`SELECT CAST(COUNT(*) AS TEXT) FROM function_runs WHERE function = 'transcribe-recording'`); n != "1" {
			t.Fatalf("%s transcriptions", n)
		}
		if r.repairs() != 1 {
			t.Errorf("%d repairs", r.repairs())
		}
	})
}

// The person agreed and hung up at once: no recording ever began, and nobody tells.
func TestCallWithoutRecordingIsSettledOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.placed(sid("CA1"))
		r.consents(id, sid("CA1"))
		r.send(inbox.KindStatus, id, sid("CA1"), "CallStatus", "completed", "CallDuration", "9")
		r.fakeTwilio.has(remote{sid: sid("CA1"), to: theirs, status: "completed", created: r.clock()})
		r.pass(5*time.Minute + 20*time.Second)
		if r.notes(id, "recording.none") != 0 {
			t.Error("one empty answer proves nothing")
		}
		r.pass(time.Hour)
		if r.notes(id, "recording.none") != 1 {
			t.Errorf("history %+v", r.call(id).History)
		}
		r.fakeTwilio.asked()
		r.pass(time.Hour)
		if n := r.fakeTwilio.asked(); n > 0 {
			t.Errorf("%d requests after it was known", n)
		}
	})
}

func TestUnknownDialThatIsFoundIsNotRepeated(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		other := r.placed(sid("CAother")) // to the same number, and known
		r.fakeTwilio.has(remote{sid: sid("CAother"), to: theirs, status: "ringing", created: r.clock()})
		id := r.unknown()
		r.fakeTwilio.has(remote{sid: sid("CAold"), to: theirs, status: "completed", created: r.clock().Add(-time.Hour)})
		r.fakeTwilio.has(remote{sid: sid("CAmine"), to: theirs, status: "ringing", created: r.clock()})
		r.pass(30 * time.Second)

		if c := r.call(id).Call; c.TwilioSid != sid("CAmine") || c.Status != interview.CallRinging {
			t.Errorf("%s %q", c.Status, c.TwilioSid)
		}
		if c := r.call(other).Call; c.TwilioSid != sid("CAother") {
			t.Errorf("the other call is bound to %q", c.TwilioSid)
		}
		if n := r.text(`SELECT CAST(COUNT(*) AS TEXT) FROM function_runs WHERE key LIKE '%redial%'`); n != "0" || r.notes(id, "dial.intent") != 1 {
			t.Errorf("dialled again: %s runs, %+v", n, r.call(id).History)
		}
	})
}

func TestAbsenceRightAfterTheDialProvesNothing(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.unknown()
		r.pass(100 * time.Second)
		if c := r.call(id).Call; c.Status != interview.CallDialUnknown {
			t.Fatalf("%s after %d looks", c.Status, r.fakeTwilio.asked())
		}
		// Twilio's list was behind.
		r.fakeTwilio.has(remote{sid: sid("CA1"), to: theirs, status: "queued", created: r.clock().Add(-95 * time.Second)})
		r.pass(time.Minute)
		if c := r.call(id).Call; c.TwilioSid != sid("CA1") || c.Status != interview.CallDialing {
			t.Errorf("%s %q", c.Status, c.TwilioSid)
		}
		r.pass(time.Hour)
		if r.notes(id, "dial.absent") != 0 {
			t.Error("dialled again although it was found")
		}
	})
}

func TestProvenAbsenceDialsOnceMore(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.unknown()
		r.pass(5 * time.Minute)
		if c := r.call(id).Call; c.Status != interview.CallQueued || c.DialedAt != nil {
			t.Fatalf("%s, dialled %v", c.Status, c.DialedAt)
		}
		if asked := r.fakeTwilio.asked(); asked < 4 {
			t.Errorf("proven by %d answers", asked)
		}
		r.pass(30 * time.Minute)
		if n := r.text(`SELECT CAST(COUNT(*) AS TEXT) FROM function_runs WHERE key LIKE '%redial%'`); n != "1" {
			t.Fatalf("%s redials", n)
		}
		// That one gets lost, too, and is found.
		run := r.dialAgain(id, id+":redial:1")
		r.must(r.store.DialUnknown(t.Context(), run, id, "timeout"))
		r.fakeTwilio.has(remote{sid: sid("CA2"), to: theirs, status: "busy", created: r.clock()})
		r.pass(time.Minute)
		if c := r.call(id).Call; c.Status != interview.CallBusy || c.TwilioSid != sid("CA2") {
			t.Errorf("%s %q", c.Status, c.TwilioSid)
		}
	})
}

// A process died between its intent and its outcome, and its run ended without another attempt.
func TestDialIntentOfADeadRunIsResolved(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id, run := r.begin()
		r.pass(10 * time.Minute)
		if c := r.call(id).Call; c.Status != interview.CallQueued {
			t.Fatalf("given up while its run is alive: %s", c.Status)
		}
		r.must(r.store.FailRun(t.Context(), run, "died"))
		r.fakeTwilio.has(remote{sid: sid("CA1"), to: theirs, status: "in-progress", created: r.clock().Add(-10 * time.Minute)})
		r.pass(time.Minute)
		if c := r.call(id).Call; c.Status != interview.CallInProgress || c.TwilioSid != sid("CA1") {
			t.Errorf("%s %q", c.Status, c.TwilioSid)
		}
	})
}

// Two dials to one number at a time: a call in the list may be the one whose dial is just being recorded.
func TestCallOfAnotherDialIsNotTaken(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.unknown()
		other, run := r.begin()
		r.fakeTwilio.has(remote{sid: sid("CArival"), to: theirs, status: "queued", created: r.clock()})
		r.pass(20 * time.Second)
		if c := r.call(id).Call; c.TwilioSid != "" {
			t.Fatalf("bound to %q", c.TwilioSid)
		}
		r.must(r.store.DialAccepted(t.Context(), run, other, interview.PlacedCall{Sid: sid("CArival"), AccountSid: account}))
		r.pass(time.Minute)
		if c := r.call(id).Call; c.TwilioSid != "" || c.Status != interview.CallDialUnknown {
			t.Errorf("%s %q", c.Status, c.TwilioSid)
		}
	})
}

func TestThrottledPassStopsAndProvesNothing(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		first := r.unknown()
		for range 4 {
			r.unknown()
		}
		r.fakeTwilio.setBusy(true)
		r.advance(time.Minute)
		err := r.reconciler.Pass(t.Context())
		var refused *twilio.Error
		if !errors.As(err, &refused) || !refused.Throttled() {
			t.Fatalf("the pass ended with %v", err)
		}
		if n := r.fakeTwilio.asked(); n != 1 {
			t.Errorf("%d requests in spite of 429", n)
		}
		// Nothing was learnt, so nothing is proven.
		for range 60 {
			r.advance(10 * time.Second)
			_ = r.reconciler.Pass(t.Context())
		}
		if c := r.call(first).Call; c.Status != interview.CallDialUnknown {
			t.Errorf("%s though Twilio never said anything", c.Status)
		}
		// Who was not asked about waits for no lease to end.
		r.fakeTwilio.setBusy(false)
		r.fakeTwilio.asked()
		r.advance(time.Minute)
		r.must(r.reconciler.Pass(t.Context()))
		if n := r.fakeTwilio.asked(); n != 5 {
			t.Errorf("%d of 5 calls were asked about once Twilio answers", n)
		}
		r.pass(10 * time.Minute)
		if c := r.call(first).Call; c.Status != interview.CallQueued {
			t.Errorf("%s after Twilio answers again", c.Status)
		}
	})
}

func TestTwoProcessesAskOnceAboutEachCall(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		for range 9 {
			r.unknown()
		}
		r.advance(time.Minute)
		second := r.another(r.open())
		var both sync.WaitGroup
		for _, process := range []*reconcile.Reconciler{r.reconciler, second} {
			both.Go(func() {
				if err := process.Pass(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if n := r.fakeTwilio.asked(); n != 9 {
			t.Errorf("%d requests for 9 calls", n)
		}
	})
}

func TestSinceChecksOnlyCallsCreatedSince(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		before := r.placed(sid("CA0"))
		r.advance(time.Hour)
		since := r.clock()
		id := r.placed(sid("CA1"))
		r.fakeTwilio.has(remote{sid: sid("CA0"), to: theirs, status: "failed", created: since.Add(-time.Hour)})
		r.fakeTwilio.has(remote{sid: sid("CA1"), to: theirs, status: "no-answer", created: since})
		calls, repaired, err := r.reconciler.Since(t.Context(), since)
		if calls != 1 || repaired != 1 || err != nil {
			t.Fatal(calls, repaired, err)
		}
		if c := r.call(id).Call; c.Status != interview.CallNoAnswer {
			t.Errorf("%s", c.Status)
		}
		if c := r.call(before).Call; c.Status != interview.CallDialing {
			t.Errorf("a call from before is %s", c.Status)
		}
	})
}

func TestCallUnknownToTwilioIsNotedOnceAndOverdue(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.placed(sid("CA1"))
		r.pass(6 * time.Minute)
		if r.notes(id, "reconcile.unknown") == 0 {
			t.Errorf("history %+v", r.call(id).History)
		}
		late, err := r.store.Overdue(t.Context(), interview.DefaultDeadlines(), 10)
		r.must(err)
		if len(late) != 1 || late[0].CallID != id || late[0].What != "answer" || late[0].Checks == 0 {
			t.Errorf("%+v", late)
		}
		r.pass(2 * time.Hour)
		if n := r.notes(id, "reconcile.unknown"); n != 1 {
			t.Errorf("said %d times", n)
		}
	})
}

func TestCallIsAskedAboutBeforeAnythingIsOverdue(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.placed(sid("CA1"))
		r.consents(id, sid("CA1"))
		r.fakeTwilio.has(remote{sid: sid("CA1"), to: theirs, status: "completed", created: r.clock().Add(-9 * time.Second), ended: r.clock(), duration: "120"})
		r.fakeTwilio.hasRecording(sid("CA1"), sid("RE1"), "completed", r.clock())
		asked, err := r.reconciler.Ask(t.Context(), id)
		if err != nil || asked.Repaired != 2 || asked.About == "" {
			t.Errorf("%+v, %v", asked, err)
		}
		if d := r.call(id); d.Call.Status != interview.CallCompleted || len(d.Recordings) != 1 {
			t.Errorf("%+v", d.Call)
		}
		if _, err := r.reconciler.Ask(t.Context(), "01ARZ3NDEKTSV4RRFFQ69G5FAV"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("of no call: %v", err)
		}
	})
}
