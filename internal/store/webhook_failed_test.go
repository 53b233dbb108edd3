package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// Two processes get the same webhook again and again, and cannot handle it.
func TestOnePayloadIsKeptOnceWhereTwoProcessesFail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		stores := []*Store{open(t, url, Options{}), open(t, url, Options{})}
		id := seed(t, stores[0], 1)[0]
		const rounds, each = 5, 4
		for round := range rounds {
			e := event(inbox.KindVoice, fmt.Sprintf("CA%d", round), id, "a=1", time.Now())
			done := make(chan error)
			for range each {
				for _, s := range stores {
					go func() {
						d := &delivery{event: e, hash: e.PayloadHash()}
						done <- errors.Join(s.recordFailed(t.Context(), d, errors.New("no idea")), s.recordRefused(t.Context(), d, errors.New("foreign")))
					}()
				}
			}
			for range each * len(stores) {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
		}
		for outcome, counter := range map[inbox.Outcome]string{inbox.Failed: "attempt", inbox.Refused: "1 + duplicates"} {
			var rows, least, most int
			err := stores[0].read().QueryRow(t.Context(), `SELECT COUNT(*), MIN(`+counter+`), MAX(`+counter+`) FROM webhook_events
				WHERE outcome = $1`, string(outcome)).Scan(&rows, &least, &most)
			if want := each * len(stores); err != nil || rows != rounds || least != want || most != want {
				t.Errorf("%s: %d records that count %d to %d deliveries, %v; want %d that count %d", outcome, rows, least, most, err, rounds, want)
			}
		}
	})
}

func TestFailedWebhookKeepsThePlaceOfItsFirstFailure(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		id, at := seed(t, s, 1)[0], time.Now()
		fail := func(callSid, body string, at time.Time, cause string) []Webhook {
			t.Helper()
			e := event(inbox.KindVoice, callSid, id, body, at)
			if err := s.recordFailed(t.Context(), &delivery{event: e, hash: e.PayloadHash()}, errors.New(cause)); err != nil {
				t.Fatal(err)
			}
			list, err := s.Webhooks(t.Context(), WebhookFilter{Outcome: inbox.Failed}, Page{Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			return list.Items
		}
		first := fail("CA1", "a=1", at, "first")[0]
		fail("CA2", "a=1", at, "other")
		fail("CA1", "a=2", at, "another payload")
		last := fail("CA1", "a=1", at.Add(time.Minute), "last")
		if len(last) != 3 || last[2].ID != first.ID {
			t.Fatalf("the list is %+v; want three, %s last", last, first.ID)
		}
		if w := last[2]; w.Attempt != 2 || w.Error != "last" || w.ReceivedAt.Sub(first.ReceivedAt) != time.Minute {
			t.Errorf("attempt %d, error %q, received %v after the first", w.Attempt, w.Error, w.ReceivedAt.Sub(first.ReceivedAt))
		}
		if detail, err := s.Webhook(t.Context(), first.ID); err != nil || string(detail.Body) != "a=1" {
			t.Errorf("body %q, %v", detail.Body, err)
		}
	})
}
