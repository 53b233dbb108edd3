package signature

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const maxSuspects = 16

func keyOptions(v *Verifier, req Request, suspects Suspects) []keyOption {
	var list []keyOption
	s := newScratch()
	s.target.set(req.Target)
	_ = s.readMessage(nil, &req) // a body that cannot be read names no account
	chosen, _ := v.candidates(s, &req)
	for _, a := range chosen {
		for _, k := range a.keys {
			list = append(list, keyOption{key: k})
		}
	}
	token := func(k key, text, cure string) {
		list = append(list, keyOption{k, common, []Cause{{Kind: CauseToken, Text: text, Cure: cure}}})
	}
	for _, a := range v.accounts {
		for _, r := range a.repaired {
			token(r.key, fmt.Sprintf("token %d of account %s was configured %s", r.number, maskOr(a.sid, "(default)"), r.with), "write the token alone, without anything around it")
		}
		if slices.ContainsFunc(chosen, func(c account) bool { return c.sid == a.sid }) {
			continue
		}
		for i, k := range a.keys {
			token(k, fmt.Sprintf("signed with token %d of account %s, which is not the account that the request names", i+1, maskOr(a.sid, "(default)")),
				"configure for each account its own token")
		}
	}
	for i, raw := range suspects.Tokens[:min(len(suspects.Tokens), maxSuspects)] {
		text := fmt.Sprintf("signed with suspected token %d, which is not configured", i+1)
		const cure = "configure that token; during a rotation both"
		if raw != "" {
			token(newKey(raw), text, cure)
		}
		for _, r := range repairs(raw) {
			token(newKey(r.token), text+", and is written "+r.with, cure+", without anything around it")
		}
	}
	return list
}

// repair is a token without what was written around it.
type repair struct{ token, with string }

// repairs lists what a token may have been meant to be.
func repairs(token string) []repair {
	var list []repair
	add := func(changed, with string) {
		if changed != "" && changed != token && !slices.ContainsFunc(list, func(r repair) bool { return r.token == changed }) {
			list = append(list, repair{changed, with})
		}
	}
	trimmed := strings.TrimSpace(token)
	add(trimmed, "with white space around it")
	add(strings.TrimSpace(strings.Trim(trimmed, `"'`+"`“”‘’")), "in quotes")
	if i := strings.LastIndexAny(trimmed, "=: "); i >= 0 {
		add(strings.Trim(trimmed[i+1:], `"'`+"`"), "with the name of its variable before it")
	}
	add(strings.Trim(trimmed, `"'<>[](){},;\`), "with punctuation around it")
	add(strings.ToLower(trimmed), "in upper case")
	return list
}

// repairedKey is a repair of a configured token, whose text is not kept.
type repairedKey struct {
	key    key
	number int // of the token, from 1
	with   string
}

// Of a signature that was cut, so many characters (96 bits) are a proof.
const enough = 16

// addSignatures lists what the signature may have been before its header was damaged.
func (x *explainer) addSignatures(req Request, suspects Suspects) {
	add := func(text string, weight int, what string) {
		text = strings.TrimSpace(text)
		if len(text) < enough || len(text) > signatureLen || len(x.signatures) >= maxSuspects ||
			slices.ContainsFunc(x.signatures, func(s signed) bool { return string(s.text) == text }) {
			return
		}
		s := signed{text: []byte(text), weight: weight}
		if weight > 0 {
			s.causes = []Cause{{Kind: CauseHeader, Text: "the signature's header was " + what, Cure: "let the proxy pass " + Header + " on unchanged"}}
		}
		x.signatures = append(x.signatures, s)
	}
	raw := req.Signature
	if len(raw) == signatureLen {
		add(raw, 0, "")
	} else {
		add(raw, common, "cut")
	}
	const most = 1 << 10
	raw = raw[:min(len(raw), most)]
	if strings.Contains(raw, ",") {
		for _, one := range strings.Split(raw, ",") {
			add(strings.Trim(one, ` "'`), common, "joined: it was there twice")
		}
	}
	add(strings.Trim(raw, `"'<> `), common, "quoted")
	if decoded, err := url.PathUnescape(raw); err == nil {
		add(decoded, common, "escaped")
	}
	add(strings.ReplaceAll(raw, " ", "+"), common, "unescaped")
	add(strings.NewReplacer("-", "+", "_", "/").Replace(raw), common, "written in the base64 of URLs")
	if i := strings.IndexAny(raw, "= "); i > 0 && i < len(raw)-1 {
		add(raw[i+1:], common, "given a prefix")
	}
	if len(raw)%2 == 0 && len(raw) > signatureLen {
		add(raw[:len(raw)/2], common, "doubled")
	}
	for _, other := range suspects.Header[http.CanonicalHeaderKey(Header)] {
		add(other, common, "there twice, with different values")
	}
}

// equalSoFar compares with the whole signature or the beginning of it, in
// constant time for each length.
func equalSoFar(text, signature []byte) bool {
	return len(signature) <= len(text) && subtle.ConstantTimeCompare(text[:len(signature)], signature) == 1
}
