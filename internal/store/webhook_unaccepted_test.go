package store

import (
	"errors"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// A webhook fails for the first time after an erasure has looked for payloads, and before it is committed.
func TestErasureAtTheMomentOfAFailureLeavesNoPayload(t *testing.T) {
	s := open(t, storetest.Postgres(t), Options{})
	ctx, id := t.Context(), seed(t, s, 1)[0]
	event := &inbox.Event{ID: "CA1:voice", Kind: inbox.KindVoice, Subject: id, CallSid: "CA1", Body: []byte("From=%2B15550001111")}
	failed := make(chan error, 1)
	err := s.write(ctx, func(tx *Tx) error {
		call, err := tx.lockCall(ctx, id)
		if err != nil {
			return err
		}
		if _, err := tx.erasePayloads(ctx, id); err != nil {
			return err
		}
		go func() {
			failed <- s.recordFailed(ctx, &delivery{event: event, hash: event.PayloadHash()}, errors.New("broken"))
		}()
		for deadline := time.Now().Add(time.Minute); s.count(t, `SELECT COUNT(*) FROM webhook_events`) == 0; {
			if time.Now().After(deadline) {
				return errors.New("the failure is not kept while the call is held")
			}
		}
		call.Erase(tx.Now)
		return tx.saveCall(ctx, call)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); s.count(t, `SELECT COUNT(*) FROM webhook_events WHERE body IS NOT NULL OR error <> ''`) > 0; {
		if time.Now().After(deadline) {
			t.Fatal("the payload of an erased call is kept")
		}
	}
}
