package test_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
)

// The answers of the contract.
const (
	success   = `{"success":true}`
	duplicate = `{"success":true,"duplicate":true}`
)

// line is one call that was dialled, ready for the webhooks that a test signs by hand.
type line struct {
	*e2etest.Server
	t    testing.TB
	path string // of the webhooks, up to the callback's name
	id   string
	sid  string
}

// dialled waits until a call was created at Twilio.
func dialled(t testing.TB, server *e2etest.Server, path string, placed e2e.Call) line {
	t.Helper()
	call := server.AwaitCall(t, placed.ID, e2etest.HasStatus("DIALING"))
	if call.TwilioSid == "" {
		t.Fatalf("call was dialled without a CallSid: %+v", call)
	}
	return line{server, t, path, call.ID, call.TwilioSid}
}

// webhook is a callback of the call with what Twilio always sends, and more: name, value, name, value. An empty value
// takes a parameter away.
func (l line) webhook(kind string, more ...string) e2etest.Webhook {
	form := url.Values{"AccountSid": {e2etest.Account}, "CallSid": {l.sid}, "ApiVersion": {"2010-04-01"},
		"From": {e2etest.Number}, "To": {"+15550001000"}, "Direction": {"outbound-api"}}
	for i := 0; i+1 < len(more); i += 2 {
		if form.Set(more[i], more[i+1]); more[i+1] == "" {
			form.Del(more[i])
		}
	}
	return e2etest.Webhook{Target: l.path + kind + "?callId=" + l.id, Form: form}
}

// want sends a webhook and expects a status and a JSON body.
func (l line) want(w e2etest.Webhook, status int, body string) e2etest.Answer {
	l.t.Helper()
	answer := l.Send(l.t, w)
	if answer.Status != status || answer.Body != body {
		l.t.Errorf("%s %v was answered %d %s, not %d %s", w.Target, w.Form, answer.Status, answer.Body, status, body)
	}
	if got := answer.Header.Get("Content-Type"); got != "application/json" {
		l.t.Errorf("%s was answered as %q", w.Target, got)
	}
	return answer
}

// wantTwiML sends a webhook and expects TwiML that says something.
func (l line) wantTwiML(w e2etest.Webhook, saying string) e2etest.Answer {
	l.t.Helper()
	answer := l.Send(l.t, w)
	if answer.Status != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/xml") {
		l.t.Fatalf("%s was answered %d %s %s", w.Target, answer.Status, answer.Header, answer.Body)
	}
	if !strings.Contains(answer.Body, saying) {
		l.t.Errorf("%s was answered without %q: %s", w.Target, saying, answer.Body)
	}
	return answer
}

// TestWebhooksAreAnsweredAsTheContractSays sends every row of the contract's table, signed by hand, to a program on an empty database.
func TestWebhooksAreAnsweredAsTheContractSays(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabaseAndEngine(t, func(t *testing.T, settings e2etest.Settings) {
		twilio := e2etest.NewTwilio(t)
		server := twilio.Serve(t, settings)
		calls := server.Place(t, "+15550001000", "+15550001001", "+15550001002")
		for n, path := range []string{"/api/webhooks/twilio/", "/api/webhooks/v1/twilio/"} {
			call := dialled(t, server, path, calls[n])
			voice, consent := first(call)
			repeated(call, voice, consent)
			unsigned(call)
			incomplete(call)
			unreadable(call)
			foreign(call, calls[2])
		}
		// Last, for it uses up what this address may send unsigned.
		flood(dialled(t, server, "/api/webhooks/twilio/", calls[2]))
		for _, call := range calls {
			if n := len(twilio.Placed(call.PhoneNumber)); n != 1 {
				t.Errorf("%d calls were placed for one", n)
			}
		}
	})
}

// first sends each callback of a call whose person agrees, the answers of each for the first time.
func first(l line) (voice, yes e2etest.Answer) {
	l.want(l.webhook("status", "CallStatus", "initiated", "SequenceNumber", "0"), 200, success)
	voice = l.wantTwiML(l.webhook("voice", "CallStatus", "in-progress"), "<Gather")
	if strings.Contains(voice.Body, "<Recording") {
		l.t.Errorf("a recording starts before consent: %s", voice.Body)
	}
	yes = l.wantTwiML(l.webhook("consent", "CallStatus", "in-progress", "SpeechResult", "Sure, go ahead."), "<Recording")
	for _, part := range []string{"What does a litre of oat drink cost?", `channels="dual"`, e2etest.PublicURL + "/api/webhooks/v1/twilio/recording?callId=" + l.id} {
		if !strings.Contains(yes.Body, part) {
			l.t.Errorf("a yes was answered without %q: %s", part, yes.Body)
		}
	}
	l.want(l.webhook("recording", "RecordingSid", e2etest.Sid("RE", 1), "RecordingStatus", "in-progress"), 200, success)
	w := l.webhook("status", "CallStatus", "ringing", "SequenceNumber", "1")
	w.Token = e2etest.Secondary // as while the tokens are rotated
	l.want(w, 200, success)
	for _, answer := range []e2etest.Answer{voice, yes} {
		if mark := answer.Header.Get("X-Webhook-Duplicate"); mark != "" {
			l.t.Errorf("a first delivery is marked as a duplicate: %q", mark)
		}
	}
	l.Status("IN_PROGRESS")
	return voice, yes
}

// Status holds the call's status against what it should be.
func (l line) Status(want string) e2e.Call {
	l.t.Helper()
	call := l.Call(l.t, l.id)
	if call.Status != want {
		l.t.Errorf("call is %s, not %s", call.Status, want)
	}
	return call
}

// repeated sends callbacks again: what asks for TwiML gets the same bytes, all others are told that it was a duplicate.
func repeated(l line, voice, yes e2etest.Answer) {
	before := l.Call(l.t, l.id)
	for first, w := range map[*e2etest.Answer]e2etest.Webhook{
		&voice: l.webhook("voice", "CallStatus", "in-progress"),
		&yes:   l.webhook("consent", "CallStatus", "in-progress", "SpeechResult", "Sure, go ahead."),
	} {
		again := l.wantTwiML(w, "<Response>")
		if again.Body != first.Body {
			l.t.Errorf("%s: the duplicate's answer differs from the first:\n%s\n%s", w.Target, first.Body, again.Body)
		}
		if again.Header.Get("X-Webhook-Duplicate") != "true" {
			l.t.Errorf("%s: a duplicate is not marked: %v", w.Target, again.Header)
		}
		w.Accept = "application/json"
		l.want(w, 200, duplicate)
	}
	l.want(l.webhook("status", "CallStatus", "initiated", "SequenceNumber", "0"), 200, duplicate)
	l.want(l.webhook("recording", "RecordingSid", e2etest.Sid("RE", 1), "RecordingStatus", "in-progress"), 200, duplicate)

	// Another payload under the same id is a duplicate, but is kept.
	l.want(l.webhook("status", "CallStatus", "initiated", "SequenceNumber", "0", "CallDuration", "7"), 200, duplicate)
	after := l.Call(l.t, l.id)
	if accepted := after.Outcomes()["accepted"]; accepted != before.Outcomes()["accepted"] {
		l.t.Errorf("duplicates took effect: %v", after.Events)
	}
	if conflicts := after.Outcomes()["conflict"]; conflicts != 1 {
		l.t.Errorf("%d conflicts were kept, not 1: %v", conflicts, after.Events)
	}
}

// unsigned sends what Twilio did not sign.
func unsigned(l line) {
	const invalid = `{"error":"Invalid signature"}`
	for name, change := range map[string]func(*e2etest.Webhook){
		"no signature":         func(w *e2etest.Webhook) { w.Unsigned = true },
		"wrong token":          func(w *e2etest.Webhook) { w.Token = strings.Repeat("a", 32) },
		"signature of nothing": func(w *e2etest.Webhook) { w.Signature = "bm90aGluZw==" },
		"another query": func(w *e2etest.Webhook) {
			w.Signature = e2etest.Sign(e2etest.Token, e2etest.PublicURL+w.Target+"1", w.Form)
		},
		"another form": func(w *e2etest.Webhook) { w.Signature = e2etest.Sign(e2etest.Token, e2etest.PublicURL+w.Target, nil) },
	} {
		w := l.webhook("status", "CallStatus", "completed", "CallDuration", "1", "SequenceNumber", "9")
		change(&w)
		l.t.Log(name)
		l.want(w, 403, invalid)
	}
	// Nothing is looked up for it, so nobody learns which calls there are.
	w := l.webhook("voice")
	w.Target, w.Unsigned = l.path+"voice?callId=nobody", true
	l.want(w, 403, invalid)
	l.Status("IN_PROGRESS")
}

// incomplete sends signed webhooks that lack what they need, or whose call there is not.
func incomplete(l line) {
	w := l.webhook("voice")
	w.Target = l.path + "voice"
	l.want(w, 400, `{"error":"Missing callId"}`)
	for _, kind := range []string{"voice", "consent", "status", "recording"} {
		l.want(l.webhook(kind, "CallSid", ""), 400, `{"error":"Missing CallSid"}`)
	}
	l.want(l.webhook("recording", "RecordingSid", e2etest.Sid("RE", 2), "RecordingStatus", "completed"), 400, `{"error":"Missing RecordingUrl"}`)
	for _, kind := range []string{"voice", "consent", "status"} {
		w = l.webhook(kind, "CallStatus", "ringing")
		w.Target = l.path + kind + "?callId=nobody"
		l.want(w, 404, `{"error":"Call not found"}`)
	}
}

// unreadable sends what cannot be a webhook.
func unreadable(l line) {
	w := l.webhook("status", "CallStatus", "completed", "Padding", strings.Repeat("x", 64<<10))
	l.want(w, 413, `{"error":"Body too large"}`)

	w = l.webhook("status", "CallStatus", "completed")
	w.ContentType, w.Body = "application/json", `{"CallStatus":"completed"}`
	l.want(w, 415, `{"error":"Unsupported media type"}`)

	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		w = l.webhook("status", "CallStatus", "completed")
		w.Method = method
		if answer := l.Send(l.t, w); answer.Status != 405 || answer.Header.Get("Allow") != http.MethodPost {
			l.t.Errorf("%s was answered %d, Allow %q", method, answer.Status, answer.Header.Get("Allow"))
		}
	}
}

// foreign sends signed webhooks of other calls and accounts: they must not move this call.
func foreign(l line, other e2e.Call) {
	const mismatch = `{"error":"Call mismatch"}`
	l.want(l.webhook("status", "CallStatus", "completed", "CallSid", e2etest.Sid("CA", 99)), 409, mismatch)
	// An account of which we have no token cannot sign; one that shares a token still is not ours.
	l.want(l.webhook("status", "CallStatus", "completed", "AccountSid", "AC"+strings.Repeat("b", 32)), 409, mismatch)
	// The CallSid of this call cannot be bound to another one.
	w := l.webhook("status", "CallStatus", "completed")
	w.Target = l.path + "status?callId=" + other.ID
	l.want(w, 409, mismatch)
	l.Status("IN_PROGRESS")
}

// flood sends unsigned requests until they are limited. What Twilio signed still gets through.
func flood(l line) {
	w := l.webhook("voice")
	w.Unsigned = true
	for n := 0; ; n++ {
		answer := l.Send(l.t, w)
		if answer.Status == http.StatusTooManyRequests {
			if after := answer.Header.Get("Retry-After"); after == "" || after == "0" {
				l.t.Errorf("429 came with Retry-After %q", after)
			}
			break
		}
		if answer.Status != http.StatusForbidden {
			l.t.Fatalf("an unsigned request was answered %d %s", answer.Status, answer.Body)
		}
		if n == 2000 {
			l.t.Fatal("2000 unsigned requests were not limited")
		}
	}
	l.wantTwiML(l.webhook("voice", "CallStatus", "in-progress"), "<Gather")
}
