package signature

import (
	"net/url"
	"path"
	"slices"
	"strings"
)

const passPath = "let the proxy pass the path on unchanged (nginx: proxy_pass without a path; Caddy: handle instead of handle_path)"

// pathOptions lists the paths that may have been signed. The first is the configured prefix and the received path.
func pathOptions(v *Verifier, received string, req Request, h *hints) []option {
	prefix := v.origin.path
	expected := prefix + received
	var list options
	list.add(option{text: expected, base: true})
	if received == "/" {
		list.add(option{text: prefix, base: true}) // "https://example.com" arrives with a slash
	}
	if req.WebSocket {
		list.add(option{text: expected + "/", base: true}) // Twilio: Webhooks security
	}
	add := func(weight int, changed, text, cure string) {
		list.add(option{text: changed, weight: weight, causes: []Cause{{Kind: CausePath, Text: text, Cure: cure}}})
	}
	addBase := func(weight int, before, text, cure string) {
		list.add(option{text: before + received, weight: weight, base: true, causes: []Cause{{Kind: CausePath, Text: text, Cure: cure}}})
	}
	if prefix != "" {
		addBase(common, "", "signed without the configured path "+prefix+": the proxy does not cut it off, or Twilio is given the URL without it", setURL)
	}
	const slash = "give Twilio the URL as it is served, or let the proxy neither redirect nor rewrite"
	add(common, strings.TrimSuffix(expected, "/"), "signed without the slash at the end of the path: a redirect or rewrite added it", slash)
	add(common, expected+"/", "signed with a slash at the end of the path: a redirect or rewrite removed it", slash)
	const double = "give Twilio the URL without the double slash, or stop the proxy from merging slashes (nginx: merge_slashes off, and proxy_pass without a path)"
	doubled := 0
	for i := range expected {
		if expected[i] == '/' && doubled < maxSuspects {
			doubled++
			add(common, expected[:i]+"/"+expected[i:], "signed with a double slash in the path, which the proxy merged", double)
		}
	}
	if merged := mergeSlashes(expected); merged != expected {
		add(common, merged, "signed with single slashes in the path: a double one was made on the way, as by a proxy_pass with a path that ends in a slash", "remove the slash at the end of the proxy's target")
	}
	prefixOptions(prefix, received, v.origin.host, h, add, addBase)
	spellings(expected, add)
	for _, whole := range h.paths {
		add(common, whole, "signed for "+printable(whole)+", which the proxy maps to "+printable(received), passPath+", or give Twilio the path that is served here")
	}
	for _, o := range list.list {
		if o.weight == 0 || o.weight+common > maxWeight || len(o.causes) > 1 {
			continue
		}
		changed, text := o.text+"/", "signed with a slash at the end of the path: a redirect or rewrite removed it"
		if strings.HasSuffix(o.text, "/") {
			changed, text = o.text[:len(o.text)-1], "signed without the slash at the end of the path: a redirect or rewrite added it"
		}
		list.add(option{text: changed, weight: o.weight + common, causes: append(slices.Clip(o.causes), Cause{Kind: CausePath, Text: text, Cure: slash})})
	}
	return list.sorted()
}

// prefixOptions lists paths of which the proxy changed the beginning.
func prefixOptions(prefix, received, host string, h *hints, add, addBase func(weight int, changed, text, cure string)) {
	stripped := func(weight int, p string) {
		text := "signed with " + printable(p) + " before the path: the proxy cuts it off"
		addBase(weight, prefix+p, text, setURL)
		if prefix != "" && p != prefix {
			addBase(weight, p, text+", and the configured path is "+prefix, setURL)
		}
	}
	for _, whole := range h.paths {
		if p, ok := strings.CutSuffix(whole, received); ok && p != "" {
			stripped(common, p)
		}
	}
	for _, p := range h.prefixes {
		stripped(common, p)
	}
	for _, p := range commonPrefixes {
		stripped(rare, p)
		for _, q := range commonPrefixes {
			stripped(alone, p+q)
		}
	}
	for _, word := range rarePrefixes {
		stripped(alone, "/"+word)
	}
	for _, label := range strings.Split(host, ".") {
		stripped(alone, "/"+label)
	}
	mapped := passPath + ", or give Twilio the path that is served here"
	name := received[strings.LastIndexByte(received, '/')+1:]
	for _, whole := range []string{"/", "/twilio-" + name, "/twilio_" + name, "/" + name + "-webhook", "/" + name + "/webhook", "/" + name + "/twilio", "/twilio/webhook",
		"/webhook/twilio", "/webhook", "/webhooks", "/hook", "/twilio", "/callback", "/callbacks/" + name, "/twilio-webhook", "/twilio/webhooks/" + name, "/incoming", "/" + name + "/incoming"} {
		add(rare, prefix+whole, "signed for "+printable(whole)+", which the proxy maps to "+printable(received), mapped)
	}
	rest := received
	for range 8 {
		next := strings.IndexByte(rest[min(1, len(rest)):], '/')
		if next < 0 {
			break
		}
		rest = rest[next+1:]
		added := strings.TrimSuffix(received, rest)
		add(common, prefix+rest, "signed without "+printable(added)+" before the path: the proxy adds it", "let Twilio call "+printable(added+rest)+", and let the proxy pass the path on unchanged")
		replaced := func(weight int, p string) {
			add(weight, p+rest, "signed with "+printable(p)+" where "+printable(added)+" arrives: the proxy replaces one by the other", mapped)
		}
		for _, p := range h.prefixes {
			replaced(common, p)
		}
		for _, p := range commonPrefixes {
			replaced(rare, p)
		}
		for _, word := range rarePrefixes {
			replaced(alone, "/"+word)
		}
	}
}

// spellings lists other ways to write a path.
func spellings(expected string, add func(weight int, changed, text, cure string)) {
	add(common, strings.NewReplacer("%3F", "?", "%3f", "?").Replace(expected), "signed with a query, whose question mark became %3F on the way", "build the URL with its query, not with the query in its path")
	if decoded, err := url.PathUnescape(expected); err == nil {
		add(common, decoded, "signed with the path unescaped: something on the way escaped it", passPath)
	}
	add(rare, (&url.URL{Path: expected}).EscapedPath(), "signed with the path escaped: something on the way unescaped it", passPath)
	upper, lower := hexCases(expected)
	add(common, upper, capitals, passPath)
	add(common, lower, smallLetters, passPath)
	add(rare, strings.ToLower(expected), "signed with the path in lower case", "give Twilio the path in the case in which it is served")
	if clean := path.Clean(expected); expected != "" {
		add(rare, clean, "signed with the path cleaned", passPath)
	}
	for _, index := range []string{"/index.php", "/index.html", "/index", ".php"} {
		add(rare, strings.TrimSuffix(expected, index), "signed without "+index+" at the end of the path: a rewrite added it", passPath)
		add(rare, expected+index, "signed with "+index+" at the end of the path: a rewrite removed it", passPath)
	}
}

// hexCases are s with the digits of its escapes in capitals and in small letters.
func hexCases(s string) (capitals, small string) {
	upper, lower := []byte(s), []byte(s)
	for i := 0; i+2 < len(s); i++ {
		if s[i] == '%' && unhex(s[i+1])|unhex(s[i+2]) >= 0 {
			copy(upper[i+1:], strings.ToUpper(s[i+1:i+3]))
			copy(lower[i+1:], strings.ToLower(s[i+1:i+3]))
			i += 2
		}
	}
	return string(upper), string(lower)
}

const (
	capitals     = "signed with escapes in capitals (%3A): something on the way wrote small letters"
	smallLetters = "signed with escapes in small letters (%3a): something on the way wrote capitals"
)

func mergeSlashes(p string) string {
	for strings.Contains(p, "//") {
		p = strings.ReplaceAll(p, "//", "/")
	}
	return p
}

// printable shortens text that a stranger may have written, and keeps it on its line.
func printable(s string) string {
	const most = 120
	shown := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd || r >= 0x80 && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff {
			return '?'
		}
		return r
	}, s)
	if len(shown) > most {
		return strings.ToValidUTF8(shown[:most], "") + "…"
	}
	return shown
}
