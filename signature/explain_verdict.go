package signature

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// verdictCauses is what the verdict alone says.
func verdictCauses(err error) []Cause {
	var rejected *RejectError
	errors.As(err, &rejected)
	switch {
	case errors.Is(err, ErrNoToken):
		return []Cause{{Kind: CauseToken, Text: "no token is configured here", Cure: "configure the auth token from the Twilio console"}}
	case errors.Is(err, ErrMissingHeader):
		return []Cause{{Kind: CauseHeader, Text: "no " + Header + ": not from Twilio, or a CDN, firewall or proxy removed the header, " +
			"or it is the first leg of Basic authentication", Cure: "let the proxy pass " + Header + " on"}}
	case errors.Is(err, ErrBodyHashMismatch):
		return []Cause{{Kind: CauseBodyHash, Text: "Twilio signed this URL, but for another body: it was parsed and printed again on its way",
			Cure: "verify the raw bytes, before anything parses them", Proven: true}}
	case errors.Is(err, ErrUnsignedBody):
		return []Cause{{Kind: CauseContentType, Text: "the body is covered by nothing: it is no form, and the URL has no bodySHA256; the Content-Type or the query was changed",
			Cure: "let the proxy pass Content-Type and query on unchanged"}}
	case errors.Is(err, ErrUnknownAccount):
		return []Cause{unknownAccount(rejected.AccountSid)}
	case errors.Is(err, ErrMalformedBody), errors.Is(err, ErrMalformedTarget):
		return []Cause{{Kind: CauseMalformed, Text: "Twilio sends no such request: " + rejected.detail}}
	}
	return nil
}

func unknownAccount(sid string) Cause {
	return Cause{Kind: CauseAccount, Text: "no token is configured for account " + maskOr(sid, "(not shaped like one)") + ", and each subaccount signs with its own",
		Cure: "configure the auth token of that account"}
}

func maskOr(sid, otherwise string) string {
	if sid == "" {
		return otherwise
	}
	return maskAccount(sid)
}

// accountCauses tells of an account that is not known here, also where the
// verifier tried its default tokens because it was not told its own name.
func accountCauses(v *Verifier, req Request, suspects Suspects, verdict []Cause) []Cause {
	for _, c := range verdict {
		if c.Kind == CauseAccount {
			return []Cause{c}
		}
	}
	sid := accountOf(req)
	if sid == "" || len(suspects.Accounts) == 0 || slices.Contains(suspects.Accounts, sid) {
		return nil
	}
	if _, known := v.bySid[sid]; known {
		return nil
	}
	return []Cause{unknownAccount(claimedAccount([]byte(sid)))}
}

// accountOf is the account that a request claims, in its body or in its query.
func accountOf(req Request) string {
	if len(req.Body) > 0 && isForm(req.ContentType) && !bodiless(req.Method) {
		if sid := ParseForm(string(req.Body)).Get("AccountSid"); sid != "" {
			return sid
		}
	}
	return ParseTarget(req.Target).Get("AccountSid")
}

// observed are facts of a request that no HMAC is needed for, and that would
// explain why none fits.
func observed(req Request, suspects Suspects) []Cause {
	var causes []Cause
	query := ParseTarget(req.Target)
	announced, _ := strconv.ParseInt(suspects.Header.Get("Content-Length"), 10, 64)
	post := !bodiless(req.Method)
	switch {
	case post && announced > int64(len(req.Body)), post && len(req.Body) == 0 && len(suspects.Form) > 0:
		causes = append(causes, Cause{Kind: CauseBody, Text: "the body was read before it came here, or cut: " + itoa(announced) + " bytes were announced, " +
			itoa(int64(len(req.Body))) + " are left", Cure: readBodyCure})
	case post && len(req.Body) == 0 && isForm(req.ContentType):
		causes = append(causes, Cause{Kind: CauseBody, Text: "the body was lost: a form without parameters, and Twilio's always has some",
			Cure: "let the proxy pass the body on (nginx: proxy_pass_request_body on), and verify before anything reads it"})
	case !post && !req.WebSocket && query.Get("CallSid") == "" && query.Get("AccountSid") == "" && query.Get("MessageSid") == "":
		causes = append(causes, Cause{Kind: CauseMethod, Text: "a " + req.Method + " without Twilio's parameters: a redirect (301, 302, 303) on the way made it of a POST, and the body was lost",
			Cure: "give Twilio the URL that the redirect leads to"})
	}
	for _, name := range suspects.QueryNames {
		if _, ok := query[name]; !ok {
			causes = append(causes, Cause{Kind: CauseQuery, Text: "the query was lost, or a part of it: it has no " + name + ", which every URL given to Twilio has",
				Cure: "let the proxy pass the query on (nginx: proxy_pass without a path, or with $request_uri)"})
			break
		}
	}
	return causes
}

const readBodyCure = "verify before ParseForm, FormValue or a body parser reads the body, or put a copy of it in its place"

// unknown is the cause when nothing is proven: with its two most frequent
// explanations, which need knowledge from outside.
func (v *Verifier) unknown(req Request, exhausted bool) Cause {
	o := v.origin
	if req.WebSocket {
		o = o.webSocket()
	}
	text := "nothing that is known to go wrong explains this signature: the request is forged, or Twilio signed it for another host than " +
		o.host + ", for a path that a proxy maps to this one, or with a token that is not configured here (rotated, of another account, of another region)"
	if exhausted {
		text += "; not every pair of causes was tried"
	}
	return Cause{Kind: CauseUnknown, Text: text,
		Cure: "if it is Twilio's, compare the URL that Twilio's debugger shows with the public base URL, and the tokens with the console"}
}

// headerValues are the values of a header, lists taken apart.
func headerValues(h http.Header, name string) []string {
	var values []string
	for _, line := range h.Values(name) {
		for _, value := range strings.Split(line, ",") {
			if value = strings.TrimSpace(value); value != "" {
				values = append(values, value)
			}
		}
	}
	return values
}
