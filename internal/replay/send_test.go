package replay_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/replay"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

const token = "0123456789abcdef0123456789abcdef"

// hostile is a stored request that would do harm where it is not quoted.
func hostile() store.WebhookDetail {
	return store.WebhookDetail{Webhook: store.Webhook{ID: "1", AccountSid: "AC1"}, Target: "/hook/../x?callId=1&a='$(id)'{1,2}[3]`id`",
		ContentType: "application/x-www-form-urlencoded", IdempotencyToken: "it's",
		Body: []byte("CallSid=CA1&SpeechResult=it's+\"$HOME\"+`id`&At=@/etc/passwd\n")}
}

// A request that is sent elsewhere, and the words of a printed command line, are what was received, signed for the new address.
func TestRequestSentElsewhereIsSignedAndUnchanged(t *testing.T) {
	e := hostile()
	target := replay.Target{TokenOf: func(account string) string {
		if account != "AC1" {
			return ""
		}
		return token
	}}
	got := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		want, _ := signature.SignForm(token, target.Base+r.RequestURI, body)
		if err != nil || r.Header.Get("X-Twilio-Signature") != want || r.Header.Get("I-Twilio-Idempotency-Token") != e.IdempotencyToken {
			t.Errorf("headers %v, %v", r.Header, err)
		}
		got <- r.Method + " " + string(body)
		w.WriteHeader(http.StatusFound) // not followed
	}))
	defer server.Close()
	target.Base = server.URL
	plain := e
	plain.Target = "/hook?callId=1&a=%27b%27"
	status, err := target.Send(t.Context(), replay.NewClient(), plain)
	if err != nil || status != http.StatusFound || <-got != "POST "+string(e.Body) {
		t.Errorf("%d, %v", status, err)
	}

	line, err := target.Curl(e)
	if err != nil || strings.Contains(line, token) {
		t.Fatalf("%s, %v", line, err)
	}
	// A shell reads the words; curl itself is not started.
	out, err := exec.CommandContext(t.Context(), "sh", "-c", "curl() { printf '%s\\0' \"$@\"; }\n"+line).Output()
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	sign, _ := signature.SignForm(token, server.URL+e.Target, e.Body)
	want := []string{"-sS", "--globoff", "--path-as-is", "-X", "POST", "-H", "Content-Type: " + e.ContentType, "-H", "X-Twilio-Signature: " + sign,
		"-H", "I-Twilio-Idempotency-Token: it's", "--data-raw", string(e.Body), server.URL + e.Target}
	if strings.Join(words, "|") != strings.Join(want, "|") {
		t.Errorf("the shell reads %q\nwant %q", words, want)
	}

	e.AccountSid = "AC2"
	if _, err := target.Curl(e); err == nil {
		t.Error("signed without a token")
	}
	e.Body = nil
	if _, err := target.Send(t.Context(), replay.NewClient(), e); err == nil {
		t.Error("sent without a payload")
	}
}

func TestBaseOfAnotherServerIsChecked(t *testing.T) {
	for text, ok := range map[string]bool{
		"https://host": true, "http://127.0.0.1:3000/base/": true, "host": false, "ftp://host": false, "https://u:p@host": false,
		"https://host?x=1": false, "https://": false,
	} {
		if base, err := replay.ParseBase(text); (err == nil) != ok || strings.HasSuffix(base, "/") {
			t.Errorf("%s: %s, %v", text, base, err)
		}
	}
}
