package proxies

import (
	"strings"

	"github.com/i-agent/iagent/signature"
)

const (
	pass      = "proxy_pass http://UPSTREAM;"
	passHost  = "proxy_set_header Host $http_host; proxy_pass http://UPSTREAM;"
	caddyPass = "reverse_proxy UPSTREAM"
	// A rewrite that leaves the parameters sorted by their names.
	sorted = "rewrite ^(.*)$ $1?attempt=$arg_attempt&callId=$arg_callId? break; "
)

// Setups are those with one fault, then those with two.
func Setups() []Setup {
	list := append(urlSetups(), pathSetups()...)
	list = append(list, querySetups()...)
	list = append(list, requestSetups()...)
	list = append(list, bodySetups()...)
	return append(list, pairSetups()...)
}

func urlSetups() []Setup {
	return []Setup{
		{Name: "TLS ends at nginx", App: "http", Via: "nginx", Config: pass, Kinds: kinds(signature.CauseScheme), Says: says("TLS ends at a proxy", "set APP_URL=https://voice.example.com")},
		{Name: "Twilio is given http", Via: "caddy", Config: caddyPass, Call: Call{URL: "http://voice.example.com" + Path + Query},
			Kinds: kinds(signature.CauseScheme), Says: says("give Twilio the https URL, or set APP_URL=http://voice.example.com")},
		{Name: "another host, nginx passes it on", Via: "nginx", Config: passHost, Call: Call{URL: otherBase + Path + Query}, Kinds: kinds(signature.CauseHost), Says: says("set APP_URL=" + otherBase)},
		{Name: "another host, Caddy passes it on", Via: "caddy", Config: caddyPass, Call: Call{URL: otherBase + Path + Query}, Kinds: kinds(signature.CauseHost), Says: says("set APP_URL=" + otherBase)},
		{Name: "another host of the domain, which nginx does not pass on", Via: "nginx", Config: pass, Call: Call{URL: otherBase + Path + Query}, Kinds: kinds(signature.CauseHost), Says: says("set APP_URL=" + otherBase)},
		{Name: "another host that nobody knows", Via: "nginx", Config: pass, Call: Call{URL: "https://f3a9.tunnel.example.net" + Path + Query}, Kinds: kinds(signature.CauseUnknown), Says: says("another host than voice.example.com", "APP_URL")},
		{Name: "a proxy's port", Via: "nginx", Config: pass, Call: Call{URL: Base + ":8443" + Path + Query}, Kinds: kinds(signature.CausePort), Says: says("set APP_URL=" + Base + ":8443")},
		{Name: "a development port", Via: "caddy", Config: caddyPass, Call: Call{URL: Base + ":3000" + Path + Query}, Kinds: kinds(signature.CausePort), Says: says("set APP_URL=" + Base + ":3000")},
		{Name: "userinfo is signed", Via: "nginx", Config: pass, Call: Call{URL: "https://twilio:hunter2secret@voice.example.com" + Path + Query}, Kinds: kinds(signature.CauseUserinfo), Says: says("USER:PASSWORD@ into APP_URL")},
		{Name: "fragment is signed", Change: func(s *Sent) {
			s.sign(Token, Base+Path+Query+"#rc=5&rp=5xx,ct,rt&rt=4500&ct=2000", body)
		}, Kinds: kinds(signature.CauseFragment), Says: says("before the #")},
		{Name: "subaccount's token", Via: "nginx", Config: pass, Call: Call{Token: SubToken}, Kinds: kinds(signature.CauseToken), Says: says("AC…bb02", "TWILIO_ACCOUNT_TOKENS")},
		{Name: "main account's token for a subaccount", Via: "caddy", Config: caddyPass, Call: Call{Body: strings.ReplaceAll(body, AccountSid, SubSid)},
			Kinds: kinds(signature.CauseToken), Says: says("of the main account", "give each account its own token")},
		{Name: "an account that is not configured", Via: "nginx", Config: pass, Call: Call{Token: "unknown", Body: strings.ReplaceAll(body, AccountSid, "AC0000000000000000000000000000dd04")},
			Kinds: kinds(signature.CauseAccount), Says: says("AC…dd04", "TWILIO_ACCOUNT_TOKENS")},
	}
}

func pathSetups() []Setup {
	return []Setup{
		{Name: "nginx cuts a prefix off and says so", Via: "nginx", Config: "location /voice-app/ { proxy_set_header X-Original-URI $request_uri; proxy_pass http://UPSTREAM/; }", Call: Call{URL: Base + "/voice-app" + Path + Query},
			Kinds: kinds(signature.CausePath), Says: says("set APP_URL=" + Base + "/voice-app")},
		{Name: "nginx cuts a prefix off and says nothing", Via: "nginx", Config: "location /telephony/ { proxy_pass http://UPSTREAM/; }", Call: Call{URL: Base + "/telephony" + Path + Query},
			Kinds: kinds(signature.CausePath), Says: says("set APP_URL=" + Base + "/telephony")},
		{Name: "Caddy cuts a common prefix off", Via: "caddy", Config: "handle_path /prod/* {\nreverse_proxy UPSTREAM\n}", Call: Call{URL: Base + "/prod" + Path + Query},
			Kinds: kinds(signature.CausePath), Says: says("set APP_URL=" + Base + "/prod")},
		{Name: "path of APP_URL is not in the URL at Twilio", App: "path", Via: "nginx", Config: pass, Kinds: kinds(signature.CausePath), Says: says("without the configured path /calls", "set APP_URL="+Base)},
		{Name: "nginx adds a prefix", Via: "nginx", Config: "location / { proxy_pass http://UPSTREAM/internal/; }", Kinds: kinds(signature.CausePath), Says: says("the proxy adds it", "/internal")},
		{Name: "nginx maps one path to another", Via: "nginx", Config: "location = /hooks/voice { proxy_pass http://UPSTREAM" + Path + "; }", Call: Call{URL: Base + "/hooks/voice" + Query},
			Kinds: kinds(signature.CausePath), Says: says("signed with /hooks", "/api/webhooks/twilio")},
		{Name: "Caddy maps one path to another", Via: "caddy", Config: "rewrite /twilio/voice " + Path + "\nreverse_proxy UPSTREAM", Call: Call{URL: Base + "/twilio/voice" + Query},
			Kinds: kinds(signature.CausePath), Says: says("without /api/webhooks before the path", "let Twilio call "+Path)},
		{Name: "nginx merges a double slash", Via: "nginx", Config: "location / { proxy_pass http://UPSTREAM/; }", Call: Call{URL: Base + "/" + Path + Query},
			Kinds: kinds(signature.CausePath), Says: says("double slash", "merge_slashes off")},
		{Name: "nginx adds a slash at the end", Via: "nginx", Config: "location / { rewrite ^(.*[^/])$ $1/ break; proxy_pass http://UPSTREAM; }", Kinds: kinds(signature.CausePath), Says: says("without the slash at the end")},
	}
}

func querySetups() []Setup {
	q := func(query string) Call { return Call{URL: Base + Path + query} }
	set := func(args string) string { return `location / { set $args "` + args + `"; ` + pass + " }" }
	return []Setup{
		{Name: "nginx sorts the query", Via: "nginx", Config: sorted + pass, Call: q(Query + "&attempt=2"), Kinds: kinds(signature.CauseQuery), Says: says("another order", "let the proxy pass the query on")},
		{Name: "nginx loses the query", Via: "nginx", Config: "proxy_pass http://UPSTREAM$uri;", Kinds: kinds(signature.CauseQuery, signature.CauseUnknown), Says: says("the query was lost", "callId", "$request_uri")},
		{Name: "Caddy adds a parameter", Via: "caddy", Config: "rewrite * {path}?{query}&via=caddy\n" + caddyPass, Kinds: kinds(signature.CauseQuery), Says: says("something on the way added to the query")},
		{Name: "plus becomes %20", Via: "nginx", Config: set("callId=$arg_callId&name=a%20b"), Call: q(Query + "&name=a+b"), Kinds: kinds(signature.CauseQuery), Says: says("something on the way wrote %20")},
		{Name: "plus becomes %2B", Via: "nginx", Config: set("callId=$arg_callId&name=a%2Bb"), Call: q(Query + "&name=a+b"), Kinds: kinds(signature.CauseQuery), Says: says("signed with + where %2B arrives")},
		{Name: "hex digits become capitals", Via: "nginx", Config: set("callId=$arg_callId&name=a%3Ab"), Call: q(Query + "&name=a%3ab"), Kinds: kinds(signature.CauseQuery), Says: says("wrote capitals")},
		{Name: "query is appended twice", Via: "nginx", Config: "location / { proxy_pass http://UPSTREAM$request_uri?$args; }", Kinds: kinds(signature.CauseQuery), Says: says("appended it twice")},
	}
}

func requestSetups() []Setup {
	return []Setup{
		{Name: "nginx does not pass the body on", Via: "nginx", Config: `proxy_pass_request_body off; proxy_set_header Content-Length ""; ` + pass,
			Kinds: kinds(signature.CauseBody, signature.CauseUnknown), Says: says("the body was lost", "proxy_pass_request_body on")},
		{Name: "a POST becomes a GET", Via: "nginx", Config: `proxy_method GET; proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_set_header Content-Type ""; ` + pass,
			Kinds: kinds(signature.CauseMethod, signature.CauseUnknown), Says: says("redirect", "give Twilio the URL that the redirect leads to")},
		{Name: "nginx quotes the signature", Via: "nginx", Config: `proxy_set_header X-Twilio-Signature "\"$http_x_twilio_signature\""; ` + pass, Kinds: kinds(signature.CauseHeader), Says: says("quoted", "pass X-Twilio-Signature on unchanged")},
		{Name: "nginx joins the signature twice", Via: "nginx", Config: `proxy_set_header X-Twilio-Signature "$http_x_twilio_signature, $http_x_twilio_signature"; ` + pass, Kinds: kinds(signature.CauseHeader), Says: says("there twice")},
		{Name: "nginx cuts the signature", Via: "nginx", Config: `location / { if ($http_x_twilio_signature ~ "^(.{20})") { set $cut $1; } proxy_set_header X-Twilio-Signature $cut; ` + pass + " }",
			Kinds: kinds(signature.CauseHeader), Says: says("was cut")},
		{Name: "Caddy removes the signature", Via: "caddy", Config: "reverse_proxy UPSTREAM {\nheader_up -X-Twilio-Signature\n}", Kinds: kinds(signature.CauseHeader), Says: says("removed the header", "let the proxy pass X-Twilio-Signature on")},
		{Name: "nginx changes the Content-Type", Via: "nginx", Config: `proxy_set_header Content-Type "text/plain"; ` + pass, Kinds: kinds(signature.CauseContentType), Says: says("changed the Content-Type")},
		{Name: "nginx loses the Upgrade of a stream", Via: "nginx", Config: pass, Call: Call{Method: "GET", URL: Base + "/media", Signed: "wss://voice.example.com/media/"},
			Change: func(s *Sent) { s.Header.Set("Upgrade", "websocket"); s.Header.Set("Connection", "Upgrade") },
			Kinds:  kinds(signature.CausePath, signature.CauseWebSocket), Says: says("the Upgrade header was lost", "proxy_set_header Upgrade")},
	}
}
