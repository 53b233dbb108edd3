package signature

import (
	"cmp"
	"slices"
	"strings"
)

// pair is a decoded parameter in the order of the body.
type pair struct{ name, value string }

// Of a longer body only those ways are tried that need no guess.
const maxGuessed = 8 << 10

// paramList collects what may have followed the URL in the signed text.
type paramList struct {
	options options
	pairs   []pair // as received
}

// add takes the parameters in the order in which they are signed.
func (l *paramList) add(weight int, pairs []pair, cause Cause) {
	o := option{text: raw(pairs), weight: weight, pairs: pairs}
	if weight > 0 {
		o.causes = []Cause{cause}
	}
	l.options.add(o)
}

// signed takes them in any order: they are sorted as Twilio does it.
func (l *paramList) signed(weight int, pairs []pair, cause Cause) {
	l.add(weight, inOrder(pairs), cause)
}

// paramOptions lists what may have followed the URL. What a proxy removed from the
// body is lost, but for what can be guessed; what it added or rewrote, and what a
// signer other than Twilio does differently, can be undone.
func paramOptions(t *target, req Request) []option {
	query := string(t.rawQuery())
	hash, _ := new(form).queryParam(t.rawQuery(), "bodySHA256")
	pairs := new(form).sent(req.Body)
	l := &paramList{pairs: pairs}
	plain := Cause{Kind: CauseContentType, Text: "signed as a form: something on the way changed the Content-Type", Cure: "let the proxy pass Content-Type on unchanged"}
	switch {
	case len(req.Body) == 0, len(hash) > 0:
		l.signed(0, nil, Cause{})
	case isForm(req.ContentType) && !bodiless(req.Method):
		l.signed(0, pairs, Cause{})
	case bodiless(req.Method):
		l.signed(common, pairs, Cause{Kind: CauseMethod, Text: "signed as a POST: a redirect or proxy made a " + req.Method + " of it", Cure: "give Twilio the URL that the redirect leads to"})
	default:
		l.signed(common, pairs, plain)
	}
	l.signed(common, nil, Cause{Kind: CauseBody, Text: "signed without any body parameter: the body was added on its way, or the signer left it out", Cure: passBody})
	fromQuery := new(form).sent([]byte(query))
	if len(fromQuery) > 0 {
		l.signed(common, append(slices.Clone(pairs), fromQuery...), Cause{Kind: CauseMethod, Text: "signed with the query's parameters counted again as form parameters",
			Cure: "correct the tool that signs: the parameters of a query are signed with the URL, and only there"})
	}
	if len(pairs) == 0 {
		return l.options.sorted()
	}
	l.addSigners(req)
	l.addEdits(fromQuery)
	l.addRemoved()
	return l.options.sorted()
}

const passBody = "let the proxy pass the body on byte for byte, and verify before middleware changes it"

// addSigners are tools that sign another way than Twilio.
func (l *paramList) addSigners(req Request) {
	add := func(text string, pairs []pair) {
		l.add(rare, pairs, Cause{Kind: CauseSigner, Text: text, Cure: "correct the tool that signs; Twilio does not sign so"})
	}
	const repeated = "signed with only one value of a repeated parameter, as some SDKs do; Twilio signs them all"
	add(repeated, inOrder(one(l.pairs, false)))
	add(repeated, inOrder(one(l.pairs, true)))
	by := func(key func(pair) string) []pair {
		return stable(l.pairs, func(a, b pair) int { return cmp.Compare(key(a), key(b)) })
	}
	add("signed with the repeated values of a parameter as sent, instead of sorted and each once", by(func(p pair) string { return p.name }))
	add("signed with the parameters in the order of the body, instead of sorted by name", l.pairs)
	add("signed with the parameters sorted without regard to case, instead of by their bytes", by(func(p pair) string { return strings.ToLower(p.name) }))
	add("signed with name and value sorted as one text, instead of by name alone", by(func(p pair) string { return p.name + p.value }))
	add("signed with the body as it is, instead of its decoded parameters", []pair{{string(req.Body), ""}})
	add("signed with the repeated values of a parameter joined by commas", inOrder(joinValues(l.pairs)))
}

// edit is one thing that is done to all parameters.
type bodyEdit struct {
	weight int
	text   string
	apply  func([]pair) []pair
}

// addEdits undoes what middleware does to all values, one thing or two.
func (l *paramList) addEdits(query []pair) {
	edits := bodyEdits(query)
	cause := func(text string) Cause { return Cause{Kind: CauseBody, Text: text, Cure: passBody} }
	changed := make([][]pair, len(edits))
	for i, e := range edits {
		if after := e.apply(l.pairs); !slices.Equal(after, l.pairs) {
			changed[i] = after
			l.signed(e.weight, after, cause(e.text))
		}
	}
	for i, first := range edits {
		for j, second := range edits {
			if changed[i] == nil || changed[j] == nil || i == j {
				continue
			}
			l.options.add(option{text: raw(inOrder(second.apply(changed[i]))), pairs: inOrder(second.apply(changed[i])), weight: alone, causes: []Cause{cause(first.text), cause(second.text)}})
		}
	}
}

func bodyEdits(query []pair) []bodyEdit {
	values := func(edit func(string) string) func([]pair) []pair {
		return func(pairs []pair) []pair {
			list := slices.Clone(pairs)
			for i := range list {
				list[i].value = edit(list[i].value)
			}
			return list
		}
	}
	replace := func(old, with string) func([]pair) []pair {
		return values(func(s string) string { return strings.ReplaceAll(s, old, with) })
	}
	without := func(drop func(pair) bool) func([]pair) []pair {
		return func(pairs []pair) []pair { return slices.DeleteFunc(slices.Clone(pairs), drop) }
	}
	null := func(s string) bool {
		return s == "null" || s == "undefined" || s == "None" || s == "nil" || s == "NULL"
	}
	crlf := strings.NewReplacer("\r\n", "\r\n", "\n", "\r\n")
	return []bodyEdit{
		{common, "signed without the empty parameters: something on the way added them, or the signer left them out", without(func(p pair) bool { return p.value == "" })},
		{common, "signed with empty values where null arrives", values(func(s string) string {
			if null(s) {
				return ""
			}
			return s
		})},
		{common, "signed without the parameters that arrive as null", without(func(p pair) bool { return null(p.value) })},
		{common, "signed with white space around the values removed: something on the way added it", values(strings.TrimSpace)},
		{common, "signed with CR LF in the values where LF arrives: something on the way changed the ends of lines", values(crlf.Replace)},
		{common, "signed with LF in the values where CR LF arrives: something on the way changed the ends of lines", replace("\r\n", "\n")},
		{rare, "signed with CR in the values where LF arrives", replace("\n", "\r")},
		{common, "signed with + in the values for each space: the body was decoded once too often, or escaped once too little", replace(" ", "+")},
		{common, "signed with + before numbers where a space arrives: the body was decoded once too often, or escaped once too little", values(func(s string) string {
			if len(s) > 1 && s[0] == ' ' && s[1] >= '0' && s[1] <= '9' {
				return "+" + s[1:]
			}
			return s
		})},
		{common, "signed with a space in the values for each +: the body was escaped once too often", replace("+", " ")},
		{common, "signed with values that were escaped once more on the way", values(unescapeForm)},
		{common, "signed with repeated parameters, whose values were joined by commas on the way", func(p []pair) []pair { return splitValues(p, "") }},
		{common, "signed with names without [] behind them, which something on the way added", func(p []pair) []pair { return plainNames(p) }},
		{common, "signed without the query's parameters, which something on the way added to the body", without(func(p pair) bool { return slices.Contains(query, p) })},
		{common, "signed with the values in UTF-8, but received in Latin-1 or Windows-1252: something on the way changed the charset", values(latin1ToUTF8)},
		{common, "signed with the values in Latin-1, but received in UTF-8: something on the way changed the charset", values(utf8ToLatin1)},
		{rare, "signed with & < > where &amp; &lt; &gt; arrive: something on the way escaped the values for XML", values(strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&#39;", "'", "&#x27;", "'", "&amp;", "&").Replace)},
		{rare, "signed with quotes in the values without the backslashes that something on the way added", values(strings.NewReplacer(`\'`, "'", `\"`, `"`, `\\`, `\`).Replace)},
	}
}

// addRemoved undoes single parameters that were added or joined on the way.
func (l *paramList) addRemoved() {
	if len(l.pairs) > mostPairs {
		return
	}
	for i, p := range l.pairs {
		if slices.ContainsFunc(l.pairs, func(q pair) bool { return q.name == p.name && q != p }) {
			continue // a signer that takes one value, which is among those
		}
		l.signed(common, slices.Concat(l.pairs[:i], l.pairs[i+1:]), Cause{Kind: CauseBody,
			Text: "signed without the parameter " + printable(p.name) + ", which something on the way added", Cure: passBody})
		if strings.Contains(p.value, ",") {
			l.signed(common, splitValues(l.pairs, p.name), Cause{Kind: CauseBody,
				Text: "signed with the parameter " + printable(p.name) + " repeated: something on the way joined its values by commas", Cure: passBody})
		}
	}
}

// sent returns the parameters in the order of the body.
func (f *form) sent(body []byte) []pair {
	f.scan(body)
	list := make([]pair, len(f.params))
	for i, p := range f.params {
		list[i] = pair{string(f.name(p)), string(f.value(p))}
	}
	return list
}

// inOrder sorts as Twilio does it.
func inOrder(pairs []pair) []pair {
	return slices.Compact(stable(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.value, b.value))
	}))
}

func raw(pairs []pair) string {
	var b strings.Builder
	for _, p := range pairs {
		b.WriteString(p.name)
		b.WriteString(p.value)
	}
	return b.String()
}

func stable(pairs []pair, compare func(a, b pair) int) []pair {
	sorted := slices.Clone(pairs)
	slices.SortStableFunc(sorted, compare)
	return sorted
}

// one keeps the first or the last value of each name.
func one(pairs []pair, last bool) []pair {
	kept := map[string]int{}
	var list []pair
	for _, p := range pairs {
		i, seen := kept[p.name]
		switch {
		case !seen:
			kept[p.name] = len(list)
			list = append(list, p)
		case last:
			list[i] = p
		}
	}
	return list
}
