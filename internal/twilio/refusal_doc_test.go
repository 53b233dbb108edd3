package twilio_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/twilio"
)

var update = flag.Bool("update", false, "write docs/refusals.md")

const refusalsHead = `<!-- Written by go test ./internal/twilio -run TestRefusalsPageIsUpToDate -update. Do not edit. -->
# What Twilio's refusals mean

A refusal to create a call is acted upon by whom it concerns. It counts only in Twilio's own form, JSON with code and
message, and with a 4xx: whatever else comes back, a page of a proxy, a 404 without that form, a 5xx, a receipt without a
CallSid, leaves the call ` + "`DIAL_UNKNOWN`" + `, to be found by its first callback or in Twilio's list of calls.

- **callee**: the number cannot be called. The call is ` + "`FAILED`" + ` with the code. Others go on.
- **account**: nobody can be called with these credentials, this caller id or this configuration, and nothing was dialled.
  Calls stay ` + "`QUEUED`" + ` and dialling pauses for the account: one ERROR in the log, ` + "`dialing-paused`" + ` in
  ` + "`/api/overdue`" + `, ` + "`iagent_dialing_paused{account}`" + ` 1. One process asks Twilio again after 10 s, 20 s … 15 min, and at a
  restart at once. Credentials that are accepted again end the pause; of whatever else was refused, one call is let
  through to see.
- **moment**: the call waits a while and is dialled then.

A code that is not listed is judged by its HTTP status: 400, 409 and 422 concern the callee, 429 the moment, any other the
account. A 401 is tried with ` + "`TWILIO_AUTH_TOKEN_SECONDARY`" + ` first. Twilio advises against programs that depend on
codes, since they change (changelog of 10 July 2024).

| code | concerns | meaning | source |
|---|---|---|---|
`

func TestRefusalsPageIsUpToDate(t *testing.T) {
	const page = "../../docs/refusals.md"
	var want strings.Builder
	want.WriteString(refusalsHead)
	for _, c := range twilio.RefusalCodes() {
		concerns := string(c.Refusal)
		if c.Refusal == twilio.NoRefusal {
			concerns = "nobody knows"
		}
		fmt.Fprintf(&want, "| %d | %s | %s | %s |\n", c.Code, concerns, c.Meaning, c.Source)
	}
	if *update {
		if err := os.WriteFile(page, []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil || string(got) != want.String() {
		t.Errorf("docs/refusals.md is not up to date: %v", err)
	}
}
