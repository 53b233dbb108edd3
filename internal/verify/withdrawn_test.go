package verify_test

import (
	"testing"
	"time"
)

// What an operator withdrew is known from the history of the call.
func TestConsentThatWasWithdrawnOnRequestIsNoViolation(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) {
		over, live := fx.interviewed(), fx.dial()
		fx.send("voice", live, "", "CallStatus", "in-progress")
		fx.send("consent", live, "&attempt=1", "SpeechResult", "yes", "Confidence", "0.9")
		fx.pass(time.Minute)
		for _, id := range []string{over, live} {
			if _, err := fx.store.WithdrawConsent(t.Context(), id, "a letter"); err != nil {
				t.Fatal(err)
			}
		}
		if report := fx.verify(); !report.OK() {
			t.Error(show(report))
		}
	})
}

// An answer that comes without consent is not kept. What it told of the call's progress besides is not known any more.
func TestAnswerWithoutConsentIsNoViolation(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) {
		first, last := fx.dial(), fx.dial()
		fx.send("answer", first, "&step=1", "CallStatus", "in-progress", "SpeechResult", "two dollars")
		fx.send("voice", last, "", "CallStatus", "in-progress")
		fx.send("consent", last, "&attempt=1", "Digits", "2")
		fx.send("answer", last, "&step=1", "CallStatus", "completed")
		if report := fx.verify(); !report.OK() {
			t.Error(show(report))
		}
		fx.status(last, "completed", 3)
		fx.exec(`UPDATE calls SET status = 'RINGING' WHERE id = $1`, last) // what the ids say is held against it all the same
		if report := fx.verify(); !has(report, "call-state", last) {
			t.Error("a status before the one that was told is not found")
		}
	})
}
