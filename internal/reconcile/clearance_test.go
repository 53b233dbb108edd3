package reconcile_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/reconcile"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/webhook"
)

// speaks lets a placed call come as far as a spoken yes. Nobody tells who picked up.
func (r *fixture) speaks(id, sid string) {
	r.t.Helper()
	r.send(inbox.KindVoice, id, sid, "CallStatus", "in-progress")
	r.send(webhook.KindConsent, id, sid, "CallStatus", "in-progress", "SpeechResult", "Yes, sure, go ahead.")
}

// refuses lets a placed call be refused, and end.
func (r *fixture) refuses(id, sid string) {
	r.t.Helper()
	r.send(inbox.KindVoice, id, sid, "CallStatus", "in-progress")
	r.send(webhook.KindConsent, id, sid, "CallStatus", "in-progress", "Digits", "2")
	r.send(webhook.KindAMD, id, sid, "AnsweredBy", "human")
	r.send(inbox.KindStatus, id, sid, "CallStatus", "completed", "CallDuration", "20")
}

// refused is a call with the CallSid CAi that is over and was not recorded, which Twilio knows.
func (r *fixture) refused(i int) (id string) {
	r.t.Helper()
	callSid := sid(fmt.Sprint("CA", i))
	id = r.placed(callSid)
	r.refuses(id, callSid)
	r.fakeTwilio.has(remote{sid: callSid, to: theirs, status: "completed", created: r.clock()})
	return id
}

func (r *fixture) runs(function interview.Function, key string) string {
	r.t.Helper()
	return r.text(`SELECT CAST(COUNT(*) AS TEXT) FROM function_runs WHERE function = $1 AND key = $2`, string(function), key)
}

// late is what of a call itself is overdue, "" for nothing.
func (r *fixture) late(id string) string {
	r.t.Helper()
	list, err := r.store.Overdue(r.t.Context(), interview.DefaultDeadlines(), 10)
	r.must(err)
	for _, l := range list {
		if l.CallID == id && l.RunID == "" {
			return l.What
		}
	}
	return ""
}

func TestMissingMachineDetectionIsFetchedDuringTheCall(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.placed(sid("CA1"))
		r.speaks(id, sid("CA1"))
		r.fakeTwilio.has(remote{sid: sid("CA1"), to: theirs, status: "in-progress", created: r.clock(), answeredBy: "machine_start"})
		r.pass(50 * time.Second)
		if n := r.fakeTwilio.asked(); n > 0 {
			t.Errorf("%d requests while Twilio still listens", n)
		}
		r.pass(20 * time.Second)
		c := r.call(id).Call
		if c.AnsweredBy != "machine_start" || c.Consent != interview.ConsentRefused || r.runs(interview.EndCall, id) != "1" {
			t.Errorf("answered by %q, consent %q, %s runs of end-call", c.AnsweredBy, c.Consent, r.runs(interview.EndCall, id))
		}
		if o := r.send(webhook.KindAMD, id, sid("CA1"), "AnsweredBy", "machine_start"); o != inbox.Duplicate {
			t.Errorf("the callback that came after all is a %s", o)
		}
	})
}

// As after a campaign in which many did not agree: a pass has no time for all of them.
func TestClearancesThatAPassLeavesAreDueForTheNext(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		const calls = 6
		for i := range calls {
			r.refused(i)
		}
		hurried := reconcile.New(reconcile.Config{
			Store: r.store, Twilio: r.client, Processor: r.processor, Identify: webhook.Identify, From: ours, AccountSid: account,
			Deadlines: interview.DefaultDeadlines(), RequestsPerSecond: 1e6, Log: slog.New(slog.DiscardHandler), Now: r.clock, Every: time.Nanosecond,
		})
		r.advance(2 * time.Minute)
		for n := 1; n <= calls; n++ {
			r.must(hurried.Pass(t.Context()))
			if asked := r.fakeTwilio.asked(); asked != 1 {
				t.Fatalf("%d requests in pass %d", asked, n)
			}
		}
	})
}

// Five answers for each call would be 200 requests: too many, at five a second, where calls end as fast as in a large campaign.
func TestManyCallsAreClearedByListsOfTheirAccount(t *testing.T) {
	t.Parallel()
	for others, atMost := range map[int]int{0: 60, 5000: 250} { // with so many of others, each is asked about alone
		t.Run(fmt.Sprintf("%d recordings of others", others), func(t *testing.T) {
			t.Parallel()
			eachDatabase(t, func(t *testing.T, r *fixture) { clearsMany(t, r, others, atMost) })
		})
	}
}

func clearsMany(t *testing.T, r *fixture, others, atMost int) {
	const calls = 40
	ids := make([]string, calls)
	for i := range ids {
		if i%10 == 0 {
			r.advance(time.Minute) // the campaign has ten calls a minute
		}
		ids[i] = r.refused(i)
	}
	for i := range others {
		r.fakeTwilio.hasRecording(sid(fmt.Sprint("CA", calls+i)), sid(fmt.Sprint("RE", calls+i)), "completed", r.clock())
	}
	// The account is set up to record, and the callback was lost.
	r.fakeTwilio.hasRecording(sid("CA7"), sid("RE7"), "completed", r.clock())
	r.pass(4 * time.Minute)
	if n := r.runs(interview.DeleteRecording, ids[7]+":"+sid("RE7")); n != "1" {
		t.Errorf("%s runs that delete the recording that nobody agreed to", n)
	}
	for i, id := range ids {
		if cleared := r.call(id).Call.ClearedAt != nil; cleared != (i != 7) {
			t.Errorf("call %d is cleared: %t", i, cleared)
		}
	}
	// Of each call the last answer is about it alone.
	if n := r.fakeTwilio.asked(); n > atMost || n < calls-1 {
		t.Errorf("%d requests to clear %d calls", n, calls)
	}
}

func TestCallsAreAskedAboutAloneWhenTheListOfTheirAccountFails(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		const calls = 6
		for i := range calls {
			r.refused(i)
		}
		r.advance(2 * time.Minute)
		r.fakeTwilio.fails("", 429)
		if err := r.reconciler.Pass(t.Context()); err == nil {
			t.Error("Twilio is busy, and the pass says nothing")
		}
		if n := r.fakeTwilio.asked(); n != 1 {
			t.Errorf("%d requests though Twilio is busy", n)
		}
		r.fakeTwilio.fails("", 500) // what was left is due at once
		r.must(r.reconciler.Pass(t.Context()))
		if n := r.fakeTwilio.asked(); n != 1+calls {
			t.Errorf("%d requests, want one for the list and one for each of %d calls", n, calls)
		}
	})
}

func TestUnknownMachineDetectionIsSettledAfterTheEnd(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.placed(sid("CA1"))
		r.speaks(id, sid("CA1"))
		r.fakeTwilio.has(remote{sid: sid("CA1"), to: theirs, status: "in-progress", created: r.clock()})
		r.pass(8 * time.Minute)
		if what := r.late(id); what != "verdict" {
			t.Errorf("late is %q", what)
		}
		r.send(inbox.KindStatus, id, sid("CA1"), "CallStatus", "completed", "CallDuration", "480")
		r.send(inbox.KindRecording, id, sid("CA1"), "RecordingSid", sid("RE1"), "RecordingStatus", "absent")
		r.fakeTwilio.has(remote{sid: sid("CA1"), to: theirs, status: "completed", created: r.clock()})
		r.pass(30 * time.Minute)
		if c := r.call(id).Call; c.AnsweredBy != "unknown" || c.Consent != interview.ConsentGiven || r.notes(id, "verdict.none") != 1 {
			t.Errorf("answered by %q, history %+v", c.AnsweredBy, r.call(id).History)
		}
		r.fakeTwilio.asked()
		r.pass(time.Hour)
		if n, what := r.fakeTwilio.asked(), r.late(id); n > 0 || what != "" {
			t.Errorf("%d requests after it was settled, late is %q", n, what)
		}
		// It comes after all.
		r.send(webhook.KindAMD, id, sid("CA1"), "AnsweredBy", "human")
		if c := r.call(id).Call; c.AnsweredBy != "human" {
			t.Errorf("answered by %q", c.AnsweredBy)
		}
	})
}

func TestLateMachineDetectionKeepsAFinishedInterview(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.placed(sid("CA1"))
		r.speaks(id, sid("CA1"))
		r.advance(10 * time.Second)
		r.send(inbox.KindStatus, id, sid("CA1"), "CallStatus", "completed", "CallDuration", "40")
		r.send(inbox.KindRecording, id, sid("CA1"), "RecordingSid", sid("RE1"), "RecordingStatus", "completed", "RecordingUrl", "https://api.twilio.com/"+sid("RE1"))
		r.fakeTwilio.has(remote{sid: sid("CA1"), to: theirs, status: "completed", created: r.clock(), answeredBy: "machine_end_other"})
		r.fakeTwilio.hasRecording(sid("CA1"), sid("RE1"), "completed", r.clock())
		r.pass(2 * time.Minute)
		c := r.call(id).Call
		if c.AnsweredBy != "machine_end_other" || c.Consent != interview.ConsentGiven || r.runs(interview.DeleteRecording, id+":"+sid("RE1")) != "0" {
			t.Errorf("answered by %q, consent %q", c.AnsweredBy, c.Consent)
		}
	})
}

// The end of the call was lost, too: it comes with what was known before it.
func TestMachineDetectionIsFetchedWithAMissingEnd(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.placed(sid("CA1"))
		r.speaks(id, sid("CA1"))
		r.fakeTwilio.has(remote{sid: sid("CA1"), to: theirs, status: "completed", created: r.clock(), ended: r.clock().Add(20 * time.Second), duration: "20",
			answeredBy: "machine_start"})
		r.pass(2 * time.Minute)
		if c := r.call(id).Call; c.AnsweredBy != "machine_start" || c.Consent != interview.ConsentRefused || c.Status != interview.CallCompleted {
			t.Errorf("%s, answered by %q, consent %q", c.Status, c.AnsweredBy, c.Consent)
		}
	})
}

func TestCallWithoutConsentIsCheckedUntilNoRecordingIsProven(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.placed(sid("CA1"))
		r.refuses(id, sid("CA1"))
		r.fakeTwilio.has(remote{sid: sid("CA1"), to: theirs, status: "completed", created: r.clock()})
		r.pass(50 * time.Second)
		if n := r.fakeTwilio.asked(); n > 0 {
			t.Errorf("%d requests before a recording could be listed", n)
		}
		r.pass(30 * time.Second)
		if n := r.fakeTwilio.asked(); n != 1 || r.call(id).Call.ClearedAt != nil {
			t.Errorf("%d requests, cleared at %v after one answer", n, r.call(id).Call.ClearedAt)
		}
		r.pass(5 * time.Minute)
		if n := r.fakeTwilio.asked(); n < 3 || n > 5 || r.call(id).Call.ClearedAt == nil || r.notes(id, "recording.none") != 1 {
			t.Errorf("%d more requests, cleared at %v", n, r.call(id).Call.ClearedAt)
		}
		r.pass(time.Hour)
		if n, what := r.fakeTwilio.asked(), r.late(id); n > 0 || what != "" {
			t.Errorf("%d requests after it was certain, late is %q", n, what)
		}
	})
}

func TestUnreportedRecordingIsDeletedAfterARefusal(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.placed(sid("CA1"))
		r.refuses(id, sid("CA1"))
		r.pass(100 * time.Second) // none is listed yet
		r.fakeTwilio.hasRecording(sid("CA1"), sid("RE1"), "processing", r.clock())
		r.pass(time.Minute)
		if d := r.call(id); len(d.Recordings) != 0 || d.Call.ClearedAt != nil {
			t.Errorf("cleared at %v with a recording under way: %+v", d.Call.ClearedAt, d.Recordings)
		}
		r.fakeTwilio.hasRecording(sid("CA1"), sid("RE1"), "completed", r.clock())
		r.pass(15 * time.Minute)
		if n := r.runs(interview.DeleteRecording, id+":"+sid("RE1")); n != "1" {
			t.Fatalf("%s deletions were asked for", n)
		}
		if what := r.late(id); what != "clearance" || r.call(id).Call.ClearedAt != nil {
			t.Errorf("late is %q while Twilio has it", what)
		}
		r.deletes(id, sid("RE1"))
		r.fakeTwilio.hasNoRecording(sid("CA1"))
		r.pass(45 * time.Minute)
		if d := r.call(id); d.Call.ClearedAt == nil || d.Recordings[0].Status != interview.RecordingDeleted || r.late(id) != "" {
			t.Errorf("cleared at %v, %+v, late is %q", d.Call.ClearedAt, d.Recordings, r.late(id))
		}
	})
}

// deletes runs a deletion of a recording.
func (r *fixture) deletes(id, sid string) {
	r.t.Helper()
	run, started, err := r.store.StartRun(r.t.Context(), r.text(`SELECT id FROM function_runs WHERE function = 'delete-recording' AND key = $1`, id+":"+sid))
	r.must(err)
	if started != jobs.RunStarted {
		r.t.Fatalf("the deletion of %s did not start", sid)
	}
	_, err = r.store.BeginDeletion(r.t.Context(), run, id, sid)
	r.must(err)
	r.must(r.store.RecordingDeleted(r.t.Context(), run, id, sid))
}

func TestErasureDeletesUnreportedRecordings(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		consented, refused, busy := r.placed(sid("CA1")), r.placed(sid("CA2")), r.placed(sid("CA3"))
		r.consents(consented, sid("CA1"))
		r.send(inbox.KindStatus, consented, sid("CA1"), "CallStatus", "completed", "CallDuration", "9")
		r.send(inbox.KindRecording, consented, sid("CA1"), "RecordingSid", sid("RE1"), "RecordingStatus", "absent")
		r.refuses(refused, sid("CA2"))
		r.send(inbox.KindStatus, busy, sid("CA3"), "CallStatus", "busy")
		r.pass(time.Hour) // all is settled
		if n := r.text(`SELECT CAST(COUNT(*) AS TEXT) FROM call_watch`); n != "0" {
			t.Fatalf("%s calls are watched", n)
		}
		r.fakeTwilio.asked()
		for callSid, id := range map[string]string{sid("CA1"): consented, sid("CA2"): refused, sid("CA3"): busy} {
			_, err := r.store.ErasePersonalData(t.Context(), store.ErasureRequest{CallID: id, RequestedBy: "her"})
			r.must(err)
			r.fakeTwilio.hasRecording(callSid, sid("RE-of-"+callSid), "completed", r.clock())
		}
		r.pass(5 * time.Minute)
		for callSid, id := range map[string]string{sid("CA1"): consented, sid("CA2"): refused} {
			if n := r.runs(interview.DeleteRecording, id+":"+sid("RE-of-"+callSid)); n != "1" {
				t.Fatalf("%s: %s deletions", callSid, n)
			}
			r.deletes(id, sid("RE-of-"+callSid))
			r.fakeTwilio.hasNoRecording(callSid)
		}
		if n := r.runs(interview.DeleteRecording, busy+":"+sid("RE-of-"+sid("CA3"))); n != "0" {
			t.Error("a call that nobody answered was looked at")
		}
		r.pass(time.Hour)
		for _, id := range []string{consented, refused} {
			if r.call(id).Call.ClearedAt == nil || r.late(id) != "" {
				t.Errorf("late is %q, history %+v", r.late(id), r.call(id).History)
			}
		}
	})
}

// The account recorded from the answer on, and told nobody. Our own recording came as ever.
func TestRecordingFromBeforeConsentIsFoundAndDeleted(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.placed(sid("CA1"))
		answered := r.clock()
		r.send(inbox.KindVoice, id, sid("CA1"), "CallStatus", "in-progress")
		r.advance(20 * time.Second)
		r.consents(id, sid("CA1"))
		r.advance(time.Minute)
		r.send(inbox.KindStatus, id, sid("CA1"), "CallStatus", "completed", "CallDuration", "80")
		r.send(inbox.KindRecording, id, sid("CA1"), "RecordingSid", sid("RE1"), "RecordingStatus", "completed", "RecordingUrl", "https://api.twilio.com/"+sid("RE1"))
		r.fakeTwilio.hasRecording(sid("CA1"), sid("RE0"), "completed", answered)
		r.pass(5 * time.Minute)
		for key, want := range map[string]string{":" + sid("RE0"): "1", ":" + sid("RE1"): "0"} {
			if n := r.runs(interview.DeleteRecording, id+key); n != want {
				t.Errorf("%s deletions of %s", n, key)
			}
		}
		if n := r.runs(interview.TranscribeRecording, id+":"+sid("RE0")); n != "0" {
			t.Error("it is transcribed")
		}
		if n := r.fakeTwilio.asked(); n != 1 || r.call(id).Call.ClearedAt == nil {
			t.Errorf("%d requests, cleared at %v", n, r.call(id).Call.ClearedAt)
		}
	})
}

func TestCallAnsweredAfterItsEndIsCheckedForRecordings(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.placed(sid("CA1"))
		ended := r.clock()
		r.send(inbox.KindStatus, id, sid("CA1"), "CallStatus", "canceled", "Timestamp", ended.Format(time.RFC1123Z))
		r.pass(time.Minute) // nobody waits for anything any more
		if n := r.text(`SELECT CAST(COUNT(*) AS TEXT) FROM call_watch`); n != "0" {
			t.Fatalf("%s calls are watched", n)
		}
		r.send(inbox.KindStatus, id, sid("CA1"), "CallStatus", "in-progress", "AnsweredBy", "human", "Timestamp", ended.Add(-time.Minute).Format(time.RFC1123Z))
		r.fakeTwilio.hasRecording(sid("CA1"), sid("RE1"), "completed", ended.Add(-time.Minute))
		r.pass(5 * time.Minute)
		if n := r.runs(interview.DeleteRecording, id+":"+sid("RE1")); n != "1" {
			t.Errorf("%s deletions", n)
		}
	})
}
