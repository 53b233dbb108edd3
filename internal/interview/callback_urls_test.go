package interview

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestCallbackURLsAreWhatTwilioSigns(t *testing.T) {
	const retries = "#rc=5&rp=5xx,ct,rt&rt=4500&ct=2000"
	u := CallbackURLs{Base: "https://calls.example.com"}
	for _, c := range []struct{ got, want string }{
		{u.Voice("c1"), "https://calls.example.com/api/webhooks/twilio/voice?callId=c1" + retries},
		{u.Status("c1"), "https://calls.example.com/api/webhooks/twilio/status?callId=c1" + retries},
		{u.Recording("c1"), "https://calls.example.com/api/webhooks/twilio/recording?callId=c1" + retries},
		{u.Consent("c1", 1), "https://calls.example.com/api/webhooks/twilio/consent?callId=c1" + retries},
		{u.Consent("c1", 2), "https://calls.example.com/api/webhooks/twilio/consent?callId=c1&attempt=2" + retries},
		{u.AMD("c1"), "https://calls.example.com/api/webhooks/twilio/amd?callId=c1" + retries},
		{u.Answer("c1", 1), "https://calls.example.com/api/webhooks/twilio/answer?callId=c1&step=1" + retries},
		{u.Menu("c1", 1), "https://calls.example.com/api/webhooks/twilio/menu?callId=c1" + retries},
		{u.Menu("c1", 2), "https://calls.example.com/api/webhooks/twilio/menu?callId=c1&attempt=2" + retries},
		{u.Fallback("c1"), u.Voice("c1")},
		{CallbackURLs{Base: "https://h", FallbackBase: "https://f/p"}.Fallback("c"), "https://f/p/api/webhooks/twilio/voice?callId=c" + retries},
		{CallbackURLs{Base: "https://h", FallbackBase: "https://f/p"}.Voice("c"), "https://h/api/webhooks/twilio/voice?callId=c" + retries},
		{CallbackURLs{Base: "https://h/p", FallbackBase: "https://f"}.Of(V1).Fallback("c"), "https://f/api/webhooks/v1/twilio/voice?callId=c" + retries},
		{CallbackURLs{Base: "https://h/p/"}.Of("v2").Consent("c", 2), "https://h/p/api/webhooks/v2/twilio/consent?callId=c&attempt=2" + retries},
		{CallbackURLs{Base: "https://h/p/"}.Voice("c"), "https://h/p/api/webhooks/twilio/voice?callId=c" + retries},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

func TestVersionIsReadFromTheTarget(t *testing.T) {
	for target, want := range map[string]Version{
		"/api/webhooks/twilio/voice": Unversioned, "/api/webhooks/v1/twilio/voice?x=/api/webhooks/v9/": V1, "/p/api/webhooks/v2/twilio/voice": "v2", "/": Unversioned,
	} {
		if got := VersionOf(target); got != want {
			t.Errorf("%s has version %q, want %q", target, got, want)
		}
	}
}

func TestCallIDCannotLeaveItsParameter(t *testing.T) {
	const id = "a&attempt=9#?/ é"
	parsed, err := url.Parse(CallbackURLs{Base: "https://h"}.Consent(id, 2))
	if err != nil {
		t.Fatal(err)
	}
	if q := parsed.Query(); q.Get("callId") != id || q.Get("attempt") != "2" || parsed.Fragment != "rc=5&rp=5xx,ct,rt&rt=4500&ct=2000" {
		t.Errorf("parsed as %v, fragment %q", q, parsed.Fragment)
	}
}

// Twilio gives up on an attempt after rt, and on all of them after 15 s. Our 500 comes before the one, and leaves time for two
// more attempts before the other.
func TestOwnAnswerLeavesTimeForRetries(t *testing.T) {
	fragment, err := url.ParseQuery(strings.TrimPrefix(retryOverrides, "#"))
	if err != nil {
		t.Fatal(err)
	}
	rt, err := time.ParseDuration(fragment.Get("rt") + "ms")
	if err != nil || AnswerWithin+400*time.Millisecond > rt || 3*rt > 15*time.Second {
		t.Errorf("we answer within %v, rt is %v: %v", AnswerWithin, rt, err)
	}
	if ct, err := time.ParseDuration(fragment.Get("ct") + "ms"); err != nil || 3*ct > 15*time.Second {
		t.Errorf("ct is %v: %v", ct, err)
	}
}
