package rejection

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

// Settings are those of the installation with which requests are verified.
type Settings struct {
	// BaseURL is APP_URL without its last slash.
	BaseURL string
	// Tokens and AccountTokens are as signature.Config has them. AccountSid names the account of Tokens, "" if that is not known.
	Tokens        []string
	AccountTokens map[string][]string
	AccountSid    string
	// Accounts are all accounts that are known, none if AccountSid is not.
	Accounts []string
	// Paths are the folders in which webhooks are served, the one that is handed out first, and Kinds are their names.
	Paths []string
	Kinds []inbox.Kind
	// Cut is the target of a request as the verifier sees it: without the path of BaseURL, if the proxy leaves that in place.
	Cut func(target string) string
	// Redact takes secrets and phone numbers out of a text.
	Redact func(text string) string
}

// Explainer tells why requests were refused. It is immutable.
type Explainer struct {
	settings Settings
	base     string
	paths    []string
	kinds    []string
	redactor *redactor
	// verifier is that of the webhooks; named also knows the account's name, so that it calls an unknown account one.
	verifier, named *signature.Verifier
	// tokenHashes are those of all tokens.
	tokenHashes []string
}

// NewExplainer returns an Explainer, or what is wrong with the settings.
func NewExplainer(s Settings) (*Explainer, error) {
	config := signature.Config{URL: s.BaseURL, Tokens: s.Tokens, AccountTokens: s.AccountTokens}
	e := &Explainer{settings: s, base: s.BaseURL, paths: s.Paths}
	var err error
	if e.verifier, err = signature.New(config); err != nil {
		return nil, err
	}
	config.AccountSid = s.AccountSid
	if e.named, err = signature.New(config); err != nil {
		return nil, err
	}
	for _, kind := range s.Kinds {
		e.kinds = append(e.kinds, string(kind))
	}
	key := ""
	for _, token := range e.tokens() {
		e.tokenHashes = append(e.tokenHashes, tokenHash(token))
		if key == "" {
			key = token
		}
	}
	e.redactor, err = newRedactor(key, s.Redact)
	return e, err
}

// tokens are all that are configured, the primary one first.
func (e *Explainer) tokens() []string {
	tokens := slices.Clone(e.settings.Tokens)
	for _, list := range e.settings.AccountTokens {
		tokens = append(tokens, list...)
	}
	return tokens
}

// Summarize is what is stored of a request before anybody has looked for causes.
func (e *Explainer) Summarize(r *Request) *store.RejectionDetail {
	d := &store.RejectionDetail{
		Rejection: store.Rejection{
			ReceivedAt: r.ReceivedAt.UTC().Truncate(time.Microsecond), Kind: string(r.Kind), Method: bounded(r.Method, 20), Path: e.redactor.path(r.path()), Status: r.Status,
			Client: r.Client, AccountSid: r.accountSid(), Cause: quickCause(r),
		},
		Request: e.redactor.request(r),
	}
	d.Summary = d.Cause
	return d
}

// Explain looks for the causes of a request that Summarize has described. It computes up to thousands of HMACs.
func (e *Explainer) Explain(r *Request, d *store.RejectionDetail) {
	x := store.RejectionExplanation{Explained: true, Causes: []store.RejectionCause{}}
	own, refused := e.refusalCause(r)
	var found diagnosis
	if r.Signature != "" && !r.Incomplete && len(r.Target) > 0 || !refused {
		found = e.diagnose(r)
	}
	proof, url := e.prove(r)
	x.Proof = proof
	for i := range found.causes {
		if c := &found.causes[i]; c.Proven && url != "" && url != e.base && slices.Contains(kindsOfURL, signature.CauseKind(c.Kind)) {
			c.Text = e.validFor(c, r, url)
		}
	}
	switch {
	case !refused:
		x.Causes = found.causes
	case proof != nil && url == e.base:
		// Twilio's own, and refused for something else.
		own.Proven, own.Text = true, own.Text+"; Twilio signed it"
		x.Causes = append(x.Causes, own)
	case len(found.causes) > 0 && found.causes[0].Proven && r.Status != http.StatusNotFound:
		// Why it is refused follows from what happened on its way.
		x.Causes = append(found.causes, own)
	default:
		x.Causes = append(x.Causes, own)
		x.Causes = append(x.Causes, slices.DeleteFunc(found.causes, func(c store.RejectionCause) bool { return !c.Proven || c.Kind == own.Kind })...)
	}
	x.Signed, x.Expected = e.maskText(found.signed), e.maskText(found.expected)
	if proof != nil && x.Signed == nil {
		x.Signed = e.text(url, r)
	}
	if x.Expected == nil {
		x.Expected = e.text(e.base, r)
	}
	d.Explanation = x
	e.conclude(d)
}

// Show fills in the texts with the values of a request that is held, where it is proven that Twilio signed them: nothing of that may be
// stored.
func (e *Explainer) Show(r *Request, x *store.RejectionExplanation) {
	if found := e.diagnose(r); found.signed != nil && found.expected != nil {
		x.Signed, x.Expected = e.showText(found.signed), e.showText(found.expected)
	}
}

// conclude puts the likeliest cause in front of everything.
func (e *Explainer) conclude(d *store.RejectionDetail) {
	causes := d.Explanation.Causes
	if len(causes) == 0 {
		return
	}
	d.Cause, d.Proven = causes[0].Kind, causes[0].Proven
	d.Explanation.Cure = causes[0].Cure
	var kinds, texts, cures []string
	for _, c := range causes {
		if c.Proven == d.Proven && (c.Proven || len(texts) == 0) {
			if !slices.Contains(kinds, c.Kind) {
				kinds = append(kinds, c.Kind)
			}
			if !slices.Contains(texts, c.Text) {
				texts = append(texts, c.Text)
			}
			if c.Cure != "" && !slices.Contains(cures, c.Cure) {
				cures = append(cures, c.Cure)
			}
		}
	}
	d.Summary = line(strings.Join(kinds, " and ") + ": " + strings.Join(texts, "; ") + ": " + strings.Join(cures, "; "))
}

// text is what the signature covers with a base URL, without values.
func (e *Explainer) text(base string, r *Request) *signature.Text {
	t := &signature.Text{URL: base + r.Target}
	if !bodiless(r.Method) {
		for name, values := range signature.ParseForm(string(r.Body)) {
			t.Params = append(t.Params, signature.Param{Name: name, Length: len(values[0])})
		}
		slices.SortFunc(t.Params, func(a, b signature.Param) int { return strings.Compare(a.Name, b.Name) })
	}
	return e.maskText(t)
}

// validFor says for which URL the signature is valid.
func (e *Explainer) validFor(c *store.RejectionCause, r *Request, url string) string {
	text := fmt.Sprintf("valid for %s%s, not for %s, which APP_URL says", url, e.redactor.path(r.path()), e.base)
	if c.Kind == string(signature.CauseScheme) && strings.HasPrefix(url, "https:") {
		text += "; TLS ends at your proxy"
	}
	return text
}

// kindsOfURL are the causes that another APP_URL cures.
var kindsOfURL = []signature.CauseKind{signature.CauseScheme, signature.CauseHost, signature.CausePort, signature.CausePath}
