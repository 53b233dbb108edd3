package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// brokenDecision fails until it is repaired.
type brokenDecision struct{ broken bool }

func (b *brokenDecision) decide(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
	if b.broken {
		return interview.Change{}, inbox.Reply{}, errors.New("no idea")
	}
	if err := call.Bind(event.AccountSid, event.CallSid); err != nil {
		return interview.Change{}, inbox.Reply{}, err
	}
	change := interview.Change{Call: call}
	if event.Kind == kindAnswer {
		change.Call.Answers++
		change.Utterances = []interview.Utterance{{CallID: call.ID, Position: 1, Speaker: interview.SpeakerCallee, Text: "two a week"}}
	}
	change.Jobs = []interview.Job{interview.NewDeleteRecording(call.ID, "RE1")}
	return change, inbox.Reply{Status: 200, ContentType: "application/json", Body: []byte(`{}`)}, nil
}

func (s *Store) failedRow(t *testing.T, p *Processor, callID, sid string, kind inbox.Kind, at time.Time) string {
	t.Helper()
	e := event(kind, sid, callID, "CallSid="+sid, at)
	if _, err := p.Process(t.Context(), e); err == nil {
		t.Fatal("the event did not fail")
	}
	var id string
	err := s.read().QueryRow(t.Context(), `SELECT id FROM webhook_events WHERE event_id = $1 AND outcome = 'failed'`, e.ID).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestFailedEventIsReplayedOnceAsItArrived(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		call := seed(t, s, 1)[0]
		decision := &brokenDecision{broken: true}
		p := NewProcessor(s, decision.decide)
		at := time.Now().Add(-time.Hour).UTC().Truncate(time.Microsecond)
		id := s.failedRow(t, p, call, "CA1", inbox.KindVoice, at)
		ctx := interview.WithActor(t.Context(), "ann")

		try := func(want inbox.Outcome) {
			t.Helper()
			before := s.count(t, `SELECT COUNT(*) FROM webhook_events`) + s.count(t, `SELECT COUNT(*) FROM function_runs`) +
				s.count(t, `SELECT COUNT(*) FROM webhook_dedup`) + s.count(t, `SELECT COUNT(*) FROM audit_log`) + s.count(t, `SELECT COUNT(*) FROM river_job`)
			tried, err := p.TryReplay(ctx, []string{id, id}, Replay{})
			if err != nil || tried[0].Result != want {
				t.Fatalf("tried: %+v, %v; want %s", tried, err, want)
			}
			if want == inbox.Accepted && tried[1].Result != inbox.Duplicate {
				t.Errorf("the second try: %+v", tried[1])
			}
			after := s.count(t, `SELECT COUNT(*) FROM webhook_events`) + s.count(t, `SELECT COUNT(*) FROM function_runs`) +
				s.count(t, `SELECT COUNT(*) FROM webhook_dedup`) + s.count(t, `SELECT COUNT(*) FROM audit_log`) + s.count(t, `SELECT COUNT(*) FROM river_job`)
			if after != before {
				t.Errorf("a try has changed %d rows", after-before)
			}
		}
		try(inbox.Failed)
		if again, err := p.Replay(ctx, id, Replay{}); err != nil || again.Result != inbox.Failed || again.Err == nil {
			t.Fatalf("still broken: %+v, %v", again, err)
		}
		decision.broken = false
		left, err := s.Replayables(ctx, ReplayFilter{Outcome: inbox.Failed, Unsettled: true}, "", 10)
		if err != nil || len(left) != 1 || left[0].ID != id || left[0].Attempt != 2 {
			t.Fatalf("left: %+v, %v", left, err)
		}
		try(inbox.Accepted)
		done, err := p.Replay(ctx, id, Replay{Reason: "handler repaired"})
		if err != nil || done.Result != inbox.Accepted || done.Row == "" {
			t.Fatalf("%+v, %v", done, err)
		}
		row, err := s.Webhook(ctx, done.Row)
		if err != nil || row.Source != inbox.SourceReplay || row.Outcome != inbox.Accepted || !row.ReceivedAt.Equal(at) || row.EventID != done.EventID {
			t.Errorf("row: %+v, %v", row, err)
		}
		again, err := p.Replay(ctx, id, Replay{})
		if err != nil || again.Result != inbox.Duplicate || again.Row != done.Row || string(again.Reply.Body) != "{}" {
			t.Errorf("again: %+v, %v", again, err)
		}
		if left, err := s.Replayables(ctx, ReplayFilter{Outcome: inbox.Failed, Unsettled: true}, "", 10); err != nil || len(left) != 0 {
			t.Errorf("left after it: %+v, %v", left, err)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE function = 'delete-recording'`); n != 1 {
			t.Errorf("%d runs", n)
		}
		log, err := s.AuditLog(ctx, AuditFilter{Subject: id, Actor: "ann"}, Page{Limit: 10})
		if err != nil || len(log.Items) != 3 || log.Items[1].Reason != "handler repaired" || log.Items[1].Detail["outcome"] != "accepted" ||
			log.Items[2].Detail["outcome"] != "failed" || log.Items[0].Detail["row"] != done.Row {
			t.Errorf("audit log: %+v, %v", log.Items, err)
		}
	})
}

func TestForcedEventIsDecidedAgainAndDoesNothingTwice(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		call := seed(t, s, 1)[0]
		p := NewProcessor(s, (&brokenDecision{}).decide)
		s.consented(t, call)
		e := event(kindAnswer, "CA1", call, "CallSid=CA1", time.Now())
		if _, err := p.Process(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		var id string
		if err := s.read().QueryRow(t.Context(), `SELECT id FROM webhook_events WHERE outcome = 'accepted'`).Scan(&id); err != nil {
			t.Fatal(err)
		}
		for n := range 2 {
			tried, err := p.TryReplay(t.Context(), []string{id}, Replay{Force: true})
			if err != nil || tried[0].Result != Forced {
				t.Fatalf("tried: %+v, %v", tried, err)
			}
			done, err := p.Replay(t.Context(), id, Replay{Force: true, Reason: fmt.Sprint("reason ", n)})
			if err != nil || done.Result != Forced || done.Row == id {
				t.Fatalf("%+v, %v", done, err)
			}
		}
		for query, want := range map[string]int{
			`SELECT COUNT(*) FROM webhook_events WHERE outcome = 'forced' AND source = 'replay'`: 2,
			`SELECT COUNT(*) FROM webhook_events WHERE outcome = 'accepted'`:                     1,
			`SELECT COUNT(*) FROM utterances`:                                                    1,
			`SELECT COUNT(*) FROM function_runs WHERE function = 'delete-recording'`:             1,
			`SELECT COUNT(*) FROM audit_log WHERE action = 'webhook.force' AND reason <> ''`:     2,
		} {
			if n := s.count(t, query); n != want {
				t.Errorf("%s: %d, want %d", query, n, want)
			}
		}
		if c := s.mustCall(t, call); c.Answers != 1 {
			t.Errorf("%d answers are counted", c.Answers)
		}
		if twin, err := p.Process(t.Context(), event(kindAnswer, "CA1", call, "CallSid=CA1", time.Now())); err != nil || twin.Outcome != inbox.Duplicate {
			t.Errorf("a duplicate after it: %+v, %v", twin, err)
		}
		if err := s.write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE webhook_events SET body = NULL`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Replay(t.Context(), id, Replay{Force: true}); !errors.Is(err, ErrPruned) {
			t.Errorf("without payload: %v", err)
		}
		if _, err := p.Replay(t.Context(), "nothing", Replay{}); !errors.Is(err, ErrNotFound) {
			t.Errorf("unknown: %v", err)
		}
	})
}

// consented binds a call and gives its consent.
func (s *Store) consented(t *testing.T, id string) {
	t.Helper()
	err := s.write(t.Context(), func(tx *Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE calls SET consent = 'given', twilio_sid = 'CA1' WHERE id = $1`, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
