// Package explain tells why a request was not verified, in the words of this application's settings: package signature
// finds the causes, and here each gets the variable that cures it. It also reads requests from a capture, a curl command
// line or parameters, for the command of that name.
package explain

import (
	"strings"

	"github.com/i-agent/iagent/signature"
)

// Config is what an [Explainer] needs to know.
type Config struct {
	Signature signature.Config
	// Suspects are tried with every request. Accounts and QueryNames belong here.
	Suspects signature.Suspects
	// Cut makes of the target of a request line the one that is verified, as the server does below the path of APP_URL. Nil
	// leaves it.
	Cut func(target string) string
}

// Explainer explains requests. It is safe for concurrent use.
type Explainer struct {
	verifier *signature.Verifier
	suspects signature.Suspects
	cut      func(string) string
}

// New returns an explainer, or the error of [signature.New].
func New(c Config) (*Explainer, error) {
	v, err := signature.New(c.Signature)
	if err != nil {
		return nil, err
	}
	return &Explainer{v, c.Suspects, c.Cut}, nil
}

// Report is an explanation. It holds no token and no whole signature; values of parameters only if the request is proven to
// be signed with a known token.
type Report struct {
	Verified bool    `json:"verified"`
	By       string  `json:"by,omitempty"` // which token and form of the URL, of a verified request
	Causes   []Cause `json:"causes"`
	// Expected is what a signature of the request would cover under today's settings; Signed is what was signed, if that is
	// proven.
	Expected signature.Text  `json:"expected"`
	Signed   *signature.Text `json:"signed,omitempty"`
	Tried    int             `json:"tried"` // HMACs
}

// Cause is one reason, with its cure in terms of our settings.
type Cause struct {
	Kind   string `json:"kind"`
	Text   string `json:"text"`
	Cure   string `json:"cure"`
	Proven bool   `json:"proven"`
}

// String is the cause as one line of a log: "scheme: signed for …: set APP_URL=…".
func (c Cause) String() string {
	text := c.Kind + ": " + c.Text
	if c.Cure != "" {
		text += ": " + c.Cure
	}
	return text
}

// Proven reports whether it is known what was signed.
func (r Report) Proven() bool { return len(r.Causes) > 0 && r.Causes[0].Proven }

// Line is the report as one line of a log.
func (r Report) Line() string {
	if r.Verified {
		return "verified: " + r.By
	}
	lines := make([]string, len(r.Causes))
	for i, c := range r.Causes {
		lines[i] = c.String()
	}
	return strings.Join(lines, "; ")
}

// Kinds are the kinds of the causes, such as "scheme+host": a label for logs and metrics, of few different values.
func (r Report) Kinds() string {
	kinds := make([]string, len(r.Causes))
	for i, c := range r.Causes {
		kinds[i] = c.Kind
	}
	return strings.Join(kinds, "+")
}

// Explain explains a request that has arrived: its target is as on the request line. What else is known of it is in more,
// whose URLs and Tokens are added to the configured ones.
func (e *Explainer) Explain(req signature.Request, more signature.Suspects) Report {
	if e.cut != nil {
		req.Target = e.cut(req.Target)
	}
	suspects := e.suspects
	// First what is known of this request: there is a limit.
	suspects.URLs = append(more.URLs[:len(more.URLs):len(more.URLs)], suspects.URLs...)
	suspects.Tokens = append(more.Tokens[:len(more.Tokens):len(more.Tokens)], suspects.Tokens...)
	suspects.Header, suspects.Form, suspects.Limit = more.Header, more.Form, more.Limit
	x := e.verifier.Diagnose(req, suspects)
	report := Report{Causes: []Cause{}, Expected: x.Expected, Signed: x.Signed, Tried: x.Tried}
	if len(x.Causes) == 0 {
		match, err := e.verifier.Verify(req)
		if err == nil {
			report.Verified, report.By = true, by(match)
		}
	}
	for _, c := range x.Causes {
		report.Causes = append(report.Causes, Cause{Kind: string(c.Kind), Text: strings.ReplaceAll(c.Text, "of account (default)", "of the main account"), Cure: Cure(c), Proven: c.Proven})
	}
	return report
}

func by(m signature.Match) string {
	text := "signed with the primary token"
	if m.Token > 0 {
		text = "signed with the secondary token"
	}
	if m.AccountSid != "" {
		text += " of account " + m.AccountSid[:2] + "…" + m.AccountSid[max(2, len(m.AccountSid)-4):]
	}
	if m.Variant != 0 {
		text += ", URL with a difference that is tolerated: " + m.Variant.String()
	}
	return text
}
