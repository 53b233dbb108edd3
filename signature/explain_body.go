package signature

import (
	"cmp"
	"slices"
	"strings"
)

// pair is a decoded parameter in the order of the body.
type pair struct{ name, value string }

// addParams lists what may have followed the URL in the signed message. What a
// proxy removed from the body is lost; but what it added, and what a signer other
// than Twilio does differently, can be undone.
func (x *explainer) addParams(t *target, req Request) {
	add := func(kind CauseKind, text string, message string) {
		if slices.ContainsFunc(x.params, func(o option[[]byte]) bool { return string(o.value) == message }) {
			return
		}
		o := option[[]byte]{value: []byte(message)}
		if kind != "" {
			o.causes = []Cause{{kind, text, false}}
		}
		x.params = append(x.params, o)
	}
	query := t.rawQuery()
	hash, _ := new(form).queryParam(query, "bodySHA256")
	var f form
	pairs := f.sent(req.Body)
	plain := joined(pairs)
	switch {
	case len(req.Body) == 0, len(hash) > 0:
		add("", "", "")
	case isForm(req.ContentType) && !bodiless(req.Method):
		add("", "", plain)
	case bodiless(req.Method):
		add(CauseMethod, "signed as a POST: a redirect or proxy made a GET of it", plain)
	default:
		add(CauseContentType, "signed as a form: something on the way changed the Content-Type", plain)
	}
	add(CauseBody, "signed without any body parameter: the body was added on its way, or the signer left it out", "")
	if values := ParseForm(string(query)); len(values) > 0 {
		merged := slices.Clone(pairs)
		for name, list := range values {
			for _, value := range list {
				merged = append(merged, pair{name, value})
			}
		}
		add(CauseMethod, "signed with the query's parameters counted again as form parameters", joined(merged))
	}
	if len(pairs) == 0 {
		return
	}
	repeated := "signed with only one value of a repeated parameter, as some SDKs do; Twilio signs them all"
	add(CauseSigner, repeated, joined(one(pairs, false)))
	add(CauseSigner, repeated, joined(one(pairs, true)))
	add(CauseSigner, "signed with the repeated values of a parameter as sent, instead of sorted and each once", raw(stable(pairs, func(a, b pair) int {
		return cmp.Compare(a.name, b.name)
	})))
	add(CauseSigner, "signed with the parameters in the order of the body, instead of sorted by name", raw(pairs))
	add(CauseSigner, "signed with the parameters sorted without regard to case, instead of by their bytes", raw(stable(pairs, func(a, b pair) int {
		return cmp.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})))
	add(CauseSigner, "signed with name and value sorted as one text, instead of by name alone", raw(stable(pairs, func(a, b pair) int {
		return cmp.Compare(a.name+a.value, b.name+b.value)
	})))
	add(CauseSigner, "signed with the body as it is, instead of its decoded parameters", string(req.Body))
	add(CauseBody, "signed without the empty parameters: something on the way added them, or the signer left them out", joined(slices.DeleteFunc(slices.Clone(pairs),
		func(p pair) bool { return p.value == "" })))
	add(CauseBody, "signed with white space around the values removed", joined(each(pairs, strings.TrimSpace)))
	add(CauseBody, "signed with + in the values for each space: the body was decoded once too often, or escaped once too little", joined(each(pairs, func(s string) string {
		return strings.ReplaceAll(s, " ", "+")
	})))
	if isLatin1(pairs) {
		add(CauseBody, "signed with the values in UTF-8, but received in Latin-1", joined(each(pairs, latin1ToUTF8)))
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

// joined is the message as Twilio builds it.
func joined(pairs []pair) string {
	return raw(slices.Compact(stable(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.value, b.value))
	})))
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

func each(pairs []pair, edit func(string) string) []pair {
	list := slices.Clone(pairs)
	for i := range list {
		list[i].value = edit(list[i].value)
	}
	return list
}

func isLatin1(pairs []pair) bool {
	return slices.ContainsFunc(pairs, func(p pair) bool { return strings.ToValidUTF8(p.value, "") != p.value })
}

func latin1ToUTF8(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}
