package signature

import (
	"net/url"
	"slices"
	"strings"
)

const passQuery = "let the proxy pass the query on byte for byte (nginx: proxy_pass without a path), and do not parse and print it"

// queryOptions undoes what proxies and frameworks do to a query. The first is the query as received.
func queryOptions(t *target, req Request, h *hints) []option {
	raw := string(t.query)
	var list options
	list.add(option{text: raw})
	add := func(weight int, changed, text string) {
		list.add(option{text: changed, weight: weight, causes: []Cause{{Kind: CauseQuery, Text: text, Cure: passQuery}}})
	}
	t.forms(bodiless(req.Method))
	for _, e := range t.edits[:t.nEdits] {
		list.add(option{text: string(e.query)}) // tolerated
	}
	for _, q := range h.queries {
		text := "signed with another query, which was lost or changed on its way"
		if raw == "" {
			text = "signed with a query, which was lost on its way"
		}
		add(common, q, text)
	}
	fragments(&list, raw, req, h)
	if raw == "" {
		add(common, "?", "signed with a bare question mark, which was removed")
		return list.sorted()
	}
	rewritten(raw, add)
	reordered(strings.Split(raw[1:], "&"), 0, "", add)
	shortened(strings.Split(raw[1:], "&"), add)
	twoThings(raw, add)
	return list.sorted()
}

// twoThings lists queries that were rewritten or shortened and also brought into another order, as by frameworks that parse and print them.
func twoThings(raw string, add func(weight int, changed, text string)) {
	var first []option
	collect := func(weight int, changed, text string) {
		if weight == common && len(changed) > 1 && changed != raw && len(first) < maxSuspects*2 {
			first = append(first, option{text: changed, causes: []Cause{{Text: text}}})
		}
	}
	rewritten(raw, collect)
	shortened(strings.Split(raw[1:], "&"), collect)
	for _, o := range first {
		reordered(strings.Split(o.text[1:], "&"), common, "; "+o.causes[0].Text, add)
	}
}

// fragments lists those that a tool signed. Twilio never does.
func fragments(list *options, raw string, req Request, h *hints) {
	all := slices.Clone(h.fragments)
	if i := strings.IndexByte(req.Target, '#'); i >= 0 {
		note(&all, req.Target[i:])
	}
	add := func(weight int, fragment string) {
		list.add(option{text: raw + fragment, weight: weight, causes: []Cause{{Kind: CauseFragment, Text: "signed with the fragment of the URL, which Twilio leaves out",
			Cure: "correct the tool that signs: the text ends before the #"}}})
	}
	for _, fragment := range all {
		add(common, fragment)
	}
	// Usual connection overrides (Twilio: Webhooks connection overrides).
	policies := []string{"all", "5xx", "4xx", "ct", "rt", "4xx,5xx", "5xx,ct", "ct,rt", "5xx,ct,rt", "4xx,5xx,ct,rt"}
	for _, policy := range policies {
		add(alone, "#rp="+policy)
	}
	for count := '1'; count <= '5'; count++ {
		add(alone, "#rc="+string(count))
		for _, policy := range policies {
			add(alone, "#rc="+string(count)+"&rp="+policy)
		}
	}
}

// rewritten lists other ways to write the same query.
func rewritten(raw string, add func(weight int, changed, text string)) {
	q := raw[1:]
	add(common, strings.ReplaceAll(raw, "%20", "+"), "signed with + for each space: something on the way wrote %20")
	add(common, strings.ReplaceAll(raw, "+", "%20"), "signed with %20 for each space: something on the way wrote +")
	add(common, strings.NewReplacer("%2B", "+", "%2b", "+").Replace(raw), "signed with + where %2B arrives: something on the way escaped it")
	add(common, strings.ReplaceAll(raw, "+", "%2B"), "signed with %2B where + arrives: something on the way unescaped it")
	add(common, strings.ReplaceAll(raw, "%20", "%2B"), "signed with %2B where %20 arrives: something on the way decoded it twice")
	upper, lower := hexCases(raw)
	add(common, upper, capitals)
	add(common, lower, smallLetters)
	add(common, string(unescape(nil, []byte(raw), "@:',/!*()~$; ")), "signed with fewer characters escaped: something on the way escaped them")
	add(common, strings.ReplaceAll(string(unescape(nil, []byte(raw), "@:',/!*()~$;")), "%20", "+"), "signed with fewer characters escaped and + for each space: something on the way escaped them anew")
	add(common, string(unescape(nil, []byte(raw), "@:',/!*()~$;-_.")), "signed with fewer characters escaped: something on the way escaped them")
	if decoded, err := url.QueryUnescape(q); err == nil {
		add(common, "?"+decoded, "signed with the query unescaped: something on the way escaped it")
	}
	if decoded, err := url.PathUnescape(q); err == nil {
		add(common, "?"+decoded, "signed with the query unescaped: something on the way escaped it")
	}
	add(common, strings.ReplaceAll(raw, "%25", "%"), "signed with escapes that were escaped once more on the way")
	add(rare, strings.ReplaceAll(raw, "%", "%25"), "signed with escaped percent signs, which were unescaped on the way")
	add(rare, strings.ReplaceAll(raw, "&amp;", "&"), "signed with & where &amp; arrives")
	add(rare, strings.ReplaceAll(raw, "&", "&amp;"), "signed with &amp;: the URL was escaped for XML twice")
	if values, err := url.ParseQuery(q); err == nil {
		add(common, "?"+values.Encode(), "signed with the query sorted and escaped again")
		add(rare, "?"+strings.ReplaceAll(values.Encode(), "+", "%20"), "signed with the query sorted and escaped again")
	}
	escaped := eachPair(q, url.QueryEscape)
	add(common, "?"+escaped, "signed with more characters escaped: something on the way unescaped them")
	add(common, "?"+strings.ReplaceAll(escaped, "+", "%20"), "signed with more characters escaped: something on the way unescaped them")
	_, lower = hexCases(escaped)
	add(rare, "?"+lower, "signed with more characters escaped: something on the way unescaped them")
	add(rare, strings.TrimRight(raw, "&="), "signed without the character at the end of the query")
	add(rare, raw+"=", "signed with = behind the last name of the query")
	add(rare, raw+"&", "signed with & at the end of the query")
	if i := strings.IndexByte(q, '?'); i >= 0 {
		add(common, raw[:1+i], "signed with the query once: the proxy appended it twice")
	}
}

// reordered lists other orders of the parameters.
func reordered(pairs []string, more int, and string, add func(weight int, changed, text string)) {
	sorts := "signed with the parameters in another order: a framework or gateway sorts them" + and
	add = func(add func(int, string, string)) func(int, string, string) {
		return func(weight int, changed, text string) { add(min(weight+more, maxWeight), changed, text) }
	}(add)
	join := func(p []string) string { return "?" + strings.Join(p, "&") }
	sorted := slices.Clone(pairs)
	slices.Sort(sorted)
	add(common, join(sorted), "signed with the parameters sorted: something on the way changed their order"+and)
	slices.Reverse(sorted)
	add(common, join(sorted), sorts)
	reversed := slices.Clone(pairs)
	slices.Reverse(reversed)
	add(common, join(reversed), sorts)
	switch {
	case len(pairs) <= 3:
		permute(pairs, func(p []string) { add(common, join(p), sorts) })
	case len(pairs) <= 5 && more == 0, len(pairs) == 4:
		permute(pairs, func(p []string) { add(rare, join(p), sorts) })
	case len(pairs) == 6 && more == 0:
		permute(pairs, func(p []string) { add(alone, join(p), sorts) })
	}
}

// shortened lists the query without what was added to it.
func shortened(pairs []string, add func(weight int, changed, text string)) {
	add(common, "", "signed without the query: something on the way added it, or Twilio is given the URL without it")
	const added = "signed without a parameter that something on the way added to the query"
	const most = 24
	for i := range pairs[:min(len(pairs), most)] {
		if rest := slices.Concat(pairs[:i], pairs[i+1:]); len(rest) > 0 {
			add(common, "?"+strings.Join(rest, "&"), added)
		}
		if i > 0 {
			add(rare, "?"+strings.Join(pairs[:i], "&"), "signed without the last parameters of the query, which something on the way added")
			add(rare, "?"+strings.Join(pairs[i:], "&"), "signed without the first parameters of the query, which something on the way added")
		}
	}
}

// eachPair escapes names and values anew.
func eachPair(query string, escape func(string) string) string {
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, value, found := strings.Cut(pair, "=")
		pairs[i] = escape(unescapeForm(name))
		if found {
			pairs[i] += "=" + escape(unescapeForm(value))
		}
	}
	return strings.Join(pairs, "&")
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
