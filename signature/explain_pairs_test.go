package signature

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// webhookParts are the parts of a webhook, as signed and as they arrive.
type webhookParts struct {
	scheme, host, port, prefix, path, query, token, body string // signed
	arrivePath, arriveQuery, arriveBody                  string
	header                                               func(string) string
}

// fault is one thing that is wrong. Of two with the same place only one can be.
type fault struct {
	kind  CauseKind
	place string
	make  func(*webhookParts)
}

var allFaults = []fault{
	{CauseScheme, "scheme", func(p *webhookParts) { p.scheme = "http" }},
	{CauseHost, "host", func(p *webhookParts) { p.host = "new.example" }},
	{CausePort, "port", func(p *webhookParts) { p.port = ":8443" }},
	{CausePort, "port", func(p *webhookParts) { p.port = ":3000" }},
	{CauseToken, "token", func(p *webhookParts) { p.token = subToken }},
	{CauseToken, "token", func(p *webhookParts) { p.token = "older" }},
	{CausePath, "path", func(p *webhookParts) { p.prefix = "/app" }},
	{CausePath, "path", func(p *webhookParts) { p.prefix = "/twilio" }},
	{CausePath, "path", func(p *webhookParts) { p.arrivePath = "/internal" + p.path }},
	{CausePath, "path", func(p *webhookParts) { p.prefix = "/" }},
	{CausePath, "path", func(p *webhookParts) { p.arrivePath = p.path + "/" }},
	{CauseQuery, "query", func(p *webhookParts) { p.arriveQuery = "?a=1+x&b=2%3a" }},
	{CauseQuery, "query", func(p *webhookParts) { p.arriveQuery = "?b=2%3A&a=1+x" }},
	{CauseQuery, "query", func(p *webhookParts) { p.arriveQuery = "?b=2%3a&a=1%20x" }},
	{CauseQuery, "query", func(p *webhookParts) { p.arriveQuery = p.query + "&via=proxy" }},
	{CauseBody, "body", func(p *webhookParts) { p.arriveBody = strings.ReplaceAll(p.body, "%0D%0A", "%0A") }},
	{CauseBody, "body", func(p *webhookParts) { p.arriveBody = strings.ReplaceAll(p.body, "D=1&D=2", "D=1%2C2") }},
	{CauseBody, "body", func(p *webhookParts) { p.arriveBody = strings.ReplaceAll(p.body, "%C3%A9", "%E9") }},
	{CauseBody, "body", func(p *webhookParts) { p.arriveBody = strings.ReplaceAll(p.body, "+end+", "+end") }},
	{CauseBody, "body", func(p *webhookParts) { p.arriveBody = strings.ReplaceAll(p.body, "&Digits=", "") }},
	{CauseBody, "body", func(p *webhookParts) { p.arriveBody = p.body + "&_csrf=1" }},
	{CauseEncoding, "body", func(p *webhookParts) { p.arriveBody = base64.StdEncoding.EncodeToString([]byte(p.body)) }},
	{CauseEncoding, "body", func(p *webhookParts) { p.arriveBody = string(zipped(p.body)) }},
	{CauseHeader, "header", func(p *webhookParts) { p.header = func(s string) string { return `"` + s + `"` } }},
	{CauseHeader, "header", func(p *webhookParts) { p.header = func(s string) string { return s + ", " + s } }},
}

// notTogether are two that both take a guess, of which there would be too many.
func notTogether(a, b fault) bool {
	rarely := func(f fault) bool {
		var p webhookParts
		p.body = "+end+&Digits="
		f.make(&p)
		return p.prefix == "/app" || p.prefix == "/twilio" || f.kind == CauseBody && (p.arriveBody == "+end&Digits=" || p.arriveBody == "+end+")
	}
	return rarely(a) && rarely(b)
}

func TestAnyTwoFaultsAreFoundTogether(t *testing.T) {
	v := mustNew(t, Config{URL: "https://h.example", Tokens: []string{primary}, AccountSid: mainSid, AccountTokens: map[string][]string{subSid: {subToken}}})
	tried, most := 0, 0
	for i, a := range allFaults {
		for _, b := range allFaults[i+1:] {
			if a.place == b.place || notTogether(a, b) {
				continue
			}
			p := webhookParts{scheme: "https", host: "h.example", path: "/hooks/voice", query: "?b=2%3a&a=1+x", token: primary,
				body: "CallSid=CA1&AccountSid=" + mainSid + "&Text=line%0D%0Acaf%C3%A9+end+&D=1&D=2&Digits="}
			p.arrivePath, p.arriveQuery, p.arriveBody = p.path, p.query, p.body
			a.make(&p)
			b.make(&p)
			req := post(t, p.token, p.scheme+"://"+p.host+p.port+p.prefix+p.path+p.query, p.arrivePath+p.arriveQuery, p.body)
			req.Body = []byte(p.arriveBody)
			if p.header != nil {
				req.Signature = p.header(req.Signature)
			}
			e := v.Diagnose(req, Suspects{Tokens: []string{"older"}, Header: http.Header{"Host": {p.host}}})
			var got []CauseKind
			for _, c := range e.Causes {
				got = append(got, c.Kind)
			}
			want := []CauseKind{a.kind, b.kind}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) || !e.Proven() {
				t.Errorf("%v and %v: %v, tried %d\n%+v", a.kind, b.kind, e.Causes, e.Tried, p)
			}
			tried, most = tried+1, max(most, e.Tried)
		}
	}
	t.Logf("%d pairs, at most %d HMACs", tried, most)
}
