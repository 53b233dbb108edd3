package interview

import (
	"net/url"
	"testing"
)

func TestCallbackURLsAreWhatTwilioSigns(t *testing.T) {
	const retries = "#rc=5&rp=5xx,ct,rt"
	u := CallbackURLs{Base: "https://calls.example.com"}
	for _, c := range []struct{ got, want string }{
		{u.Voice("c1"), "https://calls.example.com/api/webhooks/twilio/voice?callId=c1" + retries},
		{u.Status("c1"), "https://calls.example.com/api/webhooks/twilio/status?callId=c1" + retries},
		{u.Recording("c1"), "https://calls.example.com/api/webhooks/twilio/recording?callId=c1" + retries},
		{u.Consent("c1", 1), "https://calls.example.com/api/webhooks/twilio/consent?callId=c1" + retries},
		{u.Consent("c1", 2), "https://calls.example.com/api/webhooks/twilio/consent?callId=c1&attempt=2" + retries},
		{u.AMD("c1"), "https://calls.example.com/api/webhooks/twilio/amd?callId=c1" + retries},
		{u.Answer("c1", 1), "https://calls.example.com/api/webhooks/twilio/answer?callId=c1&step=1" + retries},
		{CallbackURLs{Base: "https://h/p/"}.Voice("c"), "https://h/p/api/webhooks/twilio/voice?callId=c" + retries},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

func TestCallIDCannotLeaveItsParameter(t *testing.T) {
	const id = "a&attempt=9#?/ é"
	parsed, err := url.Parse(CallbackURLs{Base: "https://h"}.Consent(id, 2))
	if err != nil {
		t.Fatal(err)
	}
	if q := parsed.Query(); q.Get("callId") != id || q.Get("attempt") != "2" || parsed.Fragment != "rc=5&rp=5xx,ct,rt" {
		t.Errorf("parsed as %v, fragment %q", q, parsed.Fragment)
	}
}
