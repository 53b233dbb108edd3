package store

import (
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
)

func TestErasureByNumberFindsEveryCallOfThePersonAndNoOther(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		create := func(number string) string {
			t.Helper()
			clock.Advance(time.Minute)
			c, err := s.CreateCampaign(t.Context(), interview.Campaign{Name: "Shelves", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours()})
			if err != nil {
				t.Fatal(err)
			}
			var id string
			_, err = s.CreateCalls(t.Context(), NewCalls{CampaignID: c.ID, PhoneNumbers: []string{number}, IdempotencyKey: c.ID, RequestHash: sha256.Sum256(nil),
				Answer: func(calls []interview.Call) (Answer, error) {
					id = calls[0].ID
					return Answer{Status: 202, Body: []byte(calls[0].ID + number)}, nil
				}})
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		other := create("+15550000001")
		canceled := create(secretNumber)
		if _, err := s.CancelCall(t.Context(), canceled, ""); err != nil {
			t.Fatal(err)
		}
		erasedBefore := create(secretNumber)
		if _, err := s.ErasePersonalData(t.Context(), ErasureRequest{CallID: erasedBefore, RequestedBy: "first"}); err != nil {
			t.Fatal(err)
		}
		live := create(secretNumber)
		run := s.mustStart(t, interview.OrchestrateCall, live)
		if _, err := s.BeginDial(t.Context(), run, live); err != nil {
			t.Fatal(err)
		}
		if err := s.DialAccepted(t.Context(), run, live, interview.PlacedCall{Sid: secretSid}); err != nil {
			t.Fatal(err)
		}
		// Somebody at Twilio has used our URL for a call of theirs.
		stray := newLine(t, s, "unknown")
		_, _ = stray.processor.Process(t.Context(), event(inbox.KindStatus, "CA9", "unknown", "CallSid=CA9&To=%2B15557771234", clock.Now()))

		request := NumberErasureRequest{PhoneNumber: secretNumber, RequestedBy: "a lawyer of +15557771234", Reason: "wrote from (555) 777-1234"}
		erase := func() NumberErasure {
			t.Helper()
			clock.Advance(time.Minute)
			done, err := s.EraseNumber(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			return done
		}
		calls := func(done NumberErasure) (ids []string) {
			for _, call := range done.Calls {
				ids = append(ids, call.CallID)
			}
			return ids
		}
		first := erase()
		if got, want := calls(first), []string{canceled, live}; !slices.Equal(got, want) || first.Pending() != 1 || !first.Calls[1].Pending || first.Strays != 1 {
			t.Errorf("erased %v, want %v; %d pending, %d strays", got, want, first.Pending(), first.Strays)
		}
		again := erase()
		if got := calls(again); !slices.Equal(got, []string{live}) || !again.Calls[0].At.Equal(first.Calls[1].At) || again.Strays != 0 {
			t.Errorf("erased again: %+v", again)
		}
		if c := s.mustCall(t, live); c.PhoneNumber != "" || c.LiveNumber != secretNumber || c.CancelRequestedAt == nil {
			t.Errorf("live call %+v", c)
		}
		ending := newLine(t, s, live)
		ending.hangUp()
		if got := erase(); len(got.Calls) != 0 {
			t.Errorf("after the end: %+v", got)
		}
		queued := create(secretNumber)
		if got := erase(); !slices.Equal(calls(got), []string{queued}) || got.Pending() != 0 || s.mustCall(t, queued).Status != interview.CallCanceled {
			t.Errorf("a queued call: %+v", got)
		}
		if c := s.mustCall(t, other); c.ErasedAt != nil || c.Status != interview.CallQueued {
			t.Errorf("another person's call: %+v", c)
		}

		log, err := s.AuditLog(t.Context(), AuditFilter{Action: interview.AuditEraseNumber}, Page{Limit: 10})
		if err != nil || len(log.Items) != 4 {
			t.Fatalf("audit log: %+v, %v", log, err)
		}
		for _, entry := range log.Items {
			if entry.Detail["phoneNumber"] != "+1******1234" || strings.Contains(entry.Actor+entry.Reason, "777") || entry.Actor == "" || entry.Reason == "" {
				t.Errorf("audit entry %+v", entry)
			}
		}
	})
}

func TestErasureByNumberErasesNothingWhileOneCallIsHeld(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		var campaigns, calls []string
		for n := range 2 {
			c, err := s.CreateCampaign(t.Context(), interview.Campaign{Name: "Shelves", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours()})
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.CreateCalls(t.Context(), NewCalls{CampaignID: c.ID, PhoneNumbers: []string{secretNumber}, IdempotencyKey: c.ID, RequestHash: sha256.Sum256(nil),
				Answer: func(made []interview.Call) (Answer, error) {
					calls = append(calls[:n], made[0].ID)
					return Answer{Status: 202, Body: []byte{}}, nil
				}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.CancelCall(t.Context(), calls[n], ""); err != nil {
				t.Fatal(err)
			}
			campaigns = append(campaigns, c.ID)
		}
		request := NumberErasureRequest{PhoneNumber: secretNumber, RequestedBy: "privacy desk"}
		for _, held := range []bool{true, false} {
			if _, err := s.UpdateCampaign(t.Context(), campaigns[1], CampaignChange{Hold: &Hold{Set: held}}); err != nil {
				t.Fatal(err)
			}
			if _, err := s.EraseNumber(t.Context(), request); errors.Is(err, ErrHeld) != held || err != nil && !held {
				t.Errorf("held %v: %v", held, err)
			}
			for _, id := range calls {
				if call, err := s.CallDetail(t.Context(), id); err != nil || (call.Call.ErasedAt == nil) != held {
					t.Errorf("held %v: erased at %v, %v", held, call.Call.ErasedAt, err)
				}
			}
		}
	})
}
