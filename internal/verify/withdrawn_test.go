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
