package signature

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func zipped(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.Bytes()
}

// changedBase is a webhook that is verified until something about it is changed.
const (
	changedBase   = "https://h.example"
	changedTarget = "/api/webhooks/twilio/voice?callId=01J9ZK3V7Q&attempt=2"
	changedBody   = "CallSid=CA1&From=%2B15551234567&SpeechResult=yes+please&CallStatus=in-progress&AccountSid=" + mainSid
)

type changed struct {
	name   string
	signed string // URL; "" is the base and the target
	token  string // "" is primary
	body   string // as signed; "" is changedBody
	config func(*Config)
	arrive func(*Request)
	more   Suspects
	want   []CauseKind
	says   string // in the first cause
}

func (c changed) explain(t *testing.T) (Explanation, Request) {
	t.Helper()
	token, url, body := c.token, c.signed, c.body
	if token == "" {
		token = primary
	}
	if url == "" {
		url = changedBase + changedTarget
	}
	if body == "" {
		body = changedBody
	}
	req := post(t, token, url, changedTarget, body)
	if c.arrive != nil {
		c.arrive(&req)
	}
	config := Config{URL: changedBase, Tokens: []string{primary, secondary}, AccountSid: mainSid, AccountTokens: map[string][]string{subSid: {subToken}}}
	if c.config != nil {
		c.config(&config)
	}
	return mustNew(t, config).Diagnose(req, c.more), req
}

func arriveBody(body string) func(*Request) {
	return func(r *Request) { r.Body = []byte(body) }
}

func arriveAt(target string) func(*Request) { return func(r *Request) { r.Target = target } }

func swap(old, with string) func(*Request) {
	return func(r *Request) { r.Body = []byte(strings.ReplaceAll(string(r.Body), old, with)) }
}

func both(f ...func(*Request)) func(*Request) {
	return func(r *Request) {
		for _, one := range f {
			one(r)
		}
	}
}

func kinds(k ...CauseKind) []CauseKind { return k }

// signedWith signs the webhook as no Twilio does: its URL with the fragment.
func signedWith(fragment string) string {
	var f form
	f.parse([]byte(changedBody))
	k, m := newKey(primary), newMAC()
	m.start(&k)
	m.write([]byte(changedBase + changedTarget + fragment))
	m.write(f.appendSigned(nil))
	return string(m.text(&k))
}

// Each row is one thing that happens to a request between Twilio and a server, or two.
func TestWhatHappenedOnTheWayIsProven(t *testing.T) {
	header := func(pairs ...string) Suspects {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		return Suspects{Header: h}
	}
	const target, rest = changedTarget, "?callId=01J9ZK3V7Q&attempt=2"
	jsonBody, _ := json.Marshal(map[string]string{"CallSid": "CA1", "From": "+15551234567", "SpeechResult": "yes please", "CallStatus": "in-progress", "AccountSid": mainSid})
	var multi bytes.Buffer
	parts := multipart.NewWriter(&multi)
	for name, values := range ParseForm(changedBody) {
		parts.WriteField(name, values[0])
	}
	parts.Close()
	for _, c := range []changed{
		// The body as a whole.
		{name: "base64", arrive: arriveBody(base64.StdEncoding.EncodeToString([]byte(changedBody))), want: kinds(CauseEncoding), says: "isBase64Encoded"},
		{name: "base64 and another Content-Type", arrive: func(r *Request) {
			r.Body, r.ContentType = []byte(base64.StdEncoding.EncodeToString([]byte(changedBody))), "text/plain"
		}, want: kinds(CauseEncoding), says: "base64"},
		{name: "gzip", arrive: func(r *Request) { r.Body = zipped(changedBody) }, want: kinds(CauseEncoding), says: "decompress"},
		{name: "gzip in base64", arrive: func(r *Request) { r.Body = []byte(base64.StdEncoding.EncodeToString(zipped(changedBody))) }, want: kinds(CauseEncoding), says: "base64"},
		{name: "read by ParseForm", arrive: arriveBody(""), more: Suspects{Form: ParseForm(changedBody)}, want: kinds(CauseBody), says: "ParseForm"},
		{name: "JSON of the form", arrive: func(r *Request) { r.Body, r.ContentType = jsonBody, "application/json" }, want: kinds(CauseContentType), says: "another kind of body"},
		{name: "multipart of the form", arrive: func(r *Request) { r.Body, r.ContentType = multi.Bytes(), parts.FormDataContentType() }, want: kinds(CauseContentType), says: "another kind of body"},
		{name: "end of line added", arrive: arriveBody(changedBody + "\r\n"), want: kinds(CauseBody), says: "added"},
		{name: "escaped as a whole", arrive: arriveBody(url.QueryEscape(changedBody)), want: kinds(CauseBody), says: "escaped as a whole"},
		{name: "moved into the query", arrive: func(r *Request) { r.Method, r.Body, r.Target = "GET", nil, target+"&"+changedBody }, want: kinds(CauseMethod), says: "arrive in the query"},
		{name: "GET made a POST", signed: changedBase + target + "&CallSid=CA1", body: "-", arrive: func(r *Request) {
			r.Signature, r.Body = Sign(primary, changedBase+target+"&CallSid=CA1", nil), []byte("CallSid=CA1")
		}, want: kinds(CauseMethod), says: "signed as a GET"},

		// Values.
		{name: "trimmed", body: strings.Replace(changedBody, "please", "please+", 1), arrive: swap("please+", "please"), want: kinds(CauseBody), says: "white space around a value"},
		{name: "trimmed in front", body: strings.Replace(changedBody, "=yes", "=+yes", 1), arrive: swap("=+yes", "=yes"), want: kinds(CauseBody), says: "SpeechResult"},
		{name: "emptied", body: changedBody + "&Digits=", arrive: swap("&Digits=", ""), want: kinds(CauseBody), says: "Digits"},
		{name: "places without a value dropped", body: changedBody + "&FromCity=&CallerCity=&FromZip=&CallerZip=&ToCity=&CalledCity=", arrive: arriveBody(changedBody), want: kinds(CauseBody), says: "FromCity"},
		{name: "null for empty", body: changedBody + "&Digits=", arrive: swap("Digits=", "Digits=null"), want: kinds(CauseBody), says: "null"},
		{name: "joined", body: changedBody + "&D=1&D=2", arrive: swap("D=1&D=2", "D=1%2C2"), want: kinds(CauseBody), says: "joined"},
		{name: "joined with spaces", body: changedBody + "&D=1&D=2", arrive: swap("D=1&D=2", "D=1%2C+2"), want: kinds(CauseBody), says: "joined"},
		{name: "collapsed", body: changedBody + "&D=1&D=2", arrive: swap("D=1&D=2", "D=2"), want: kinds(CauseBody), says: "only one of its values"},
		{name: "CR LF made LF", body: changedBody + "&Body=a%0D%0Ab", arrive: swap("%0D%0A", "%0A"), want: kinds(CauseBody), says: "CR LF"},
		{name: "LF made CR LF", body: changedBody + "&Body=a%0Ab", arrive: swap("%0A", "%0D%0A"), want: kinds(CauseBody), says: "LF in the values where CR LF"},
		{name: "Latin-1", body: changedBody + "&Body=caf%C3%A9", arrive: swap("%C3%A9", "%E9"), want: kinds(CauseBody), says: "Latin-1"},
		{name: "Windows-1252", body: changedBody + "&Body=%E2%80%99", arrive: swap("%E2%80%99", "%92"), want: kinds(CauseBody), says: "Windows-1252"},
		{name: "UTF-8 taken for Latin-1", body: changedBody + "&Body=caf%C3%A9", arrive: swap("%C3%A9", "%C3%83%C2%A9"), want: kinds(CauseBody), says: "charset"},
		{name: "letter lost", body: changedBody + "&Body=caf%C3%A9", arrive: swap("%C3%A9", "%3F"), want: kinds(CauseBody), says: "does not read UTF-8"},
		{name: "escaped once more", body: changedBody, arrive: swap("%2B", "%252B"), want: kinds(CauseBody), says: "escaped once more"},
		{name: "plus taken for a space", body: changedBody, arrive: swap("%2B", "+"), want: kinds(CauseBody), says: "decoded once too often"},
		{name: "parameter added", arrive: arriveBody(changedBody + "&_token=1"), want: kinds(CauseBody), says: "_token"},
		{name: "query merged into the body", arrive: arriveBody(changedBody + "&callId=01J9ZK3V7Q&attempt=2"), want: kinds(CauseBody), says: "query's parameters"},

		// Path and query.
		{name: "double slash merged", signed: changedBase + "/" + target, want: kinds(CausePath), says: "double slash"},
		{name: "double slash made", arrive: arriveAt("/" + target), want: kinds(CausePath), says: "single slashes"},
		{name: "prefix stripped", signed: changedBase + "/prod" + target, want: kinds(CausePath), says: "set the public base URL to https://h.example/prod"},
		{name: "prefix added", arrive: arriveAt("/internal" + target), want: kinds(CausePath), says: "the proxy adds it"},
		{name: "prefix replaced", signed: changedBase + "/hooks/voice" + rest, want: kinds(CausePath), says: "replaces one by the other"},
		{name: "mapped, header", signed: changedBase + "/a/b/c" + rest, more: header("X-Original-URI", "/a/b/c"+rest), want: kinds(CausePath), says: "/a/b/c"},
		{name: "mapped, suspect", signed: changedBase + "/a/b/c" + rest, more: Suspects{URLs: []string{"/a/b/c"}}, want: kinds(CausePath), says: "/a/b/c"},
		{name: "configured prefix not cut", config: func(c *Config) { c.URL += "/app" }, want: kinds(CausePath), says: "set the public base URL to https://h.example"},
		{name: "question mark escaped", signed: changedBase + "/v?a=1", arrive: arriveAt("/v%3Fa=1"), want: kinds(CausePath), says: "%3F"},
		{name: "hex digits in capitals", signed: changedBase + "/v?u=a%3ab", arrive: arriveAt("/v?u=a%3Ab"), want: kinds(CauseQuery), says: "small letters"},
		{name: "hex digits in small letters", signed: changedBase + "/v?u=a%3Ab", arrive: arriveAt("/v?u=a%3ab"), want: kinds(CauseQuery), says: "capitals"},
		{name: "plus escaped", signed: changedBase + "/v?u=a+b", arrive: arriveAt("/v?u=a%2Bb"), want: kinds(CauseQuery), says: "%2B"},
		{name: "plus unescaped", signed: changedBase + "/v?u=a%2Bb", arrive: arriveAt("/v?u=a+b"), want: kinds(CauseQuery), says: "%2B"},
		{name: "query lost", arrive: arriveAt("/api/webhooks/twilio/voice"), want: kinds(CauseUnknown), says: "for another host than h.example"},
		{name: "query lost, URL known", arrive: arriveAt("/api/webhooks/twilio/voice"), more: Suspects{URLs: []string{changedBase + target}}, want: kinds(CauseQuery), says: "lost"},
		{name: "parameter of the query lost", arrive: arriveAt("/api/webhooks/twilio/voice?attempt=2"), more: Suspects{QueryNames: []string{"callId"}}, want: kinds(CauseQuery, CauseUnknown), says: "callId"},
		{name: "appended twice", arrive: arriveAt(target + rest), want: kinds(CauseQuery), says: "twice"},
		{name: "bodySHA256 lost", arrive: func(r *Request) {
			r.Body, r.ContentType = []byte(`{"a":1}`), "application/json"
			_, r.Signature = SignBody(primary, changedBase+target, r.Body)
		}, want: kinds(CauseQuery), says: "bodySHA256"},
		{name: "fragment signed", arrive: func(r *Request) {
			r.Signature = signedWith("#rc=5&rp=5xx")
		}, more: Suspects{URLs: []string{changedBase + "#rc=5&rp=5xx"}}, want: kinds(CauseFragment), says: "before the #"},

		// URL and header.
		{name: "port 8080", signed: changedBase + ":8080" + target, want: kinds(CausePort), says: "https://h.example:8080"},
		{name: "host in a header", signed: "https://new.example" + target, more: header("X-Forwarded-Host", "new.example"), want: kinds(CauseHost), says: "set the public base URL to https://new.example"},
		{name: "userinfo", signed: "https://u:secretpw@h.example" + target, more: header("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("u:secretpw"))), want: kinds(CauseUserinfo), says: "USER:PASSWORD"},
		{name: "quoted header", arrive: func(r *Request) { r.Signature = `"` + r.Signature + `"` }, want: kinds(CauseHeader), says: "quoted"},
		{name: "joined header", arrive: func(r *Request) { r.Signature += ", " + r.Signature }, want: kinds(CauseHeader), says: "twice"},
		{name: "cut header", arrive: func(r *Request) { r.Signature = r.Signature[:20] }, want: kinds(CauseHeader), says: "cut"},
		{name: "quoted token", config: func(c *Config) { c.Tokens[0], c.Tokens[1] = `"`+primary+`"`, "x" }, want: kinds(CauseToken), says: "in quotes"},
		{name: "token with its variable", config: func(c *Config) { c.Tokens[0] = "TWILIO_AUTH_TOKEN=" + primary }, want: kinds(CauseToken), says: "variable"},

		{name: "usual overrides signed", arrive: func(r *Request) { r.Signature = signedWith("#rc=3&rp=ct,rt") }, want: kinds(CauseFragment), says: "before the #"},
		{name: "two usual prefixes stripped", signed: changedBase + "/api/v1" + target, want: kinds(CausePath), says: "https://h.example/api/v1"},
		{name: "usual word replaced", signed: changedBase + "/telephony/voice" + rest, want: kinds(CausePath), says: "/telephony"},
		{name: "mapped to a usual path", signed: changedBase + "/twilio-voice" + rest, want: kinds(CausePath), says: "/twilio-voice"},

		// A suspected URL is one suspicion, whatever differs in it.
		{name: "scheme, host, port, prefix", signed: "http://new.example:8080/app" + target, more: Suspects{URLs: []string{"http://new.example:8080/app"}}, want: kinds(CauseScheme, CauseHost, CausePath), says: "http://new.example:8080/app"},
		{name: "scheme, host, prefix", signed: "https://new.example/app" + target, config: func(c *Config) { c.URL = "http://h.example" }, more: header("Host", "new.example", "X-Forwarded-Prefix", "/app"),
			want: kinds(CauseScheme, CauseHost, CausePath), says: "https://new.example/app"},

		// Two at once.
		{name: "scheme, host", signed: "http://new.example" + target, more: Suspects{URLs: []string{"https://new.example"}}, want: kinds(CauseScheme, CauseHost)},
		{name: "scheme, prefix", signed: "http://h.example/app" + target, want: kinds(CauseScheme, CausePath), says: "http://h.example/app"},
		{name: "scheme, port", signed: "http://h.example:3000" + target, want: kinds(CauseScheme, CausePort), says: "http://h.example:3000"},
		{name: "host, token", signed: "https://new.example" + target, token: "older", more: Suspects{URLs: []string{"https://new.example"}, Tokens: []string{"older"}}, want: kinds(CauseHost, CauseToken)},
		{name: "host, port", signed: "https://new.example:8443" + target, more: Suspects{URLs: []string{"https://new.example"}}, want: kinds(CauseHost, CausePort)},
		{name: "host, prefix", signed: "https://new.example/app" + target, more: Suspects{URLs: []string{"https://new.example"}}, want: kinds(CauseHost, CausePath)},
		{name: "host, query", signed: "https://new.example/v?b=1&a=2", arrive: arriveAt("/v?a=2&b=1"), more: header("Host", "new.example"), want: kinds(CauseHost, CauseQuery)},
		{name: "scheme, token", signed: "http://h.example" + target, token: subToken, want: kinds(CauseScheme, CauseToken)},
		{name: "port, prefix", signed: changedBase + ":8443/app" + target, want: kinds(CausePort, CausePath)},
		{name: "prefix, token", signed: changedBase + "/app" + target, token: subToken, want: kinds(CauseToken, CausePath)},
		{name: "query, token", signed: changedBase + "/v?b=1&a=2", arrive: arriveAt("/v?a=2&b=1"), token: subToken, want: kinds(CauseToken, CauseQuery)},
		{name: "scheme, trimmed", signed: "http://h.example" + target, body: changedBody + "&Body=x+", arrive: swap("x+", "x"), want: kinds(CauseScheme, CauseBody)},
		{name: "scheme, base64", signed: "http://h.example" + target, arrive: arriveBody(base64.StdEncoding.EncodeToString([]byte(changedBody))), want: kinds(CauseScheme, CauseEncoding)},
		{name: "host, CR LF", signed: "https://new.example" + target, more: header("Host", "new.example"), body: changedBody + "&Body=a%0D%0Ab", arrive: swap("%0D%0A", "%0A"), want: kinds(CauseHost, CauseBody)},
		{name: "path, double slash", signed: changedBase + "//x" + rest, arrive: arriveAt("/x/" + rest), want: kinds(CausePath, CausePath), says: "double slash"},
		{name: "query, joined", signed: changedBase + "/v?b=1&a=2", body: changedBody + "&D=1&D=2", arrive: both(swap("D=1&D=2", "D=1%2C2"), arriveAt("/v?a=2&b=1")), want: kinds(CauseQuery, CauseBody)},
		{name: "slash, port", signed: changedBase + ":8080/v", arrive: arriveAt("/v/"), want: kinds(CausePort, CausePath)},
		{name: "trimmed, emptied", body: changedBody + "&Digits=&Body=x+", arrive: both(swap("&Digits=", ""), swap("x+", "x")), want: kinds(CauseBody, CauseBody)},
		{name: "sorted and escaped again", signed: changedBase + "/v?b=it's+so&a=1+2", arrive: arriveAt("/v?a=1%202&b=it%27s%20so"), want: kinds(CauseQuery), says: "another order"},
		{name: "CR LF, query merged", body: changedBody + "&Body=a%0D%0Ab", arrive: both(swap("%0D%0A", "%0A"), func(r *Request) { r.Body = append(r.Body, "&callId=01J9ZK3V7Q&attempt=2"...) }), want: kinds(CauseBody, CauseBody)},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, req := c.explain(t)
			var got []CauseKind
			text := fmt.Sprintf("%+v", e)
			for _, cause := range e.Causes {
				got = append(got, cause.Kind)
			}
			if !slices.Equal(got, c.want) || e.Proven() != (c.want[len(c.want)-1] != CauseUnknown) || e.Proven() != (e.Signed != nil) {
				t.Errorf("%v, tried %d", text, e.Tried)
			}
			if len(e.Causes) > 0 && !strings.Contains(e.Causes[0].String()+e.Causes[len(e.Causes)-1].String(), c.says) {
				t.Errorf("%q is not said: %s", c.says, e.Causes)
			}
			for _, secret := range []string{primary, secondary, subToken, "older", "secretpw", req.Signature} {
				if strings.Contains(text, secret) {
					t.Errorf("%q is in %s", secret, text)
				}
			}
		})
	}
}

// forged are requests that nothing explains: no change of them leads to a text that a known token signed.
func forged(t *testing.T) map[string]Request {
	real := post(t, primary, changedBase+changedTarget, changedTarget, changedBody)
	edit := func(f func(*Request)) Request { r := real; f(&r); return r }
	return map[string]Request{
		"another token":          post(t, "0123456789abcdef0123456789abcdef", changedBase+changedTarget, changedTarget, changedBody),
		"random signature":       edit(func(r *Request) { r.Signature = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" }),
		"answer changed":         edit(swap("yes", "no")),
		"account changed":        edit(swap(mainSid, subSid)),
		"CallSid changed":        edit(swap("CA1", "CA2")),
		"callId changed":         edit(arriveAt(strings.Replace(changedTarget, "01J9", "01J8", 1))),
		"for another webhook":    edit(arriveAt(strings.Replace(changedTarget, "voice", "status", 1))),
		"signature of a GET":     edit(func(r *Request) { r.Signature = Sign("x", changedBase+changedTarget, nil) }),
		"many parameters":        post(t, "x", changedBase+changedTarget, changedTarget, strings.Repeat("a=1&b=2&", 30)),
		"JSON in a form":         edit(arriveBody(`{"CallSid":"CA1"}`)),
		"base64 of another body": edit(arriveBody(base64.StdEncoding.EncodeToString([]byte("CallSid=CA2&AccountSid=" + mainSid)))),
		"host of a stranger":     post(t, "x", "https://evil.example"+changedTarget, changedTarget, changedBody),
	}
}

// Nothing is accused: host and token are in the text, since nobody can know them from the request.
func TestForgedRequestIsNotExplained(t *testing.T) {
	v := mustNew(t, Config{URL: changedBase, Tokens: []string{primary, secondary}, AccountSid: mainSid, AccountTokens: map[string][]string{subSid: {subToken}}})
	for name, req := range forged(t) {
		e := v.Diagnose(req, Suspects{
			URLs: []string{"https://old.example/app", "/hooks/voice"}, Tokens: []string{"older"}, QueryNames: []string{"callId"}, Accounts: []string{mainSid, subSid},
			Header: http.Header{"X-Forwarded-Host": {"evil.example"}, "Host": {"127.0.0.1:3000"}, "Content-Length": {itoa(int64(len(req.Body)))}},
		})
		if len(e.Causes) != 1 || e.Causes[0].Kind != CauseUnknown || e.Signed != nil || e.Exhausted {
			t.Errorf("%s: %v, tried %d, exhausted %v", name, e.Causes, e.Tried, e.Exhausted)
		}
		if text := e.Causes[0].Text; !strings.Contains(text, "another host than h.example") || !strings.Contains(text, "token") {
			t.Errorf("%s: neither host nor token is suspected: %s", name, text)
		}
		if shown := fmt.Sprint(e.Expected); strings.Contains(shown, "yes") || strings.Contains(shown, "15551234567") || strings.Contains(shown, "01J9") {
			t.Errorf("%s: values of a request that nobody vouches for: %s", name, shown)
		}
		t.Logf("%s: %d", name, e.Tried)
	}
}

// An explanation of a usual webhook stays below its limit, and one of the largest body that is read ends soon, too.
func TestCostOfAnExplanationIsBounded(t *testing.T) {
	_, base, req := voiceWebhook()
	config := Config{URL: base, Tokens: []string{"another", "token"}}
	e := mustNew(t, config).Diagnose(req, Suspects{})
	if e.Exhausted || e.Tried < 1000 || e.Tried > DefaultLimit {
		t.Errorf("usual: %d, exhausted %v", e.Tried, e.Exhausted)
	}
	t.Logf("usual: %d", e.Tried)
	if e := mustNew(t, config).Diagnose(req, Suspects{Limit: 100}); !e.Exhausted || e.Tried != 100 || !strings.Contains(e.Causes[0].Text, "not every pair") {
		t.Errorf("limited: %d, %v", e.Tried, e)
	}
	for name, body := range map[string]string{"pairs": strings.Repeat("a=%20b&", 9000), "one value": "Body=" + strings.Repeat("a,", 32000), "no value": strings.Repeat("&", 65000)} {
		req.Body = []byte(body)
		req.Target = "/" + strings.Repeat("/a", 4000) + "?" + strings.Repeat("a=1&", 2000)
		e := mustNew(t, config).Diagnose(req, Suspects{})
		if e.Proven() || e.Tried > DefaultLimit {
			t.Errorf("%s: %v", name, e.Causes)
		}
		t.Logf("%s: %d, exhausted %v", name, e.Tried, e.Exhausted)
	}
}
