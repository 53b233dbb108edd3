package proxies

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strings"

	"github.com/i-agent/iagent/signature"
)

// swap changes the text of the body between Twilio and the application.
func swap(old, with string) func(*Sent) {
	return func(s *Sent) { s.Body = []byte(strings.ReplaceAll(string(s.Body), old, with)) }
}

func toBase64(s *Sent) { s.Body = []byte(base64.StdEncoding.EncodeToString(s.Body)) }

func zip(s *Sent) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(s.Body)
	_ = w.Close()
	s.Body = b.Bytes()
	s.Header.Set("Content-Encoding", "gzip")
}

func with(params string) Call { return Call{Body: body + params} }

func bodySetups() []Setup {
	const said = "&SpeechResult=yes%2C+go+ahead"
	kind := kinds(signature.CauseBody)
	return []Setup{
		{Name: "body in base64", Change: toBase64, Kinds: kinds(signature.CauseEncoding), Says: says("base64", "isBase64Encoded")},
		{Name: "body compressed", Change: zip, Kinds: kinds(signature.CauseEncoding), Says: says("gzip", "decompress the body before it is verified")},
		{Name: "body read by ParseForm", Change: func(s *Sent) { s.ReadBefore = true }, Kinds: kinds(signature.CauseBody, signature.CauseUnknown), Says: says("was read before", "ParseForm")},
		{Name: "value trimmed", Call: with(said + "+"), Change: swap("ahead+", "ahead"), Kinds: kind, Says: says("white space around a value", "SpeechResult")},
		{Name: "empty parameter dropped", Call: with("&Digits="), Change: swap("&Digits=", ""), Kinds: kind, Says: says("Digits", "dropped")},
		{Name: "empty parameter made null", Call: with("&Digits="), Change: swap("Digits=", "Digits=null"), Kinds: kind, Says: says("null")},
		{Name: "repeated values joined", Call: with("&Digits=1&Digits=2"), Change: swap("Digits=1&Digits=2", "Digits=1%2C2"), Kinds: kind, Says: says("joined by commas")},
		{Name: "repeated values collapsed", Call: with("&Digits=1&Digits=2"), Change: swap("Digits=1&", ""), Kinds: kind, Says: says("only one of its values")},
		{Name: "CR LF becomes LF", Call: with("&SpeechResult=a%0D%0Ab"), Change: swap("%0D%0A", "%0A"), Kinds: kind, Says: says("CR LF")},
		{Name: "UTF-8 becomes Latin-1", Call: with("&SpeechResult=caf%C3%A9"), Change: swap("%C3%A9", "%E9"), Kinds: kind, Says: says("Latin-1")},
		{Name: "parameter added", Change: func(s *Sent) { s.Body = append(s.Body, "&_csrf=1"...) }, Kinds: kind, Says: says("_csrf")},
		{Name: "query merged into the body", Change: func(s *Sent) { s.Body = append(s.Body, "&callId="+CallID...) }, Kinds: kind, Says: says("body")},
		{Name: "JSON printed again", Call: Call{Body: `{"CallSid": "CA1"}`, JSON: true}, Change: swap(": ", ":"), Kinds: kinds(signature.CauseBodyHash), Says: says("verify the raw bytes")},
		{Name: "signed in the order of the body", Change: func(s *Sent) {
			s.sign(Token, Base+Path+Query+strings.Join(strings.FieldsFunc(strings.ReplaceAll(body, "%2B", "+"), func(r rune) bool { return r == '=' || r == '&' }), ""), "")
		}, Kinds: kinds(signature.CauseSigner), Says: says("in the order of the body")},
	}
}

// pairSetups have two faults each.
func pairSetups() []Setup {
	const sortedCall = Path + Query + "&attempt=2"
	prod := "handle_path /prod/* {\nreverse_proxy UPSTREAM\n}"
	s := func(k ...signature.CauseKind) []signature.CauseKind { return k }
	return []Setup{
		{Name: "scheme and host", App: "http", Via: "nginx", Config: passHost, Call: Call{URL: otherBase + Path + Query}, Kinds: s(signature.CauseScheme, signature.CauseHost), Says: says("set APP_URL=" + otherBase)},
		{Name: "scheme and path prefix", App: "http", Via: "caddy", Config: prod, Call: Call{URL: Base + "/prod" + Path + Query}, Kinds: s(signature.CauseScheme, signature.CausePath), Says: says("set APP_URL=" + Base + "/prod")},
		{Name: "scheme and port", Via: "nginx", Config: pass, Call: Call{URL: "http://voice.example.com:8080" + Path + Query}, Kinds: s(signature.CauseScheme, signature.CausePort), Says: says("APP_URL=http://voice.example.com:8080")},
		{Name: "scheme and query", App: "http", Via: "nginx", Config: sorted + pass, Call: Call{URL: Base + sortedCall}, Kinds: s(signature.CauseScheme, signature.CauseQuery), Says: says("set APP_URL="+Base, "another order")},
		{Name: "scheme and token", App: "http", Via: "caddy", Config: caddyPass, Call: Call{Token: SubToken}, Kinds: s(signature.CauseScheme, signature.CauseToken), Says: says("set APP_URL="+Base, "TWILIO_ACCOUNT_TOKENS")},
		{Name: "scheme and quoted header", App: "http", Via: "nginx", Config: `proxy_set_header X-Twilio-Signature "\"$http_x_twilio_signature\""; ` + pass, Kinds: s(signature.CauseScheme, signature.CauseHeader), Says: says("set APP_URL="+Base, "quoted")},
		{Name: "scheme and base64", App: "http", Change: toBase64, Kinds: s(signature.CauseScheme, signature.CauseEncoding), Says: says("set APP_URL="+Base, "isBase64Encoded")},
		{Name: "host and token", Via: "nginx", Config: passHost, Call: Call{URL: otherBase + Path + Query, Token: SubToken}, Kinds: s(signature.CauseHost, signature.CauseToken), Says: says("set APP_URL="+otherBase, "TWILIO_ACCOUNT_TOKENS")},
		{Name: "host and port", Via: "caddy", Config: caddyPass, Call: Call{URL: otherBase + ":8443" + Path + Query}, Kinds: s(signature.CauseHost), Says: says("set APP_URL=" + otherBase + ":8443")},
		{Name: "host and port, told apart", Via: "nginx", Config: "proxy_set_header Host $host; " + pass, Call: Call{URL: otherBase + ":8443" + Path + Query}, Kinds: s(signature.CauseHost, signature.CausePort), Says: says("set APP_URL=" + otherBase + ":8443")},
		{Name: "host and path prefix", Via: "caddy", Config: prod, Call: Call{URL: otherBase + "/prod" + Path + Query}, Kinds: s(signature.CauseHost, signature.CausePath), Says: says("set APP_URL=" + otherBase + "/prod")},
		{Name: "host and query", Via: "nginx", Config: "proxy_set_header Host $http_host; " + sorted + pass, Call: Call{URL: otherBase + sortedCall}, Kinds: s(signature.CauseHost, signature.CauseQuery), Says: says("set APP_URL="+otherBase, "another order")},
		{Name: "token and path prefix", Via: "caddy", Config: prod, Call: Call{URL: Base + "/prod" + Path + Query, Token: SubToken}, Kinds: s(signature.CauseToken, signature.CausePath), Says: says("set APP_URL="+Base+"/prod", "TWILIO_ACCOUNT_TOKENS")},
		{Name: "token and query", Via: "nginx", Config: sorted + pass, Call: Call{URL: Base + sortedCall, Token: SubToken}, Kinds: s(signature.CauseToken, signature.CauseQuery), Says: says("TWILIO_ACCOUNT_TOKENS", "another order")},
		{Name: "port and path prefix", Via: "caddy", Config: prod, Call: Call{URL: Base + ":8443/prod" + Path + Query}, Kinds: s(signature.CausePort, signature.CausePath), Says: says("set APP_URL=" + Base + ":8443/prod")},
		{Name: "trimmed and emptied", Call: with("&SpeechResult=yes+&Digits="), Change: func(s *Sent) { swap("yes+&Digits=", "yes")(s) }, Kinds: s(signature.CauseBody, signature.CauseBody), Says: says("white space", "Digits")},
	}
}
