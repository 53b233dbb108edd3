package signature

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// Text is what a signature covers, for a person to read: the URL, and the
// parameters that follow it. It holds no token and no signature, and no
// password of a URL. Control characters are replaced, long values shortened.
type Text struct {
	URL    string  `json:"url"`              // scheme, host, path and query
	Params []Param `json:"params,omitempty"` // in the order in which they are signed
}

// Param is one parameter of a [Text].
type Param struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"` // empty if it is masked
	// Length is that of the value in bytes, which is known also if the value is masked.
	Length int  `json:"length"`
	Masked bool `json:"masked,omitempty"`
}

// expected is the text that a signature of the request would cover here.
func (v *Verifier) expected(req Request, shown bool) Text {
	var t target
	if !t.set(req.Target) {
		return Text{URL: "(no URL)"}
	}
	o := v.origin
	if req.WebSocket {
		o = o.webSocket()
	}
	o.userinfo = ""
	hash, _ := new(form).queryParam(t.rawQuery(), "bodySHA256")
	var pairs []pair
	if len(hash) == 0 && !bodiless(req.Method) && isForm(req.ContentType) {
		pairs = inOrder(new(form).sent(req.Body))
	}
	return Text{showURL(o.String()+string(t.path), string(t.query), shown), showParams(pairs, shown)}
}

// withBodyHash is the expected text of a body that was not the one that was hashed.
func (v *Verifier) withBodyHash(req Request) Text {
	var f form
	_, query, _ := strings.Cut(req.Target, "?")
	hash, _ := f.queryParam([]byte(query), "bodySHA256")
	sum := sha256.Sum256(req.Body)
	req.Target = strings.ReplaceAll(req.Target, string(hash), hex.EncodeToString(sum[:]))
	return v.expected(req, true)
}

// text is what was signed.
func (f *finding) text() *Text {
	o := f.origin.origin
	url := f.origin.text
	if o.userinfo != "" {
		url = strings.Replace(url, o.userinfo, "…@", 1)
	}
	return &Text{showURL(url+f.path.text, f.query.text, true), showParams(f.params.pairs, true)}
}

// showURL masks the values of the query of a request that nobody vouches for.
func showURL(url, query string, shown bool) string {
	if !shown && len(query) > 1 {
		query, _, _ = strings.Cut(query[1:], "#")
		pairs := strings.Split(query, "&")
		for i, pair := range pairs {
			if name, _, ok := strings.Cut(pair, "="); ok {
				pairs[i] = name + "=…"
			}
		}
		query = "?" + strings.Join(pairs, "&")
	}
	return long(url + query)
}

func showParams(pairs []pair, shown bool) []Param {
	const most = 100
	var list []Param
	for _, p := range pairs[:min(len(pairs), most)] {
		param := Param{Name: printable(p.name), Length: len(p.value), Masked: !shown}
		if shown {
			param.Value = escapeControls(p.value)
		}
		list = append(list, param)
	}
	return slices.Clip(list)
}

// escapeControls shows what cannot be seen: \r, \n, \t, and spaces at the ends by their place.
func escapeControls(s string) string {
	return long(strings.NewReplacer("\r", `\r`, "\n", `\n`, "\t", `\t`).Replace(s))
}

// long is printable for texts that are the matter itself.
func long(s string) string {
	const most = 4 << 10
	var b strings.Builder
	for len(s) > 0 {
		n := min(len(s), 100)
		for n < len(s) && s[n]&0xc0 == 0x80 {
			n++
		}
		b.WriteString(printable(s[:n]))
		s = s[n:]
		if b.Len() > most {
			b.WriteString("…")
			break
		}
	}
	return b.String()
}
