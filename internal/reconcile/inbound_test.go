package reconcile_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/webhook"
)

// inbound is an event as a number's own URLs bring it, without a callId.
func (r *fixture) inbound(kind inbox.Kind, sid string, params ...string) *inbox.Event {
	r.t.Helper()
	form := url.Values{"CallSid": {sid}, "AccountSid": {account}, "Direction": {"inbound"}, "CallStatus": {"ringing"}, "From": {theirs}, "To": {ours}}
	for i := 0; i < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	event := &inbox.Event{Kind: kind, AccountSid: account, CallSid: sid, Form: form, Query: url.Values{}, Body: []byte(form.Encode()),
		Target: "/api/webhooks/v1/twilio/" + string(kind), ReceivedAt: r.clock()}
	var err error
	event.ID, event.Subject, err = webhook.Identify(kind, form, nil)
	r.must(err)
	return event
}

// callsIn is the request for the first TwiML of a call that came in: its id and what was answered.
func (r *fixture) callsIn(sid string, params ...string) (string, inbox.Result) {
	r.t.Helper()
	result, err := r.processor.Process(context.Background(), r.inbound(inbox.KindVoice, sid, params...))
	r.must(err)
	return r.text(`SELECT COALESCE(MAX(id), '') FROM calls WHERE twilio_sid = $1`, sid), result
}

func (r *fixture) contact(id string) string {
	return r.text(`SELECT state FROM contacts WHERE id = $1`, r.call(id).Call.ContactID)
}

func TestWhoCallsBackIsKnownByTheCallThatWasMadeToThem(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		called := r.placed(sid("CA1"))
		r.send(inbox.KindStatus, called, sid("CA1"), "CallStatus", "no-answer")
		r.advance(29 * 24 * time.Hour)
		id, result := r.callsIn(sid("CA2"), "StirVerstat", "TN-Validation-Passed-A")
		c := r.call(id).Call
		if c.Direction != interview.DirectionInbound || c.PhoneNumber != theirs || c.CampaignID != r.campaign || c.ContactID != r.call(called).Call.ContactID ||
			c.TwilioSid != sid("CA2") || c.Version != interview.V1 || c.LiveNumber != "" || c.DialedAt != nil || c.StirStatus != "TN-Validation-Passed-A" || c.IdentitySaid == "" {
			t.Errorf("%+v", c)
		}
		if body := string(result.Reply.Body); !strings.Contains(body, "press 1") || !strings.Contains(body, "/api/webhooks/v1/twilio/menu?callId="+id) {
			t.Errorf("answered %s", body)
		}
		// A month after they were called nobody can tell any more why they call.
		r.advance(2 * 24 * time.Hour)
		id, result = r.callsIn(sid("CA3"))
		if c = r.call(id).Call; c.ContactID != "" || strings.Contains(string(result.Reply.Body), "press 1") || !strings.Contains(string(result.Reply.Body), "press 9") {
			t.Errorf("%+v answered %s", c, result.Reply.Body)
		}
	})
}

func TestCallThatCameInTakesEffectOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		r.placed(sid("CA1"))
		another := store.NewProcessor(r.open(), webhook.New(webhook.Config{}).Decide)
		var wg sync.WaitGroup
		replies := make(chan string, 16)
		for n := range cap(replies) {
			wg.Go(func() {
				p := r.processor
				if n%2 == 1 {
					p = another
				}
				event := r.inbound(inbox.KindVoice, sid("CA2"))
				if n%4 == 3 { // the fallback, at the same moment
					event = r.inbound(inbox.KindVoice, sid("CA2"), "ErrorCode", "11200", "ErrorUrl", "https://h/api/webhooks/v1/twilio/voice")
				}
				result, err := p.Process(context.Background(), event)
				if err != nil {
					t.Error(err)
				}
				replies <- string(result.Reply.Body)
			})
		}
		wg.Wait()
		close(replies)
		id := r.text(`SELECT id FROM calls WHERE twilio_sid = $1`, sid("CA2"))
		for reply := range replies {
			if !strings.Contains(reply, "callId="+id) {
				t.Errorf("answered %s", reply)
			}
		}
		if n := r.text(`SELECT CAST(COUNT(*) AS TEXT) FROM webhook_events WHERE outcome = 'accepted' AND call_id = $1`, id); n != "2" {
			t.Errorf("%s events were accepted", n)
		}
	})
}

func TestNumberSetUpWithAStatusURLTellsOfTheEnd(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		r.placed(sid("CA1"))
		id, _ := r.callsIn(sid("CA2"))
		result, err := r.processor.Process(context.Background(), r.inbound(inbox.KindStatus, sid("CA2"), "CallStatus", "completed", "CallDuration", "12"))
		r.must(err)
		if c := r.call(id).Call; result.Outcome != inbox.Accepted || c.Status != interview.CallCompleted || *c.Duration != 12 {
			t.Errorf("%s, %+v", result.Outcome, c)
		}
		var refusal *inbox.Refusal
		_, err = r.processor.Process(context.Background(), r.inbound(inbox.KindStatus, sid("CAunknown"), "CallStatus", "completed"))
		if !errors.As(err, &refusal) || refusal.Status != 404 {
			t.Errorf("the end of a call that nobody knows: %v", err)
		}
	})
}

func TestEndOfACallThatCameInIsFetched(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		r.send(inbox.KindStatus, r.placed(sid("CA1")), sid("CA1"), "CallStatus", "busy")
		id, _ := r.callsIn(sid("CA2"))
		r.fakeTwilio.has(remote{sid: sid("CA2"), to: ours, from: theirs, direction: "inbound", status: "in-progress", created: r.clock()})
		r.pass(90 * time.Second)
		if c := r.call(id).Call; c.Status != interview.CallInProgress || r.late(id) != "" {
			t.Errorf("%s, overdue is %q", c.Status, r.late(id))
		}
		r.fakeTwilio.has(remote{sid: sid("CA2"), to: ours, from: theirs, direction: "inbound", status: "completed", created: r.clock(), ended: r.clock(), duration: "90"})
		r.pass(10 * time.Minute)
		if c := r.call(id).Call; c.Status != interview.CallCompleted || c.ClearedAt == nil || c.AnsweredBy != "" || r.late(id) != "" {
			t.Errorf("%+v, overdue is %q", c, r.late(id))
		}
		r.fakeTwilio.asked()
		r.pass(time.Hour)
		if n := r.fakeTwilio.asked(); n > 0 {
			t.Errorf("%d requests about a call that is over", n)
		}
	})
}

// At most one call that is not over to a person, whoever made it.
func TestNobodyIsCalledWhoIsCallingUs(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id, err := r.queue(theirs)
		r.must(err)
		in, _ := r.callsIn(sid("CA2"))
		if _, err := r.dials(id); !waits(err) {
			t.Errorf("dialling while they call us: %v", err)
		}
		_, err = r.processor.Process(context.Background(), r.inbound(inbox.KindStatus, sid("CA2"), "CallStatus", "completed"))
		r.must(err)
		if state, err := r.dials(id); err != nil || state != interview.DialProceed {
			t.Errorf("dialling after call %s: %s, %v", in, state, err)
		}
	})
}

func TestInterviewOnACallBackReachesTheContact(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		r.send(inbox.KindStatus, r.placed(sid("CA1")), sid("CA1"), "CallStatus", "busy")
		first := r.text(`SELECT id FROM calls WHERE twilio_sid = $1`, sid("CA1"))
		// The next attempt waits for its turn.
		next, err := r.queue("+15550007777")
		r.must(err)
		contact := r.call(first).Call.ContactID
		r.text(`UPDATE calls SET phone_number = $1, contact_id = $2 WHERE id = $3 RETURNING id`, theirs, contact, next)
		in, _ := r.callsIn(sid("CA2"))
		r.send(webhook.KindMenu, in, sid("CA2"), "CallStatus", "in-progress", "Digits", "1")
		if state := r.contact(in); state != "CALLING" {
			t.Errorf("the contact is %s before anybody agreed", state)
		}
		r.send(webhook.KindConsent, in, sid("CA2"), "CallStatus", "in-progress", "Digits", "1")
		if state, c := r.contact(in), r.call(next).Call; state != "REACHED" || c.Status != interview.CallCanceled || c.LiveNumber != "" || r.notes(next, "dial.canceled") != 1 {
			t.Errorf("the contact is %s, their next call %+v", state, c)
		}
		if n := r.text(`SELECT CAST(COUNT(*) AS TEXT) FROM function_runs WHERE key = $1 AND state = 'done'`, next); n != "1" {
			t.Errorf("%s runs ended that would have dialled", n)
		}
		r.send(inbox.KindRecording, in, sid("CA2"), "RecordingSid", sid("RE1"), "RecordingStatus", "completed", "RecordingUrl", "https://api.twilio.com/"+sid("RE1"))
		if n := r.runs(interview.TranscribeRecording, in+":"+sid("RE1")); n != "1" {
			t.Errorf("%s runs transcribe the interview", n)
		}
	})
}

// A call that nothing was said about changes nothing of the contact, whoever made it.
func TestCallBackWithoutADecisionLeavesTheContact(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		called := r.placed(sid("CA1"))
		before := r.contact(called)
		in, _ := r.callsIn(sid("CA2"))
		r.send(webhook.KindMenu, in, sid("CA2"), "CallStatus", "in-progress")
		_, err := r.processor.Process(context.Background(), r.inbound(inbox.KindStatus, sid("CA2"), "CallStatus", "completed"))
		r.must(err)
		if after := r.contact(called); after != before {
			t.Errorf("the contact was %s and is %s", before, after)
		}
	})
}

func TestNoInterviewWhileTheCampaignIsStoppedOrPaused(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		r.placed(sid("CA1"))
		stop := func(scope string, ended any) {
			r.text(`INSERT INTO stops (id, scope, mode, requested_by, reason, created_at, ended_at, ended_by) VALUES ($1, $2, 'finish', '', '', $3, $4, '')
				RETURNING id`, "stop-"+scope, scope, r.clock(), ended)
		}
		offers := func(name string) bool {
			_, result := r.callsIn(sid("CA" + name))
			return strings.Contains(string(result.Reply.Body), "press 1")
		}
		stop("another-campaign", nil)
		if !offers("another") {
			t.Error("the stop of another campaign stops this one")
		}
		in, _ := r.callsIn(sid("CAbefore"))
		stop(r.campaign, nil)
		if offers("stopped") {
			t.Error("the interview is offered though the campaign is stopped")
		}
		r.send(webhook.KindMenu, in, sid("CAbefore"), "Digits", "1")
		if reply := r.text(`SELECT CAST(reply_body AS TEXT) FROM webhook_events WHERE call_id = $1 AND kind = 'menu'`, in); strings.Contains(reply, "<Gather") {
			t.Errorf("chosen after the stop: %s", reply)
		}
		r.text(`UPDATE stops SET ended_at = $1 WHERE scope = $2 RETURNING id`, r.clock(), r.campaign)
		if !offers("resumed") {
			t.Error("the interview is not offered after the stop ended")
		}
		r.text(`UPDATE campaigns SET status = 'PAUSED' WHERE id = $1 RETURNING id`, r.campaign)
		if offers("paused") {
			t.Error("the interview is offered though the campaign is paused")
		}
	})
}

// Anybody can show any number: nothing that is known of its owner is read out.
func TestVariablesAreNotReadOutOnACallBack(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		called := r.placed(sid("CA1"))
		r.text(`UPDATE campaigns SET prompt_template = '- Is {{street}} your street?
- What does bread cost?' WHERE id = $1 RETURNING id`, r.campaign)
		r.text(`UPDATE contacts SET variables = '{"street":"Elm Street"}' WHERE id = $1 RETURNING id`, r.call(called).Call.ContactID)
		in, _ := r.callsIn(sid("CA2"))
		if asks := strings.Join(r.call(in).Call.Script.Questions, " "); asks != "What does bread cost?" {
			t.Errorf("asks %q", asks)
		}
		r.text(`UPDATE campaigns SET prompt_template = '- Is {{street}} your street?' WHERE id = $1 RETURNING id`, r.campaign)
		if _, result := r.callsIn(sid("CA3")); strings.Contains(string(result.Reply.Body), "press 1") {
			t.Errorf("an interview without questions is offered: %s", result.Reply.Body)
		}
	})
}

func TestCampaignThatCalledFromTheNumberIsPreferred(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		older, newer := r.placed(sid("CA1")), r.placed(sid("CA2"))
		r.text(`UPDATE dial_intents SET from_number = '+15550008888' WHERE call_id = $1 RETURNING call_id`, newer)
		in, _ := r.callsIn(sid("CA3"))
		if got := r.call(in).Call.ContactID; got != r.call(older).Call.ContactID {
			t.Errorf("calling %s back is about the call from another number", ours)
		}
		in, _ = r.callsIn(sid("CA4"), "To", "+15550001234")
		if got := r.call(in).Call.ContactID; got != r.call(newer).Call.ContactID {
			t.Error("calling a third number is not about the newest call")
		}
	})
}

func TestWithheldNumberIsNotKept(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		for i, from := range []string{"+266696687", "+7378742833", "anonymous", ""} {
			in, result := r.callsIn(sid("CA"+string(rune('a'+i))), "From", from)
			if c := r.call(in).Call; c.PhoneNumber != "" || c.ContactID != "" || strings.Contains(string(result.Reply.Body), "<Gather") {
				t.Errorf("%q: %+v answered %s", from, c, result.Reply.Body)
			}
		}
	})
}

// An installation without any campaign called nobody: it answers, and keeps nothing of who called.
func TestCallToAnInstallationWithoutCampaignsIsAnswered(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		r.text(`DELETE FROM campaigns RETURNING id`)
		in, first := r.callsIn(sid("CA1"))
		_, again := r.callsIn(sid("CA1"))
		if in != "" || !strings.Contains(string(first.Reply.Body), "<Hangup/>") || strings.Contains(string(first.Reply.Body), "callId") ||
			again.Outcome != inbox.Duplicate || string(again.Reply.Body) != string(first.Reply.Body) {
			t.Errorf("call %q answered %s, then %s %s", in, first.Reply.Body, again.Outcome, again.Reply.Body)
		}
		kept := r.text(`SELECT call_id || '|' || campaign_id || '|' || COALESCE(CAST(body AS TEXT), 'none') FROM webhook_events`)
		if kept != "||none" {
			t.Errorf("kept %q", kept)
		}
	})
}

func TestFailedCallThatCameInCanBeSentAgain(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, r *fixture) {
		r.placed(sid("CA1"))
		broken := true
		decisions := webhook.New(webhook.Config{})
		r.processor = store.NewProcessor(r.store, func(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
			if broken {
				return interview.Change{}, inbox.Reply{}, errors.New("broken")
			}
			return decisions.Decide(call, event)
		})
		if _, err := r.processor.Process(context.Background(), r.inbound(inbox.KindVoice, sid("CA2"))); err == nil {
			t.Fatal("it did not fail")
		}
		if n := r.text(`SELECT CAST(COUNT(*) AS TEXT) FROM calls WHERE twilio_sid = $1`, sid("CA2")); n != "0" {
			t.Errorf("%s calls are left of it", n)
		}
		row := r.text(`SELECT id FROM webhook_events WHERE outcome = 'failed' AND call_id = ''`)
		broken = false
		replayed, err := r.processor.Replay(t.Context(), row, store.Replay{})
		if err != nil || replayed.Result != inbox.Accepted {
			t.Fatalf("%+v, %v", replayed, err)
		}
		in, result := r.callsIn(sid("CA2"))
		if result.Outcome != inbox.Duplicate || string(result.Reply.Body) != string(replayed.Reply.Body) || in == "" {
			t.Errorf("sent again: %s %s", result.Outcome, result.Reply.Body)
		}
		// And once more on request, as it was accepted.
		row = r.text(`SELECT id FROM webhook_events WHERE outcome = 'accepted' AND call_id = $1`, in)
		forced, err := r.processor.Replay(t.Context(), row, store.Replay{Force: true, Reason: "test"})
		if err != nil || forced.Result != store.Forced {
			t.Errorf("%+v, %v", forced, err)
		}
	})
}
