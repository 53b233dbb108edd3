package store

import (
	"errors"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/webhook"
)

// Somebody presses 9. Nobody dials them again, for whatever campaign, however often the webhook comes.
func TestWhoOptsOutOnACallIsNotDialledAgainByAnyCampaign(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := dialledLine(t, s)
		l.send(inbox.KindVoice, "CallStatus", "in-progress")
		for range 2 {
			l.send(webhook.KindConsent, "Digits", "9")
		}
		l.send(webhook.KindConsent, "attempt", "2", "Digits", "9") // asked again all the same
		call := s.mustCall(t, l.id)
		if call.OptedOutAt == nil {
			t.Error("the call does not know")
		}
		found, err := s.DoNotCallList(t.Context(), DoNotCallFilter{PhoneNumber: secretNumber}, Page{Limit: 10})
		if err != nil || len(found.Items) != 1 || found.Items[0].Scope != interview.ScopeAll || found.Items[0].Source != interview.SourceCall ||
			found.Items[0].CallID != l.id {
			t.Fatalf("%+v, %v", found, err)
		}
		for what, query := range map[string]string{
			"notes":         `SELECT COUNT(*) FROM call_history WHERE what = 'call.opted-out' AND detail = 'at the consent question, by key'`,
			"audit entries": `SELECT COUNT(*) FROM audit_log WHERE action = 'do-not-call.opt-out' AND subject <> ''`,
		} {
			if n := s.count(t, query); n != 1 {
				t.Errorf("%d %s, want 1", n, what)
			}
		}
		l.hangUp()
		if optedOut, err := s.ContactsOptedOut(t.Context(), []string{"another", call.ContactID}); err != nil || len(optedOut) != 1 || !optedOut[call.ContactID] {
			t.Errorf("of the contacts opted out: %v, %v", optedOut, err)
		}
		var refused *RefusedNumbersError
		if _, err := s.CreateCalls(t.Context(), newCalls(activeCampaign(t, s), "", secretNumber)); !errors.As(err, &refused) {
			t.Errorf("another campaign calls: %v", err)
		}
	})
}

// A process that is killed between two statements of the webhook leaves all of it or nothing: never an answer that confirms an
// opt-out without the entry.
func TestCrashDuringAnOptOutLeavesAllOfItOrNothing(t *testing.T) {
	crash := errors.New("crash")
	for _, ran := range []bool{false, true} {
		for at := 1; ; at++ {
			seen, armed := 0, false
			url := storetest.SQLite(t)
			l := dialledLine(t, open(t, url, Options{}))
			dying := open(t, url, Options{Around: func(statement func() error) error {
				if !armed {
					return statement()
				}
				if seen++; seen < at {
					return statement()
				}
				if seen == at && ran {
					_ = statement()
				}
				return crash // it is gone
			}})
			p := NewProcessor(dying, l.processor.decide)
			event := &inbox.Event{ID: secretSid + ":consent:1", Kind: webhook.KindConsent, Subject: l.id, CallSid: secretSid, AccountSid: "AC1",
				Query: map[string][]string{"callId": {l.id}},
				Form:  map[string][]string{"CallSid": {secretSid}, "AccountSid": {"AC1"}, "Digits": {"9"}, "CallStatus": {"in-progress"}}, ReceivedAt: l.store.now()}
			armed = true
			_, err := p.Process(t.Context(), event)
			if err == nil && seen < at {
				if at < 8 {
					t.Fatalf("only %d statements", at)
				}
				break
			}
			listed := l.store.count(t, `SELECT COUNT(*) FROM do_not_call`)
			accepted := l.store.count(t, `SELECT COUNT(*) FROM webhook_events WHERE outcome = 'accepted' AND event_id = $1`, event.ID)
			notes := l.store.count(t, `SELECT COUNT(*) FROM call_history WHERE what = $1`, noteOptedOut)
			if listed != accepted || notes != accepted || (l.store.mustCall(t, l.id).OptedOutAt != nil) != (accepted == 1) {
				t.Errorf("crash at %d (ran %v): %d accepted, %d listed, %d notes", at, ran, accepted, listed, notes)
			}
			// Twilio repeats it, and another process takes it.
			if _, err := l.processor.Process(t.Context(), event); err != nil {
				t.Fatal(err)
			}
			if n := l.store.count(t, `SELECT COUNT(*) FROM do_not_call`); n != 1 {
				t.Errorf("crash at %d (ran %v), then again: %d entries", at, ran, n)
			}
		}
	}
}

// Nearly no webhook opts out: the others cost what they did before there was a list.
func TestWebhookWithoutAnOptOutDoesNotAskForTheGate(t *testing.T) {
	trips, counting := 0, false
	s := open(t, storetest.SQLite(t), Options{Around: func(trip func() error) error {
		if counting {
			trips++
		}
		return trip()
	}})
	l := dialledLine(t, s)
	l.send(inbox.KindVoice, "CallStatus", "in-progress")
	counting = true
	l.send(inbox.KindStatus, "CallStatus", "in-progress", "SequenceNumber", "2")
	counting = false
	// Begin; load calls, claim ids, load settled; insert the event, save the call; commit.
	if trips > 7 {
		t.Errorf("%d round trips, want 7", trips)
	}
}
