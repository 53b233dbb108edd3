package main

import (
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/i-agent/iagent/signature"
)

// output runs a command and returns what it printed with its exit code.
func output(t *testing.T, args ...string) (string, int) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = w
	code := run(args)
	os.Stdout = stdout
	w.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), code
}

func TestExplainNamesCauseAndSettingAndItsExitCodeTellsTheVerdict(t *testing.T) {
	const token, older, at = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210", "https://h.example/api/webhooks/twilio/voice?callId=1"
	t.Setenv("TWILIO_AUTH_TOKEN", token)
	t.Setenv("APP_URL", "https://h.example")
	params := url.Values{"CallSid": {"CA1"}, "From": {"+15551234567"}}
	sign := func(token, url string) string { return signature.Sign(token, url, params) }
	parts := func(url, sig string, more ...string) []string {
		return append([]string{"explain", "--url", url, "--signature", sig, "--param", "CallSid=CA1", "--param", "From=+15551234567"}, more...)
	}
	capture := filepath.Join(t.TempDir(), "capture")
	raw := "POST /api/webhooks/twilio/voice?callId=1 HTTP/1.1\r\nHost: new.example\r\nContent-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: " +
		sign(token, strings.Replace(at, "h.example", "new.example", 1)) + "\r\n\r\n" + params.Encode()
	if err := os.WriteFile(capture, []byte(raw), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TWILIO_ACCOUNT_SID", "")
	for name, test := range map[string]struct {
		args []string
		code int
		says string
	}{
		"verified":        {parts(at, sign(token, at)), 0, "verified: signed with the primary token"},
		"scheme":          {parts(at, sign(token, strings.Replace(at, "https", "http", 1))), exitFault, "APP_URL=http://h.example"},
		"older token":     {parts(at, sign(older, at), "--token", older), exitFault, "TWILIO_AUTH_TOKEN_SECONDARY"},
		"forged":          {parts(at, sign("forger", at)), exitFault, "nothing that is known to go wrong"},
		"capture":         {[]string{"explain", capture}, exitFault, "set APP_URL=https://new.example"},
		"curl":            {[]string{"explain", "--curl", "curl '" + at + "' -d CallSid=CA1 -d From=%2B15551234567 -H 'X-Twilio-Signature: " + sign(token, at) + "'"}, 0, "verified"},
		"JSON":            {[]string{"explain", "--json", capture}, exitFault, `"kind": "host"`},
		"no such file":    {[]string{"explain", filepath.Join(t.TempDir(), "none")}, exitConfig, ""},
		"given twice":     {parts(at, "x", capture), exitConfig, ""},
		"no request":      {[]string{"explain", "--curl", "wget"}, exitConfig, ""},
		"unknown option":  {[]string{"explain", "--nonsense"}, exitConfig, ""},
		"wrong setting":   {parts(at, sign(token, at), "--app-url", "h.example"), exitConfig, ""},
		"account's token": {parts(at, sign(token, at), "--twilio-account-tokens", "x"), exitConfig, ""},
	} {
		t.Run(name, func(t *testing.T) {
			text, code := output(t, test.args...)
			if code != test.code || !strings.Contains(text, test.says) {
				t.Errorf("exit code %d, want %d:\n%s", code, test.code, text)
			}
			if strings.Contains(text, token) || strings.Contains(text, older) {
				t.Errorf("a token is in\n%s", text)
			}
		})
	}
	// Nothing is configured: the URL and the token of the command line stand for it.
	t.Setenv("TWILIO_AUTH_TOKEN", "")
	t.Setenv("APP_URL", "")
	if text, code := output(t, parts(at, sign(older, at), "--token", older)...); code != 0 {
		t.Errorf("exit code %d:\n%s", code, text)
	}
}
