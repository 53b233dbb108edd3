// Package proxies is a table of broken set-ups: what Twilio calls, what stands between, and how the application is
// configured, each with the causes and the cure that an explanation has to name. nginx and Caddy are real ones. The test
// of this package explains each from the request as it arrives; other suites send the same set-ups to a whole server.
package proxies

import (
	"github.com/i-agent/iagent/signature"
)

// What the application knows. None of it is a real secret.
const (
	Token      = "4f1c0e9a7d3b5268a1c4e7f0b3d6a925"
	SubToken   = "b7e2d94c1f6a8035d2b9e6c3f0a7d418"
	AccountSid = "AC0000000000000000000000000000aa01"
	SubSid     = "AC0000000000000000000000000000bb02"
	CallSid    = "CA0000000000000000000000000000cc03"
	CallID     = "01J9ZK3V7Q8W5X2Y6T4R1N0PMD"
	Path       = "/api/webhooks/twilio/voice"
	Query      = "?callId=" + CallID
	Base       = "https://voice.example.com"
	otherBase  = "https://calls.example.com"
	form       = "application/x-www-form-urlencoded"
)

// body is a webhook's, in the order in which Twilio sends it.
const body = "CallSid=" + CallSid + "&AccountSid=" + AccountSid + "&From=%2B15550000000&To=%2B15551234567&CallStatus=in-progress&Direction=outbound-api&ApiVersion=2010-04-01"

// App is a configuration of the application, by the names of its variables.
type App struct {
	Name      string
	URL       string // APP_URL
	AuthToken string // TWILIO_AUTH_TOKEN
}

// AccountTokens is TWILIO_ACCOUNT_TOKENS of every App.
const AccountTokens = SubSid + "=" + SubToken

// Apps are the configurations that the set-ups need, the usual one first. Their TWILIO_ACCOUNT_SID is AccountSid.
func Apps() []App {
	return []App{
		{"", Base, Token},
		{"http", "http://voice.example.com", Token},
		{"path", Base + "/calls", Token},
	}
}

// Setup is one broken set-up.
type Setup struct {
	Name string
	App  string // name of its App
	// Via is "nginx" or "caddy", and Config what is in its server block or site, with UPSTREAM for the application's
	// host:port. Without, the request goes to the application as Change leaves it.
	Via, Config string
	Call        Call
	Change      func(*Sent)
	// Kinds are those of the causes in their order, and Says texts that the causes or cures contain.
	Kinds []signature.CauseKind
	Says  []string
}

// Call is a webhook as Twilio knows it.
type Call struct {
	URL    string // "" is Base + Path + Query
	Signed string // the URL that is signed; "" is URL
	Token  string // "" is Token
	Method string // "" is POST
	Body   string // "" is that of a voice webhook; of a GET there is none
	JSON   bool   // the body is JSON
}

func (c Call) withDefaults() Call {
	if c.URL == "" {
		c.URL = Base + Path + Query
	}
	if c.Signed == "" {
		c.Signed = c.URL
	}
	if c.Token == "" {
		c.Token = Token
	}
	if c.Method == "" {
		c.Method = "POST"
	}
	if c.Body == "" && c.Method == "POST" {
		c.Body = body
	}
	return c
}

func kinds(k ...signature.CauseKind) []signature.CauseKind { return k }

func says(texts ...string) []string { return texts }
