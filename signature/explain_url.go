package signature

import (
	"bytes"
	"net/url"
	"path"
	"slices"
	"strings"
)

// addPrefixes lists what the signed URL may begin with: the configured URL, the
// same with what often differs, and the suspected ones.
func (x *explainer) addPrefixes(v *Verifier, req Request, suspects Suspects) {
	configured := v.origin
	if req.WebSocket {
		configured = configured.webSocket()
	}
	x.addOrigin(configured, nil)
	other := configured
	other.scheme = otherScheme(configured.scheme)
	x.addOrigin(other, []Cause{{CauseScheme, "signed for " + other.scheme + "://, but the configured URL is " + configured.scheme +
		"://: TLS ends before this server, or Twilio is given the other URL", false}})
	if req.WebSocket {
		x.addOrigin(v.origin, []Cause{{CauseWebSocket, "signed for the " + v.origin.scheme + " URL: this is no WebSocket handshake of Twilio's", false}})
	} else {
		x.addOrigin(v.origin.webSocket(), []Cause{{CauseWebSocket, "signed for the WebSocket URL: the Upgrade header was lost", false}})
	}
	if configured.path != "" {
		bare := configured
		bare.path = ""
		x.addOrigin(bare, []Cause{{CausePath, "signed without the configured path prefix " + configured.path +
			": the proxy does not cut it off, so it must not be part of the public URL", false}})
	}
	for _, raw := range suspects.URLs {
		o, err := parseOrigin(raw)
		if err != nil {
			continue
		}
		if req.WebSocket {
			o = o.webSocket()
		}
		cause := Cause{CauseHost, "signed for " + o.redacted() + ": configure that as the public URL, or give Twilio the configured one", false}
		if o.host == configured.host && o.path == configured.path && strings.EqualFold(o.scheme, configured.scheme) {
			cause.Kind = CausePort
		}
		x.addOrigin(o, []Cause{cause})
	}
}

func (x *explainer) addOrigin(o origin, causes []Cause) {
	for _, p := range o.prefixes() {
		x.prefixes = append(x.prefixes, option[string]{string(p.text), causes})
	}
}

func otherScheme(scheme string) string {
	switch strings.ToLower(scheme) {
	case "http":
		return "https"
	case "https":
		return "http"
	case "ws":
		return "wss"
	}
	return "ws"
}

// addTargets lists the paths and queries that may have been signed.
func (x *explainer) addTargets(t *target, req Request) {
	queries := queryOptions(t, req)
	for _, p := range pathOptions(string(t.path)) {
		for _, q := range queries {
			x.targets = append(x.targets, option[string]{p.value + q.value, slices.Concat(p.causes, q.causes)})
			if req.WebSocket {
				x.targets = append(x.targets, option[string]{p.value + q.value + "/", slices.Concat(p.causes, q.causes)})
			}
		}
	}
}

func pathOptions(p string) []option[string] {
	list := []option[string]{{p, nil}}
	if p == "/" {
		list = append(list, option[string]{"", nil})
	}
	add := func(changed, text string) {
		if !slices.ContainsFunc(list, func(o option[string]) bool { return o.value == changed }) {
			list = append(list, option[string]{changed, []Cause{{CausePath, text, false}}})
		}
	}
	add(strings.TrimSuffix(p, "/"), "signed without the slash at the end of the path: a redirect or rewrite added it")
	add(p+"/", "signed with a slash at the end of the path: a redirect or rewrite removed it")
	if decoded, err := url.PathUnescape(p); err == nil {
		add(decoded, "signed with the path unescaped: something on the way escaped it")
	}
	if p != "" {
		add(path.Clean(p), "signed with the path cleaned")
	}
	return list
}

// queryOptions undoes what proxies and frameworks do to a query.
func queryOptions(t *target, req Request) []option[string] {
	raw := string(t.query)
	list := []option[string]{{raw, nil}}
	add := func(changed, text string) {
		if !slices.ContainsFunc(list, func(o option[string]) bool { return o.value == changed }) {
			list = append(list, option[string]{changed, []Cause{{CauseQuery, text, false}}})
		}
	}
	t.forms(bodiless(req.Method))
	for _, e := range t.edits[:t.nEdits] {
		list = append(list, option[string]{string(e.query), nil}) // tolerated
	}
	if raw == "" {
		add("?", "signed with a bare question mark, which was removed")
		return list
	}
	q := raw[1:]
	add(strings.ReplaceAll(raw, "%20", "+"), "signed with + for each space: something on the way wrote %20")
	add(strings.ReplaceAll(raw, "+", "%20"), "signed with %20 for each space: something on the way wrote +")
	add(string(unescape(nil, t.query, "@:',/!*()~$; ")), "signed with fewer characters escaped: something on the way escaped them")
	if decoded, err := url.QueryUnescape(q); err == nil {
		add("?"+decoded, "signed with the query unescaped: something on the way escaped it")
	}
	pairs := strings.Split(q, "&")
	if len(pairs) <= 4 {
		permute(pairs, func(p []string) {
			add("?"+strings.Join(p, "&"), "signed with the parameters in another order: a framework or gateway sorts them")
		})
	} else {
		slices.Sort(pairs)
		add("?"+strings.Join(pairs, "&"), "signed with the parameters sorted: something on the way changed their order")
	}
	if values, err := url.ParseQuery(q); err == nil {
		add("?"+values.Encode(), "signed with the query sorted and escaped again")
	}
	add("", "signed without the query: something on the way added it, or Twilio is given the URL without it")
	if i := bytes.LastIndexByte(t.query, '&'); i > 0 {
		add(raw[:i], "signed without the last parameter of the query: something on the way added it")
	}
	return list
}

// permute calls f with every order of items, the slice being reused.
func permute(items []string, f func([]string)) {
	var rec func(n int)
	p := slices.Clone(items)
	rec = func(n int) {
		if n == len(p) {
			f(p)
			return
		}
		for i := n; i < len(p); i++ {
			p[n], p[i] = p[i], p[n]
			rec(n + 1)
			p[n], p[i] = p[i], p[n]
		}
	}
	rec(0)
}
