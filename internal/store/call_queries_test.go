package store

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

func TestCallComesBackWithAllThatBelongsToIt(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		ids := seed(t, s, 2)
		seconds, at := 42, clock.Now()
		decide := func(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
			call.TwilioSid, call.Status, call.Duration, call.StartedAt = event.CallSid, interview.CallInProgress, &seconds, &at
			// The later recording has the lower Sid: the order is that of time.
			sid := map[inbox.Kind]string{"first": "RE2", "second": "RE1"}[event.Kind]
			return interview.Change{
				Call: call,
				Recordings: []interview.Recording{{Sid: sid, CallID: call.ID, Status: interview.RecordingCompleted,
					URL: "https://media/" + sid, Duration: &seconds, Channels: 2}},
				Utterances: []interview.Utterance{
					{CallID: call.ID, RecordingSid: sid, Position: 1, Speaker: interview.SpeakerCallee, Text: sid + " b", StartSec: 1.5, EndSec: 2.25},
					{CallID: call.ID, RecordingSid: sid, Position: 0, Speaker: interview.SpeakerAgent, Text: sid + " a", StartSec: 0, EndSec: 1},
				},
			}, inbox.Reply{Status: 200, ContentType: "application/json", Body: []byte(`{"success":true}`)}, nil
		}
		p := NewProcessor(s, decide)
		for _, kind := range []inbox.Kind{"first", "second"} {
			clock.Advance(time.Second)
			if _, err := p.Process(t.Context(), event(kind, "CA1", ids[0], "x=1", clock.Now())); err != nil {
				t.Fatal(err)
			}
		}
		err := s.write(t.Context(), func(tx *Tx) error {
			if err := tx.note(t.Context(), ids[0], "dial.intent", "attempt 1"); err != nil {
				return err
			}
			return tx.note(t.Context(), ids[1], "dial.intent", "of another call")
		})
		if err != nil {
			t.Fatal(err)
		}

		d, err := s.CallDetail(t.Context(), ids[0])
		if err != nil {
			t.Fatal(err)
		}
		if c := d.Call; c.ID != ids[0] || c.TwilioSid != "CA1" || *c.Duration != 42 || !c.StartedAt.Equal(at) || c.CompletedAt != nil {
			t.Errorf("call %+v", c)
		}
		if r := d.Recordings; len(r) != 2 || r[0].Sid != "RE2" || r[1].Sid != "RE1" || *r[0].Duration != 42 || r[0].Channels != 2 {
			t.Errorf("recordings %+v", r)
		}
		var said []string
		for _, u := range d.Utterances {
			said = append(said, u.Text)
		}
		if !slices.Equal(said, []string{"RE2 a", "RE2 b", "RE1 a", "RE1 b"}) || d.Utterances[1].EndSec != 2.25 {
			t.Errorf("utterances %+v", d.Utterances)
		}
		if w := d.Webhooks; len(w) != 2 || w[0].EventID != "CA1:first" || w[1].EventID != "CA1:second" || !w[1].ReceivedAt.Equal(clock.Now()) {
			t.Errorf("webhooks %+v", w)
		}
		if h := d.History; len(h) != 1 || h[0].What != "dial.intent" || h[0].Detail != "attempt 1" || !h[0].At.Equal(clock.Now()) {
			t.Errorf("history %+v", h)
		}
		if _, err := s.CallDetail(t.Context(), "none"); !errors.Is(err, ErrNotFound) {
			t.Errorf("unknown call: %v", err)
		}
	})
}

func TestListedCallsMatchTheFilter(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		first, second := seed(t, s, 5), seed(t, s, 2)
		err := s.write(t.Context(), func(tx *Tx) error {
			call, err := tx.lockCall(t.Context(), first[2])
			if err != nil {
				return err
			}
			call.Status = interview.CallBusy
			if err := tx.saveCall(t.Context(), call); err != nil {
				return err
			}
			_, err = tx.Exec(t.Context(), `UPDATE calls SET simulated = TRUE WHERE id = $1`, second[1])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		campaign := s.mustCall(t, first[0]).CampaignID
		simulated, real := true, false
		for _, tc := range []struct {
			by   CallFilter
			want []string
		}{
			{CallFilter{CampaignID: campaign}, first},
			{CallFilter{CampaignID: campaign, Statuses: []interview.CallStatus{interview.CallBusy}}, first[2:3]},
			{CallFilter{Statuses: []interview.CallStatus{interview.CallQueued}}, slices.Concat(first[:2], first[3:], second)},
			{CallFilter{CampaignID: "none"}, nil},
			{CallFilter{Simulated: &simulated}, second[1:]},
			{CallFilter{Simulated: &real}, slices.Concat(first, second[:1])},
			{CallFilter{}, slices.Concat(first, second)},
		} {
			for _, limit := range []int{1, 2, 100} {
				var got []string
				for page := (Page{Limit: limit}); ; {
					part, err := s.Calls(t.Context(), tc.by, page)
					if err != nil || part.Items == nil || len(part.Items) > limit {
						t.Fatalf("%+v: %+v, %v", tc.by, part, err)
					}
					for _, c := range part.Items {
						got = append(got, c.ID)
					}
					if page.After = part.Next; page.After == "" {
						break
					}
				}
				want := slices.Sorted(slices.Values(tc.want))
				slices.Reverse(want)
				if !slices.Equal(got, want) {
					t.Errorf("%+v by %d: got %v, want %v", tc.by, limit, got, want)
				}
			}
		}
	})
}

func TestWebhooksAreFoundByWhatBecameOfThem(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		ids := seed(t, s, 2)
		broken := true
		p := NewProcessor(s, func(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
			if event.Kind == "broken" && broken {
				return interview.Change{}, inbox.Reply{}, errors.New("no idea")
			}
			return interview.Change{Call: call}, inbox.Reply{ContentType: "text/xml", Body: []byte("<Response/>")}, nil
		})
		now := time.Now()
		deliver := func(kind inbox.Kind, callSid, callID, body string) {
			_, _ = p.Process(t.Context(), event(kind, callSid, callID, body, now))
		}
		deliver("voice", "CA1", ids[0], "a=1")
		deliver("voice", "CA1", ids[0], "a=1") // duplicate
		deliver("voice", "CA1", ids[0], "a=2") // conflict
		deliver("status", "CA2", ids[1], "a=1")
		deliver("status", "CA3", "nobody", "a=1") // refused
		deliver("broken", "CA1", ids[0], "a=1")
		deliver("broken", "CA1", ids[0], "a=1")

		for _, tc := range []struct {
			by   WebhookFilter
			want int
		}{
			{WebhookFilter{}, 5},
			{WebhookFilter{Outcome: inbox.Accepted}, 2},
			{WebhookFilter{Outcome: inbox.Conflict}, 1},
			{WebhookFilter{Outcome: inbox.Refused}, 1},
			{WebhookFilter{Outcome: inbox.Failed}, 1},
			{WebhookFilter{Outcome: inbox.Duplicate}, 1},
			{WebhookFilter{Kind: "voice"}, 2},
			{WebhookFilter{CallID: ids[1]}, 1},
			{WebhookFilter{CallID: ids[0], Kind: "broken", Outcome: inbox.Failed}, 1},
			{WebhookFilter{CallID: ids[1], Kind: "broken"}, 0},
		} {
			got, err := s.Webhooks(t.Context(), tc.by, Page{Limit: 100})
			if err != nil || len(got.Items) != tc.want {
				t.Errorf("%+v: %d, want %d: %v", tc.by, len(got.Items), tc.want, err)
			}
		}

		accepted, err := s.Webhooks(t.Context(), WebhookFilter{Outcome: inbox.Accepted, Kind: "voice"}, Page{Limit: 1})
		if err != nil || len(accepted.Items) != 1 {
			t.Fatal(accepted, err)
		}
		d, err := s.Webhook(t.Context(), accepted.Items[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		if d.Webhook != accepted.Items[0] || string(d.Body) != "a=1" || d.Target != "/hook?callId="+ids[0] || d.Duplicates < 1 ||
			d.Reply == nil || d.Reply.Status != 200 || string(d.Reply.Body) != "<Response/>" || d.IdempotencyToken != "token" {
			t.Errorf("detail %+v", d)
		}
		failed, err := s.Webhooks(t.Context(), WebhookFilter{Outcome: inbox.Failed}, Page{Limit: 2})
		if err != nil || len(failed.Items) != 1 {
			t.Fatal(failed, err)
		}
		if failed.Items[0].Attempt != 2 || failed.Items[0].Error == "" {
			t.Errorf("failed %+v", failed.Items)
		}
		if d, err := s.Webhook(t.Context(), failed.Items[0].ID); err != nil || d.Reply != nil {
			t.Errorf("a failed event was answered %+v, %v", d.Reply, err)
		}
		if _, err := s.Webhook(t.Context(), "none"); !errors.Is(err, ErrNotFound) {
			t.Errorf("unknown webhook: %v", err)
		}
	})
}

func event(kind inbox.Kind, callSid, callID, body string, at time.Time) *inbox.Event {
	form, err := url.ParseQuery(body)
	if err != nil {
		panic(err)
	}
	return &inbox.Event{ID: fmt.Sprintf("%s:%s", callSid, kind), Kind: kind, CallSid: callSid, AccountSid: "AC1", Subject: callID,
		Target: "/hook?callId=" + callID, ContentType: "application/x-www-form-urlencoded", Body: []byte(body), Form: form,
		IdempotencyToken: "token", ReceivedAt: at.UTC().Truncate(time.Microsecond)}
}
