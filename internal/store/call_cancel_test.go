package store

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/webhook"
)

// intent takes a seeded call up to the intent to dial.
func intent(t *testing.T, s *Store, id string) interview.Run {
	t.Helper()
	run := s.mustStart(t, interview.OrchestrateCall, id)
	if dial, err := s.BeginDial(t.Context(), run, id); err != nil || dial.State != interview.DialProceed {
		t.Fatalf("dial of %s: %v, %v", id, dial.State, err)
	}
	return run
}

func (s *Store) mustCancel(t *testing.T, id string) interview.Call {
	t.Helper()
	call, err := s.CancelCall(t.Context(), id, "")
	if err != nil {
		t.Fatal(err)
	}
	return call
}

func cancelRuns(t *testing.T, s *Store) int {
	t.Helper()
	return s.count(t, `SELECT COUNT(*) FROM function_runs WHERE function = 'cancel-call'`)
}

// Whoever learns the CallSid first has the call ended, once.
func TestCancelDuringTheDialIsCarriedOutWhenTheCallSidIsKnown(t *testing.T) {
	placed := interview.PlacedCall{Sid: secretSid, AccountSid: "AC1"}
	for name, learn := range map[string]func(l *line, run interview.Run) error{
		"Twilio's answer": func(l *line, run interview.Run) error {
			return l.store.DialAccepted(l.t.Context(), run, l.id, placed)
		},
		"a callback, then Twilio's answer": func(l *line, run interview.Run) error {
			l.send(inbox.KindStatus, "CallStatus", "initiated")
			l.send(inbox.KindStatus, "CallStatus", "ringing")
			return l.store.DialAccepted(l.t.Context(), run, l.id, placed)
		},
		"the reconciler after a timeout": func(l *line, run interview.Run) error {
			err := l.store.DialUnknown(l.t.Context(), run, l.id, "timeout")
			l.send(inbox.KindStatus, "CallStatus", "ringing")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
				l := newLine(t, s, seed(t, s, 1)[0])
				run := intent(t, s, l.id)
				if call := s.mustCancel(t, l.id); call.Status != interview.CallQueued || call.CancelRequestedAt == nil {
					t.Fatalf("%+v", call)
				}
				if n := cancelRuns(t, s); n != 0 {
					t.Fatalf("%d runs before Twilio has the call", n)
				}
				if err := learn(l, run); err != nil {
					t.Fatal(err)
				}
				if n := cancelRuns(t, s); n != 1 {
					t.Fatalf("%d runs end the call", n)
				}
				ending, err := s.BeginCancel(t.Context(), s.mustStart(t, interview.CancelCall, l.id), l.id)
				if err != nil || ending.Skip || ending.CallSid != secretSid {
					t.Errorf("%+v, %v", ending, err)
				}
				l.send(inbox.KindStatus, "CallStatus", "canceled")
				if call := s.mustCall(t, l.id); call.Status != interview.CallCanceled || call.LiveNumber != "" {
					t.Errorf("%+v", call)
				}
			})
		})
	}
}

// Its dial created nothing, and nobody wants another.
func TestCanceledCallIsNotDialledAgain(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		ids := seed(t, s, 2)
		throttled, lost := ids[0], ids[1]
		run := intent(t, s, throttled)
		s.mustCancel(t, throttled)
		if err := s.DialPostponed(t.Context(), run, throttled); err != nil {
			t.Fatal(err)
		}
		if err := s.PostponeRun(t.Context(), run, jobs.Postponement{Until: clock.Now()}); !errors.Is(err, jobs.ErrLostRun) {
			t.Errorf("the run goes on: %v", err)
		}
		run = intent(t, s, lost)
		if err := s.DialUnknown(t.Context(), run, lost, "timeout"); err != nil {
			t.Fatal(err)
		}
		s.mustCancel(t, lost)
		for range 5 {
			again, err := s.DialAbsent(t.Context(), lost, 3, time.Minute)
			if err != nil || again {
				t.Fatal(again, err)
			}
			clock.Advance(time.Minute)
		}
		for _, id := range ids {
			if call := s.mustCall(t, id); call.Status != interview.CallCanceled || call.LiveNumber != "" || call.CompletedAt == nil {
				t.Errorf("%+v", call)
			}
		}
		if n := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE state <> 'done'`); n != 0 {
			t.Errorf("%d runs are open", n)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM call_watch WHERE call_id = $1`, lost); n != 0 {
			t.Errorf("%d watched", n)
		}
	})
}

// The same holds when the campaign was completed while the dial was under way.
func TestCompletedCampaignDialsNothingAgain(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		ids := seed(t, s, 3)
		throttled, lost, queued := ids[0], ids[1], ids[2]
		first, second := intent(t, s, throttled), intent(t, s, lost)
		completed := interview.CampaignCompleted
		if _, err := s.UpdateCampaign(t.Context(), s.mustCall(t, queued).CampaignID, CampaignChange{Status: &completed}); err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]interview.CallStatus{throttled: interview.CallQueued, lost: interview.CallQueued, queued: interview.CallCanceled} {
			if got := s.mustCall(t, id).Status; got != want {
				t.Errorf("%s is %s, want %s", id, got, want)
			}
		}
		if err := s.DialPostponed(t.Context(), first, throttled); err != nil {
			t.Fatal(err)
		}
		if err := s.DialUnknown(t.Context(), second, lost, "timeout"); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Minute) // until then the request may still arrive
		if again, err := s.DialAbsent(t.Context(), lost, 1, 0); err != nil || again {
			t.Fatal(again, err)
		}
		for _, id := range ids {
			if call := s.mustCall(t, id); call.Status != interview.CallCanceled || call.LiveNumber != "" {
				t.Errorf("%+v", call)
			}
		}
	})
}

// A campaign is completed while its calls are dialled by two processes: each is dialled before that, or canceled.
func TestCallIsDialledOrCanceledWhenItsCampaignIsCompleted(t *testing.T) {
	url := storetest.Postgres(t)
	a, b := open(t, url, Options{DialsPerMinute: 1000}), open(t, url, Options{DialsPerMinute: 1000})
	for range 5 {
		ids := seed(t, a, 20)
		var all sync.WaitGroup
		for i, s := range []*Store{a, b} {
			for j := i; j < len(ids); j += 2 {
				run := s.mustStart(t, interview.OrchestrateCall, ids[j])
				all.Go(func() {
					if _, err := s.BeginDial(t.Context(), run, ids[j]); err != nil {
						t.Error(err)
					}
				})
			}
		}
		completed := interview.CampaignCompleted
		if _, err := a.UpdateCampaign(t.Context(), a.mustCall(t, ids[0]).CampaignID, CampaignChange{Status: &completed}); err != nil {
			t.Error(err)
		}
		all.Wait()
		for _, id := range ids {
			call := a.mustCall(t, id)
			if canceled := call.Status == interview.CallCanceled; canceled == (call.DialedAt != nil) {
				t.Errorf("call is %s, dialled %v", call.Status, call.DialedAt)
			}
		}
		a.mustExec(t, `UPDATE calls SET phone_number = '', live_number = '', status = 'FAILED'`)
	}
}

// Who is on the line of a call that is being ended hears a goodbye, and no recording begins.
func TestCanceledCallAsksNothingMore(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := dialledLine(t, s)
		l.send(inbox.KindStatus, "CallStatus", "ringing")
		s.mustCancel(t, l.id)
		for _, reply := range []inbox.Result{
			l.send(inbox.KindVoice, "CallStatus", "in-progress"),
			l.send(webhook.KindConsent, "SpeechResult", "yes"),
			l.send(webhook.KindAnswer, "step", "1", "SpeechResult", secretWords),
		} {
			text := string(reply.Reply.Body)
			if !strings.Contains(text, "<Hangup/>") || strings.Contains(text, "<Gather") || strings.Contains(text, "<Recording") {
				t.Errorf("answered %s", text)
			}
		}
	})
}

// Of an erased call that is under way the number is in one column, until the call is over.
func TestErasureOfALiveCallIsCompleteWhenItIsOver(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := dialledLine(t, s)
		l.interview()
		erasure, err := l.erase()
		if err != nil || !erasure.Pending || erasure.Recordings != 1 {
			t.Fatalf("%+v, %v", erasure, err)
		}
		if n := cancelRuns(t, s); n != 1 {
			t.Errorf("%d runs end the call", n)
		}
		if found := traces(t, s); len(found) != 1 || s.mustCall(t, l.id).LiveNumber != secretNumber {
			t.Errorf("left: %q", found)
		}
		if c := s.mustCall(t, l.id); c.Status != interview.CallInProgress || c.PhoneNumber != "" || c.Consent != interview.ConsentRefused {
			t.Errorf("%+v", c)
		}
		l.send(webhook.KindAnswer, "step", "3", "SpeechResult", secretWords)
		l.recordingEnds()
		l.hangUp()
		if found := traces(t, s); len(found) != 0 {
			t.Errorf("left in the end: %q", found)
		}
		if again, err := l.erase(); err != nil || again.Pending || again.At != erasure.At {
			t.Errorf("%+v, %v", again, err)
		}
		if n := l.runs(interview.TranscribeRecording); n != 0 {
			t.Errorf("%d transcriptions", n)
		}
	})
}

// A call is erased while its dial is under way, and Twilio refuses it, loses it or says nothing.
func TestErasureDuringTheDialLeavesNoTrace(t *testing.T) {
	clock := newClock()
	for name, end := range map[string]func(s *Store, l *line, run interview.Run) error{
		"refused": func(s *Store, l *line, run interview.Run) error {
			return s.DialRefused(l.t.Context(), run, l.id, 21211, secretNumber+" is not valid")
		},
		"throttled": func(s *Store, l *line, run interview.Run) error { return s.DialPostponed(l.t.Context(), run, l.id) },
		"unknown, then absent": func(s *Store, l *line, run interview.Run) error {
			if err := s.DialUnknown(l.t.Context(), run, l.id, "no answer about "+secretNumber); err != nil {
				return err
			}
			if call := s.mustCall(l.t, l.id); call.Status != interview.CallDialUnknown || call.Callee() != secretNumber {
				l.t.Errorf("cannot be looked for: %+v", call)
			}
			clock.Advance(time.Minute) // until then the request may still arrive
			_, err := s.DialAbsent(l.t.Context(), l.id, 1, 0)
			return err
		},
		"accepted, and failed at once": func(s *Store, l *line, run interview.Run) error {
			err := s.DialAccepted(l.t.Context(), run, l.id, interview.PlacedCall{Sid: secretSid, AccountSid: "AC1"})
			l.send(inbox.KindStatus, "CallStatus", "failed", "ErrorMessage", secretNumber+" is not there")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
				l := newLine(t, s, seed(t, s, 1)[0])
				s.mustExec(t, `UPDATE calls SET phone_number = $1, live_number = $1 WHERE id = $2`, secretNumber, l.id)
				run := intent(t, s, l.id)
				if e, err := l.erase(); err != nil || !e.Pending {
					t.Fatalf("%+v, %v", e, err)
				}
				if err := end(s, l, run); err != nil {
					t.Fatal(err)
				}
				if found := traces(t, s); len(found) != 0 {
					t.Errorf("left: %q", found)
				}
				if call := s.mustCall(t, l.id); !call.Status.Terminal() || call.ErasedAt == nil {
					t.Errorf("%+v", call)
				}
			})
		})
	}
}

func TestErasureOfAQueuedCallCancelsIt(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := newLine(t, s, seed(t, s, 1)[0])
		s.mustExec(t, `UPDATE calls SET phone_number = $1, live_number = $1 WHERE id = $2`, secretNumber, l.id)
		if e, err := l.erase(); err != nil || e.Pending {
			t.Fatalf("%+v, %v", e, err)
		}
		if found := traces(t, s); len(found) != 0 {
			t.Errorf("left: %q", found)
		}
		if call := s.mustCall(t, l.id); call.Status != interview.CallCanceled || call.CompletedAt == nil {
			t.Errorf("%+v", call)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE state <> 'done'`); n != 0 {
			t.Errorf("%d runs would dial it", n)
		}
	})
}

func TestCancelOfACallThatIsOverMeanwhileAsksTwilioNothing(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := dialledLine(t, s)
		l.send(inbox.KindVoice, "CallStatus", "in-progress")
		s.mustCancel(t, l.id)
		l.hangUp()
		if ending, err := s.BeginCancel(t.Context(), s.mustStart(t, interview.CancelCall, l.id), l.id); err != nil || !ending.Skip {
			t.Errorf("%+v, %v", ending, err)
		}
		if _, err := s.CancelCall(t.Context(), l.id, ""); !errors.Is(err, ErrCallOver) {
			t.Errorf("canceled again: %v", err)
		}
		if _, err := s.CancelCall(t.Context(), "nothing", ""); !errors.Is(err, ErrNotFound) {
			t.Errorf("unknown call: %v", err)
		}
	})
}

// More calls than one transaction cancels; when the time is over, the rest is canceled at its turn.
func TestCompletedCampaignCancelsCallsPartByPart(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		campaign := activeCampaign(t, s)
		var last string
		for part := range 3 {
			numbers := make([]string, (cancelAtOnce+100)/3)
			for i := range numbers {
				numbers[i] = fmt.Sprintf("+1555%d%06d", part, i)
			}
			answer, err := s.CreateCalls(t.Context(), newCalls(campaign, "", numbers...))
			if err != nil {
				t.Fatal(err)
			}
			calls := decodeCalls(t, answer)
			last = calls[len(calls)-1].ID
		}
		run := s.mustStart(t, interview.OrchestrateCall, last)
		if err := s.FailRun(t.Context(), run, "broken"); err != nil {
			t.Fatal(err)
		}
		completed := interview.CampaignCompleted
		err := s.write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE campaigns SET status = $2 WHERE id = $1`, campaign, string(completed))
			return errors.Join(err, tx.cancelDead(t.Context(), campaign))
		})
		if err != nil {
			t.Fatal(err)
		}
		if call := s.mustCall(t, last); call.Status != interview.CallCanceled {
			t.Errorf("the call with a dead run, for which no turn comes, is %s after the first transaction", call.Status)
		}
		if _, err := s.UpdateCampaign(t.Context(), campaign, CampaignChange{Status: &completed}); err != nil {
			t.Fatal(err)
		}
		for _, query := range []string{
			`SELECT COUNT(*) FROM calls WHERE status <> 'CANCELED' OR live_number <> '' OR completed_at IS NULL`,
			`SELECT COUNT(*) FROM function_runs WHERE state <> 'done' OR finished_at IS NULL`,
			`SELECT ABS((SELECT COUNT(*) FROM calls) - COUNT(DISTINCT call_id)) FROM call_history WHERE what = 'dial.canceled'`,
		} {
			if n := s.count(t, query); n != 0 {
				t.Errorf("%d of %s", n, query)
			}
		}
		// Active again, it keeps what is queued then.
		active := interview.CampaignActive
		if _, err := s.UpdateCampaign(t.Context(), campaign, CampaignChange{Status: &active}); err != nil {
			t.Fatal(err)
		}
		answer, err := s.CreateCalls(t.Context(), newCalls(campaign, "", "+15559990000"))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.cancelRest(t.Context(), campaign); err != nil {
			t.Fatal(err)
		}
		if call := s.mustCall(t, decodeCalls(t, answer)[0].ID); call.Status != interview.CallQueued {
			t.Errorf("a call of an active campaign is %s", call.Status)
		}
	})
}
