package verify_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/webhook"
)

// callsIn delivers an event of a call that came in, as the number's own URLs bring it, and returns the call.
func (fx *fixture) callsIn(kind inbox.Kind, name, from, status string) string {
	fx.t.Helper()
	fx.pass(time.Second)
	form := url.Values{"CallSid": {"CA" + name}, "AccountSid": {account}, "Direction": {"inbound"}, "From": {from}, "To": {"+15550009999"}, "CallStatus": {status}}
	event := &inbox.Event{Kind: kind, AccountSid: account, CallSid: "CA" + name, Form: form, Query: url.Values{}, Body: []byte(form.Encode()),
		Target: "/api/webhooks/v1/twilio/" + string(kind), ReceivedAt: fx.clock()}
	var err error
	event.ID, event.Subject, err = webhook.Identify(kind, form, nil)
	fx.must(err)
	_, err = fx.processor.Process(fx.t.Context(), event)
	fx.must(err)
	return fx.text(`SELECT id FROM calls WHERE twilio_sid = $1`, "CA"+name)
}

// answers delivers an event of a call that came in with its callId.
func (fx *fixture) answers(kind inbox.Kind, id, name, digits string) {
	fx.t.Helper()
	fx.pass(time.Second)
	form := url.Values{"CallSid": {"CA" + name}, "AccountSid": {account}, "Direction": {"inbound"}, "CallStatus": {"in-progress"}, "Digits": {digits}}
	event := &inbox.Event{Kind: kind, AccountSid: account, CallSid: "CA" + name, Form: form, Query: url.Values{"callId": {id}}, Body: []byte(form.Encode()),
		Target: "/api/webhooks/v1/twilio/" + string(kind) + "?callId=" + id, ReceivedAt: fx.clock()}
	var err error
	event.ID, event.Subject, err = webhook.Identify(kind, form, event.Query)
	fx.must(err)
	_, err = fx.processor.Process(fx.t.Context(), event)
	fx.must(err)
}

func TestCallsThatCameInBreakNoRule(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) {
		busy, live := fx.dial(), fx.dial()
		fx.status(busy, "busy", 2)
		number, ringing := fx.text(`SELECT phone_number FROM calls WHERE id = $1`, busy), fx.text(`SELECT phone_number FROM calls WHERE id = $1`, live)
		in := fx.callsIn(inbox.KindVoice, "interviewed", number, "ringing")
		fx.answers(webhook.KindMenu, in, "interviewed", "1")
		fx.answers(webhook.KindConsent, in, "interviewed", "1")
		fx.callsIn(inbox.KindStatus, "interviewed", number, "completed")
		fx.callsIn(inbox.KindVoice, "crossing", ringing, "ringing") // while we call them
		fx.callsIn(inbox.KindVoice, "stranger", "+15559998888", "ringing")
		fx.callsIn(inbox.KindVoice, "withheld", "+266696687", "ringing")
		erased := fx.callsIn(inbox.KindVoice, "erased", "+15559997777", "ringing")
		fx.callsIn(inbox.KindStatus, "erased", "+15559997777", "completed")
		if n, err := fx.store.EraseNumber(t.Context(), store.NumberErasureRequest{PhoneNumber: "+15559997777", RequestedBy: "her"}); err != nil || len(n.Calls) != 1 {
			t.Errorf("erased %+v, %v", n, err)
		}
		if kept := fx.text(`SELECT CAST(COUNT(*) AS TEXT) FROM webhook_events WHERE call_id = $1 AND body IS NOT NULL`, erased); kept != "0" {
			t.Errorf("%s payloads with the number are kept", kept)
		}
		if report := fx.verify(); !report.OK() {
			t.Fatal(show(report))
		}
		fx.exec(`DELETE FROM call_watch WHERE call_id = (SELECT id FROM calls WHERE twilio_sid = 'CAstranger')`)
		fx.exec(`UPDATE calls SET status = 'NO_ANSWER' WHERE id = $1`, in)
		fx.exec(`UPDATE calls SET phone_number = '+15559996666' WHERE twilio_sid = 'CAcrossing'`)
		report := fx.verify()
		for kind, subject := range map[string]string{
			"call-unwatched":          fx.text(`SELECT id FROM calls WHERE twilio_sid = 'CAstranger'`),
			"call-state":              in,
			"event-of-another-number": fx.text(`SELECT id FROM calls WHERE twilio_sid = 'CAcrossing'`),
		} {
			if !has(report, kind, subject) {
				t.Errorf("%s of %s is not found: %v", kind, subject, report.Breaches)
			}
		}
	})
}
