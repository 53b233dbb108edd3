package store

import (
	"errors"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/webhook"
)

// What an operator withdraws leaves as much as what the person takes back: nothing that was said.
func TestWithdrawnConsentHasTheEffectOfANo(t *testing.T) {
	for name, withdraw := range map[string]func(t *testing.T, l *line){
		"operator": func(t *testing.T, l *line) {
			call, err := l.store.WithdrawConsent(t.Context(), l.id, "asked by letter, from "+secretNumber)
			if err != nil || call.Consent != interview.ConsentRefused || call.ConsentBy != interview.ConsentByRequest {
				t.Fatalf("%+v, %v", call, err)
			}
			if _, err := l.store.WithdrawConsent(t.Context(), l.id, ""); !errors.Is(err, ErrNoConsent) {
				t.Errorf("again: %v", err)
			}
			log, err := l.store.AuditLog(t.Context(), AuditFilter{Action: interview.AuditWithdraw}, Page{Limit: 5})
			if err != nil || len(log.Items) != 1 || log.Items[0].Subject != l.id || log.Items[0].Reason == "" || log.Items[0].Reason == "asked by letter, from "+secretNumber {
				t.Errorf("%+v, %v", log.Items, err)
			}
		},
		"person": func(_ *testing.T, l *line) { l.send(webhook.KindConsent, "attempt", "2", "Digits", "2") },
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
				l := minedLine(t, s)
				l.hangUp()
				withdraw(t, l)
				d, err := s.CallDetail(t.Context(), l.id)
				if err != nil || d.Call.Consent != interview.ConsentRefused || d.Call.Transcript != "" || d.Call.PhoneNumber != secretNumber ||
					len(d.Utterances)+len(d.Claims) != 0 || d.Recordings[0].URL != "" {
					t.Errorf("%+v, %v", d, err)
				}
				if n := l.runs(interview.DeleteRecording); n != 1 {
					t.Errorf("%d runs that delete the recording", n)
				}
				if n := s.count(t, `SELECT COUNT(*) FROM call_watch WHERE call_id = $1`, l.id); n != 1 {
					t.Error("nobody looks for further recordings")
				}
			})
		})
	}
}

func TestLiveCallEndsWhenItsConsentIsWithdrawn(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := dialledLine(t, s)
		l.interview()
		call, err := s.WithdrawConsent(t.Context(), l.id, "")
		if err != nil || call.CancelRequestedAt == nil {
			t.Fatalf("%+v, %v", call, err)
		}
		if n := l.runs(interview.CancelCall); n != 1 {
			t.Errorf("%d runs that end the call", n)
		}
		if _, err := s.WithdrawConsent(t.Context(), "01ARZ3NDEKTSV4RRFFQ69G5FAV", ""); !errors.Is(err, ErrNotFound) {
			t.Errorf("of no call: %v", err)
		}
	})
}
